"""Runs the simulated world in its own thread, in real time or as fast as the machine allows."""

import threading
import time
from collections.abc import Callable

from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import Array

_SAMPLE_S = 0.02
"""Simulated time between two samples of the objects while something moves [s]."""
_FAST_SAMPLES = 5
"""Samples between two reports of a busy world: a reader sees at most 0.1 s go by at once."""
_IDLE_TICK_S = 0.1
"""Between two reports of a cell at rest: each report costs every node some time [s]."""
_ALERT_TICK_S = 0.04
"""Between two reports while something moves in real time, or a stop is latched [s]."""
_YIELD_S = 0.0002
"""Pause between two chunks of steps: the lock of the world is not fair."""

ObjectSample = tuple[float, dict[str, Array]]
"""Time [s] and T_base_object by name."""


class WorldLoop:
    """Steps a world and reports; time never runs backwards, also not when the world is reset.

    Args:
        world: Stepped by this loop and by nobody else.
        real_time_factor: Simulated over wall time; 0: real time when idle and as fast as
            possible while the robot works.
        on_tick: Called by the loop's thread with the samples of the objects since the last call:
            at 10 Hz when idle, at 25 Hz when something moves in real time or is stopped, and
            every 0.1 s of simulated time when busy.
        is_busy: Tells whether the robot works beyond what the world itself knows.
    """

    def __init__(
        self,
        world: World,
        *,
        real_time_factor: float,
        on_tick: Callable[[list[ObjectSample]], None],
        is_busy: Callable[[], bool],
    ) -> None:
        self.world = world
        self.real_time_factor = real_time_factor
        self._on_tick = on_tick
        self._is_busy = is_busy
        self._offset_s = 1.0  # a ROS clock at zero counts as not yet started
        self._paused = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name='world', daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin to step."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    @property
    def now_s(self) -> float:
        """Time that the graph sees [s]: it goes on when the world starts anew."""
        return self._offset_s + self.world.time_s

    @property
    def offset_s(self) -> float:
        """What to add to stamps of the world [s]."""
        return self._offset_s

    @property
    def is_paused(self) -> bool:
        """Whether time stands still."""
        return self._paused.is_set()

    def pause(self, paused: bool) -> None:
        """Let time stand still, or go on."""
        if paused:
            self._paused.set()
        else:
            self._paused.clear()

    def reset(self, change: Callable[[World], None]) -> None:
        """Apply `change`, which may set the world's time back, between two steps."""
        with self.world.lock:
            before = self.world.time_s
            try:
                change(self.world)
            finally:
                if self.world.time_s < before:
                    self._offset_s += before

    @property
    def is_fast(self) -> bool:
        """Whether the loop now runs as fast as it can."""
        if self.real_time_factor > 0.0:
            return False
        return self.world.arm.is_moving or self._is_busy()

    @property
    def _tick_s(self) -> float:
        arm, hand = self.world.arm, self.world.hand
        alert = self._is_busy() or arm.is_moving or arm.is_stopped or hand.is_stopped
        return _ALERT_TICK_S if alert else _IDLE_TICK_S

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                fast = self.is_fast
                started = time.monotonic()
                samples = self._advance_fast() if fast else self._advance_paced()
                self._on_tick(samples)
                if not fast:
                    left = self._tick_s - (time.monotonic() - started)
                    self._closed.wait(max(0.0, left))
        except BaseException as error:  # the node ends with it; a thread cannot raise there
            self.error = error

    def _advance_paced(self) -> list[ObjectSample]:
        if not self.is_paused:
            self.world.run(self._tick_s * (self.real_time_factor or 1.0))
        return [self._sample()]

    def _advance_fast(self) -> list[ObjectSample]:
        samples = []
        for _ in range(_FAST_SAMPLES):
            if self.is_paused:
                self._closed.wait(_IDLE_TICK_S)
                break
            self.world.run(_SAMPLE_S)
            samples.append(self._sample())
            time.sleep(_YIELD_S)
        return samples

    def _sample(self) -> ObjectSample:
        with self.world.lock:
            return self.now_s, self.world.object_poses()
