"""The arm behind the `ArmDriver` protocol, reached over ROS."""

import numpy as np
from rclpy.node import Node

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import ArmState, JointTrajectory
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.conversions import base_header
from maskdexgrasp_ros.drivers.remote import DeviceInterface, RemoteDevice
from maskdexgrasp_ros.interfaces import ArmState as ArmStateMsg
from maskdexgrasp_ros.interfaces import MoveArm, TimeMsg
from maskdexgrasp_ros.state_conversions import arm_state_from_msg, trajectory_to_msg

_DEVICE = DeviceInterface(
    name='arm',
    state_type=ArmStateMsg,
    state_topic=topics.ARM_STATE,
    move_type=MoveArm,
    move_service=topics.ARM_MOVE,
    stop_service=topics.ARM_STOP,
    clear_service=topics.ARM_CLEAR_STOP,
)


class RosArmDriver:
    """Sends trajectories to whoever offers `arm/move` and listens to `arm/state`.

    Args:
        node: Spun by other threads.
        timeout_s: Longest wait for a state or an answer, wall time [s].
    """

    def __init__(self, node: Node, *, timeout_s: float = 1.0) -> None:
        self._device = RemoteDevice(node, _DEVICE, timeout_s=timeout_s)

    def read_state(self) -> ArmState:
        """Return the newest state.

        Raises:
            DriverError: If none arrives in time or the arm reports a fault.
        """
        return arm_state_from_msg(self._device.read())

    def start_trajectory(self, trajectory: JointTrajectory) -> None:
        """Begin to follow `trajectory`, which must start at the current position.

        Raises:
            DriverError: If the arm refuses (stopped, moving, starts elsewhere) or is gone.
            InvalidInputError: If a sample is not finite.
        """
        for samples in (trajectory.times_s, trajectory.positions, trajectory.velocities):
            if not np.all(np.isfinite(samples)):
                raise InvalidInputError('the trajectory has samples that are not finite')
        message = trajectory_to_msg(trajectory, base_header(TimeMsg()))
        self._device.move(MoveArm.Request(trajectory=message))

    def stop(self) -> None:
        """Halt now and refuse every motion until `reset`.

        Raises:
            DriverError: If the arm is gone.
        """
        self._device.stop()

    def reset(self) -> None:
        """Clear `stop`; the arm stays where it is.

        Raises:
            DriverError: If the arm is gone.
        """
        self._device.reset()
