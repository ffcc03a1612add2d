"""Hands that tests share."""

from collections.abc import Callable

import pytest
import torch

from maskdexgrasp_core.geometry.rotations import rot6d_to_matrix
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW


def sample_hands(num_hands: int, seed: int = 0) -> HandBatch:
    """Return hands around the origin: any wrist pose, fingers that close together."""
    generator = torch.Generator().manual_seed(seed)
    lower, upper = torch.tensor(SHADOW.lower).float(), torch.tensor(SHADOW.upper).float()
    closing = torch.rand(num_hands, 1, generator=generator)
    own = torch.rand(num_hands, SHADOW.num_joints, generator=generator)
    return HandBatch(
        translation=0.1 * torch.randn(num_hands, 3, generator=generator),
        rotation=rot6d_to_matrix(torch.randn(num_hands, 6, generator=generator)),
        joint_positions=lower + (0.6 * closing + 0.4 * own) * (upper - lower),
    )


@pytest.fixture
def make_hands() -> Callable[..., HandBatch]:
    return sample_hands
