"""H_mean and H_std: how evenly the joints of many grasps use their ranges.

Definition, that of DGTR (`_calc_entropy`): the range of each joint is cut into 100 equal bins, all
grasps are pooled, and the Shannon entropy of the shares is taken in nats; H_mean is its mean over
the joints, between 0 (every grasp alike) and ln 100 = 4.605 (uniform). H_std is the population
standard deviation over the joints. Values outside the limits are clamped first and counted,
instead of dropped.

N grasps give an entropy too low by about 99 / (2 N) nats and at most ln N: compare only figures of
the same N.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

_OUTSIDE_RAD = 1e-5
"""Further out of its limits a value counts as clamped; single precision reaches 1e-6."""


@dataclass(frozen=True, kw_only=True)
class EntropyCfg:
    """How joint entropies are taken."""

    num_bins: int = 100
    """Over the range of each joint, >= 2."""
    num_samples: int | None = None
    """Grasps to draw without replacement; None takes all."""
    allow_fewer: bool = False
    """Whether fewer grasps than `num_samples` will do; else they are refused."""
    seed: int = 0
    """Of the draw."""

    def __post_init__(self) -> None:
        if self.num_bins < 2 or (self.num_samples is not None and self.num_samples < 1):
            raise InvalidInputError(f'entropy needs 2 bins and a sample at least, got {self}')


@dataclass(frozen=True, kw_only=True, eq=False)
class JointEntropy:
    """Entropies of the joints of one set of grasps [nats]."""

    per_joint: Array
    """(J,)"""
    num_samples: int
    """Grasps used."""
    num_clamped: int
    """Joint values of these grasps that were outside their limits."""
    num_bins: int

    @property
    def h_mean(self) -> float:
        """Mean over the joints."""
        return float(self.per_joint.mean())

    @property
    def h_std(self) -> float:
        """Population standard deviation over the joints."""
        return float(self.per_joint.std())

    @property
    def expected_bias(self) -> float:
        """How much too low the entropies are for so few grasps, to first order (Miller 1955)."""
        return (self.num_bins - 1) / (2.0 * self.num_samples)


def joint_entropy(
    joint_positions: Array, lower: Array, upper: Array, cfg: EntropyCfg | None = None
) -> JointEntropy:
    """Return the entropy of each joint over a set of grasps.

    Args:
        joint_positions: (N, J) [rad].
        lower: Lower limits, (J,) [rad].
        upper: Upper limits, (J,) [rad].
        cfg: Bins and the number of grasps.

    Raises:
        InvalidInputError: If there is no grasp, there are fewer than asked, a value is not finite,
            shapes do not fit, or a range is empty.
    """
    cfg = cfg or EntropyCfg()
    values = np.asarray(joint_positions, dtype=float)
    lower, upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    _check(values, lower, upper)
    values = _drawn(values, cfg)
    outside = np.maximum(lower - values, values - upper) > _OUTSIDE_RAD
    share_of_range = (np.clip(values, lower, upper) - lower) / (upper - lower)
    bins = np.minimum((share_of_range * cfg.num_bins).astype(int), cfg.num_bins - 1)
    entropies = [_entropy(np.bincount(column, minlength=cfg.num_bins)) for column in bins.T]
    return JointEntropy(
        per_joint=np.array(entropies),
        num_samples=len(values),
        num_clamped=int(outside.sum()),
        num_bins=cfg.num_bins,
    )


def _check(values: Array, lower: Array, upper: Array) -> None:
    if values.ndim != 2 or len(values) == 0:
        raise InvalidInputError(f'entropy needs grasps of shape (N, J), N > 0, got {values.shape}')
    if lower.shape != (values.shape[1],) or upper.shape != lower.shape:
        raise InvalidInputError(
            f'got limits {lower.shape} and {upper.shape} for {values.shape[1]} joints'
        )
    if not all(np.isfinite(array).all() for array in (values, lower, upper)):
        raise InvalidInputError('joint positions and limits must be finite numbers')
    if not (lower < upper).all():
        raise InvalidInputError('every lower limit must be below its upper limit')


def _drawn(values: Array, cfg: EntropyCfg) -> Array:
    if cfg.num_samples is None or (cfg.allow_fewer and len(values) <= cfg.num_samples):
        return values
    if len(values) < cfg.num_samples:
        raise InvalidInputError(
            f'entropy of {cfg.num_samples} grasps was asked, only {len(values)} are there: ask '
            'for fewer, or allow fewer and compare with no figure of another number'
        )
    rng = np.random.default_rng(cfg.seed)
    chosen = rng.choice(len(values), cfg.num_samples, replace=False)
    return np.asarray(values[np.sort(chosen)])


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
