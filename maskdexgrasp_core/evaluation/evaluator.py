"""The evaluator: every measure of every grasp of one object, from the same poses."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.agreement import PartSurfaces, agrees_with_text
from maskdexgrasp_core.evaluation.geometric_scores import GeometricScores, score_geometry
from maskdexgrasp_core.evaluation.grasp_under_test import (
    GraspOutcome,
    GraspUnderTest,
    Hold,
    ObjectUnderTest,
    refusal,
)
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker, HoldResult
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS, HoldProtocol
from maskdexgrasp_core.evaluation.squeeze_rules import (
    TouchingGrasps,
    require_rule,
    squeeze_positions,
)
from maskdexgrasp_core.types import Array

_MAX_GRASPS = 64
"""Of one unit of work."""


@dataclass(frozen=True, kw_only=True)
class EvaluationCfg:
    """How grasps are judged.

    Raises:
        InvalidInputError: If there is no protocol.
        UnknownNameError: If the squeeze rule is not known.
    """

    protocols: tuple[HoldProtocol, ...]
    """The first one gives the contacts for part and sentence."""
    squeeze: str
    """One of `squeeze_rules.SQUEEZE_RULES`."""

    def __post_init__(self) -> None:
        if not self.protocols:
            raise InvalidInputError('an evaluation needs a protocol')
        require_rule(self.squeeze)


def in_units(items: Iterable[ObjectUnderTest]) -> list[ObjectUnderTest]:
    """Cut objects with very many grasps into several units of work."""
    return [
        replace(item, grasps=item.grasps[start : start + _MAX_GRASPS])
        for item in items
        for start in range(0, len(item.grasps), _MAX_GRASPS)
    ]


class _Measures(NamedTuple):
    """What is known of all usable grasps of an object."""

    scores: GeometricScores
    results: list[list[HoldResult]]
    """One list for each protocol."""
    parts: PartSurfaces


def evaluate_object(item: ObjectUnderTest, cfg: EvaluationCfg) -> list[GraspOutcome]:
    """Return the outcome of every grasp of one object, in their order.

    A grasp that cannot be evaluated is refused: it counts as not held, with its reason.

    Raises:
        InvalidInputError: If the object has no inside, a grasp asks for a part that the object
            does not have, or the squeeze rule needs targets that did not come.
    """
    reasons = [refusal(grasp) for grasp in item.grasps]
    usable = [g for g, reason in zip(item.grasps, reasons, strict=True) if not reason]
    try:
        measured = iter(_measure(item, usable, cfg) if usable else ())
    except InvalidInputError as error:
        raise InvalidInputError(f'{item.object_id}: {error}') from error
    return [
        _refused(item, grasp, reason, cfg) if reason else next(measured)
        for grasp, reason in zip(item.grasps, reasons, strict=True)
    ]


def _measure(
    item: ObjectUnderTest, grasps: list[GraspUnderTest], cfg: EvaluationCfg
) -> list[GraspOutcome]:
    poses = np.stack([grasp.T_object_wrist for grasp in grasps]).astype(float)
    joints = np.stack([grasp.joint_positions for grasp in grasps]).astype(float)
    surface = ObjectSurface.of_model(item.model)
    scores = score_geometry(load_hand_solid(), surface, poses, joints)
    touching = TouchingGrasps(
        Ts_object_wrist=poses,
        joint_positions=joints,
        contacts=scores.contacts,
        center=item.model.center_of_mass,
        stored=[grasp.squeeze_positions for grasp in grasps],
    )
    results = [_check_all(item, touching, protocol, cfg.squeeze) for protocol in cfg.protocols]
    measures = _Measures(scores, results, PartSurfaces(item.model))
    return [_outcome(item, grasp, measures, row) for row, grasp in enumerate(grasps)]


def _check_all(
    item: ObjectUnderTest, grasps: TouchingGrasps, protocol: HoldProtocol, squeeze: str
) -> list[HoldResult]:
    targets = squeeze_positions(squeeze, grasps, protocol.kp)
    checker = HoldChecker(item.model, protocol)
    rows = zip(grasps.Ts_object_wrist, grasps.joint_positions, targets, strict=True)
    return [checker.check(HandGraspPose(*row)) for row in rows]


def _outcome(
    item: ObjectUnderTest, grasp: GraspUnderTest, measures: _Measures, row: int
) -> GraspOutcome:
    scores, results, parts = measures
    touch = results[0][row].touch
    return GraspOutcome(
        grasp=grasp,
        object_id=item.object_id,
        category=item.category,
        holds=tuple(_hold(result[row]) for result in results),
        q1=float(scores.q1[row]),
        valid_q1=float(scores.valid_q1[row]),
        penetration_m=float(scores.penetration_m[row]),
        hand_depth_m=float(scores.hand_depth_m[row]),
        self_depth_m=float(scores.self_depth_m[row]),
        num_links=len(set(touch.links)),
        part_share=parts.share_if_asked(grasp.part, touch.points),
        agrees=_agreement(grasp, touch.points, parts),
    )


def _hold(result: HoldResult) -> Hold:
    held = tuple(bool(one) for one in result.held)
    return Hold(held=held, success=result.success, reason=result.reason)


def _agreement(grasp: GraspUnderTest, points: Array, parts: PartSurfaces) -> bool | None:
    if len(parts.names) < 2 or len(points) == 0:
        return None
    verdicts = (agrees_with_text(text, parts, points) for text in grasp.texts)
    return next((verdict for verdict in verdicts if verdict is not None), None)


def _refused(
    item: ObjectUnderTest, grasp: GraspUnderTest, reason: str, cfg: EvaluationCfg
) -> GraspOutcome:
    hold = Hold(held=(False,) * len(DIRECTIONS), success=False, reason=reason)
    return GraspOutcome(
        grasp=grasp,
        object_id=item.object_id,
        category=item.category,
        holds=(hold,) * len(cfg.protocols),
        refused=reason,
    )
