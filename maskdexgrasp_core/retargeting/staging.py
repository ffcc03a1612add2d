"""Turns a fitted grasp into stages: where to come from, how far to open, how hard to squeeze."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.types import Array

NUM_SWEEP_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class StagingCfg:
    """Distances and forces of the stages."""

    opening_shares: tuple[float, ...] = (0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
    """How far the fingers are opened for the pregrasp, as shares of the way to fully open; the
    least that gives the clearance is used."""
    open_clearance_m: float = 0.006
    """Free space between the opened hand and the object [m]."""
    table_clearance_m: float = 0.004
    """Free space between the opened hand and the table [m]."""
    seating_m: tuple[float, ...] = (0.010, 0.006, 0.0)
    """How far the hand goes on, along the fingers and into the palm alike, so that the object
    sits deep in it [m]; the largest that leaves the opened hand its clearance is used."""
    approach_length_m: float = 0.10
    """Length of the straight approach [m]."""
    finger_squeeze_rad: float = 0.5
    """How far the fingers' targets lie beyond the contact [rad]."""
    thumb_squeeze_rad: float = 0.12
    """How far the thumb's target lies beyond the contact [rad]."""
    finger_force_nm: float = 1.0
    """Torque at which a finger stops [N m]; 1 N m is about 8 N at the tip."""
    thumb_force_nm: float = 6.0
    """Torque at which the thumb stops [N m]: stiff, as non-backdrivable drives are."""


class Stages(NamedTuple):
    """Stages of B grasps."""

    poses: Tensor
    """Of the hand's root while the fingers close, base frame, (B, 4, 4)."""
    pregrasp_positions: Tensor
    """(B, M) [rad]."""
    squeeze_positions: Tensor
    """(B, M) [rad]."""
    approach_offset: Tensor
    """From the grasp to where the approach begins, base frame, (B, 3) [m]."""
    clearance: Tensor
    """Least free space on the way in, (B,) [m]; negative when the hand would hit."""
    force_limits: Array
    """Torque at which each motor stops, (M,) [N m], the same for all."""


class StagePlanner:
    """Chooses opening, approach direction and squeeze of grasps of one hand on one object."""

    def __init__(
        self,
        kinematics: HandKinematics,
        surface: GridSignedDistance,
        table_height: float,
        cfg: StagingCfg | None = None,
    ) -> None:
        """Bind to hand and object.

        Args:
            kinematics: Of the hand.
            surface: Of the object, base frame.
            table_height: z of the table [m].
            cfg: Distances and forces.
        """
        self.cfg = cfg or StagingCfg()
        self._kinematics, self._surface = kinematics, surface
        self._table_height = table_height
        spec = kinematics.spec
        parts = [
            spec.part_of_link(spec.description.joints[name].child) for name in spec.joint_names
        ]
        self._is_thumb = torch.tensor([part == 'thumb' for part in parts])
        # Motors that rotate the thumb about the palm are set before closing; they are those
        # that the open hand already holds away from zero.
        self._is_rotation = torch.as_tensor(spec.open_positions > 0.5)

    def plan(self, touching: HandBatch) -> Stages:
        """Plan the stages of fitted grasps, given the B hands at contact in the base frame."""
        opened = self._seat(touching)
        offset, clearance = self._choose_approach(opened)
        motors = touching.joint_positions
        upper = torch.as_tensor(self._kinematics.spec.upper, dtype=motors.dtype)
        squeeze = torch.minimum(motors + self._squeeze_offsets().to(motors), upper)
        return Stages(
            opened.poses(),
            opened.joint_positions,
            squeeze,
            offset,
            clearance,
            self._force_limits(),
        )

    def _force_limits(self) -> Array:
        """Return the torque limit of each motor (M,) [N m]."""
        cfg = self.cfg
        return np.where(self._is_thumb.numpy(), cfg.thumb_force_nm, cfg.finger_force_nm)

    def _squeeze_offsets(self) -> Tensor:
        """Return how far each motor's target lies beyond the contact, (M,) [rad]."""
        cfg = self.cfg
        offsets = torch.where(self._is_thumb, cfg.thumb_squeeze_rad, cfg.finger_squeeze_rad)
        return torch.where(self._is_rotation, 0.0, offsets)

    def _clearance(self, hands: HandBatch) -> Tensor:
        """Return the free space beyond what the stages ask for, (B,) [m]."""
        cfg = self.cfg
        with torch.no_grad():
            points = self._kinematics.forward(*hands)
            centers, radii = points.sphere_centers, self._kinematics.sphere_radii
            to_object = (self._surface.distance(centers) - radii).amin(1) - cfg.open_clearance_m
            lowest = (centers[..., 2] - radii).amin(1)
            to_table = lowest - self._table_height - cfg.table_clearance_m
        return torch.minimum(to_object, to_table)

    def _seat(self, touching: HandBatch) -> HandBatch:
        """Return the hands opened, and moved onto the object as far as that goes."""
        along, normal = self._directions(touching)
        seated, best = touching, torch.full_like(touching.translation[:, 0], -torch.inf)
        for depth in self.cfg.seating_m:
            deeper = touching.translation + depth * (along + normal)
            tried, clearance = self._open_hand(touching._replace(translation=deeper))
            better = (best < 0.0) & (clearance > best)
            seated = _where(better, tried, seated)
            best = torch.where(better, clearance, best)
        return seated

    def _directions(self, hands: HandBatch) -> tuple[Tensor, Tensor]:
        """Return unit vectors along the fingers and out of the palm, base frame, (B, 3) each."""
        palm = torch.as_tensor(self._kinematics.spec.palm_normal, dtype=hands.rotation.dtype)
        with torch.no_grad():
            points = self._kinematics.forward(*hands)
        normal = hands.rotation @ palm
        along = points.fingertips[:, 1:].mean(1) - points.palm
        along = along - (along * normal).sum(-1, keepdim=True) * normal
        return along / along.norm(dim=-1, keepdim=True), normal

    def _open_hand(self, touching: HandBatch) -> tuple[HandBatch, Tensor]:
        """Return hands opened just enough to clear the object, and that space (B,) [m].

        The thumb stays opposed.
        """
        motors = touching.joint_positions
        opened = torch.as_tensor(self._kinematics.spec.open_positions, dtype=motors.dtype)
        opened = torch.where(self._is_rotation, motors, opened.expand_as(motors))
        best = touching
        best_clearance = torch.full_like(touching.translation[:, 0], -torch.inf)
        for share in self.cfg.opening_shares:
            tried = touching._replace(joint_positions=motors + share * (opened - motors))
            clearance = self._clearance(tried)
            better = (best_clearance < 0.0) & (clearance > best_clearance)
            best = _where(better, tried, best)
            best_clearance = torch.where(better, clearance, best_clearance)
        return best, best_clearance

    def _choose_approach(self, opened: HandBatch) -> tuple[Tensor, Tensor]:
        """Return the retreat (B, 3) [m] with the most free space, and that space (B,) [m].

        Tried are: back along the fingers, away from the palm, both, and straight up.
        """
        num, length = opened.num_hands, self.cfg.approach_length_m
        along, normal = self._directions(opened)
        up = torch.zeros_like(along)
        up[:, 2] = 1.0
        directions = torch.stack(
            [-along, up - along, -normal - along, up, -normal, up - normal], 1
        )
        directions = directions / directions.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        steps = torch.linspace(0.0, length, NUM_SWEEP_STEPS, dtype=along.dtype)
        places = opened.translation[:, None, None] + directions[:, :, None] * steps[:, None]
        count = directions.shape[1] * len(steps)
        repeated = HandBatch(*(field.repeat_interleave(count, 0) for field in opened))
        clearance = self._clearance(repeated._replace(translation=places.reshape(-1, 3)))
        least = clearance.reshape(num, directions.shape[1], len(steps)).amin(2)
        free = (least >= 0.0).int()
        choice = torch.where(free.any(1), free.argmax(1), least.argmax(1))
        rows = torch.arange(num)
        return directions[rows, choice] * length, least[rows, choice]


def _where(mask: Tensor, hands: HandBatch, others: HandBatch) -> HandBatch:
    """Return the first hands where the mask (B,) is True, else the others."""

    def chosen(value: Tensor, other: Tensor) -> Tensor:
        return torch.where(mask.reshape(-1, *[1] * (value.ndim - 1)), value, other)

    return HandBatch(*map(chosen, hands, others))
