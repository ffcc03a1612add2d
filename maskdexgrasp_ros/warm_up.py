"""A small problem that nodes solve before they are ready, so that the first command is no slower.

What a library loads at its first use (optimisers, kernels, collision meshes) is loaded by it.
"""

import numpy as np
import trimesh

from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation, ObservedCloud

_TABLE_M = -0.1
_RADIUS_M, _HEIGHT_M = 0.03, 0.1
_PLACE = (0.5, 0.0)


def sample_observation() -> ObjectObservation:
    """Return a can in the middle of the table, as perception would have found it."""
    shape = trimesh.creation.cylinder(_RADIUS_M, _HEIGHT_M, sections=24)
    shape.apply_translation([*_PLACE, _TABLE_M + _HEIGHT_M / 2])
    camera = np.array([0.95, -0.25, 0.45])
    visible = shape.face_normals @ (camera - shape.centroid) > 0.0
    return ObjectObservation(
        cloud=ObservedCloud(
            points=np.asarray(shape.triangles_center[visible], dtype=float),
            colors=None,
            camera_position=camera,
        ),
        shape=shape,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=_TABLE_M,
    )


def sample_grasps() -> GraspSet:
    """Return one open hand that points down at the can; no good grasp, but a valid one."""
    T_base_wrist = np.diag([1.0, -1.0, -1.0, 1.0])  # +z, the fingers' direction, points down
    T_base_wrist[:3, 3] = [*_PLACE, _TABLE_M + _HEIGHT_M + 0.2]
    grasp = Grasp(
        T_base_wrist=T_base_wrist,
        joint_names=SHADOW.joint_names,
        joint_positions=np.asarray(SHADOW.open_positions, dtype=float),
        contact_points=np.zeros((0, 3)),
        contact_forces=np.zeros((0, 3)),
        score=0.0,
    )
    return GraspSet(grasps=(grasp,))
