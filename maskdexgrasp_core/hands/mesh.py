"""A hand as one coloured mesh, for pictures."""

from collections.abc import Container
from typing import cast

import numpy as np
import torch
import trimesh

from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.types import Array

_MARKED = (0.97, 0.97, 0.97, 1.0)
"""Colour of marked parts."""


def hand_mesh(
    spec: HandSpec,
    T_base_root: Array,
    joint_positions: Array,
    marked_parts: Container[str] = (),
) -> trimesh.Trimesh:
    """Return the visual shapes of a posed hand in one mesh with face colours.

    Args:
        spec: The hand.
        T_base_root: (4, 4) pose of the root link.
        joint_positions: (J,) [rad].
        marked_parts: Names of `spec.PARTS` that are white.

    Returns:
        Mesh in the frame of `T_base_root` [m].
    """
    kinematics = HandKinematics(spec, dtype=torch.float64)
    poses = kinematics.link_transforms(torch.tensor(joint_positions, dtype=torch.float64)[None])
    meshes = []
    for shape in spec.description.visuals:
        mesh = shape.mesh()
        mesh.apply_transform(T_base_root @ poses[shape.link][0].numpy())
        rgba = _MARKED if spec.part_of_link(shape.link) in marked_parts else shape.rgba
        color = np.round(255 * np.array(rgba)).astype(np.uint8)
        mesh.visual = trimesh.visual.ColorVisuals(
            mesh, face_colors=np.tile(color, (len(mesh.faces), 1))
        )
        meshes.append(mesh)
    return cast(trimesh.Trimesh, trimesh.util.concatenate(meshes))
