"""The networks between points of the hand and its vector, with tokens in the middle."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.hand_vector import LENGTH_SCALE, VECTOR_SIZE
from maskdexgrasp_core.model.pointnet import OrderedPoints, PointNet, perceptron
from maskdexgrasp_core.model.processes import SharedBatchNorm
from maskdexgrasp_core.model.quantizer import PartQuantizer, Quantized
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg


class Pose(NamedTuple):
    """Poses of the hand's root in the model frame."""

    translation: Tensor
    """(B, 3) [m]."""
    rotation: Tensor
    """(B, 3, 3)."""


class Coded(NamedTuple):
    """What came through the tokens."""

    vector: Tensor
    """(B, 31) as of `hand_vector`; joints may lie outside their limits."""
    tokens: Tensor
    """(B, T) int64."""
    commitment: Tensor
    """Scalar, summed over the codebooks."""
    coarse_poses: tuple[Pose, ...]
    """Poses of the root after each but the last level of the palm, if they exist."""


class PartEncoder(nn.Module):
    """Points of a part to a latent.

    Latents of ordered points have unit variance in each entry, so that codes which follow them
    slowly are not left behind when the encoder learns.

    Args:
        cfg: Settings of the tokenizer.
        num_points: Points N that it takes.
    """

    def __init__(self, cfg: TokenizerCfg, num_points: int) -> None:
        super().__init__()
        widths, code_dim = cfg.encoder.widths, cfg.quantizer.code_dim
        self._layers = (
            nn.Sequential(PointNet(3, widths), nn.Linear(widths[-1], code_dim))
            if cfg.encoder.kind == 'pointnet'
            else nn.Sequential(
                OrderedPoints(num_points, widths),
                nn.Linear(widths[-1], code_dim, bias=False),
                SharedBatchNorm(code_dim, affine=False),
            )
        )

    def forward(self, points: Tensor) -> Tensor:
        """Return latents (B, D) of points (B, N, 3) [m]."""
        latents: Tensor = self._layers(points / LENGTH_SCALE)
        return latents


class SharedDecoderCodec(nn.Module):
    """An encoder and codebooks for each part, and one decoder for all (MaskDexGrasp, Sec. B).

    With the layout `whole` there is a single part, the hand.
    """

    def __init__(self, cfg: TokenizerCfg) -> None:
        super().__init__()
        self._levels = cfg.levels
        num_groups = len(cfg.levels)
        num_points = cfg.points_per_part * len(PARTS) // num_groups
        self._encoders = nn.ModuleList(PartEncoder(cfg, num_points) for _ in cfg.levels)
        quantizers = [PartQuantizer(cfg.quantizer, levels) for levels in cfg.levels]
        self._quantizers = cast(list[PartQuantizer], nn.ModuleList(quantizers))
        latent_size = num_groups * cfg.quantizer.code_dim
        self._decoder = perceptron([latent_size, *cfg.decoder_widths])
        self._alignment = nn.Linear(cfg.decoder_widths[-1], VECTOR_SIZE)

    def forward(self, points: Tensor, *, learn: bool) -> Coded:
        """Code surface points (B, 6, P, 3) [m] of the model frame."""
        groups = points.flatten(1, 2).unflatten(1, (len(self._levels), -1)).unbind(dim=1)
        quantized: list[Quantized] = [
            quantizer(encoder(group), learn=learn)
            for encoder, quantizer, group in zip(
                self._encoders, self._quantizers, groups, strict=True
            )
        ]
        return Coded(
            vector=self._vector([part.codes for part in quantized]),
            tokens=torch.cat([part.tokens for part in quantized], dim=1),
            commitment=torch.stack([part.commitment for part in quantized]).sum(),
            coarse_poses=(),
        )

    def decode(self, tokens: Tensor) -> Tensor:
        """Return the vectors (B, 31) of tokens (B, T)."""
        of_parts = tokens.split(list(self._levels), dim=1)
        quantizers = cast('list[PartQuantizer]', [*self._quantizers])
        return self._vector(
            [quantizer.codes(t) for quantizer, t in zip(quantizers, of_parts, strict=True)]
        )

    def describe(self) -> Tensor:
        """Return the vector of every code of every token, (T, K, D)."""
        quantizers = cast('list[PartQuantizer]', [*self._quantizers])
        return torch.cat([quantizer.vectors() for quantizer in quantizers])

    def _vector(self, codes: list[Tensor]) -> Tensor:
        vector: Tensor = self._alignment(self._decoder(torch.cat(codes, dim=1)))
        return vector
