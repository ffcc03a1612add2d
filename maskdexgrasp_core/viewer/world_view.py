"""A world that only shows: it takes joint angles and poses from elsewhere, and is drawn."""

from collections.abc import Mapping
from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.sim.picture import ViewCfg, render_picture
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import Array

LIFT_VIEW = ViewCfg(
    lookat=(0.34, 0.0, 0.14), distance_m=1.2, azimuth_deg=222.0, elevation_deg=-12.0
)
"""Arm, hand and the object in the air."""
_FOCUS = 0.75
"""How far the view turns from the arm to the object, 0..1."""
_NEAR_M = 0.75


def pose_world(
    world: World, joint_positions: Mapping[str, float], object_poses: Mapping[str, Array]
) -> None:
    """Put joints and objects of a world where they are told to be; nothing is simulated.

    Args:
        world: It must not be stepped afterwards: contacts may be deep.
        joint_positions: By the joint's name [rad]; joints that are not named stay.
        object_poses: T_base_object (4, 4) by the object's name; unknown ones are passed over.
    """
    with world.lock:
        known = set(world.joints.names)
        for name, position in joint_positions.items():
            if name in known:
                world.data.joint(name).qpos[0] = position
        for name in set(object_poses) & {model.name for model, _ in world.placements}:
            pose = object_poses[name]
            qpos = world.data.joint(f'{name}_free').qpos
            qpos[:3] = pose[:3, 3]
            qpos[3:] = Rotation.from_matrix(pose[:3, :3]).as_quat(scalar_first=True)
        mujoco.mj_forward(world.model, world.data)


def lift_picture(
    world: World, object_name: str = '', *, width: int = 960, height: int = 720
) -> NDArray[np.uint8]:
    """Return (height, width, 3) RGB of the robot with what it holds.

    Args:
        world: As it stands.
        object_name: Comes near the middle of the picture; '' shows the whole cell.
        width: Of the picture [px].
        height: Of the picture [px].

    Raises:
        DriverError: If OpenGL is missing on this machine.
    """
    view = LIFT_VIEW
    if object_name:
        near = (1 - _FOCUS) * np.array(view.lookat) + _FOCUS * world.body_pose(object_name)[:3, 3]
        x, y, z = (float(value) for value in near)
        view = replace(view, lookat=(x, y, z), distance_m=_NEAR_M)
    return render_picture(world, view, width=width, height=height)
