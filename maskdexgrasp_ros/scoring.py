"""Was the object held? Judged by its true height over time, which only the simulator knows."""

import threading
from dataclasses import dataclass

LIFT_HEIGHT_M = 0.10
HOLD_S = 3.0


@dataclass(frozen=True, kw_only=True)
class LiftScore:
    """How high and how long an object was held."""

    lift_height_m: float
    """Largest height above where it stood [m]."""
    hold_s: float
    """Longest unbroken time at `LIFT_HEIGHT_M` or more [s]."""

    @property
    def lifted(self) -> bool:
        """Whether it was held as high and as long as asked (10 cm for 3 s)."""
        return self.hold_s >= HOLD_S


class LiftWatch:
    """Follows the heights of objects from `start` on; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start: dict[str, float] = {}
        self._highest: dict[str, float] = {}
        self._longest: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._latest: dict[str, float] = {}

    def start(self) -> None:
        """Forget everything; the present heights become those that count as zero."""
        with self._lock:
            self._start = dict(self._latest)
            self._highest.clear()
            self._longest.clear()
            self._since.clear()

    def clear(self) -> None:
        """Forget everything, also the present heights: the world is another one."""
        with self._lock:
            self._latest.clear()
        self.start()

    def see(self, name: str, height_m: float, stamp_s: float) -> None:
        """Take the height [m] of object `name` at simulated time `stamp_s` [s]."""
        with self._lock:
            self._latest[name] = height_m
            rise = height_m - self._start.setdefault(name, height_m)
            self._highest[name] = max(rise, self._highest.get(name, 0.0))
            if rise < LIFT_HEIGHT_M:
                self._since.pop(name, None)
                return
            held_s = stamp_s - self._since.setdefault(name, stamp_s)
            self._longest[name] = max(held_s, self._longest.get(name, 0.0))

    def best(self) -> tuple[str, LiftScore]:
        """Return the object that was held longest, then lifted highest, and its score."""
        with self._lock:
            if not self._highest:
                return '', LiftScore(lift_height_m=0.0, hold_s=0.0)
            name = max(self._highest, key=lambda n: (self._longest.get(n, 0.0), self._highest[n]))
            return name, LiftScore(
                lift_height_m=self._highest[name], hold_s=self._longest.get(name, 0.0)
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Objects that were seen."""
        with self._lock:
            return tuple(self._latest)
