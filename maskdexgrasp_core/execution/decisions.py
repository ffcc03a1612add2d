"""What hand states mean, as pure functions on plain facts: blocked, gripped, slipped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Array, HandGrasp, HandState

LATCHING_CODES = (
    Code.STOPPED,
    Code.DRIVER_FAULT,
    Code.DRIVER_NOT_CONNECTED,
    Code.STATE_IS_STALE,
)
"""After these the robot stays stopped until it is reset."""
RETRYABLE = frozenset({Code.HAND_STALLED_EARLY, Code.NOTHING_GRASPED, Code.OBJECT_SLIPPED})
"""Failures of a grasp, not of the robot: the next candidate may do better."""


@dataclass(frozen=True, kw_only=True)
class GripFacts:
    """Everything that a judgement of the grip looks at; arrays are (M,)."""

    motor_names: tuple[str, ...]
    positions: Array
    """[rad]."""
    efforts: Array
    """[N m], positive when closing."""
    stalled: NDArray[np.bool_]
    force_limits: Array
    """[N m]."""
    grasp_positions: Array
    """Where the fingers should meet the object [rad]."""
    thumb_gaps: Array
    """Distance of each finger to the thumb [m], infinite for the thumb."""

    @classmethod
    def of(cls, grasp: HandGrasp, state: HandState, thumb_gaps: Array) -> 'GripFacts':
        """Collect the facts of a hand that executes `grasp`."""
        return cls(
            motor_names=grasp.motor_names,
            positions=state.motor_positions.copy(),
            efforts=state.motor_efforts.copy(),
            stalled=state.stalled.copy(),
            force_limits=grasp.force_limits,
            grasp_positions=grasp.grasp_positions,
            thumb_gaps=thumb_gaps,
        )


def touching(facts: GripFacts, cfg: ExecutionCfg) -> NDArray[np.bool_]:
    """Tell which motors press on the object, (M,).

    A motor presses when it stalled or its effort exceeds a share of its limit. A finger that
    went far past the grasp posture, or that meets the thumb, presses on no object.
    """
    presses = facts.stalled | (facts.efforts >= cfg.contact_effort_fraction * facts.force_limits)
    overclosed = facts.positions - facts.grasp_positions > cfg.max_overclosure_rad
    return np.asarray(presses & ~overclosed & (facts.thumb_gaps > cfg.self_touch_gap_m))


def opposes(motor_names: tuple[str, ...], active: NDArray[np.bool_]) -> bool:
    """Tell whether a thumb motor and a finger motor are both active."""
    is_thumb = np.array(['thumb' in name for name in motor_names])
    return bool((active & is_thumb).any() and (active & ~is_thumb).any())


def judge_preshape(motor_names: tuple[str, ...], state: HandState) -> Outcome:
    """Tell whether the hand could open in free space."""
    if not state.stalled.any():
        return Outcome(stage=Stage.APPROACH)
    names = ', '.join(n for n, s in zip(motor_names, state.stalled, strict=True) if s)
    reason = f'{names} stalled while the open hand was preshaped, away from the object'
    return Outcome(stage=Stage.APPROACH, code=Code.HAND_STALLED_EARLY, reason=reason)


def judge_grip(facts: GripFacts, cfg: ExecutionCfg) -> Outcome:
    """Tell whether thumb and fingers have the object between them."""
    active = touching(facts, cfg)
    if opposes(facts.motor_names, active):
        return Outcome(stage=Stage.CLOSE)
    names = ', '.join(n for n, a in zip(facts.motor_names, active, strict=True) if a)
    reason = (
        f'the hand closed without opposition: {names or "no motor"} touches; efforts '
        f'{np.round(facts.efforts, 2).tolist()} N m of {facts.force_limits.tolist()} N m'
    )
    return Outcome(stage=Stage.CLOSE, code=Code.NOTHING_GRASPED, reason=reason)


def judge_hold(at_grip: GripFacts, now: GripFacts, stage: Stage, cfg: ExecutionCfg) -> Outcome:
    """Tell whether the object is still in the hand.

    Args:
        at_grip: When `judge_grip` was content.
        now: The present facts.
        stage: Of the outcome.
        cfg: Thresholds.
    """
    closed = now.positions - at_grip.positions
    kept = touching(at_grip, cfg) & touching(now, cfg) & (closed < cfg.slip_closure_rad)
    if opposes(now.motor_names, kept):
        return Outcome(stage=stage)
    reason = (
        f'the object left the hand: fingers closed by up to {closed.max():.2f} rad since the '
        f'grip, efforts are {np.round(now.efforts, 2).tolist()} N m'
    )
    return Outcome(stage=stage, code=Code.OBJECT_SLIPPED, reason=reason)
