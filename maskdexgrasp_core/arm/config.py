"""Settings of grasp planning."""

from dataclasses import dataclass, field

from maskdexgrasp_core.arm.collision import SceneCfg
from maskdexgrasp_core.arm.planning import PathPlannerCfg


@dataclass(frozen=True, kw_only=True)
class GraspPlannerCfg:
    """Effort, speeds and distances of grasp planning."""

    scene: SceneCfg = field(default_factory=SceneCfg)
    path: PathPlannerCfg = field(default_factory=PathPlannerCfg)
    lift_height_m: float = field(default=0.15, metadata={'range': (0.02, 0.5)})
    """How far straight up the object is lifted [m]."""
    transit_speed_scale: float = field(default=0.6, metadata={'range': (0.05, 1.0)})
    """Fraction of full speed in free space."""
    contact_speed_scale: float = field(default=0.3, metadata={'range': (0.05, 1.0)})
    """Fraction of full speed near and with the object."""
    num_ik_seeds: int = field(default=24, metadata={'range': (1, 100)})
    """Starts of inverse kinematics for each grasp."""
    max_ik_solutions: int = field(default=4, metadata={'range': (1, 20)})
    """Different arm postures tried for each grasp."""
    time_limit_s: float = field(default=5.0, metadata={'range': (0.05, 120.0)})
    """Give up planning after this wall time [s]."""
