"""The xArm7 of the cell: where it rests and how fast it may move. Limits are in the URDF."""

from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class ArmCfg:
    """Motion settings of the arm."""

    urdf: str = 'urdf/xarm7_freedom.urdf'
    """Path below the share folder."""
    home: tuple[float, ...] = (0.0, -1.03, 0.0, 0.44, 0.0, 0.77, 0.0)
    """Joint positions at rest [rad]: hand 0.28 m above the base plate and before it, fingers
    40 degrees from straight down, no part between a camera on the far side and the table."""
    max_velocity: tuple[float, ...] = (1.2, 1.2, 1.2, 1.4, 1.8, 1.8, 2.0)
    """[rad/s]; the maker's MoveIt set-up allows 2.14."""
    max_acceleration: tuple[float, ...] = (4.0, 4.0, 4.0, 5.0, 6.0, 6.0, 8.0)
    """[rad/s^2]; the maker's MoveIt set-up allows 10."""
    max_jerk: tuple[float, ...] = (40.0, 40.0, 40.0, 50.0, 60.0, 60.0, 80.0)
    """[rad/s^3]: a tenth of a second from rest to full acceleration."""


XARM7 = ArmCfg()
"""Settings for the cell of the demonstration."""

HOME: Array = np.array(XARM7.home)
"""(7,) [rad]"""
