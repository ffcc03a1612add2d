"""What the masked transformer is trained on: corrupted tokens, and the loss of the masked."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.mask_schedule import num_masked_in_training
from maskdexgrasp_core.model.token_layout import TokenLayout, waiting


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
    in_order_share: float = 0.8
    """Of the grasps, where the palm comes first: they are masked as the sampler leaves them, and
    only tokens that it would draw next are asked for. Of the others any part may be masked, as
    when grasps are edited."""

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
    is_asked: Tensor
    """(B, T) bool, True where the loss asks for the code."""


class _Mask(NamedTuple):
    is_masked: Tensor
    is_asked: Tensor
    """Each (B, T) bool."""


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
    is_masked, is_asked = _draw_mask(batch, layout, cfg.in_order_share, generator)
    look = torch.rand(batch, num_tokens, generator=generator, device=tokens.device)
    codes = torch.randint(
        layout.codebook_size, tokens.shape, generator=generator, device=tokens.device
    )
    shown = torch.full_like(tokens, layout.mask_token_id)
    shown = torch.where(look < cfg.random_prob + cfg.kept_prob, tokens, shown)
    shown = torch.where(look < cfg.random_prob, codes, shown)
    return CorruptedTokens(torch.where(is_masked, shown, tokens), is_asked)


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


def _draw_mask(
    batch: int, layout: TokenLayout, in_order_share: float, generator: torch.Generator
) -> _Mask:
    device = generator.device
    tau = torch.rand(batch, generator=generator, device=device)
    num_masked = num_masked_in_training(tau, layout.num_tokens)
    order = torch.rand(batch, layout.num_tokens, generator=generator, device=device)
    anywhere = _moved_to_finest(_first(order, num_masked), layout)
    if not layout.palm_first:
        return _Mask(anywhere, anywhere)
    before = torch.tensor(layout.num_before, device=device)
    in_order = _first(order - before, num_masked)
    is_next = in_order & ~waiting(in_order, layout)
    takes_order = torch.rand(batch, 1, generator=generator, device=device) < in_order_share
    return _Mask(
        torch.where(takes_order, in_order, anywhere), torch.where(takes_order, is_next, anywhere)
    )


def _first(order: Tensor, number: Tensor) -> Tensor:
    """Return (B, T) bool: True for the `number` (B,) smallest of `order` (B, T)."""
    return order.argsort(dim=1).argsort(dim=1) < number[:, None]


def _moved_to_finest(is_masked: Tensor, layout: TokenLayout) -> Tensor:
    """Return (B, T) bool: as many masked in each part, its finest tokens."""
    parts = torch.tensor(layout.token_parts, device=is_masked.device)
    same_part = parts[:, None] == parts
    num_in_part = is_masked.float() @ same_part.float()
    num_finer = torch.triu(same_part, diagonal=1).sum(dim=1)
    return num_in_part > num_finer
