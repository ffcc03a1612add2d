"""Settings of the loop, and the learning rate of each step."""

import math
from dataclasses import dataclass

from maskdexgrasp_core.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class LoopCfg:
    """How weights are found.

    Raises:
        InvalidInputError: If a value is out of its range.
    """

    epochs: int
    learning_rate: float = 1e-3
    """Greatest, after the warm-up."""
    final_share: float = 0.02
    """Of the greatest learning rate that is left in the last step."""
    warmup_share: float = 0.03
    """Of all steps in which the learning rate rises from 0."""
    weight_decay: float = 0.01
    """Of matrices; biases, norms and other vectors have none."""
    betas: tuple[float, float] = (0.9, 0.99)
    clip_norm: float = 1.0
    """Gradients of all parameters together are no longer than this; 0: any length."""
    ema_decay: float = 0.0
    """Weights that are kept are a running average with this memory; 0: the last ones."""
    seed: int = 0
    validate_every: int = 1
    """Epochs from one validation to the next; the last epoch always has one."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.validate_every < 1:
            raise InvalidInputError(f'epochs and validate_every must be >= 1, got {self}')
        if self.learning_rate <= 0.0 or self.clip_norm < 0.0:
            raise InvalidInputError(f'learning_rate must be > 0 and clip_norm >= 0, got {self}')
        if not 0.0 <= self.ema_decay < 1.0 or not 0.0 <= self.warmup_share < 1.0:
            raise InvalidInputError(f'ema_decay and warmup_share must be in [0, 1), got {self}')

    def rate(self, step: int, num_steps: int) -> float:
        """Return the learning rate of a step (from 0): a rise, then half a cosine."""
        warmup = self.warmup_share * num_steps
        if step < warmup:
            return self.learning_rate * (step + 1) / (warmup + 1)
        done = (step - warmup) / max(num_steps - warmup, 1)
        falling = 0.5 * (1.0 + math.cos(math.pi * min(done, 1.0)))
        return self.learning_rate * (self.final_share + (1.0 - self.final_share) * falling)
