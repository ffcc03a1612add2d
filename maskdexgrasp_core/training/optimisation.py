"""Seeds, groups of parameters and averages of weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def seed_networks(seed: int) -> None:
    """Seed torch before networks are made, so that their first weights follow from the seed."""
    torch.manual_seed(mixed_seed(seed, 0))


def mixed_seed(*numbers: int) -> int:
    """Return one seed that follows from all numbers, each >= 0, and from their order."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def parameter_groups(objective: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the trained parameters: matrices, which decay, and the rest, which does not."""
    trained = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in trained if parameter.ndim >= 2]
    vectors = [parameter for parameter in trained if parameter.ndim < 2]
    groups = [
        {'params': matrices, 'weight_decay': weight_decay},
        {'params': vectors, 'weight_decay': 0.0},
    ]
    return [group for group in groups if group['params']]


def running_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Return an average for `AveragedModel`; its memory grows with the steps up to `decay`."""

    def average(kept: Tensor, new: Tensor, num_averaged: Tensor | int) -> Tensor:
        steps = float(num_averaged)
        return torch.lerp(kept, new, 1.0 - min(decay, (1.0 + steps) / (10.0 + steps)))

    return average
