"""Keeps parts of a hand where they are while the other parts take a new pose."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.hand_vector import (
    LENGTH_SCALE,
    NUM_JOINTS,
    hand_vector,
    hands_of_vector,
)
from maskdexgrasp_core.model.part_points import PART_JOINTS, PartPoints

_NUM_STEPS = 80
_STEP_SIZE = 0.05
"""Of Adam at the first step, in the units of `hand_vector`; falls to zero on a cosine."""
_EDITED_WEIGHT = 0.01
"""Of the squared distances of edited parts; those of kept parts weigh 1."""


def hold_parts(
    edited: HandBatch, keep: HandBatch, kept_parts: Sequence[str], part_points: PartPoints
) -> HandBatch:
    """Return hands whose kept parts are where those of `keep` are.

    A kept palm keeps the wrist, and kept parts then keep their joints, exactly; the others move
    until their points are near those of `edited`. Where the palm is edited, all joints and the
    wrist move from where they were, as far as the points of the kept parts stay.

    Args:
        edited: What the parts that are not kept should be like.
        keep: The hands before the edit, in the same frame.
        kept_parts: Names of `PARTS`.
        part_points: Points that measure the distances.

    Raises:
        InvalidInputError: If a name is not of `PARTS`.
    """
    unknown = sorted(set(kept_parts) - set(PARTS))
    if unknown:
        raise InvalidInputError(f'unknown parts {unknown}; known: {", ".join(PARTS)}')
    if not kept_parts:
        return edited
    device = keep.translation.device
    is_kept = torch.tensor([part in kept_parts for part in PARTS], device=device)
    joint_kept = _kept_joints(kept_parts).to(device)
    with torch.no_grad():
        targets = part_points(keep).where(is_kept[:, None, None], part_points(edited))
        from_keep = torch.cat([joint_kept.new_ones(9), joint_kept])  # the wrist starts there too
        start = hand_vector(keep).where(from_keep, hand_vector(edited))
    free = ~from_keep if 'palm' in kept_parts else torch.ones_like(from_keep)
    weights = is_kept.to(start.dtype).clamp_min(_EDITED_WEIGHT)
    found = hands_of_vector(_fit(start, free, targets, weights, part_points))
    if 'palm' not in kept_parts:
        return found
    joints = keep.joint_positions.where(joint_kept, found.joint_positions)
    return HandBatch(keep.translation, keep.rotation, joints)


def _kept_joints(kept_parts: Sequence[str]) -> Tensor:
    """Return which joints belong to the kept parts, (22,) bool."""
    kept = torch.zeros(NUM_JOINTS, dtype=torch.bool)
    for part in kept_parts:
        kept[list(PART_JOINTS[part])] = True
    return kept


def _fit(
    start: Tensor, free: Tensor, targets: Tensor, weights: Tensor, part_points: PartPoints
) -> Tensor:
    """Move the free entries of vectors until the hands' points are near the targets.

    Args:
        start: (B, 31) as of `hand_vector`.
        free: (31,) bool, which entries may change.
        targets: (B, 6, P, 3) [m].
        weights: (6,) of the squared distances of each part.
        part_points: Gives the points of a hand.
    """
    change = torch.zeros_like(start, requires_grad=True)
    optimizer = torch.optim.Adam([change], lr=_STEP_SIZE)
    with torch.enable_grad():
        for step in range(_NUM_STEPS):
            optimizer.param_groups[0]['lr'] = _step_size(step)
            points = part_points(hands_of_vector(start + change * free))
            distances = ((points - targets) / LENGTH_SCALE).square().sum(dim=-1).mean(dim=-1)
            optimizer.zero_grad()
            (distances * weights).sum().backward()
            optimizer.step()
    return (start + change * free).detach()


def _step_size(step: int) -> float:
    return _STEP_SIZE * 0.5 * (1.0 + math.cos(math.pi * step / _NUM_STEPS))
