"""Signed distance of a whole object from one view: a 3D U-Net that corrects two simple guesses.

Every sample of a box around the visible points knows what the view says of it (`CHANNELS`). The
network adds a correction to the distance of a fitted body, or of the extruded solid where no body
explains the view: rules that hold for every kind of object are not learned again, only what they
get wrong is. It also tells how far off it expects to be. Samples are folded into cells, so the
convolutions run on few of them.
"""

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from maskdexgrasp_core.model.completion_cfg import CompletionCfg

CHANNELS = ('front', 'side', 'extruded', 'fitted', 'seen')
"""What is known of a sample, all in metres before `squash`: how far it lies in front of the seen
surface (negative: behind), outside the silhouette (negative: inside), outside the extruded solid
and outside the body that fits the view best (negative: inside), and from the nearest visible
point."""
_EXTRUDED, _FITTED = CHANNELS.index('extruded'), CHANNELS.index('fitted')
_TRUST = 25.0, -22.0
"""How an untrained network trusts a body: even odds if it explains 88 % of the points."""
_SQUASH_M = 0.010
_GROUPS = 8
_START_SCALE = 0.3
"""Expected error of an untrained network, as a share of the reach."""
_LOG_SCALES = (-5.0, 1.0)
_STEP_UNIT_M = 0.002
_PLACE_UNIT_M = 0.1
_NUM_FACTS = 7
_NUM_PLACES = 3


class CompletionInputs(NamedTuple):
    """A batch of boxes around views."""

    channels: Tensor
    """(B, C, N, N, N) `CHANNELS` through `squash`; axes x, y, z of the box."""
    steps: Tensor
    """(B, 3) distance of neighbouring samples along each axis [m]; the table lies half a step
    above the lowest samples."""
    ray: Tensor
    """(B, 3) unit vector in the box frame along which the camera looks."""
    explained: Tensor
    """(B,) share of the view that the fitted body explains, 0..1; 0 where none fits."""


class CompletionOutput(NamedTuple):
    """What the network believes of every sample of the boxes."""

    distance: Tensor
    """(B, N, N, N) signed distance to the object's surface, negative inside [m]; only its values
    within the reach mean anything."""
    scale: Tensor
    """(B, N, N, N) expected absolute error of `distance` [m]."""


def squash(metres: Tensor) -> Tensor:
    """Return values in -1..1 that resolve short distances and still tell long ones apart."""
    return metres / (metres.abs() + _SQUASH_M)


def unsquash(values: Tensor, *, reach_m: float) -> Tensor:
    """Return the inverse of `squash` in metres, cut off at `reach_m`."""
    limit = reach_m / (reach_m + _SQUASH_M)
    inside = values.clamp(-limit, limit)
    return _SQUASH_M * inside / (1.0 - inside.abs())


class CompletionNet(nn.Module):
    """The network; an untrained one returns the better of the two guesses as it is."""

    def __init__(self, cfg: CompletionCfg) -> None:
        """Build it with fresh weights."""
        super().__init__()
        self.cfg = cfg
        widths = cfg.widths
        samples = cfg.fold**3
        self.stem = nn.Conv3d(len(CHANNELS) * samples + _NUM_PLACES, widths[0], 1)
        self.facts = nn.Sequential(nn.Linear(_NUM_FACTS, widths[-1]), nn.SiLU())
        self.biases = nn.ModuleList(nn.Linear(widths[-1], width) for width in widths)
        self.down = nn.ModuleList(
            _blocks(width, count) for width, count in zip(widths, cfg.blocks, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv3d(fine, coarse, 2, stride=2) for fine, coarse in itertools.pairwise(widths)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose3d(coarse, fine, 2, stride=2)
            for fine, coarse in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(
            _blocks(width, count) for width, count in zip(widths, cfg.blocks[:-1], strict=False)
        )
        self.norm = nn.GroupNorm(_GROUPS, widths[0])
        self.head = nn.Conv3d(widths[0], 2 * samples, 3, padding=1)
        _silence(self.head)
        self.trust = nn.Parameter(torch.tensor(_TRUST))

    def forward(self, inputs: CompletionInputs) -> CompletionOutput:
        """Return distances and their expected errors for a batch of boxes."""
        facts = self.facts(_facts(inputs))
        folded = fold(inputs.channels, self.cfg.fold)
        cells = self.stem(torch.cat([folded, self._places(inputs.steps)], dim=1))
        levels: list[Tensor] = []
        for level, (blocks, bias) in enumerate(zip(self.down, self.biases, strict=True)):
            if level > 0:
                cells = self.shrink[level - 1](cells)
            cells = blocks(cells + bias(facts)[:, :, None, None, None])
            levels.append(cells)
        for level in range(len(levels) - 2, -1, -1):
            cells = self.up[level](levels[level] + self.grow[level](cells))
        raw = unfold(self.head(functional.silu(self.norm(cells))), self.cfg.fold)
        reach = self.cfg.reach_m
        return CompletionOutput(
            distance=self._guess(inputs) + reach * raw[:, 0],
            scale=reach * _START_SCALE * raw[:, 1].clamp(*_LOG_SCALES).exp(),
        )

    def _guess(self, inputs: CompletionInputs) -> Tensor:
        """Return the distance (B, N, N, N) [m] that is corrected."""
        extruded, fitted = (
            unsquash(inputs.channels[:, channel], reach_m=self.cfg.reach_m)
            for channel in (_EXTRUDED, _FITTED)
        )
        trust = (self.trust[0] * inputs.explained + self.trust[1]).sigmoid()
        return torch.lerp(extruded, fitted, trust[:, None, None, None])

    def _places(self, steps: Tensor) -> Tensor:
        """Return the middles of the cells (B, 3, n, n, n): x, y from the box's axis, z height."""
        count = self.cfg.cells
        index = torch.arange(count, dtype=steps.dtype, device=steps.device)
        middle = (index + 0.5) * self.cfg.fold - 0.5
        across = middle - (self.cfg.resolution - 1) / 2
        x, y, z = torch.meshgrid(across, across, middle - 0.5, indexing='ij')
        places = torch.stack([x, y, z])[None] * steps[:, :, None, None, None]
        return places / _PLACE_UNIT_M


def fold(samples: Tensor, factor: int) -> Tensor:
    """Move the samples (B, C, N, N, N) of each cell into channels (B, C * f^3, n, n, n)."""
    batch, channels, size = samples.shape[:3]
    cells = size // factor
    split = samples.reshape(batch, channels, cells, factor, cells, factor, cells, factor)
    moved = split.permute(0, 1, 3, 5, 7, 2, 4, 6)
    return moved.reshape(batch, channels * factor**3, cells, cells, cells)


def unfold(cells: Tensor, factor: int) -> Tensor:
    """Return the inverse of `fold`."""
    batch, folded, size = cells.shape[:3]
    channels, samples = folded // factor**3, size * factor
    split = cells.reshape(batch, channels, factor, factor, factor, size, size, size)
    moved = split.permute(0, 1, 5, 2, 6, 3, 7, 4)
    return moved.reshape(batch, channels, samples, samples, samples)


def _facts(inputs: CompletionInputs) -> Tensor:
    """Return what holds for the whole box (B, 7): scale of each axis, direction of the view."""
    scales = (inputs.steps / _STEP_UNIT_M).log()
    return torch.cat([scales, inputs.ray, inputs.explained[:, None]], dim=1)


def _silence(layer: nn.Conv3d) -> None:
    """Let a layer add nothing until it has learned something."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Residual(width) for _ in range(count)))


class _Residual(nn.Module):
    """Two normalised convolutions beside the identity; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(_GROUPS, width)
        self.conv_in = nn.Conv3d(width, width, 3, padding=1)
        self.norm_out = nn.GroupNorm(_GROUPS, width)
        self.conv_out = nn.Conv3d(width, width, 3, padding=1)
        _silence(self.conv_out)

    def forward(self, cells: Tensor) -> Tensor:
        inner = self.conv_in(functional.silu(self.norm_in(cells)))
        added: Tensor = cells + self.conv_out(functional.silu(self.norm_out(inner)))
        return added
