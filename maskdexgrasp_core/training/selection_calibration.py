"""From logits to a choice: margins that cost least on scenes that training never sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.perception.learned_selection import DecisionCfg
from maskdexgrasp_core.training.selection_questions import Question
from maskdexgrasp_core.types import Array

_WRONG, _REFUSED = 1.0, 0.5
"""Cost of grasping the wrong object, and of refusing a sentence that means one."""
_MARGINS = np.linspace(0.0, 8.0, 81)
_NUM_LEAST = 60


@dataclass(frozen=True, eq=False)
class ScoredQuestion:
    """A question and what the network says of each object of its scene."""

    question: Question
    logits: Array
    """(K,)."""


def choice_error(scored: Sequence[ScoredQuestion]) -> float:
    """Return how often the best object is not the one that is meant, 0..1.

    Questions that must be refused do not count; NaN if there are no others.
    """
    asked = [s for s in scored if s.question.answer is not None]
    wrong = [int(s.logits.argmax()) != s.question.answer for s in asked]
    return float(np.mean(wrong)) if wrong else float('nan')


def calibrated(scored: Sequence[ScoredQuestion]) -> DecisionCfg:
    """Return the thresholds with which the questions would have cost least.

    A wrong object costs twice as much as a needless refusal. The margin for groups is the one
    with which most often exactly the objects that fit are kept, where several do.

    Args:
        scored: Questions of all kinds, those to be refused among them; none leaves the defaults.
    """
    if not scored:
        return DecisionCfg()
    best = np.array([s.logits.max() for s in scored])
    ahead = np.array([_lead(s.logits) for s in scored])
    right = np.array([int(s.logits.argmax()) == s.question.answer for s in scored])
    answerable = np.array([s.question.answer is not None for s in scored])
    candidates = np.quantile(best, np.linspace(0.0, 1.0, _NUM_LEAST))
    costs = np.array(
        [
            [_cost((best >= least) & (ahead > margin), right, answerable) for margin in _MARGINS]
            for least in candidates
        ]
    )
    least_index, margin_index = np.unravel_index(costs.argmin(), costs.shape)
    return DecisionCfg(
        least_logit=float(candidates[least_index]),
        margin=float(_MARGINS[margin_index]),
        group_margin=_group_margin(scored),
    )


def _lead(logits: Array) -> float:
    """Return how far the best is ahead of the next."""
    return float(np.diff(np.sort(logits)[-2:])[0]) if len(logits) > 1 else np.inf


def _cost(
    chosen: NDArray[np.bool_], right: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> float:
    return float(_WRONG * (chosen & ~right).sum() + _REFUSED * (~chosen & answerable).sum())


def _group_margin(scored: Sequence[ScoredQuestion]) -> float:
    """Return the margin that most often keeps exactly what fits; of equals the middle one."""
    groups = [item for item in scored if len(item.question.fitting) > 1]
    if not groups:
        return DecisionCfg().group_margin
    exact = np.zeros(len(_MARGINS))
    for item in groups:
        fits = np.isin(np.arange(len(item.logits)), item.question.fitting)
        kept = item.logits >= item.logits.max() - _MARGINS[:, None]
        exact += (kept == fits).all(axis=1)
    return float(np.median(_MARGINS[exact == exact.max()]))
