"""A world that only shows: it takes joint angles and poses from elsewhere, and is drawn."""

import os
import sys
from collections.abc import Mapping
from types import TracebackType

import mujoco
import mujoco.viewer
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.sim.picture import ViewCfg, render_picture
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import Array

LIFT_VIEW = ViewCfg(
    lookat=(0.34, 0.0, 0.14), distance_m=1.2, azimuth_deg=222.0, elevation_deg=-12.0
)
"""Arm, hand and the object in the air."""


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


def lift_picture(world: World, *, width: int = 960, height: int = 720) -> NDArray[np.uint8]:
    """Return (height, width, 3) RGB of the robot with what it holds.

    Raises:
        DriverError: If OpenGL is missing on this machine.
    """
    return render_picture(world, LIFT_VIEW, width=width, height=height)


class WorldWindow:
    """MuJoCo's viewer on a world that is posed from elsewhere; a context manager.

    Raises:
        DriverError: If this session has no display.
    """

    def __init__(self, world: World) -> None:
        if sys.platform.startswith('linux') and not (
            os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
        ):
            raise DriverError(
                'no display in this session (DISPLAY is not set): run without --view, or connect '
                'with `ssh -X` or a remote desktop'
            )
        self._world = world
        self._viewer = mujoco.viewer.launch_passive(
            world.model, world.data, show_left_ui=False, show_right_ui=False
        )
        camera = self._viewer.cam
        camera.lookat[:] = LIFT_VIEW.lookat
        camera.distance = LIFT_VIEW.distance_m
        camera.azimuth, camera.elevation = LIFT_VIEW.azimuth_deg, LIFT_VIEW.elevation_deg

    def show(
        self, joint_positions: Mapping[str, float], object_poses: Mapping[str, Array]
    ) -> None:
        """Draw the given state; does nothing once the user has closed the window."""
        if self._viewer.is_running():
            with self._viewer.lock():
                pose_world(self._world, joint_positions, object_poses)
            self._viewer.sync()

    def __enter__(self) -> 'WorldWindow':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._viewer.close()
