"""Numbers with the interval that they are uncertain by, ready for JSON.

Rates have Wilson's interval, means the percentile bootstrap; both cover 95 %.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, bootstrap

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

CONFIDENCE = 0.95
NUM_RESAMPLES = 2000
_VALUES_AT_ONCE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something succeeded.

    Raises:
        InvalidInputError: If not 0 <= successes <= total.
    """

    successes: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.total:
            raise InvalidInputError(f'got {self.successes} successes of {self.total}')

    @property
    def value(self) -> float:
        """Share of successes, 0..1; NaN when nothing was tried."""
        return self.successes / self.total if self.total else float('nan')

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; 0 to 1 when nothing was tried."""
        if not self.total:
            return (0.0, 1.0)
        found = binomtest(self.successes, self.total).proportion_ci(CONFIDENCE, method='wilson')
        return float(found.low), float(found.high)

    def to_json(self) -> dict[str, float | int | list[float] | None]:
        """Return value, interval and counts; the value is null when nothing was tried."""
        return {
            'value': self.value if self.total else None,
            'interval': list(self.interval),
            'successes': self.successes,
            'total': self.total,
        }


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean and its 95 % interval."""

    value: float
    """NaN when there are no samples."""
    interval: tuple[float, float] | None
    """None when there are fewer than two samples, or fewer than two groups."""
    count: int
    """Samples."""

    def to_json(self) -> dict[str, float | int | list[float] | None]:
        """Return value, interval and count; null for what is not known."""
        return {
            'value': self.value if self.count else None,
            'interval': None if self.interval is None else list(self.interval),
            'count': self.count,
        }


def estimate_mean(
    values: Array, *, groups: Sequence[Hashable] | None = None, seed: int = 0
) -> Estimate:
    """Return the mean of samples with its bootstrap interval.

    Args:
        values: (N,), finite.
        groups: What each sample belongs to, such as its object. Samples of one group are alike;
            then whole groups are drawn, which gives the wider, honest interval. None: samples
            are independent.
        seed: Of the resampling.

    Raises:
        InvalidInputError: If a value is not finite or the numbers of values and groups differ.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise InvalidInputError(f'a mean needs finite values (N,), got shape {values.shape}')
    if groups is not None and len(groups) != len(values):
        raise InvalidInputError(f'got {len(values)} values and {len(groups)} groups')
    if len(values) == 0:
        return Estimate(value=float('nan'), interval=None, count=0)
    sums, counts = values, np.ones(len(values))
    if groups is not None:
        numbers = {group: index for index, group in enumerate(dict.fromkeys(groups))}
        of_group = np.array([numbers[group] for group in groups])
        sums = np.bincount(of_group, weights=values).astype(float)
        counts = np.bincount(of_group).astype(float)
    interval = _bootstrapped(sums, counts, seed) if len(sums) > 1 else None
    return Estimate(value=float(values.mean()), interval=interval, count=len(values))


def _bootstrapped(sums: Array, counts: Array, seed: int) -> tuple[float, float]:
    """Return the interval of the ratio of both totals over resampled groups."""
    found = bootstrap(
        (sums, counts),
        _ratio,
        paired=True,
        vectorized=True,
        n_resamples=NUM_RESAMPLES,
        batch=max(1, _VALUES_AT_ONCE // len(sums)),
        confidence_level=CONFIDENCE,
        method='percentile',
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def _ratio(sums: Array, counts: Array, axis: int = -1) -> Array:
    return np.asarray(sums.sum(axis=axis) / counts.sum(axis=axis))
