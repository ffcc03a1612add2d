"""What the masked transformer is trained on: corrupted tokens, and the loss of the masked."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.mask_schedule import num_masked_in_training
from maskdexgrasp_core.model.token_layout import TokenLayout


@dataclass(frozen=True, kw_only=True)
class MaskingCfg:
    """How masked tokens look to the network.

    MoMask (Guo et al. 2024) has 0.1 and about 0.1. Of nine tokens, one in eight that are not
    masked is then wrong, and the network doubts all of them: what it learns is blurred.
    """

    random_prob: float = 0.02
    """A masked token shows a random code instead of the mask: the sampler errs too."""
    kept_prob: float = 0.0
    """A masked token shows itself."""

    def __post_init__(self) -> None:
        if min(self.random_prob, self.kept_prob) < 0 or self.random_prob + self.kept_prob > 1:
            raise InvalidInputError(
                f'random_prob {self.random_prob} and kept_prob {self.kept_prob} must be >= 0 '
                'and at most 1 together'
            )


class CorruptedTokens(NamedTuple):
    """Tokens as the network sees them in training."""

    tokens: Tensor
    """(B, T) int64 with ids 0 ... K, K for the mask."""
    is_masked: Tensor
    """(B, T) bool, True where the loss asks for the code."""


class MaskedLoss(NamedTuple):
    """Of the masked tokens of a batch."""

    nll: Tensor
    """Mean negative log-likelihood [nat], a scalar with gradient."""
    accuracy: Tensor
    """Share whose likeliest code is the right one, a scalar in [0, 1]."""


def corrupt_tokens(
    tokens: Tensor, layout: TokenLayout, cfg: MaskingCfg, generator: torch.Generator
) -> CorruptedTokens:
    """Mask tokens as they are masked while sampling.

    How many of a grasp are masked follows the cosine schedule with tau uniform in [0, 1]; which
    ones is random, but in a part with several tokens the finer are masked before the coarser:
    the sampler never sees a fine token without its coarse ones.

    Args:
        tokens: (B, T) int64, codes 0 ... K - 1.
        layout: Of the tokens.
        cfg: How masked tokens look.
        generator: Of the random numbers, on the device of the tokens.
    """
    batch, num_tokens = tokens.shape
    is_masked = _draw_mask(batch, layout, generator)
    look = torch.rand(batch, num_tokens, generator=generator, device=tokens.device)
    codes = torch.randint(
        layout.codebook_size, tokens.shape, generator=generator, device=tokens.device
    )
    shown = torch.full_like(tokens, layout.mask_token_id)
    shown = torch.where(look < cfg.random_prob + cfg.kept_prob, tokens, shown)
    shown = torch.where(look < cfg.random_prob, codes, shown)
    return CorruptedTokens(torch.where(is_masked, shown, tokens), is_masked)


def masked_loss(
    logits: Tensor, tokens: Tensor, is_masked: Tensor, *, label_smoothing: float = 0.0
) -> MaskedLoss:
    """Return the negative log-likelihood of the masked tokens.

    Args:
        logits: (B, T, K).
        tokens: The true codes, (B, T) int64.
        is_masked: (B, T) bool; at least one is True.
        label_smoothing: Share of the target spread over all codes, [0, 1).
    """
    asked, truth = logits[is_masked], tokens[is_masked]
    nll = functional.cross_entropy(asked, truth, label_smoothing=label_smoothing)
    return MaskedLoss(nll, (asked.argmax(dim=-1) == truth).float().mean().detach())


def _draw_mask(batch: int, layout: TokenLayout, generator: torch.Generator) -> Tensor:
    """Return (B, T) bool: random positions, moved to the finest tokens of their part."""
    device = generator.device
    tau = torch.rand(batch, generator=generator, device=device)
    order = torch.rand(batch, layout.num_tokens, generator=generator, device=device)
    num_masked = num_masked_in_training(tau, layout.num_tokens)
    is_masked = order.argsort(dim=1).argsort(dim=1) < num_masked[:, None]
    parts = torch.tensor(layout.token_parts, device=device)
    same_part = (parts[:, None] == parts).float()
    num_in_part = is_masked.float() @ same_part
    return num_in_part > torch.tensor(layout.num_finer, device=device)
