"""Data that passes between the stages: frozen, in SI units, every pose in the base frame.

`T_a_b` is the 4x4 pose of frame b in frame a (`p_a = T_a_b @ p_b`). The base frame is
`frames.BASE`. These types mirror the ROS messages one to one.
"""

from dataclasses import dataclass, field

import numpy as np
import trimesh
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What the user asks for."""

    command_id: str
    text: str
    task: str = ''
    """One of `tasks.TASKS`, or '' when the sentence decides."""
    seed: int = 0
    plan_only: bool = False
    """Stop after planning; the robot does not move."""
    place_after_hold: bool = False
    """Put the object down again after holding it."""


@dataclass(frozen=True, kw_only=True)
class CameraFrame:
    """One depth picture with its colours and pose."""

    depth_m: NDArray[np.float32]
    """(H, W) [m] along the optical axis; 0 or NaN where nothing was measured."""
    color: NDArray[np.uint8] | None
    """(H, W, 3) RGB registered to the depth picture, or None."""
    intrinsics: Array
    """(3, 3) pinhole matrix [px]."""
    T_base_camera: Array
    """(4, 4) pose of the optical frame (z forward, x right, y down) in the base frame."""
    stamp_s: float


@dataclass(frozen=True, kw_only=True)
class ObservedCloud:
    """Points that the camera saw, in the base frame."""

    points: Array
    """(N, 3) [m]."""
    colors: NDArray[np.uint8] | None
    """(N, 3) RGB or None."""
    camera_position: Array
    """(3,) [m] of the optical centre: a point hides what lies behind it on its ray."""


@dataclass(frozen=True, kw_only=True)
class ObjectObservation:
    """The object that the sentence means, completed, and what surrounds it."""

    cloud: ObservedCloud
    """The 2000 (or fewer) visible points of this object."""
    shape: trimesh.Trimesh
    """Completed watertight surface in the base frame [m]; see `perception.completion`."""
    label: str
    """Category word that the sentence named, or 'object'."""
    part: str
    """Part that the sentence named ('handle', 'rim', ...), or ''."""
    part_points: Array
    """(M, 3) points of `shape`'s surface on the asked part; (0, 3) when no part is asked."""
    table_height: float
    """z of the table plane in the base frame [m]."""
    obstacles: tuple[Array, ...] = ()
    """Other clusters on the table, each (K, 3) points [m], for collision checks."""
    command: Command | None = None


@dataclass(frozen=True, kw_only=True)
class Grasp:
    """A Shadow Hand grasp: `g = (theta, R, t)` of the paper, with contacts and scores."""

    T_base_wrist: Array
    """(4, 4) pose of `frames.SHADOW_ROOT` in the base frame."""
    joint_names: tuple[str, ...]
    joint_positions: Array
    """(J,) [rad], in the order of `joint_names`."""
    contact_points: Array
    """(C, 3) [m] on the object, base frame."""
    contact_forces: Array
    """(C, 3) [N] that the hand exerts on the object, inside the friction cones."""
    score: float
    """Higher is better; only comparable within one generator."""
    squeeze_positions: Array | None = None
    """(J,) targets of position servos of `synthesis.squeeze.SqueezeCfg.kp` that hold the object
    [rad], in the order of `joint_names`; may lie beyond the joint limits. None: not known."""
    scores: dict[str, float] = field(default_factory=dict)
    """The terms behind `score`, by name."""
    tokens: tuple[int, ...] = ()
    """Six part tokens when a token model made it, else empty."""
    generator: str = ''
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class GraspSet:
    """Grasps for one observation, best first, and why the others were dropped."""

    grasps: tuple[Grasp, ...]
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> number of candidates dropped for it."""


@dataclass(frozen=True, kw_only=True)
class HandGrasp:
    """A grasp of the real hand, stage by stage."""

    T_base_approach: Array
    """(4, 4) pose of the hand root where the straight approach begins."""
    T_base_pregrasp: Array
    """(4, 4) pose of the hand root at the end of the approach, fingers open, no contact."""
    T_base_grasp: Array
    """(4, 4) pose of the hand root when the fingers have closed."""
    motor_names: tuple[str, ...]
    pregrasp_positions: Array
    """(M,) [rad]: fingers opened, thumb already opposed."""
    grasp_positions: Array
    """(M,) [rad]: fingers touch the object."""
    squeeze_positions: Array
    """(M,) [rad]: targets beyond the surface; the force limits decide what is applied."""
    force_limits: Array
    """(M,) [N m] at each motor joint."""
    residual_m: float
    """Mean distance of fingertips and palm to those of the Shadow grasp [m]."""
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    source_index: int = -1
    """Index of the Shadow grasp in its `GraspSet`."""


@dataclass(frozen=True, kw_only=True)
class JointTrajectory:
    """A time-parametrised joint path; sampled densely enough for linear interpolation."""

    joint_names: tuple[str, ...]
    times_s: Array
    """(T,) from 0, increasing [s]."""
    positions: Array
    """(T, J) [rad]."""
    velocities: Array
    """(T, J) [rad/s]."""

    @property
    def duration_s(self) -> float:
        """Time of the last sample [s]."""
        return float(self.times_s[-1])


@dataclass(frozen=True, kw_only=True)
class ArmState:
    """What the arm reports."""

    joint_positions: Array
    """(7,) [rad]."""
    joint_velocities: Array
    """(7,) [rad/s]."""
    is_moving: bool
    is_stopped: bool
    """True after `stop` until `reset`."""
    stamp_s: float


@dataclass(frozen=True, kw_only=True)
class HandState:
    """What the hand reports."""

    motor_positions: Array
    """(M,) [rad]."""
    motor_efforts: Array
    """(M,) [N m], >= 0 when closing."""
    is_moving: bool
    stalled: NDArray[np.bool_]
    """(M,) True where a finger stopped at its force limit before its target."""
    is_stopped: bool
    stamp_s: float
