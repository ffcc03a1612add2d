"""Which part each token of a grasp belongs to, and which of them come first."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenLayout:
    """What the transformer and its sampler need to know of a tokenizer."""

    token_parts: tuple[int, ...]
    """Part of each of the T tokens; tokens of one part come coarse to fine, the palm first."""
    codebook_size: int
    """K; the id of the mask token is K."""
    palm_first: bool = False
    """Fingers are drawn once the palm is: its last token is the coarser one of their first."""

    @property
    def num_tokens(self) -> int:
        """T."""
        return len(self.token_parts)

    @property
    def mask_token_id(self) -> int:
        """The id that no code has."""
        return self.codebook_size

    @property
    def num_palm_tokens(self) -> int:
        """Tokens of the palm; they come first."""
        return self.token_parts.count(0)

    @cached_property
    def coarser(self) -> tuple[int, ...]:
        """Index of the token that each one waits for: the next coarser of its part; -1: none."""
        palm = self.num_palm_tokens - 1 if self.palm_first else -1
        return tuple(
            max(
                (j for j in range(i) if self.token_parts[j] == part),
                default=palm if part else -1,
            )
            for i, part in enumerate(self.token_parts)
        )

    @cached_property
    def num_before(self) -> tuple[int, ...]:
        """How many tokens come before each one, one after the other."""
        before: list[int] = []
        for coarser in self.coarser:  # which stands before what waits for it
            before.append(before[coarser] + 1 if coarser >= 0 else 0)
        return tuple(before)

    @cached_property
    def num_finer(self) -> tuple[int, ...]:
        """How many tokens wait for each one, one after the other: the longest chain."""
        finer = [0] * self.num_tokens
        for token in reversed(range(self.num_tokens)):
            if self.coarser[token] >= 0:
                coarser = self.coarser[token]
                finer[coarser] = max(finer[coarser], finer[token] + 1)
        return tuple(finer)


def waiting(is_masked: Tensor, layout: TokenLayout) -> Tensor:
    """Return (B, T) bool: masked tokens whose coarser token is masked, too."""
    coarser = torch.tensor(layout.coarser, device=is_masked.device)
    return is_masked & is_masked[:, coarser] & (coarser >= 0)
