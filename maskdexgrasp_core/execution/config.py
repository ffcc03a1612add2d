"""Settings of grasp execution."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ExecutionCfg:
    """Durations, limits and thresholds; the field metadata serves ROS parameters."""

    max_attempts: int = field(default=3, metadata={'range': (1, 20)})
    """Grasps tried before giving up."""
    preshape_s: float = field(default=0.8, metadata={'range': (0.1, 10.0)})
    """Time to preshape the open hand [s]."""
    close_s: float = field(default=0.8, metadata={'range': (0.1, 10.0)})
    """Time to close to the grasp posture [s]."""
    squeeze_s: float = field(default=0.4, metadata={'range': (0.05, 10.0)})
    """Time to build up the squeeze [s]."""
    settle_s: float = field(default=0.3, metadata={'range': (0.0, 5.0)})
    """Rest before the grip is judged [s]."""
    hold_s: float = field(default=3.0, metadata={'range': (0.0, 600.0)})
    """Time the lifted object is watched [s]."""
    poll_s: float = field(default=0.02, metadata={'range': (0.001, 0.05)})
    """Time between looks at the drivers [s]; bounds how fast a cancel is seen."""
    timeout_margin_s: float = field(default=2.0, metadata={'range': (0.1, 60.0)})
    """A motion may take this much longer than planned [s]."""
    max_state_age_s: float = field(default=0.5, metadata={'range': (0.05, 10.0)})
    """States must be renewed within this time [s]."""
    path_tolerance_rad: float = field(default=0.3, metadata={'range': (0.01, 2.0)})
    """Largest distance from the trajectory on the way [rad]."""
    path_lag_s: float = field(default=0.1, metadata={'range': (0.0, 1.0)})
    """The clock may be behind when a motion begins; so much earlier or later also counts [s]."""
    goal_tolerance_rad: float = field(default=0.03, metadata={'range': (0.001, 0.5)})
    """Largest distance from the end of a trajectory [rad]."""
    contact_effort_fraction: float = field(default=0.15, metadata={'range': (0.01, 1.0)})
    """Share of the force limit that means contact."""
    max_overclosure_rad: float = field(default=0.5, metadata={'range': (0.05, 2.0)})
    """A finger closed this far past its grasp posture does not touch the object [rad]."""
    self_touch_gap_m: float = field(default=0.002, metadata={'range': (0.0, 0.02)})
    """A finger this close to the thumb presses on it, not on an object [m]."""
    slip_closure_rad: float = field(default=0.2, metadata={'range': (0.02, 2.0)})
    """A finger that closes this much further has lost the object [rad]."""
