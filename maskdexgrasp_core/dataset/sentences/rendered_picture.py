"""The picture of a grasp that a vision-language model is shown: object blue, hand pink."""

import hashlib
import io
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from maskdexgrasp_core.hands.mesh import hand_mesh
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.viewer.studio import PaintedMesh, StudioCfg, render_views

_BLUE, _PINK = (0.16, 0.35, 0.85, 1.0), (0.95, 0.55, 0.70, 1.0)
_VIEW = StudioCfg(width=448, height=448, margin=0.04)
_AZIMUTHS_DEG = (215.0, 35.0)
"""Opposite sides: what one view hides, the other shows."""
_STYLE = 1
"""Of the picture; raise it when the same grasp would look different."""
_DECIMALS = 4
"""Poses are told apart to 0.1 mm and 0.1 mrad."""


@dataclass(frozen=True, kw_only=True)
class RenderedGrasp:
    """A grasp of the Shadow Hand, drawn from two sides when it is asked for."""

    model: ObjectModel
    T_object_wrist: Array
    """(4, 4) pose of the hand's root in the object frame."""
    joint_positions: Array
    """(22,) [rad]."""

    @cached_property
    def digest(self) -> str:
        """Hash of shape, pose and style."""
        mesh = self.model.mesh
        content = hashlib.sha256(f'{_STYLE} {_VIEW} {_AZIMUTHS_DEG}'.encode())
        for values in (mesh.vertices, mesh.faces, self.T_object_wrist, self.joint_positions):
            rounded = np.round(np.asarray(values, dtype=np.float64), _DECIMALS)
            content.update((rounded + 0.0).tobytes())  # + 0.0 makes -0.0 and 0.0 equal
        return content.hexdigest()

    def png(self) -> bytes:
        """Return both views side by side as a PNG file.

        Raises:
            DriverError: If OpenGL is missing on this machine.
        """
        hand = hand_mesh(SHADOW, self.T_object_wrist, self.joint_positions)
        painted = [
            PaintedMesh(mesh=self.model.mesh, rgba=_BLUE),
            PaintedMesh(mesh=hand, rgba=_PINK),
        ]
        cfgs = [replace(_VIEW, azimuth_deg=azimuth) for azimuth in _AZIMUTHS_DEG]
        views = render_views(painted, ground_height=None, cfgs=cfgs)
        file = io.BytesIO()
        Image.fromarray(np.hstack(views)).save(file, format='PNG')
        return file.getvalue()
