"""The smallest training that is one: a line through noisy points, with dropout."""

import numpy as np
import torch
from torch import Tensor, nn

from maskdexgrasp_core.model.checkpoint import CheckpointHeader
from maskdexgrasp_core.training.optimisation import seed_networks
from maskdexgrasp_core.training.recipe import Losses, Share


class LineObjective(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: tuple[Tensor, Tensor]) -> Losses:
        inputs, targets = batch
        error = (self.network(inputs) - targets).square().mean()
        return Losses(error, {'rms': error.detach().sqrt()})


class LineRecipe:
    """Two inputs, one output; the points of an epoch follow from seed and epoch.

    Without dropout, several processes learn what one does, up to rounding.
    """

    steps_per_epoch = 5
    criterion = 'error'

    def __init__(self, *, seed: int = 0, scale: float = 1.0, dropout: float = 0.2) -> None:
        seed_networks(seed)
        self.network = nn.Sequential(nn.Linear(2, 8), nn.Dropout(dropout), nn.Linear(8, 1))
        self.objective = LineObjective(self.network)
        self.identity = {'scale': scale}
        self.num_validations = 0
        self._seed, self._scale = seed, scale

    @property
    def header(self) -> CheckpointHeader:
        return CheckpointHeader(kind='line', preset='tiny', config={})

    def batches(self, epoch: int, share: Share):
        rng = np.random.default_rng([self._seed, epoch])
        for _ in range(self.steps_per_epoch):
            inputs = torch.from_numpy(rng.normal(size=(16, 2))).float()
            mine = inputs[share.rank :: share.world_size]
            yield mine, self._true(mine)

    def validate(self, network: nn.Module) -> dict[str, float]:
        self.num_validations += 1
        inputs = torch.linspace(-1, 1, 20).reshape(10, 2)
        return {'error': float((network(inputs) - self._true(inputs)).square().mean())}

    def _true(self, inputs: Tensor) -> Tensor:
        return self._scale * (inputs[:, :1] - 2 * inputs[:, 1:])
