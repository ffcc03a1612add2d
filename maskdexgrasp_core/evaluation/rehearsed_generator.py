"""Puts the grasps of a generator to the test in physics, on the shape that it was shown.

A ranking by geometry sees contacts and forces; what slips while the fingers close it does not see.
Here the best grasps hold the object against six forces before one of them is chosen. The shape is
the one in the observation, never the true one. From one view it is a guess, millimetres off, so
each grasp is tried again with the hand as far off: what holds all the same is likely to hold.
"""

import time
from collections import Counter
from dataclasses import replace

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.geometry.convex_pieces import convex_pieces
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.types import Array, Grasp, GraspSet, ObjectObservation

SCORE_NAME = 'rehearsal'
"""Half of it for holding as given, the other half by the share of the hand's displacements with
which the grasp held."""
_OFFSET_M = 0.004
"""By which the hand is displaced along its axes, to either side: about the error of a surface that
no camera saw."""
_SCORE_WEIGHT = 0.2
"""Of the generator's own score beside that of the rehearsal."""
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

    def generate(
        self,
        observation: ObjectObservation,
        *,
        num_grasps: int,
        seed: int,
        time_budget_s: float | None = None,
    ) -> GraspSet:
        """Return at most `num_grasps` grasps, in the order of their rehearsals.

        Half of what counts is whether a grasp holds as given, the other half how often it does
        displaced; a fifth of the generator's own score is added, which tells equals apart.

        What the generator takes of the time budget is not there for trying.

        Raises:
            InvalidInputError: As the generator does, or if a grasp has no servo targets.
            StageError: As the generator does.
        """
        deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        asked = max(num_grasps, self._num_rehearsed)
        made = self._generator.generate(
            observation, num_grasps=asked, seed=seed, time_budget_s=time_budget_s
        )
        ordered = list(made.grasps)
        if ordered and (deadline is None or time.monotonic() <= deadline):
            tried = self._tried(observation, made.grasps[: self._num_rehearsed])
            tried.sort(key=_order)  # stable: equals stay in order
            ordered[: len(tried)] = tried
        dropped = Counter(made.dropped)
        if len(ordered) > num_grasps:
            dropped['more than asked for'] += len(ordered) - num_grasps
        return GraspSet(grasps=tuple(ordered[:num_grasps]), dropped=dict(dropped))

    def _tried(self, observation: ObjectObservation, grasps: tuple[Grasp, ...]) -> list[Grasp]:
        checker = HoldChecker(_as_seen(observation), load_protocol('tdg-quick'))
        return [
            replace(grasp, scores={**grasp.scores, SCORE_NAME: _rehearsed(checker, grasp)})
            for grasp in grasps
        ]


def _order(grasp: Grasp) -> float:
    return -(grasp.scores[SCORE_NAME] + _SCORE_WEIGHT * grasp.score)


def _rehearsed(checker: HoldChecker, grasp: Grasp) -> float:
    """Return the score of a grasp, 0..1; see `SCORE_NAME`."""
    axes = grasp.T_base_wrist[:3, :3].T
    offsets = _OFFSET_M * np.concatenate([axes, -axes])
    displaced = np.mean([_holds(checker, grasp, offset) for offset in offsets])
    return 0.5 * _holds(checker, grasp, np.zeros(3)) + 0.5 * float(displaced)


def _holds(checker: HoldChecker, grasp: Grasp, offset: Array) -> bool:
    """Return whether a grasp holds with the hand displaced by `offset` (3,) [m], base frame."""
    T_base_wrist = grasp.T_base_wrist.copy()
    T_base_wrist[:3, 3] += offset
    if grasp.squeeze_positions is None:
        raise InvalidInputError('a grasp without servo targets cannot be rehearsed')
    pose = HandGraspPose(T_base_wrist, grasp.joint_positions, grasp.squeeze_positions)
    return checker.check(pose, stop_at_first_failure=True).success


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
