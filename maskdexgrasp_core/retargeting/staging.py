"""Turns a fitted grasp into stages: where to come from, how far to open, how hard to squeeze."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
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


def plan_stages(
    kinematics: HandKinematics,
    poses: Tensor,
    motors: Tensor,
    surface: GridSignedDistance,
    table_height: float,
    cfg: StagingCfg,
) -> Stages:
    """Choose opening, approach direction and squeeze of fitted grasps.

    Args:
        kinematics: Of the hand.
        poses: Of the hand's root in the base frame, (B, 4, 4).
        motors: At contact, (B, M) [rad].
        surface: Of the object, base frame.
        table_height: z of the table [m].
        cfg: Distances and forces.
    """
    poses, opened = _seat(kinematics, poses, motors, surface, table_height, cfg)
    offset, clearance = _choose_approach(kinematics, poses, opened, surface, table_height, cfg)
    upper = torch.as_tensor(kinematics.spec.upper, dtype=motors.dtype)
    squeeze = motors + _squeeze_offsets(kinematics, cfg).to(motors)
    return Stages(poses, opened, torch.minimum(squeeze, upper), offset, clearance)


def force_limits(kinematics: HandKinematics, cfg: StagingCfg) -> Array:
    """Return the torque limit of each motor (M,) [N m]."""
    is_thumb = [_part(kinematics, name) == 'thumb' for name in kinematics.spec.joint_names]
    return np.where(is_thumb, cfg.thumb_force_nm, cfg.finger_force_nm)


def _part(kinematics: HandKinematics, joint: str) -> str:
    spec = kinematics.spec
    return spec.part_of_link(spec.description.joints[joint].child)


def _is_rotation(kinematics: HandKinematics) -> Tensor:
    """Tell which motors rotate the thumb about the palm, (M,) bool; they are set before closing.

    These are the motors that the open hand already holds away from zero.
    """
    return torch.as_tensor(kinematics.spec.open_positions > 0.5)


def _squeeze_offsets(kinematics: HandKinematics, cfg: StagingCfg) -> Tensor:
    names = kinematics.spec.joint_names
    is_thumb = torch.tensor([_part(kinematics, name) == 'thumb' for name in names])
    offsets = torch.where(is_thumb, cfg.thumb_squeeze_rad, cfg.finger_squeeze_rad)
    return torch.where(_is_rotation(kinematics), 0.0, offsets)


def _clearance(
    kinematics: HandKinematics,
    translation: Tensor,
    rotation: Tensor,
    motors: Tensor,
    surface: GridSignedDistance,
    table_height: float,
    cfg: StagingCfg,
) -> Tensor:
    """Return the free space beyond what the stages ask for, (B,) [m]."""
    with torch.no_grad():
        centers = kinematics.forward(translation, rotation, motors).sphere_centers
        radii = kinematics.sphere_radii
        to_object = (surface.distance(centers) - radii).amin(1) - cfg.open_clearance_m
        to_table = (centers[..., 2] - radii).amin(1) - table_height - cfg.table_clearance_m
    return torch.minimum(to_object, to_table)


def _seat(
    kinematics: HandKinematics,
    poses: Tensor,
    motors: Tensor,
    surface: GridSignedDistance,
    table_height: float,
    cfg: StagingCfg,
) -> tuple[Tensor, Tensor]:
    """Return poses (B, 4, 4) moved onto the object as far as it goes, and opened motors there."""
    along, normal = _directions(kinematics, poses, motors)
    seated, opened = poses, motors
    best = torch.full((len(motors),), -torch.inf, dtype=motors.dtype)
    for depth in cfg.seating_m:
        tried = poses.clone()
        tried[:, :3, 3] += depth * (along + normal)
        positions, clearance = _open_hand(kinematics, tried, motors, surface, table_height, cfg)
        better = (best < 0.0) & (clearance > best)
        seated = torch.where(better[:, None, None], tried, seated)
        opened = torch.where(better[:, None], positions, opened)
        best = torch.where(better, clearance, best)
    return seated, opened


def _directions(
    kinematics: HandKinematics, poses: Tensor, motors: Tensor
) -> tuple[Tensor, Tensor]:
    """Return unit vectors along the fingers and out of the palm, base frame, (B, 3) each."""
    palm = torch.as_tensor(kinematics.spec.palm_normal, dtype=poses.dtype)
    with torch.no_grad():
        points = kinematics.forward(poses[:, :3, 3], poses[:, :3, :3], motors)
    normal = poses[:, :3, :3] @ palm
    along = points.fingertips[:, 1:].mean(1) - points.palm
    along = along - (along * normal).sum(-1, keepdim=True) * normal
    return along / along.norm(dim=-1, keepdim=True), normal


def _open_hand(
    kinematics: HandKinematics,
    poses: Tensor,
    motors: Tensor,
    surface: GridSignedDistance,
    table_height: float,
    cfg: StagingCfg,
) -> tuple[Tensor, Tensor]:
    """Return motors (B, M) opened just enough to clear the object, and the clearance (B,) [m].

    The thumb stays opposed.
    """
    opened = torch.as_tensor(kinematics.spec.open_positions, dtype=motors.dtype)
    opened = torch.where(_is_rotation(kinematics), motors, opened.expand_as(motors))
    best = motors.clone()
    best_clearance = torch.full((len(motors),), -torch.inf, dtype=motors.dtype)
    for share in cfg.opening_shares:
        tried = motors + share * (opened - motors)
        clearance = _clearance(
            kinematics, poses[:, :3, 3], poses[:, :3, :3], tried, surface, table_height, cfg
        )
        better = (best_clearance < 0.0) & (clearance > best_clearance)
        best = torch.where(better[:, None], tried, best)
        best_clearance = torch.where(better, clearance, best_clearance)
    return best, best_clearance


def _choose_approach(
    kinematics: HandKinematics,
    poses: Tensor,
    opened: Tensor,
    surface: GridSignedDistance,
    table_height: float,
    cfg: StagingCfg,
) -> tuple[Tensor, Tensor]:
    """Return the retreat (B, 3) [m] with the most free space, and that space (B,) [m].

    Tried are: back along the fingers, away from the palm, both, and straight up.
    """
    num = len(poses)
    along, normal = _directions(kinematics, poses, opened)
    up = torch.zeros_like(along)
    up[:, 2] = 1.0
    directions = torch.stack([-along, up - along, -normal - along, up, -normal, up - normal], 1)
    directions = directions / directions.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    steps = torch.linspace(0.0, cfg.approach_length_m, NUM_SWEEP_STEPS, dtype=poses.dtype)
    places = poses[:, None, None, :3, 3] + directions[:, :, None] * steps[:, None]
    count = directions.shape[1] * len(steps)
    clearance = _clearance(
        kinematics,
        places.reshape(-1, 3),
        poses[:, :3, :3].repeat_interleave(count, 0),
        opened.repeat_interleave(count, 0),
        surface,
        table_height,
        cfg,
    )
    least = clearance.reshape(num, directions.shape[1], len(steps)).amin(2)
    free = (least >= 0.0).int()
    choice = torch.where(free.any(1), free.argmax(1), least.argmax(1))
    rows = torch.arange(num)
    return directions[rows, choice] * cfg.approach_length_m, least[rows, choice]
