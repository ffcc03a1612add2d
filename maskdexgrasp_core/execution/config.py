"""Settings of grasp execution."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ExecutionCfg:
    """Durations, limits and thresholds; the field metadata serves ROS parameters."""

    max_attempts: int = field(
        default=3,
        metadata={'description': 'grasps tried before giving up', 'min': 1, 'max': 20},
    )
    preshape_s: float = field(
        default=0.8,
        metadata={'description': 'time to preshape the open hand [s]', 'min': 0.1, 'max': 10.0},
    )
    close_s: float = field(
        default=0.8,
        metadata={'description': 'time to close to the grasp posture [s]', 'min': 0.1,
                  'max': 10.0},
    )  # fmt: skip
    squeeze_s: float = field(
        default=0.4,
        metadata={'description': 'time to build up the squeeze [s]', 'min': 0.05, 'max': 10.0},
    )
    settle_s: float = field(
        default=0.3,
        metadata={'description': 'rest before the grip is judged [s]', 'min': 0.0, 'max': 5.0},
    )
    hold_s: float = field(
        default=3.0,
        metadata={'description': 'time the lifted object is watched [s]', 'min': 0.0,
                  'max': 600.0},
    )  # fmt: skip
    poll_s: float = field(
        default=0.02,
        metadata={'description': 'time between looks at the drivers [s]; bounds how fast a '
                  'cancel is seen', 'min': 0.001, 'max': 0.05},
    )  # fmt: skip
    timeout_margin_s: float = field(
        default=2.0,
        metadata={'description': 'a motion may take this much longer than planned [s]',
                  'min': 0.1, 'max': 60.0},
    )  # fmt: skip
    max_state_age_s: float = field(
        default=0.5,
        metadata={'description': 'states must be renewed within this time [s]', 'min': 0.05,
                  'max': 10.0},
    )  # fmt: skip
    path_tolerance_rad: float = field(
        default=0.3,
        metadata={'description': 'largest distance from the trajectory on the way [rad]',
                  'min': 0.01, 'max': 2.0},
    )  # fmt: skip
    goal_tolerance_rad: float = field(
        default=0.03,
        metadata={'description': 'largest distance from the end of a trajectory [rad]',
                  'min': 0.001, 'max': 0.5},
    )  # fmt: skip
    contact_effort_fraction: float = field(
        default=0.15,
        metadata={'description': 'share of the force limit that means contact', 'min': 0.01,
                  'max': 1.0},
    )  # fmt: skip
    max_overclosure_rad: float = field(
        default=0.5,
        metadata={'description': 'a finger closed this far past its grasp posture does not touch '
                  'the object [rad]', 'min': 0.05, 'max': 2.0},
    )  # fmt: skip
    self_touch_gap_m: float = field(
        default=0.002,
        metadata={'description': 'a finger this close to the thumb presses on it, not on an '
                  'object [m]', 'min': 0.0, 'max': 0.02},
    )  # fmt: skip
    slip_closure_rad: float = field(
        default=0.2,
        metadata={'description': 'a finger that closes this much further has lost the object '
                  '[rad]', 'min': 0.02, 'max': 2.0},
    )  # fmt: skip
