"""A grasp as a picture: the hand round the object."""

from dataclasses import dataclass, field

import numpy as np
import trimesh
from numpy.typing import NDArray

from maskdexgrasp_core.hands.mesh import hand_mesh
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.viewer.studio import PaintedMesh, StudioCfg, paint_faces, render_meshes

DEFAULT_COLOR = (0.86, 0.45, 0.20)
"""Of an object whose colour is not known."""
_SMOOTHING = 12
"""Steps of the filter that takes ripples out."""
_LEAST_VALUE = 0.7
"""Colours that the camera sees in the shade are drawn at least this bright."""


@dataclass(frozen=True, kw_only=True)
class GraspPicture:
    """An object and how grasps of it are drawn; hand and object are in the base frame."""

    shape: trimesh.Trimesh
    """Surface of the object, base frame [m]."""
    table_height: float
    """z of the table [m]."""
    color: tuple[float, float, float] = DEFAULT_COLOR
    """RGB of the object in 0..1."""
    studio: StudioCfg = field(default_factory=StudioCfg)
    completed: bool = False
    """Whether the surface is a completion: its ripples are then left out of the picture."""
    marked_parts: tuple[str, ...] = ()
    """Parts of the hand that are white."""

    def draw(
        self, hand: HandSpec, T_base_root: Array, joint_positions: Array
    ) -> NDArray[np.uint8]:
        """Return (H, W, 3) RGB of the posed hand and the object.

        Args:
            hand: Whose shapes are drawn.
            T_base_root: (4, 4) pose of the hand's root.
            joint_positions: (J,) [rad], in the hand's order.

        Raises:
            DriverError: If OpenGL is missing on this machine.
        """
        mesh = hand_mesh(hand, T_base_root, joint_positions, self.marked_parts)
        shape = self.shape.copy()
        if self.completed:
            trimesh.smoothing.filter_taubin(shape, iterations=_SMOOTHING)
        body = PaintedMesh(mesh=shape, rgba=(*self.color, 1.0))
        return render_meshes(
            [body, *paint_faces(mesh)], ground_height=self.table_height, cfg=self.studio
        )


def object_color(colors: NDArray[np.uint8] | None) -> tuple[float, float, float]:
    """Return an RGB in 0..1 for observed points (N, 3), the default without any."""
    if colors is None or len(colors) == 0:
        return DEFAULT_COLOR
    color = np.median(np.asarray(colors, dtype=float), axis=0) / 255
    red, green, blue = color * max(1.0, _LEAST_VALUE / max(float(color.max()), 0.1))
    return float(red), float(green), float(blue)
