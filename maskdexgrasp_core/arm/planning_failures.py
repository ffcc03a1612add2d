"""Why grasps could not be planned, told in one code and one sentence."""

from collections import Counter

from maskdexgrasp_core.outcome import Code, Stage, StageError

_ADVANCE = (Code.UNREACHABLE, Code.IN_COLLISION, Code.NO_PATH)
"""Codes of planning in the order in which a candidate meets them."""


def more_advanced(first: StageError | None, second: StageError) -> StageError:
    """Return the failure that came later in planning; the first on a tie."""
    if first is None:
        return second
    order = [_ADVANCE.index(e.outcome.code) for e in (first, second)]
    return first if order[0] >= order[1] else second


def summarise(failures: list[StageError], num_grasps: int) -> StageError:
    """Return one error for all grasps: the most frequent code, the more advanced on a tie."""
    if num_grasps == 0:
        return StageError(Stage.PLAN, Code.UNREACHABLE, 'no grasp is left to be tried')
    if not failures:
        reason = f'the time limit left none of {num_grasps} grasps to be planned'
        return StageError(Stage.PLAN, Code.NO_PATH, reason)
    counts = Counter(e.outcome.code for e in failures)
    code = max(_ADVANCE, key=lambda c: (counts[c], _ADVANCE.index(c)))
    example = next(e.outcome.reason for e in failures if e.outcome.code is code)
    parts = [f'{counts[c]} {c.name}' for c in _ADVANCE if counts[c]]
    untried = num_grasps - len(failures)
    late = f', {untried} not tried in time' if untried else ''
    reason = f'no executable grasp among {num_grasps}: {", ".join(parts)}{late}; e.g. {example}'
    return StageError(Stage.PLAN, code, reason)
