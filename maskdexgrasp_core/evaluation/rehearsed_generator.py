"""Puts the grasps of a generator to the test in physics, on the shape that it was shown.

A ranking by geometry sees contacts and forces; what slips while the fingers close it does not see.
Here the best grasps hold the object against six forces before one of them is chosen. The shape is
the one in the observation, never the true one: from one view it is a guess, and what holds on it
need not hold.
"""

import time
from collections import Counter
from dataclasses import replace

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS, load_protocol
from maskdexgrasp_core.geometry.convex_pieces import convex_pieces
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation

SCORE_NAME = 'rehearsal'
"""Of the share of the six directions in which a grasp held."""
_MASS_KG = 0.1
_FRICTION = 0.6
_GRAY = (0.6, 0.6, 0.6)


class RehearsedGenerator:
    """Orders the grasps of another generator by what they hold; a `protocols.GraspGenerator`.

    Args:
        generator: Makes the grasps.
        num_rehearsed: The best of them that are tried, >= 1; the others follow as they were.

    Raises:
        InvalidInputError: If no grasp is to be tried.
    """

    def __init__(self, generator: GraspGenerator, num_rehearsed: int) -> None:
        if num_rehearsed < 1:
            raise InvalidInputError(f'num_rehearsed must be positive, got {num_rehearsed}')
        self.name = generator.name
        self._generator, self._num_rehearsed = generator, num_rehearsed
        self._cfg = EvaluationCfg(protocols=(load_protocol('tdg-quick'),), squeeze='stored')

    def generate(
        self,
        observation: ObjectObservation,
        *,
        num_grasps: int,
        seed: int,
        time_budget_s: float | None = None,
    ) -> GraspSet:
        """Return at most `num_grasps` grasps, those first that hold in most directions.

        What the generator takes of the time budget is not there for trying.
        """
        deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        asked = max(num_grasps, self._num_rehearsed)
        made = self._generator.generate(
            observation, num_grasps=asked, seed=seed, time_budget_s=time_budget_s
        )
        ordered = list(made.grasps)
        if ordered and (deadline is None or time.monotonic() <= deadline):
            tried = self._tried(observation, made.grasps[: self._num_rehearsed])
            tried.sort(key=lambda grasp: -grasp.scores[SCORE_NAME])  # stable: equals stay in order
            ordered[: len(tried)] = tried
        dropped = Counter(made.dropped)
        if len(ordered) > num_grasps:
            dropped['more than asked for'] += len(ordered) - num_grasps
        return GraspSet(grasps=tuple(ordered[:num_grasps]), dropped=dict(dropped))

    def _tried(self, observation: ObjectObservation, grasps: tuple[Grasp, ...]) -> list[Grasp]:
        item = ObjectUnderTest(
            object_id=observation.label,
            category=observation.label,
            model=_as_seen(observation),
            grasps=tuple(
                GraspUnderTest(
                    key=str(rank),
                    T_object_wrist=grasp.T_base_wrist,
                    joint_positions=grasp.joint_positions,
                    squeeze_positions=grasp.squeeze_positions,
                )
                for rank, grasp in enumerate(grasps)
            ),
        )
        shares = [
            sum(outcome.holds[0].held) / len(DIRECTIONS)
            for outcome in evaluate_object(item, self._cfg)
        ]
        return [
            replace(grasp, scores={**grasp.scores, SCORE_NAME: share})
            for grasp, share in zip(grasps, shares, strict=True)
        ]


def _as_seen(observation: ObjectObservation) -> ObjectModel:
    """Return the shape of an observation as a body in the base frame."""
    pieces = tuple(convex_pieces(observation.shape))
    return ObjectModel(
        name='seen',
        category=observation.label,
        parts=(Part(name='body', pieces=pieces, color=_GRAY),),
        mass_kg=_MASS_KG,
        friction=_FRICTION,
    )
