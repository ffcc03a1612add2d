"""Layout of the work cell, written once: table, region for objects. Base frame, metres."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CellCfg:
    """Where things stand around the arm, in the base frame `frames.BASE`."""

    table_height: float = -0.10
    """z of the table top [m]: the arm stands on a riser of 0.10 m."""
    table_center: tuple[float, float] = (0.5, 0.0)
    """x, y of the middle of the table top [m]."""
    table_size: tuple[float, float, float] = (0.70, 1.00, 0.04)
    """x, y, z of the table top [m]."""
    placement_x: tuple[float, float] = (0.42, 0.58)
    """Least and greatest x of an object's origin [m]."""
    placement_y: tuple[float, float] = (-0.15, 0.15)
    """Least and greatest y of an object's origin [m]."""


CELL = CellCfg()
"""The cell that demo, trials and tests use."""
