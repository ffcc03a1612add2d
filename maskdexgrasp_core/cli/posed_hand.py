"""Grasps of either hand in one form, for files and pictures."""

from dataclasses import dataclass
from pathlib import Path

from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.registry import HANDS, load_hand
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.protocols import Retargeter
from maskdexgrasp_core.retargeting.checked import CheckCfg, CheckedRetargeter
from maskdexgrasp_core.retargeting.hand_retargeter import HandRetargeter
from maskdexgrasp_core.sim.rehearsal import GraspRehearsal
from maskdexgrasp_core.synthesis.generator import GeneratorCfg
from maskdexgrasp_core.synthesis.registry import load_generator
from maskdexgrasp_core.types import Array, Grasp, ObjectObservation

HAND_NAMES = tuple(HANDS)
_CANDIDATES_PER_GRASP = 4
"""Shadow grasps made for each grasp of another hand: many do not survive the rehearsal."""


@dataclass(frozen=True, kw_only=True)
class PosedHand:
    """A grasp of one hand."""

    T_base_root: Array
    """(4, 4) pose of the hand's root link in the base frame."""
    joint_positions: Array
    """(J,) [rad], in the hand's order."""
    squeeze_positions: Array | None
    """(J,) targets of the servos that hold the object [rad], see `types.Grasp` and, for a
    retargeted hand, `types.HandGrasp`; None: not known."""
    score: float
    """Higher is better."""
    scores: dict[str, float]
    """The terms behind `score`, by name."""


@dataclass(frozen=True, kw_only=True)
class GraspOrder:
    """What grasps are asked for."""

    hand: str
    """One of `HAND_NAMES`."""
    generator: str
    """Name of the generator."""
    weights: Path | None
    """Folder of its weights; None: those that ship."""
    settings: GeneratorCfg
    """Of the generator."""
    count: int
    """Grasps at most."""
    seed: int
    """Of the generator."""
    budget_s: float
    """Wall time after which the best so far are taken [s]."""


def make_grasps(
    observation: ObjectObservation, order: GraspOrder
) -> tuple[list[PosedHand], dict[str, int]]:
    """Return grasps, best first, and reason -> number of candidates dropped for it.

    Those of another than the Shadow Hand are retargeted; those of the Freedom hand are also
    rehearsed in physics on the shape.

    Raises:
        UnknownNameError: If hand or generator is not known.
        MissingWeightsError: If weights are not there.
        InvalidInputError: If weights or settings cannot be used.
        StageError: With `Code.BAD_SHAPE` if the shape has no inside.
    """
    is_shadow = order.hand == SHADOW.name
    generator = load_generator(order.generator, order.weights, order.settings)
    made = generator.generate(
        observation,
        num_grasps=order.count if is_shadow else _CANDIDATES_PER_GRASP * order.count,
        seed=order.seed,
        time_budget_s=order.budget_s,
    )
    if is_shadow:
        return [shadow_hand(grasp) for grasp in made.grasps], made.dropped
    grasps, dropped = _retargeter(order).retarget(made, observation)
    return [
        PosedHand(
            T_base_root=grasp.T_base_grasp,
            joint_positions=grasp.grasp_positions,
            squeeze_positions=grasp.squeeze_positions,
            score=grasp.score,
            scores=grasp.scores,
        )
        for grasp in grasps[: order.count]
    ], {**made.dropped, **dropped}


def shadow_hand(grasp: Grasp) -> PosedHand:
    """Return a grasp of the Shadow Hand."""
    return PosedHand(
        T_base_root=grasp.T_base_wrist,
        joint_positions=grasp.joint_positions,
        squeeze_positions=grasp.squeeze_positions,
        score=grasp.score,
        scores=grasp.scores,
    )


def _retargeter(order: GraspOrder) -> Retargeter:
    retargeter = HandRetargeter(target=load_hand(order.hand))
    if order.hand != FREEDOM.name:  # the hand that rehearsals simulate
        return retargeter
    cfg = CheckCfg(num_wanted=order.count, time_budget_s=order.budget_s)
    return CheckedRetargeter(retargeter, rehearse=GraspRehearsal, cfg=cfg)
