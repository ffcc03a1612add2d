"""Retargeting with proof: only grasps that the arm can do and that held in a rehearsal."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.protocols import Retargeter
from maskdexgrasp_core.types import Array, GraspSet, HandGrasp, ObjectObservation

Objection = Callable[[HandGrasp], str]
"""Maps a grasp to why the arm cannot execute it, '' when it can."""


class TrialLike(Protocol):
    """How a rehearsal of one grasp went."""

    @property
    def held(self) -> bool:
        """Whether the object stayed in the hand."""
        ...

    @property
    def reason(self) -> str:
        """Why it did not."""
        ...

    @property
    def slip_m(self) -> float:
        """How far the object moved in the hand [m]."""
        ...

    @property
    def moved_m(self) -> float:
        """How far closing pushed the object [m]."""
        ...


class Rehearsal(Protocol):
    """Tries grasps of one observed object before the robot does."""

    def attempt(self, grasp: HandGrasp, offset: Array | None = None) -> TrialLike:
        """Try `grasp` with the hand displaced by `offset` (3,) [m]."""
        ...


@dataclass(frozen=True, kw_only=True)
class CheckCfg:
    """How many grasps are wanted and how long to look for them."""

    num_wanted: int = 2
    """Grasps that hold, to stop at."""
    stop_when_sure: bool = False
    """Stop at the first grasp that also holds with every position error and hardly slips."""
    sure_slip_m: float = 0.004
    """How far the object may slip in the hand of a grasp that is sure [m]."""
    time_budget_s: float = 5.0
    """Time to check [s]; doubled while nothing has held."""
    offset_m: float = 0.007
    """Position error that each grasp that held is tried with again [m]."""


_STEPS_CM = ((0.8, 0.0, 0.0), (0.0, 0.8, 0.0), (0.8, 0.8, 0.0), (0.0, 0.0, 0.8), (0.0, 0.0, -0.8))
"""Along the palm's normal, along the fingers and across them, in centimetres."""


def neighbours(grasp: HandGrasp) -> list[HandGrasp]:
    """Return `grasp` with the hand moved a little: deeper first, then to either side.

    Axes are those of the hand's root: -x out of the palm, -y along the fingers.
    """
    moved = []
    for step in _STEPS_CM:
        offset = np.eye(4)
        offset[:3, 3] = -0.01 * np.asarray(step)
        moved.append(
            replace(
                grasp,
                T_base_approach=grasp.T_base_approach @ offset,
                T_base_pregrasp=grasp.T_base_pregrasp @ offset,
                T_base_grasp=grasp.T_base_grasp @ offset,
            )
        )
    return moved


class CheckedRetargeter:
    """Wraps a retargeter: asks the arm, then rehearses, best grasp first, until enough held."""

    def __init__(
        self,
        inner: Retargeter,
        *,
        rehearse: Callable[[ObjectObservation], Rehearsal],
        objections: Callable[[ObjectObservation], Objection] | None = None,
        cfg: CheckCfg | None = None,
    ) -> None:
        """Compose the checks.

        Args:
            inner: Makes the hand grasps.
            rehearse: Prepares rehearsals of one object.
            objections: Prepares the arm's view of one object; None: the arm can do all.
            cfg: Numbers.
        """
        self.name = inner.name
        self.cfg = cfg or CheckCfg()
        self._inner, self._rehearse, self._objections = inner, rehearse, objections

    def retarget(
        self, grasps: GraspSet, observation: ObjectObservation
    ) -> tuple[tuple[HandGrasp, ...], dict[str, int]]:
        """Return hand grasps that held, most robust first, and reason -> count of the others.

        Raises:
            StageError: With `Code.BAD_SHAPE` if the shape has no inside.
            InvalidInputError: If the shape cannot be simulated.
        """
        made, dropped = self._inner.retarget(grasps, observation)
        counts = Counter(dropped)
        held = self._held(made, observation, counts) if made else []
        held.sort(key=lambda grasp: -grasp.score)
        return tuple(held), {reason: n for reason, n in counts.items() if n}

    def _held(
        self, made: tuple[HandGrasp, ...], observation: ObjectObservation, counts: Counter[str]
    ) -> list[HandGrasp]:
        cfg, start = self.cfg, time.monotonic()
        rehearsal = self._rehearse(observation)
        objection = self._objections(observation) if self._objections else lambda _: ''
        held: list[HandGrasp] = []
        slipped: list[HandGrasp] = []

        def is_late() -> bool:
            return time.monotonic() - start > cfg.time_budget_s * (1 if held else 2)

        def is_enough() -> bool:
            sure = any(
                grasp.scores['robustness'] >= 1.0 and grasp.scores['slip_m'] <= cfg.sure_slip_m
                for grasp in held
            )
            return len(held) >= cfg.num_wanted or (cfg.stop_when_sure and sure)

        for i, grasp in enumerate(made):
            if is_late() or is_enough():
                counts['not tried'] += len(made) - i
                break
            reason = objection(grasp)
            if not reason:
                trial = rehearsal.attempt(grasp)
                if trial.held:
                    held.append(self._scored(grasp, trial, rehearsal))
                    continue
                slipped.append(grasp)
                reason = f'rehearsal: {trial.reason}'
            counts[reason] += 1
        for grasp in (neighbour for s in slipped for neighbour in neighbours(s)):
            if held or is_late():
                break
            trial = rehearsal.attempt(grasp)
            if trial.held and not objection(grasp):
                held.append(self._scored(grasp, trial, rehearsal))
        return held

    def _scored(self, grasp: HandGrasp, trial: TrialLike, rehearsal: Rehearsal) -> HandGrasp:
        """Return `grasp` with a score that counts how it copes with position errors."""
        sideways = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
        trials = [rehearsal.attempt(grasp, self.cfg.offset_m * d) for d in sideways]
        share = float(np.mean([t.held for t in trials]))
        slip = float(np.mean([trial.slip_m, *(t.slip_m for t in trials if t.held)]))
        scores = {
            **grasp.scores,
            'robustness': share,
            'slip_m': slip,
            'moved_m': trial.moved_m,
            'source_score': grasp.score,
        }
        score = share - 10.0 * slip - 4.0 * trial.moved_m
        if not np.isfinite(score):
            raise InvalidInputError(f'rehearsal gave a score that is not finite: {scores}')
        return replace(grasp, score=score, scores=scores)
