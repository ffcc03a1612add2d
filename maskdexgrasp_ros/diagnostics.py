"""Publishes how long each stage of a node takes, and whether it works, to /diagnostics."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np
from rclpy.node import Node

from maskdexgrasp_core.outcome import Outcome
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.interfaces import DiagnosticArray, DiagnosticStatus, KeyValue


class StageTimer:
    """Wall times of named stages; keeps the newest `window` of each. Thread safe."""

    def __init__(self, window: int = 200) -> None:
        self._window = window
        self._seconds: dict[str, deque[float]] = {}
        self._lock = Lock()

    def record(self, stage: str, duration_s: float) -> None:
        """Add one duration [s] of `stage`."""
        with self._lock:
            self._seconds.setdefault(stage, deque(maxlen=self._window)).append(duration_s)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Record the wall time of the enclosed block, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.record(stage, time.perf_counter() - start)

    def summary_ms(self) -> dict[str, tuple[float, float, int]]:
        """Return stage -> (median [ms], 95th percentile [ms], count), in order of first use."""
        with self._lock:
            samples = {stage: np.array(values) for stage, values in self._seconds.items()}
        return {
            stage: (
                float(np.percentile(seconds, 50)) * 1e3,
                float(np.percentile(seconds, 95)) * 1e3,
                len(seconds),
            )
            for stage, seconds in samples.items()
        }


class DiagnosticsPublisher:
    """Publishes one status per node: level, last outcome and stage latencies.

    The level is OK until an outcome fails: WARN for an expected failure, ERROR for driver and
    internal codes (600 and above). The next success clears it.
    """

    def __init__(self, node: Node, *, hardware_id: str = '', period_s: float = 1.0) -> None:
        """Create the publisher and its timer.

        Args:
            node: Whose name the status carries.
            hardware_id: Device behind the node, '' for none.
            period_s: Between two messages [s].
        """
        self.timer = StageTimer()
        self._node = node
        self._hardware_id = hardware_id
        self._outcome: Outcome | None = None
        self._values: dict[str, str] = {}
        self._publisher = node.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, qos.RELIABLE)
        self._ros_timer = node.create_timer(period_s, self.publish)

    def report(self, outcome: Outcome) -> None:
        """Remember how the last work of this node ended."""
        self._outcome = outcome

    def set_value(self, key: str, value: str) -> None:
        """Show `key: value` in every following message."""
        self._values[key] = value

    def publish(self) -> None:
        """Send the present state once."""
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.status.append(self.status())
        self._publisher.publish(message)

    def status(self) -> DiagnosticStatus:
        """Return the present state."""
        outcome = self._outcome
        status = DiagnosticStatus(
            name=f'maskdexgrasp: {self._node.get_name()}',
            hardware_id=self._hardware_id,
            level=_level(outcome),
            message='ready' if outcome is None or outcome.ok else outcome.reason,
        )
        values = dict(self._values)
        if outcome is not None and not outcome.ok:
            values |= {'code': f'{outcome.code.value} {outcome.code.name}', 'cure': outcome.cure}
        for stage, (median, p95, count) in self.timer.summary_ms().items():
            values[f'{stage} median [ms]'] = f'{median:.1f}'
            values[f'{stage} p95 [ms]'] = f'{p95:.1f}'
            values[f'{stage} count'] = str(count)
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        return status


def _level(outcome: Outcome | None) -> bytes:
    if outcome is None or outcome.ok:
        return DiagnosticStatus.OK
    return DiagnosticStatus.ERROR if outcome.code >= 600 else DiagnosticStatus.WARN
