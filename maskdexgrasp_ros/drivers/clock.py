"""The clock of a node behind the `Clock` protocol."""

import threading
import time

from rclpy.node import Node

from maskdexgrasp_core.errors import DriverError

_POLL_S = 0.002


class RosClock:
    """Time of a node: simulated with `use_sim_time`, else the system's.

    Sleeping needs another thread that spins the node.

    Args:
        node: Its clock is used.
        standstill_s: Wall time after which a clock that does not move counts as broken [s].
    """

    def __init__(self, node: Node, *, standstill_s: float = 30.0) -> None:
        self._clock = node.get_clock()
        self._standstill_s = standstill_s
        self._closed = threading.Event()

    def now_s(self) -> float:
        """Return the current time of the node [s]."""
        return float(self._clock.now().nanoseconds) * 1e-9

    def sleep(self, duration_s: float) -> None:
        """Return after `duration_s` of the node's clock.

        Raises:
            DriverError: If the clock stands still (the simulation is paused or gone) or the
                node is shut down.
        """
        now = self.now_s()
        until = now + duration_s
        moved_at = time.monotonic()
        while now < until:
            if self._closed.wait(_POLL_S):
                raise DriverError('the node is shutting down')
            before, now = now, self.now_s()
            if now != before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > self._standstill_s:
                raise DriverError(f'the clock has stood still for {self._standstill_s:.0f} s')

    def close(self) -> None:
        """Wake every sleeper with an error."""
        self._closed.set()
