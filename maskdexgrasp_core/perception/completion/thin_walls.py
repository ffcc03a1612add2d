"""Thin walls in a sampled distance that no sample puts inside of one.

A network that knows a wall to be near, but not to the millimetre, says positive values on both
sides of it and in its middle, and a wall that is thinner than samples are apart passes between
them. Either way the distance still has a valley along the wall, and the wall is there once its
bottom is lowered. A surface with one side has no valley and stays where it is.
"""

from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

_LEAST_STEPS = 2
"""One step does not do: samples on both sides of a wall hide it from each other."""


@dataclass(frozen=True, kw_only=True)
class ThinWallsCfg:
    """What counts as a valley, and how much lower its bottom becomes.

    Raises:
        InvalidInputError: If a value is out of its range.
    """

    reach_m: float = 0.004
    """A sample is compared with those so far away on both sides [m], at least two steps."""
    lowered_m: float = 0.002
    """What is taken off at the bottom of a valley [m]; 0 changes nothing."""
    full_slope: float = 0.3
    """Slope up to both sides from which on all of it is taken off, and less in proportion below:
    0 on a surface with one side, 1 in the middle of a wall that stands across an axis."""

    def __post_init__(self) -> None:
        if min(self.reach_m, self.full_slope) <= 0.0 or self.lowered_m < 0.0:
            raise InvalidInputError(
                f'reach_m and full_slope must be > 0 and lowered_m >= 0, got {self}'
            )


def with_thin_walls(field: Array, steps: Array, cfg: ThinWallsCfg) -> Array:
    """Return a field whose valleys are deeper.

    Args:
        field: Signed distance of samples (X, Y, Z) [m], negative inside.
        steps: (3,) distance of samples along each axis [m].
        cfg: How much deeper.
    """
    slope = valley_slope(field, steps, reach_m=cfg.reach_m)
    return np.asarray(field - cfg.lowered_m * np.minimum(slope / cfg.full_slope, 1.0))


def valley_slope(field: Array, steps: Array, *, reach_m: float) -> Array:
    """Return how steeply a field rises to both sides, along the axis where it does the most.

    Args:
        field: (X, Y, Z) [m].
        steps: (3,) distance of samples along each axis [m].
        reach_m: Way to each side [m], rounded to whole steps, at least `_LEAST_STEPS`.

    Returns:
        (X, Y, Z), >= 0: the slope of the flatter side; 0 where that falls or is out of the box.
    """
    steepest = np.zeros(field.shape)
    for axis, step in enumerate(steps):
        count = max(_LEAST_STEPS, round(reach_m / float(step)))
        values, best = (np.moveaxis(array, axis, 0) for array in (field, steepest))
        rise = np.minimum(values[: -2 * count], values[2 * count :]) - values[count:-count]
        inner = best[count:-count]
        np.maximum(inner, rise / (count * float(step)), out=inner)
    return steepest
