"""The seam of sentence encoders: what each of them promises."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError


class EncoderUnavailableError(MaskDexGraspError, RuntimeError):
    """The weights of an encoder are not there, or are not those that its name promises."""


@runtime_checkable
class SentenceEncoder(Protocol):
    """Turns sentences into vectors that are near each other where the meanings are."""

    name: str
    """Stands for one set of weights: under one name, one sentence has one vector."""
    dim: int
    """Length E of the vectors."""

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Return one vector for each sentence, in their order.

        Neither the order of the sentences nor what else is in the list changes a vector by more
        than rounding.

        Args:
            sentences: N sentences; words beyond what the encoder reads are cut off.

        Returns:
            Vectors of length 1, shape (N, E), float32, on the CPU, without gradient.

        Raises:
            InvalidInputError: If it is one string, or holds something that is not a string.
        """
        ...


def checked_sentences(sentences: Sequence[str]) -> list[str]:
    """Return the sentences as a list.

    Raises:
        InvalidInputError: As in `SentenceEncoder.encode`.
    """
    if isinstance(sentences, str):
        raise InvalidInputError(f'got one string, expected a list of sentences: [{sentences!r}]')
    for index, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise InvalidInputError(f'sentence {index} is {sentence!r}, expected a string')
    return list(sentences)
