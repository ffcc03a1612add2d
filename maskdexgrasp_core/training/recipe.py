"""What a training provides; the loop knows nothing else of it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from maskdexgrasp_core.model.checkpoint import CheckpointHeader


class Losses(NamedTuple):
    """What the objective says of one batch."""

    total: Tensor
    """() what is minimised."""
    figures: dict[str, Tensor]
    """Name -> () for the curves, without gradient; means over the batch."""


class Share(NamedTuple):
    """Which part of every batch this process works on."""

    rank: int = 0
    world_size: int = 1


class Recipe(Protocol):
    """A network, its data and its loss.

    Everything that is drawn at random in an epoch follows from the seed of the recipe and the
    number of the epoch (and torch's generator, which the loop seeds anew for every epoch), so
    that an epoch can be repeated exactly.
    """

    @property
    def network(self) -> nn.Module:
        """What is kept: its `state_dict` becomes the file of weights."""

    @property
    def objective(self) -> nn.Module:
        """Module that holds `network`; `forward(batch)` returns `Losses`."""

    @property
    def header(self) -> CheckpointHeader:
        """What the file of weights says; the loop adds figures to its facts."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything but the loop's settings that decides the curve, as JSON.

        A run is resumed only if all of it is as it was.
        """

    @property
    def steps_per_epoch(self) -> int:
        """Batches in every epoch, >= 1."""

    @property
    def criterion(self) -> str:
        """Figure of `validate` that says which epoch was best: the lower, the better.

        '' where nothing is held out: then the last epoch counts.
        """

    def batches(self, epoch: int, share: Share) -> Iterator[tuple[object, ...]]:
        """Yield `steps_per_epoch` batches: tuples of tensors on the CPU, possibly nested.

        Args:
            epoch: From 0.
            share: Batches of all ranks together are one batch of the training.
        """

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return figures on data that training never sees; the same for the same weights.

        Args:
            network: In evaluation mode: `network`, or its average over the steps.
        """
