"""What the arm's and the hand's driver share: fresh states, numbered motions, quick services."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.node import Node

from maskdexgrasp_core.errors import DriverError, NotConnectedError
from maskdexgrasp_ros import qos
from maskdexgrasp_ros.interfaces import Trigger

StateMsg = TypeVar('StateMsg')


@dataclass(frozen=True, kw_only=True)
class DeviceInterface(Generic[StateMsg]):
    """Topic and services of a device."""

    name: str
    """Word for the device in messages, e.g. 'arm'."""
    state_type: type[StateMsg]
    """Message class with `motion`, `fault` and `is_stopped`."""
    state_topic: str
    move_type: Any
    """Service class that starts a motion."""
    move_service: str
    stop_service: str
    """std_srvs/Trigger that latches this device."""
    clear_service: str
    """std_srvs/Trigger that clears its latch."""


class RemoteDevice(Generic[StateMsg]):
    """Listens to the state of a device and sends it motions by service.

    The node must be spun by another thread while a method waits.

    Args:
        node: Creates the endpoints.
        device: Where it is reached.
        timeout_s: Longest wait for a state or an answer, wall time [s].
        max_age_s: A state that arrived longer ago is waited for anew, wall time [s].
    """

    def __init__(
        self,
        node: Node,
        device: DeviceInterface[StateMsg],
        *,
        timeout_s: float,
        max_age_s: float = 0.1,
    ) -> None:
        self._name = device.name
        self._timeout_s = timeout_s
        self._max_age_s = max_age_s
        self._state: Any = None
        self._arrived = threading.Condition()
        self._arrived_s = 0.0
        self._motion = 0
        self._count = self._needed = 0
        group = ReentrantCallbackGroup()
        node.create_subscription(
            device.state_type,
            device.state_topic,
            self._on_state,
            qos.SENSOR_DATA,
            callback_group=group,
        )

        def client(kind: Any, service: str) -> Client:
            return node.create_client(kind, service, callback_group=group)

        self._move = client(device.move_type, device.move_service)
        self._stop = client(Trigger, device.stop_service)
        self._clear = client(Trigger, device.clear_service)

    def read(self) -> StateMsg:
        """Return the newest state that knows of the last motion; wait for it if need be.

        Raises:
            DriverError: If none comes in time or the device reports a fault.
        """
        with self._arrived:
            got = self._arrived.wait_for(self._is_fresh, self._timeout_s)
            state = self._state
        if not got:
            raise DriverError(f'no state of the {self._name} for {self._timeout_s:.1f} s')
        if state.fault:
            raise DriverError(f'the {self._name} reports: {state.fault}')
        return state  # type: ignore[no-any-return]

    def move(self, request: Any) -> None:
        """Send a motion and wait for the answer.

        Raises:
            DriverError: If the device refuses or does not answer in time.
        """
        response = self._call(self._move, request)
        if not response.accepted:
            raise DriverError(f'the {self._name} refused: {response.message}')
        with self._arrived:
            self._motion = response.motion

    def stop(self) -> None:
        """Latch this device.

        Raises:
            DriverError: If it does not answer in time.
        """
        self._trigger(self._stop)

    def reset(self) -> None:
        """Clear the latch of this device.

        Raises:
            DriverError: If it refuses or does not answer in time.
        """
        self._trigger(self._clear)

    def _trigger(self, client: Client) -> None:
        response = self._call(client, Trigger.Request())
        with self._arrived:  # one state may be on its way from before
            self._needed = self._count + 2
        if not response.success:
            raise DriverError(f'the {self._name} refused: {response.message}')

    def _call(self, client: Client, request: Any) -> Any:
        if not client.wait_for_service(self._timeout_s):
            raise NotConnectedError(f'the {self._name} is not connected')
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(self._timeout_s):
            future.cancel()
            raise DriverError(f'the {self._name} did not answer in {self._timeout_s:.1f} s')
        return future.result()

    def _is_fresh(self) -> bool:
        if self._state is None or self._state.motion < self._motion:
            return False
        if self._count < self._needed:
            return False
        return time.monotonic() - self._arrived_s < self._max_age_s

    def _on_state(self, message: Any) -> None:
        with self._arrived:
            self._state = message
            self._count += 1
            self._arrived_s = time.monotonic()
            self._arrived.notify_all()
