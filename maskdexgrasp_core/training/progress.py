"""How far a training is."""

from collections.abc import Callable
from dataclasses import dataclass

from maskdexgrasp_core.training.run_folder import EpochRecord


@dataclass(frozen=True, kw_only=True)
class TrainingProgress:
    """How far a training is."""

    epoch: int
    """That is in work or just ended, from 0."""
    num_epochs: int
    step: int
    """Steps of this epoch that are done."""
    steps_per_epoch: int
    resumed_epochs: int
    """That were done before this process began."""
    elapsed_s: float
    """Since this process began."""
    loss: float
    """Mean over the epoch so far."""
    record: EpochRecord | None = None
    """Given once for each epoch, when it has ended."""


ProgressCallback = Callable[[TrainingProgress], None]
