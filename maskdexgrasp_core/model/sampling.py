"""Iterative decoding of masked tokens; knows tokens and logits only.

Symbols: B grasps, T tokens a grasp, K codes of a codebook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.mask_schedule import num_masked_after
from maskdexgrasp_core.model.token_layout import TokenLayout, waiting

LogitsOf = Callable[[Tensor], Tensor]
"""Tokens (R, T) -> logits (R, T, K)."""
_SMALLEST = 1e-12
"""Below every uniform number but 0, whose logarithm is infinite."""


@dataclass(frozen=True, kw_only=True)
class SamplingCfg:
    """How tokens are drawn; the first two defaults are those of the paper."""

    num_iterations: int = 4
    """At most so many passes of the network, >= 1."""
    guidance_scale: float = 4.0
    """s of (1 + s) * conditional - s * unconditional; 0 asks for no unconditional pass."""
    guided_iterations: int | None = None
    """Passes with guidance, the first of them; None guides all (the paper). What a condition asks
    for is decided by the tokens that are drawn first, and a pass without guidance takes half the
    time (Kynkaanniemi et al. 2024 guide diffusion in an interval)."""
    unconditional: Literal['all', 'words'] = 'all'
    """What the unconditional pass is not told: everything (the paper), or sentence and task
    only."""
    temperature: float = 1.0
    """Of the codes; 0 takes the likeliest one."""
    top_k: int | None = None
    """Draw among the so many likeliest codes; None draws among all."""
    confidence_noise: float = 0.0
    """Weight of Gumbel noise on the confidences [nat], falling to 0 at the last iteration."""
    table_penalty: float = 0.0
    """What a code loses in the conditional pass for reaching into the table [nat/m]; for networks
    that compare codes with surfaces."""

    def guides(self, iteration: int) -> bool:
        """Return whether a pass, 1 for the first, is guided."""
        last = self.num_iterations if self.guided_iterations is None else self.guided_iterations
        return self.guidance_scale > 0.0 and iteration <= last

    def __post_init__(self) -> None:
        if self.num_iterations < 1:
            raise InvalidInputError(f'num_iterations: got {self.num_iterations}, expected >= 1')
        for name in ('guidance_scale', 'temperature', 'confidence_noise', 'table_penalty'):
            if not getattr(self, name) >= 0.0:
                raise InvalidInputError(f'{name}: got {getattr(self, name)}, expected >= 0')
        if self.guided_iterations is not None and self.guided_iterations < 0:
            raise InvalidInputError(
                f'guided_iterations: got {self.guided_iterations}, expected >= 0 or None'
            )
        if self.top_k is not None and self.top_k < 1:
            raise InvalidInputError(f'top_k: got {self.top_k}, expected >= 1 or None')


def guided_logits(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Return (1 + s) * conditional - s * unconditional (MaskDexGrasp); s = 0 is no guidance."""
    return (1.0 + scale) * conditional - scale * unconditional


class TokenSampler:
    """Fills in masked tokens, the surest first."""

    def __init__(self, layout: TokenLayout, cfg: SamplingCfg | None = None) -> None:
        self.layout = layout
        self.cfg = cfg or SamplingCfg()

    @torch.no_grad()
    def sample(self, logits_of: LogitsOf, known: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a code for every masked token and keep the others.

        Each iteration draws all masked tokens, then masks the least sure of them again, as many
        as the cosine schedule says. A part's finer token is drawn from logits that know its
        coarser ones: it waits for them, and the parts with most tokens to go are served first.
        Only with fewer iterations than it takes to serve them one by one are some drawn at once.

        The numbers of a grasp depend on the seed and on its place in the batch, not on how many
        grasps follow.

        Args:
            logits_of: The network. In a pass with guidance it is given every grasp twice,
                (2 * B, T): the second half is to be answered without conditions.
            known: (B, T) int64, codes, or `layout.mask_token_id` where one is to be drawn.
            generator: Of the random numbers, on any device.

        Returns:
            (B, T) int64 without any mask token.

        Raises:
            InvalidInputError: If `known` does not fit the layout, or logits are not finite.
        """
        self._check(known)
        noise = self._noise(len(known), generator).to(known.device)
        tokens, is_masked = known, known == self.layout.mask_token_id
        num_free = is_masked.sum(dim=1)
        for iteration in range(1, self.cfg.num_iterations + 1):
            num_masked = self._num_masked(iteration, is_masked, num_free)
            if torch.equal(num_masked, is_masked.sum(dim=1)):
                continue  # this pass would commit nothing
            logits = self._logits(logits_of, tokens, iteration)
            drawn, confidence = self._draw(logits, noise, iteration)
            tokens = torch.where(is_masked, drawn, tokens)
            is_masked = self._masked_again(confidence, is_masked, num_masked)
            tokens = tokens.masked_fill(is_masked, self.layout.mask_token_id)
        return tokens

    def _logits(self, logits_of: LogitsOf, tokens: Tensor, iteration: int) -> Tensor:
        if not self.cfg.guides(iteration):
            logits = logits_of(tokens)
        else:
            conditional, unconditional = logits_of(torch.cat([tokens, tokens])).chunk(2)
            logits = guided_logits(conditional, unconditional, self.cfg.guidance_scale)
        if not bool(logits.isfinite().all()):
            raise InvalidInputError('the logits of the network are not finite')
        return logits

    def _noise(self, batch: int, generator: torch.Generator) -> Tensor:
        """Return Gumbel noise (B, iterations, T, K + 1): for the codes and the confidence."""
        shape = (
            batch,
            self.cfg.num_iterations,
            self.layout.num_tokens,
            self.layout.codebook_size + 1,
        )
        uniform = torch.rand(shape, generator=generator, device=generator.device)
        return uniform.clamp_(min=_SMALLEST).log_().neg_().log_().neg_()

    def _draw(self, logits: Tensor, noise: Tensor, iteration: int) -> tuple[Tensor, Tensor]:
        """Return codes (B, T) and how sure they are (B, T): log-likelihood plus noise."""
        gumbel = noise[:, iteration - 1]
        scores = logits
        if self.cfg.temperature > 0:
            scores = logits / self.cfg.temperature + gumbel[..., :-1]
        if self.cfg.top_k is not None and self.cfg.top_k < logits.shape[-1]:
            smallest = logits.topk(self.cfg.top_k, dim=-1).values[..., -1:]
            scores = scores.masked_fill(logits < smallest, -torch.inf)
        drawn = scores.argmax(dim=-1)
        log_prob = logits.log_softmax(dim=-1).gather(-1, drawn[..., None]).squeeze(-1)
        weight = self.cfg.confidence_noise * (1.0 - iteration / self.cfg.num_iterations)
        return drawn, log_prob + weight * gumbel[..., -1]

    def _num_masked(self, iteration: int, is_masked: Tensor, num_free: Tensor) -> Tensor:
        """Return how many tokens (B,) are masked again after an iteration.

        As many as the schedule says, and those that wait for others if the passes that are left
        serve them one after the other.
        """
        scheduled = num_masked_after(iteration, self.cfg.num_iterations, num_free)
        left = self.cfg.num_iterations - iteration
        before = torch.tensor(self.layout.num_before, device=is_masked.device)
        is_waiting = waiting(is_masked, self.layout)
        is_ready = is_masked & ~is_waiting
        first = torch.where(is_ready, before, self.layout.num_tokens).amin(dim=1)
        passes = torch.where(is_waiting, before - first[:, None], 0).amax(dim=1)
        can_wait = torch.where(passes <= left, is_waiting.sum(dim=1), 0)
        return torch.maximum(scheduled, can_wait)

    def _masked_again(self, confidence: Tensor, is_masked: Tensor, num_masked: Tensor) -> Tensor:
        """Return (B, T) bool: the `num_masked` (B,) of the masked that are to wait longest."""
        num_tokens = self.layout.num_tokens
        num_finer = torch.tensor(self.layout.num_finer, device=is_masked.device)
        is_ready = ~waiting(is_masked, self.layout)
        rank = confidence.argsort(dim=1).argsort(dim=1)
        key = rank + num_tokens * num_finer + num_tokens**2 * is_ready
        key = key.masked_fill(~is_masked, 2 * num_tokens**2)
        return key.argsort(dim=1).argsort(dim=1) < num_masked[:, None]

    def _check(self, known: Tensor) -> None:
        layout = self.layout
        if known.ndim != 2 or known.shape[1] != layout.num_tokens or known.dtype != torch.int64:
            raise InvalidInputError(
                f'known: got {tuple(known.shape)} {known.dtype}, '
                f'expected (B, {layout.num_tokens}) int64'
            )
        if known.numel() and not 0 <= int(known.min()) <= int(known.max()) <= layout.mask_token_id:
            raise InvalidInputError(
                f'known: got ids {int(known.min())} to {int(known.max())}, expected codes 0 to '
                f'{layout.codebook_size - 1}, or {layout.mask_token_id} for the mask'
            )
