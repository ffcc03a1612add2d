"""The hand behind the `HandDriver` protocol, reached over ROS."""

import numpy as np
from rclpy.node import Node

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array, HandState
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.drivers.remote import DeviceInterface, RemoteDevice
from maskdexgrasp_ros.interfaces import HandState as HandStateMsg
from maskdexgrasp_ros.interfaces import MoveHand
from maskdexgrasp_ros.state_conversions import hand_state_from_msg

_DEVICE = DeviceInterface(
    name='hand',
    state_type=HandStateMsg,
    state_topic=topics.HAND_STATE,
    move_type=MoveHand,
    move_service=topics.HAND_MOVE,
    stop_service=topics.HAND_STOP,
    clear_service=topics.HAND_CLEAR_STOP,
)


class RosHandDriver:
    """Sends postures to whoever offers `hand/move` and listens to `hand/state`.

    Args:
        node: Spun by other threads.
        motor_names: Order of the motors in every array.
        timeout_s: Longest wait for a state or an answer, wall time [s].
    """

    def __init__(
        self, node: Node, motor_names: tuple[str, ...], *, timeout_s: float = 1.0
    ) -> None:
        self._motor_names = motor_names
        self._device = RemoteDevice(node, _DEVICE, timeout_s=timeout_s)

    def read_state(self) -> HandState:
        """Return the newest state, motors in the order of `motor_names`.

        Raises:
            DriverError: If none arrives in time or the hand reports a fault.
        """
        return hand_state_from_msg(self._device.read(), self._motor_names)

    def move(self, positions: Array, force_limits: Array, duration_s: float) -> None:
        """Ramp the motors to `positions` (M,) [rad] with `force_limits` (M,) [N m].

        Raises:
            DriverError: If the hand refuses (stopped) or is gone.
            InvalidInputError: If a value is not finite or the count is wrong.
        """
        count = len(self._motor_names)
        for name, values in (('positions', positions), ('force_limits', force_limits)):
            if np.shape(values) != (count,) or not np.all(np.isfinite(values)):
                raise InvalidInputError(f'{name} must be {count} finite numbers, got {values}')
        if not np.isfinite(duration_s) or duration_s < 0.0:
            raise InvalidInputError(f'duration_s must be finite and >= 0, got {duration_s}')
        self._device.move(
            MoveHand.Request(
                motor_names=list(self._motor_names),
                positions=[float(value) for value in positions],
                force_limits=[float(value) for value in force_limits],
                duration=float(duration_s),
            )
        )

    def stop(self) -> None:
        """Hold the present positions and refuse every motion until `reset`.

        Raises:
            DriverError: If the hand is gone.
        """
        self._device.stop()

    def reset(self) -> None:
        """Clear `stop`.

        Raises:
            DriverError: If the hand is gone.
        """
        self._device.reset()
