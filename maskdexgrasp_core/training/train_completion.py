"""Recipe of the completion network: its loss, and how it is validated."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import CheckpointHeader
from maskdexgrasp_core.model.completion_cfg import (
    KIND,
    CompletionCfg,
    completion_preset,
)
from maskdexgrasp_core.model.completion_net import (
    CHANNELS,
    CompletionInputs,
    CompletionNet,
    CompletionOutput,
    squash,
)
from maskdexgrasp_core.training.completion_data import (
    CompletionDataCfg,
    CompletionObjects,
    ViewFolder,
    as_batch,
    random_batches,
)
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.recipe import Losses, Share

_SEEN = CHANNELS.index('seen')
_FREE = [CHANNELS.index('front'), CHANNELS.index('side')]
_SURFACE_M = 0.002
_FAR_M = 0.008
_ABOVE_TABLE_M = 0.004
_CHUNK = 16


@dataclass(frozen=True, kw_only=True)
class CompletionLossCfg:
    """What counts how much.

    Raises:
        InvalidInputError: If a weight is negative or a length is not positive.
    """

    near_m: float = 0.005
    """Errors count less by e for each such distance from the true surface [m]."""
    floor: float = 0.05
    """Weight of errors far from the surface, beside 1 on it."""
    free_m: float = 0.003
    """What lies deeper than this in space that the view proves empty is easy [m]."""
    free_weight: float = 0.3
    """Factor on the weight there."""
    scale_weight: float = 0.3
    """Of the term that teaches the expected error."""

    def __post_init__(self) -> None:
        if min(self.near_m, self.free_m) <= 0.0:
            raise InvalidInputError(f'near_m and free_m must be > 0, got {self}')
        if min(self.floor, self.free_weight, self.scale_weight) < 0.0:
            raise InvalidInputError(f'weights must be >= 0, got {self}')


@dataclass(frozen=True, kw_only=True)
class CompletionTraining:
    """A completion network and how it is trained.

    Raises:
        InvalidInputError: If a number is below 1.
    """

    network: CompletionCfg
    loop: LoopCfg
    batch_size: int = 16
    """Views."""
    steps_per_epoch: int = 100
    """A pass over all views would be a long epoch; each takes as many as it needs."""
    held_out_views: int = 2
    """Of each held-out object."""
    data: CompletionDataCfg = field(default_factory=CompletionDataCfg)
    loss: CompletionLossCfg = field(default_factory=CompletionLossCfg)

    def __post_init__(self) -> None:
        if min(self.batch_size, self.steps_per_epoch, self.held_out_views) < 1:
            raise InvalidInputError(f'numbers of batches and views must be >= 1, got {self}')


def completion_training(preset: str) -> CompletionTraining:
    """Return how the network of a preset is trained.

    Raises:
        UnknownNameError: If there is no such preset; the text lists those that exist.
    """
    network = completion_preset(preset)
    if preset == 'tiny':
        return CompletionTraining(
            network=network,
            loop=LoopCfg(epochs=3, learning_rate=4e-3, ema_decay=0.9),
            batch_size=8,
            steps_per_epoch=20,
            held_out_views=1,
            data=CompletionDataCfg(objects_per_category=1, views_per_object=2),
        )
    return CompletionTraining(
        network=network,
        loop=LoopCfg(epochs=20, learning_rate=2e-3, ema_decay=0.995, validate_every=2),
    )


def completion_losses(
    output: CompletionOutput, inputs: CompletionInputs, target: Tensor, cfg: CompletionLossCfg,
    *, reach_m: float,
) -> Losses:  # fmt: skip
    """Return the error of a batch, and how well its expected error tells it.

    The second term is the negative log-likelihood of the error under a Laplace distribution. The
    error in it is taken as given: otherwise the network would rather expect large errors in hard
    places than learn them (cf. Seitzer 2022).

    Args:
        output: Of the network.
        inputs: It was given.
        target: True signed distance over `reach_m`, cut off at +-1, (B, N, N, N).
        cfg: Weights.
        reach_m: Of the network.
    """
    predicted, scale = output.distance / reach_m, output.scale / reach_m
    beyond = (1.0 - target.sign() * predicted).clamp_min(0.0)
    error = torch.where(target.abs() >= 1.0, beyond, (predicted - target).abs())
    weight = (-target.abs() * (reach_m / cfg.near_m)).exp() + cfg.floor
    free = inputs.channels[:, _FREE].amax(dim=1) > float(squash(torch.tensor(cfg.free_m)))
    weight = torch.where(free, cfg.free_weight * weight, weight)
    weight = weight / weight.sum()
    likelihood = error.detach() / scale + (2.0 * scale).log()
    mean_error = (weight * error).sum()
    mean_likelihood = (weight * likelihood).sum()
    return Losses(
        total=mean_error + cfg.scale_weight * mean_likelihood,
        figures={
            'error_mm': 1000.0 * reach_m * mean_error.detach(),
            'scale_mm': 1000.0 * (weight * output.scale.detach()).sum(),
            'nll': mean_likelihood.detach(),
        },
    )


class CompletionObjective(nn.Module):
    """The network and its loss."""

    def __init__(self, network: CompletionNet, cfg: CompletionLossCfg) -> None:
        """Teach `network`."""
        super().__init__()
        self.network = network
        self._cfg = cfg

    def forward(self, batch: tuple[CompletionInputs, Tensor]) -> Losses:
        """Return the losses of a batch of `completion_data.as_batch`."""
        inputs, target = batch
        output = self.network(inputs)
        reach_m = self.network.cfg.reach_m
        return completion_losses(output, inputs, target, self._cfg, reach_m=reach_m)


class CompletionRecipe:
    """The completion network, its views and its loss; a `recipe.Recipe`.

    The files of `training_views` and `held_out_views` have to be filled before it is trained.

    Args:
        objects: Who trains and who is held out.
        cache: Folder for the views.
        cfg: Of network, data and batches; of the loop the seed is used.
    """

    criterion = 'far_mm'

    def __init__(
        self,
        objects: CompletionObjects,
        cache: Path,
        cfg: CompletionTraining,
    ) -> None:
        self._objects, self._cfg = objects, cfg
        as_they_are = dataclasses.replace(
            cfg.data,
            views_per_object=cfg.held_out_views,
            views=dataclasses.replace(cfg.data.views, stretch=(1.0, 1.0)),
        )
        self.training_views = ViewFolder(cache, objects.training, cfg.network, cfg.data)
        self.held_out_views = ViewFolder(cache, objects.held_out, cfg.network, as_they_are)
        self.network = CompletionNet(cfg.network)
        self.objective = CompletionObjective(self.network, cfg.loss)

    @property
    def header(self) -> CheckpointHeader:
        """See `Recipe`."""
        return CheckpointHeader(
            kind=KIND,
            preset=self.network.cfg.name,
            config=dataclasses.asdict(self.network.cfg),
            facts={
                'unseen_categories': list(self._objects.unseen_categories),
                'num_objects': len(self._objects.training),
                'num_views': len(self.training_views),
                'seed': self._cfg.loop.seed,
            },
        )

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Recipe`."""
        cfg = self._cfg
        return {
            'batches': [cfg.batch_size, cfg.steps_per_epoch, cfg.held_out_views],
            'data': dataclasses.asdict(cfg.data),
            'loss': dataclasses.asdict(cfg.loss),
            'training_objects': [key.object_id for key in self._objects.training],
            'held_out_objects': [key.object_id for key in self._objects.held_out],
        }

    @property
    def steps_per_epoch(self) -> int:
        """See `Recipe`."""
        return self._cfg.steps_per_epoch

    def batches(self, epoch: int, share: Share) -> Iterator[tuple[CompletionInputs, Tensor]]:
        """Yield views in random order, turned at random; see `Recipe`.

        Raises:
            InvalidInputError: If a batch cannot be shared evenly.
        """
        cfg, seed = self._cfg, self._cfg.loop.seed
        if cfg.batch_size % share.world_size:
            raise InvalidInputError(
                f'a batch of {cfg.batch_size} cannot be shared by {share.world_size} processes'
            )
        rng = np.random.default_rng([seed, epoch])
        needed, there = cfg.steps_per_epoch * cfg.batch_size, len(self.training_views)
        order = np.concatenate([rng.permutation(there) for _ in range(-(-needed // there))])
        mine = order[:needed].reshape(cfg.steps_per_epoch, -1)[:, share.rank :: share.world_size]
        return random_batches(
            self.training_views,
            mine.ravel(),
            batch_size=cfg.batch_size // share.world_size,
            rng=np.random.default_rng([seed, epoch, share.rank]),
        )

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return mean figures of the held-out views; see `far_side`."""
        device = next(network.parameters()).device
        sums: dict[str, float] = defaultdict(float)
        for start in range(0, len(self.held_out_views), _CHUNK):
            index = range(start, min(start + _CHUNK, len(self.held_out_views)))
            inputs, target = as_batch([self.held_out_views[i] for i in index])
            on_device = CompletionInputs(*(value.to(device) for value in inputs))
            output = network(on_device)
            reach_m = self.network.cfg.reach_m
            for name, value in far_side(output, on_device, target.to(device), reach_m).items():
                sums[name] += value
        return {
            'far_mm': 1000.0 * sums['error'] / max(sums['samples'], 1.0),
            'far_expected_mm': 1000.0 * sums['expected'] / max(sums['samples'], 1.0),
            'far_left_out': sums['left_out'] / max(sums['inside'], 1.0),
        }


def far_side(
    output: CompletionOutput, inputs: CompletionInputs, target: Tensor, reach_m: float
) -> dict[str, float]:
    """Return sums over the samples of a batch that stand for the side that was not seen.

    Samples near the true surface, far from the visible points and above the table: how far the
    predicted surface is from them is what its value there says.

    Returns:
        Name -> sum: `samples`, their absolute `error` and `expected` error [m]; samples `inside`
        of the object far from the visible points, and those of them that are `left_out`.
    """
    index = torch.arange(target.shape[-1], device=target.device)
    height = (index - 0.5) * inputs.steps[:, 2:3]
    above = (height > _ABOVE_TABLE_M)[:, None, None, :]
    far = above & (inputs.channels[:, _SEEN] > float(squash(torch.tensor(_FAR_M))))
    surface = far & (target.abs() * reach_m < _SURFACE_M)
    error = (output.distance - reach_m * target).abs()
    inside = far & (target < 0.0)
    return {
        'samples': float(surface.sum()),
        'error': float(error[surface].sum()),
        'expected': float(output.scale[surface].sum()),
        'inside': float(inside.sum()),
        'left_out': float((inside & (output.distance > 0.0)).sum()),
    }
