"""Grasps of either hand in one form, for files and pictures."""

from dataclasses import dataclass

from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.registry import HANDS, load_hand
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.protocols import Retargeter
from maskdexgrasp_core.retargeting.checked import CheckCfg, CheckedRetargeter
from maskdexgrasp_core.retargeting.hand_retargeter import HandRetargeter
from maskdexgrasp_core.sim.rehearsal import GraspRehearsal
from maskdexgrasp_core.synthesis.registry import load_generator
from maskdexgrasp_core.types import Array, ObjectObservation

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
    score: float
    """Higher is better."""
    scores: dict[str, float]
    """The terms behind `score`, by name."""


def make_grasps(
    observation: ObjectObservation,
    hand: str,
    generator: str,
    *,
    count: int,
    seed: int,
    budget_s: float,
) -> tuple[list[PosedHand], dict[str, int]]:
    """Return grasps, best first, and reason -> number of candidates dropped for it.

    Those of another than the Shadow Hand are retargeted; those of the Freedom hand are also
    rehearsed in physics on the shape.

    Args:
        observation: The object.
        hand: One of `HAND_NAMES`.
        generator: Name of the generator.
        count: Grasps at most.
        seed: Of the generator.
        budget_s: Wall time after which the best so far are taken [s].

    Raises:
        UnknownNameError: If hand or generator is not known.
        StageError: With `Code.BAD_SHAPE` if the shape has no inside.
    """
    wanted = count if hand == SHADOW.name else _CANDIDATES_PER_GRASP * count
    made = load_generator(generator).generate(
        observation, num_grasps=wanted, seed=seed, time_budget_s=budget_s
    )
    if hand == SHADOW.name:
        posed = [
            PosedHand(
                T_base_root=grasp.T_base_wrist,
                joint_positions=grasp.joint_positions,
                score=grasp.score,
                scores=grasp.scores,
            )
            for grasp in made.grasps
        ]
        return posed, made.dropped
    cfg = CheckCfg(num_wanted=min(count, 64), time_budget_s=min(budget_s, 120.0))
    retargeter: Retargeter = HandRetargeter(target=load_hand(hand))
    if hand == FREEDOM.name:  # the hand that rehearsals simulate
        retargeter = CheckedRetargeter(retargeter, rehearse=GraspRehearsal, cfg=cfg)
    grasps, dropped = retargeter.retarget(made, observation)
    return [
        PosedHand(
            T_base_root=grasp.T_base_grasp,
            joint_positions=grasp.grasp_positions,
            score=grasp.score,
            scores=grasp.scores,
        )
        for grasp in grasps[:count]
    ], {**made.dropped, **dropped}
