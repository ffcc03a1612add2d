"""The report of an evaluation: metrics with intervals, tables, and what they were taken under.

Every figure is defined in docs/evaluation.md. It does not depend on the order of the outcomes.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.diversity import within_condition_diversity
from maskdexgrasp_core.evaluation.entropy import EntropyCfg, JointEntropy, joint_entropy
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg
from maskdexgrasp_core.evaluation.grasp_under_test import ConditionResult, GraspOutcome
from maskdexgrasp_core.evaluation.hold_check import kind_of_failure
from maskdexgrasp_core.evaluation.intervals import Estimate, Rate, estimate_mean
from maskdexgrasp_core.evaluation.plain_values import without_nan
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS
from maskdexgrasp_core.evaluation.wrench_quality import VALID_PENETRATION_M
from maskdexgrasp_core.hands.shadow import SHADOW

Json = dict[str, Any]
ENTROPY_SAMPLES = 500
"""H_mean and H_std are taken over so many grasps, drawn by the seed, or all if there are fewer."""
DEEP_M = VALID_PENETRATION_M
"""Penetration at which the limited rates stop counting [m]."""
_CM = 100.0


@dataclass(frozen=True, kw_only=True)
class ReportCfg:
    """What a report is made from besides the outcomes."""

    evaluation: EvaluationCfg
    seed: int = 0
    entropy_samples: int = ENTROPY_SAMPLES


def make_report(
    outcomes: Sequence[GraspOutcome],
    cfg: ReportCfg,
    conditions: Sequence[ConditionResult] = (),
) -> Json:
    """Return the report as JSON values: `metrics`, `intervals`, `counts`, tables, protocols.

    Args:
        outcomes: Of all grasps, in any order.
        cfg: How they were judged.
        conditions: Of a generator; () when the grasps were given.

    Raises:
        InvalidInputError: If there is nothing to report, or every grasp was refused.
    """
    if not outcomes and not conditions:
        raise InvalidInputError('there is no grasp to report')
    outcomes = sorted(outcomes, key=_place)
    measured = _measured(outcomes)
    found: dict[str, Rate | Estimate] = {
        **_rates(outcomes, 0),
        **_means(measured, cfg.seed),
        **_condition_figures(outcomes, conditions, cfg.seed),
    }
    metrics: Json = {name: figure.value for name, figure in found.items()}
    entropy = _entropy(measured, cfg)
    content = {
        'metrics': metrics | _set_figures(measured, entropy),
        'intervals': {name: figure.to_json() for name, figure in found.items()},
        'counts': _counts(outcomes, conditions),
        'entropy': _entropy_note(entropy),
        'intervals_by_objects': _intervals_by_objects(outcomes, cfg.seed),
        'over_objects': _over_objects(outcomes),
        'tasks': _table(outcomes, 'task', cfg.seed),
        'categories': _table(outcomes, 'category', cfg.seed),
        'protocols': _protocols(outcomes, cfg.evaluation),
        'squeeze': cfg.evaluation.squeeze,
    }
    plain: Json = without_nan(content)
    return plain


def _measured(outcomes: Sequence[GraspOutcome]) -> list[GraspOutcome]:
    """Return what was not refused; raise an error where nothing of it is left."""
    measured = [outcome for outcome in outcomes if not outcome.refused]
    if outcomes and not measured:
        reasons = '; '.join(sorted({outcome.refused for outcome in outcomes}))
        raise InvalidInputError(f'all {len(outcomes)} grasps were refused: {reasons}')
    return measured


def _place(outcome: GraspOutcome) -> tuple[str, str]:
    return outcome.object_id, outcome.grasp.key


def _rates(outcomes: Sequence[GraspOutcome], protocol: int) -> dict[str, Rate | Estimate]:
    """Return every rate under one protocol; refused grasps count as failures."""
    holds = [outcome.holds[protocol] for outcome in outcomes]
    shallow = [outcome.penetration_m < DEEP_M for outcome in outcomes]
    every, some = [all(hold.held) for hold in holds], [any(hold.held) for hold in holds]

    def rate(successes: Sequence[bool]) -> Rate:
        return Rate(successes=sum(successes), total=len(successes))

    both = list(zip(every, some, shallow, strict=True))
    return {
        'suc': rate([hold.success for hold in holds]),
        'suc_all': rate(every),
        'suc_any': rate(some),
        'suc_all_pen_5mm': rate([all_six and ok for all_six, _, ok in both]),
        'suc_any_pen_5mm': rate([one and ok for _, one, ok in both]),
        'pen_below_5mm': rate(shallow),
    }


def _means(measured: Sequence[GraspOutcome], seed: int) -> dict[str, Rate | Estimate]:
    """Return means over the grasps that were measured, with intervals by objects."""
    said = [outcome.agrees for outcome in measured if outcome.agrees is not None]
    figures: dict[str, Rate | Estimate] = {
        name: _mean([scale * getattr(o, field) for o in measured], measured, seed)
        for name, (field, scale) in _MEANS.items()
    }
    return figures | {'text_agreement': Rate(successes=sum(said), total=len(said))}


_MEANS = {
    'q1': ('q1', 1.0),
    'valid_q1': ('valid_q1', 1.0),
    'pen_cm': ('penetration_m', _CM),
    'hand_depth_cm': ('hand_depth_m', _CM),
    'self_pen_cm': ('self_depth_m', _CM),
    'links_in_contact': ('num_links', 1.0),
    'part_share': ('part_share', 1.0),
}
"""Metric -> field of an outcome and its factor."""


def _mean(values: Sequence[float], outcomes: Sequence[GraspOutcome], seed: int) -> Estimate:
    """Return the mean of what is known, objects drawn as wholes for the interval."""
    known = [
        (value, outcome.object_id)
        for value, outcome in zip(values, outcomes, strict=True)
        if math.isfinite(value)
    ]
    numbers = np.array([value for value, _ in known])
    groups = [group for _, group in known]
    return estimate_mean(numbers, groups=groups if len(set(groups)) > 1 else None, seed=seed)


def _condition_figures(
    outcomes: Sequence[GraspOutcome], conditions: Sequence[ConditionResult], seed: int
) -> dict[str, Rate | Estimate]:
    """Return Suc of the first and of the best grasp; an unanswered condition is a failure."""
    if not conditions:
        return {}
    first = {o.grasp.condition for o in outcomes if o.grasp.rank == 0 and all(o.holds[0].held)}
    best = {o.grasp.condition for o in outcomes if all(o.holds[0].held)}
    answered = sum(not condition.failure for condition in conditions)
    seconds = np.array([condition.seconds for condition in sorted(conditions, key=_key)])
    return {
        'suc_first': Rate(successes=len(first), total=len(conditions)),
        'suc_best': Rate(successes=len(best), total=len(conditions)),
        'answered': Rate(successes=answered, total=len(conditions)),
        'seconds_per_condition': estimate_mean(seconds, seed=seed),
    }


def _key(condition: ConditionResult) -> str:
    return condition.key


def _entropy(measured: Sequence[GraspOutcome], cfg: ReportCfg) -> JointEntropy | None:
    if not measured:
        return None
    joints = np.stack([outcome.grasp.joint_positions for outcome in measured])
    entropy_cfg = EntropyCfg(num_samples=cfg.entropy_samples, allow_fewer=True, seed=cfg.seed)
    return joint_entropy(joints, SHADOW.lower, SHADOW.upper, entropy_cfg)


def _entropy_note(entropy: JointEntropy | None) -> Json | None:
    if entropy is None:
        return None
    return {
        'num_samples': entropy.num_samples,
        'num_clamped': entropy.num_clamped,
        'num_bins': entropy.num_bins,
        'expected_bias': entropy.expected_bias,
    }


def _set_figures(measured: Sequence[GraspOutcome], entropy: JointEntropy | None) -> Json:
    """Return the metrics of the whole set that have no interval."""
    nothing = {'h_mean': None, 'h_std': None}
    if not measured or entropy is None:
        return nothing
    spread = within_condition_diversity(
        [(o.object_id, o.grasp.condition) for o in measured],
        np.stack([o.grasp.T_object_wrist for o in measured]),
        np.stack([o.grasp.joint_positions for o in measured]),
    )
    return {
        'h_mean': entropy.h_mean,
        'h_std': entropy.h_std,
        'diversity_translation_cm': spread.translation_cm,
        'diversity_rotation_deg': spread.rotation_deg,
        'diversity_joints_deg': spread.joints_deg,
    }


def _counts(outcomes: Sequence[GraspOutcome], conditions: Sequence[ConditionResult]) -> Json:
    refused = Counter(outcome.refused for outcome in outcomes if outcome.refused)
    asked = {(o.object_id, o.grasp.condition) for o in outcomes}
    counts: Json = {
        'grasps': len(outcomes),
        'measured': len(outcomes) - refused.total(),
        'refused': dict(sorted(refused.items())),
        'objects': len({o.object_id for o in outcomes} | {c.object_id for c in conditions}),
        'categories': len({o.category for o in outcomes} | {c.category for c in conditions}),
        'conditions': len(conditions) or len(asked),
    }
    if conditions:
        failures = Counter(c.failure for c in conditions if c.failure)
        counts['unanswered'] = dict(sorted(failures.items()))
        counts['generators'] = dict(
            sorted(sum((Counter(c.made_by) for c in conditions), Counter()).items())
        )
    return counts


def _intervals_by_objects(outcomes: Sequence[GraspOutcome], seed: int) -> Json:
    """Return intervals of the rates that count grasps of one object as alike: wider, honest."""
    values = {
        'suc': [outcome.holds[0].success for outcome in outcomes],
        'suc_all': [all(outcome.holds[0].held) for outcome in outcomes],
        'suc_any': [any(outcome.holds[0].held) for outcome in outcomes],
    }
    return {
        name: _mean([float(one) for one in mine], outcomes, seed).to_json()['interval']
        for name, mine in values.items()
    }


def _over_objects(outcomes: Sequence[GraspOutcome]) -> Json:
    """Return means in which every object counts once, as DGTR also reports them.

    Grasps that were refused fail, and have no quality and depth.
    """
    of_object: dict[str, list[GraspOutcome]] = {}
    for outcome in outcomes:
        of_object.setdefault(outcome.object_id, []).append(outcome)
    values: dict[str, list[float]] = {'suc_all': [], 'q1': [], 'pen_cm': []}
    for mine in of_object.values():
        values['suc_all'].append(float(np.mean([all(o.holds[0].held) for o in mine])))
        measured = [outcome for outcome in mine if not outcome.refused]
        if measured:
            values['q1'].append(float(np.mean([o.q1 for o in measured])))
            depths_m = [o.penetration_m for o in measured]
            values['pen_cm'].append(_CM * float(np.mean(depths_m)))
    return {name: float(np.mean(found)) for name, found in values.items() if found}


def _table(outcomes: Sequence[GraspOutcome], what: str, seed: int) -> dict[str, Json]:
    """Return the main figures of each task or category."""
    groups: dict[str, list[GraspOutcome]] = {}
    for outcome in outcomes:
        name = outcome.grasp.task if what == 'task' else outcome.category
        groups.setdefault(name or 'unknown', []).append(outcome)
    rows = {}
    for name, mine in sorted(groups.items()):
        rates = _rates(mine, 0)
        means = _means([outcome for outcome in mine if not outcome.refused], seed)
        rows[name] = {
            'grasps': len(mine),
            'suc_all': rates['suc_all'].value,
            'suc_all_interval': rates['suc_all'].interval,
            'suc_any': rates['suc_any'].value,
            **{key: means[key].value for key in ('q1', 'pen_cm', 'part_share', 'text_agreement')},
        }
    return rows


def _protocols(outcomes: Sequence[GraspOutcome], cfg: EvaluationCfg) -> dict[str, Json]:
    """Return, for each protocol, its numbers, its rates and why grasps failed."""
    content = {}
    for index, protocol in enumerate(cfg.protocols):
        holds = [outcome.holds[index] for outcome in outcomes]
        reasons = Counter(kind_of_failure(hold.reason) for hold in holds if hold.reason)
        content[protocol.name] = {
            'numbers': asdict(protocol),
            'rates': {name: rate.to_json() for name, rate in _rates(outcomes, index).items()},
            'held_along': {
                name: sum(hold.held[axis] for hold in holds) / len(holds) if holds else None
                for axis, name in enumerate(DIRECTIONS)
            },
            'reasons': dict(reasons.most_common()),
        }
    return content
