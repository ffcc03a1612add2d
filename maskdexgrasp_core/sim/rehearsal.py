"""Tries grasps in imagination before the robot moves: on the completed shape, in physics.

What the robot knows of the object is one view and a guess of the rest, so a grasp that holds
here need not hold on the table; one that fails here rarely does.
"""

from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.geometry.convex_pieces import convex_pieces
from maskdexgrasp_core.geometry.mass_distribution import presumed_mass_shares
from maskdexgrasp_core.sim.hand_world import HandRehearsalWorld, RehearsalCfg, body_of_pieces
from maskdexgrasp_core.types import Array, HandGrasp, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class TrialCfg:
    """A rehearsal: close, squeeze, lift, hold, with what counts as held."""

    density_kg_m3: float = 500.0
    """Of the completed shape; household things are mostly hollow."""
    mass_range_kg: tuple[float, float] = (0.3, 0.5)
    """A view does not tell a steel tool from a hollow cup, so no object is taken as light."""
    friction: float = 0.5
    """Below what most objects have, so that a grasp keeps a reserve."""
    close_s: float = 0.8
    settle_s: float = 0.25
    lift_s: float = 0.6
    lift_m: float = 0.08
    hold_s: float = 0.4
    max_slip_m: float = 0.025
    """Furthest that the object may move in the hand from the squeeze to the end [m]."""
    max_turn_rad: float = 0.6
    """Furthest that it may turn in the hand in that time [rad]."""
    max_pieces: int = 24


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one rehearsal went."""

    held: bool
    reason: str
    """Why it failed, '' when held."""
    moved_m: float
    """How far closing pushed the object on the table [m]."""
    slip_m: float
    """How far the object moved in the hand while lifted [m]."""
    turn_rad: float
    """How far it turned in the hand while lifted [rad]."""


class GraspRehearsal:
    """Tries hand grasps on one observed object."""

    def __init__(self, observation: ObjectObservation, cfg: TrialCfg | None = None) -> None:
        """Compile the object's completed shape and the hand into one model."""
        self.cfg = cfg or TrialCfg()
        shape = observation.shape
        mass = float(np.clip(shape.volume * self.cfg.density_kg_m3, *self.cfg.mass_range_kg))
        pieces = convex_pieces(shape, max_pieces=self.cfg.max_pieces)
        body = body_of_pieces(
            pieces,
            mass_kg=mass,
            friction=self.cfg.friction,
            mass_shares=presumed_mass_shares(shape, pieces, observation.label),
        )
        self._world = HandRehearsalWorld(body, RehearsalCfg(table_height=observation.table_height))

    def attempt(self, grasp: HandGrasp, offset: Array | None = None) -> Trial:
        """Close, lift and hold once.

        Args:
            grasp: In the base frame.
            offset: Error of the hand's position to rehearse with, (3,) [m]; None: none.
        """
        world, cfg = self._world, self.cfg
        shift = np.eye(4)
        if offset is not None:
            shift[:3, 3] = offset
        at_grasp = shift @ grasp.T_base_grasp
        world.reset(shift @ grasp.T_base_pregrasp, grasp.pregrasp_positions)
        start = world.object_center()
        squeeze, limits = grasp.squeeze_positions, grasp.force_limits
        world.run(at_grasp, squeeze, limits, cfg.close_s)
        world.run(at_grasp, squeeze, limits, cfg.settle_s)
        closed, gripped = world.object_center(), self._in_hand()
        raised = at_grasp.copy()
        raised[2, 3] += cfg.lift_m
        world.run(raised, squeeze, limits, cfg.lift_s)
        world.run(raised, squeeze, limits, cfg.hold_s)
        end, held = world.object_center(), self._in_hand()
        turn = np.trace(gripped[:3, :3].T @ held[:3, :3])
        return self._judge(
            rise=float(end[2] - closed[2]),
            moved=float(np.linalg.norm(closed - start)),
            slip=float(np.linalg.norm(held[:3, 3] - gripped[:3, 3])),
            turn=float(np.arccos(np.clip((turn - 1.0) / 2.0, -1.0, 1.0))),
        )

    def _in_hand(self) -> Array:
        """Return the object's centre of mass and orientation in the hand's frame, (4, 4)."""
        pose = self._world.object_pose()
        pose[:3, 3] = self._world.object_center()
        return np.asarray(np.linalg.inv(self._world.hand_pose()) @ pose)

    def _judge(self, rise: float, moved: float, slip: float, turn: float) -> Trial:
        cfg = self.cfg
        reason = ''
        if not np.isfinite([rise, moved, slip, turn]).all():
            reason = 'unstable'
        elif rise < 0.6 * cfg.lift_m:
            reason = 'not lifted'
        elif slip > cfg.max_slip_m:
            reason = 'slipped'
        elif turn > cfg.max_turn_rad:
            reason = 'turned in the hand'
        return Trial(held=not reason, reason=reason, moved_m=moved, slip_m=slip, turn_rad=turn)
