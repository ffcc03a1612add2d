"""A batch of posed hands of one kind."""

from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.geometry.transforms import make_transform


class HandBatch(NamedTuple):
    """B posed hands; the frame is said where they are given."""

    translation: Tensor
    """Position of the hand's root, (B, 3) [m]."""
    rotation: Tensor
    """Orientation of the hand's root, (B, 3, 3)."""
    joint_positions: Tensor
    """(B, J) [rad], in the order of `HandSpec.joint_names`."""

    @classmethod
    def at(cls, poses: Tensor, joint_positions: Tensor) -> 'HandBatch':
        """Return hands whose roots have the given poses (B, 4, 4)."""
        return cls(poses[:, :3, 3], poses[:, :3, :3], joint_positions)

    @property
    def num_hands(self) -> int:
        """Number of hands B."""
        return len(self.translation)

    def poses(self) -> Tensor:
        """Return the poses of the roots, (B, 4, 4)."""
        return make_transform(self.rotation, self.translation)

    def select(self, indices: Tensor) -> 'HandBatch':
        """Return the hands at `indices` (int64), or where a mask (bool) is True."""
        return HandBatch(*(field[indices] for field in self))

    def to(self, device: torch.device | str) -> 'HandBatch':
        """Return the same hands on `device`."""
        return HandBatch(*(field.to(device) for field in self))


def transform_hands(T_a_b: Tensor, hands: HandBatch) -> HandBatch:
    """Return hands given in frame b in frame a.

    Args:
        T_a_b: One pose (4, 4) for all, or one for each hand (B, 4, 4).
        hands: In frame b.
    """
    rotation = T_a_b[..., :3, :3]
    return HandBatch(
        translation=(rotation @ hands.translation[..., None])[..., 0] + T_a_b[..., :3, 3],
        rotation=rotation @ hands.rotation,
        joint_positions=hands.joint_positions,
    )
