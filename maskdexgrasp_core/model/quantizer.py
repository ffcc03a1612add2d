"""Codebooks: latents to tokens and back, and how well the codes are used."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import ResidualVQ

from maskdexgrasp_core.model.processes import in_several_processes
from maskdexgrasp_core.model.tokenizer_cfg import QuantizerCfg


class Quantized(NamedTuple):
    """Latents pulled to their codes."""

    codes: Tensor
    """(B, D) sum of the codes of all levels; its gradient goes straight to the latents."""
    tokens: Tensor
    """(B, L) int64, coarse to fine."""
    commitment: Tensor
    """Mean squared distance of latents to their codes, scalar, summed over the levels."""


class PartQuantizer(nn.Module):
    """One codebook for each of L levels; a level codes what those before it left over.

    Codes follow the latents by moving averages, which takes the place of the codebook term of
    the loss (MaskDexGrasp, Sec. B). In a training by several processes, all of which have begun
    when this is made, codes follow the latents of all of them.

    Args:
        cfg: Its settings.
        levels: Number of levels L.
    """

    def __init__(self, cfg: QuantizerCfg, levels: int) -> None:
        super().__init__()
        self._codebooks = ResidualVQ(
            dim=cfg.code_dim,
            num_quantizers=levels,
            codebook_size=cfg.codebook_size,
            decay=cfg.decay,
            kmeans_init=True,  # the first latents seen place the codes
            commitment_weight=1.0,
            threshold_ema_dead_code=cfg.reset_below,
            rotation_trick=False,
            sync_codebook=in_several_processes(),
        )

    def forward(self, latents: Tensor, *, learn: bool) -> Quantized:
        """Quantize latents (B, D); with `learn`, codes follow them and dead ones are moved."""
        codes, tokens, losses = self._codebooks(latents[:, None], freeze_codebook=not learn)
        return Quantized(codes[:, 0], tokens[:, 0], losses.sum())

    def vectors(self) -> Tensor:
        """Return every code of every level, (L, K, D)."""
        vectors: Tensor = self._codebooks.codebooks
        return vectors

    def codes(self, tokens: Tensor) -> Tensor:
        """Return the sums of codes (B, D) of tokens (B, L)."""
        codes: Tensor = self._codebooks.get_output_from_indices(tokens[:, None])
        return codes[:, 0]


class CodebookUsage(NamedTuple):
    """How the codes of T codebooks are used."""

    usage: Tensor
    """(T,) share of the codes that occur."""
    perplexity: Tensor
    """(T,) exponential of the entropy: as if so many codes were used equally often."""


def codebook_usage(tokens: Tensor, codebook_size: int) -> CodebookUsage:
    """Return how often each code occurs in tokens (N, T) of N grasps."""
    counts = torch.nn.functional.one_hot(tokens, codebook_size).sum(dim=0)
    shares = counts / len(tokens)
    entropy = torch.special.entr(shares).sum(dim=1)
    return CodebookUsage((counts > 0).double().mean(dim=1), entropy.exp())
