"""How many tokens are masked: gamma(tau) = cos(pi tau / 2) (MaskDexGrasp)."""

import math

import torch
from torch import Tensor

_ROUNDING = 1e-6
"""Keeps floor(3 - 1e-16) at 3."""


def cosine(tau: Tensor) -> Tensor:
    """Return the share of masked tokens, 1 at tau = 0 and 0 at tau = 1; any shape, [0, 1]."""
    return torch.cos(math.pi / 2 * tau)


def num_masked_after(iteration: int, num_iterations: int, num_free: Tensor) -> Tensor:
    """Return how many tokens are masked again after an iteration of the sampler.

    floor(gamma(t / T) * free): rounding to the nearest would keep all six tokens masked after
    the first of four iterations, which wastes it.

    Args:
        iteration: t, 1 ... T.
        num_iterations: T.
        num_free: Tokens that were masked in the beginning, (B,) int64.

    Returns:
        (B,) int64; 0 for t = T.
    """
    share = math.cos(math.pi / 2 * iteration / num_iterations)
    return torch.floor(share * num_free + _ROUNDING).long()


def num_masked_in_training(tau: Tensor, num_tokens: int) -> Tensor:
    """Return how many of `num_tokens` to mask for each tau (B,) in [0, 1]: (B,) int64, >= 1."""
    return (cosine(tau) * num_tokens).round().long().clamp(min=1)
