"""What a writer of sentences takes and gives; two of them do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from maskdexgrasp_core.dataset.sentences.facts import SentenceFacts, Sentences
from maskdexgrasp_core.dataset.sentences.grammar import write_sentences
from maskdexgrasp_core.errors import MaskDexGraspError

ORIGINS: tuple[str, ...] = ('model', 'cache', 'grammar', 'missing')
"""Who wrote: the model now, the model before, the grammar, nobody."""


class EndpointError(MaskDexGraspError, RuntimeError):
    """The server will answer no request: wrong key, wrong model, no credit, or it is gone."""


class Picture(Protocol):
    """A picture of a grasp that is drawn only when the model must see it."""

    @property
    def digest(self) -> str:
        """Hash of what is shown, known before it is drawn; equal pictures, equal digests."""

    def png(self) -> bytes:
        """Draw the picture and return it as a PNG file."""


@dataclass(frozen=True, kw_only=True)
class SentenceItem:
    """A grasp that wants sentences."""

    facts: SentenceFacts
    picture: Picture
    seed: int
    """Of the offline grammar, should it have to help out."""


@dataclass(frozen=True, kw_only=True)
class WrittenSentences:
    """The sentences of one grasp and who wrote them."""

    sentences: Sentences | None
    """None: nobody did."""
    origin: str
    """One of `ORIGINS`."""
    reason: str = ''
    """Why the model did not."""


class SentenceWriter(Protocol):
    """Writes the sentences of grasps: `GrammarWriter`, `VisionLanguageWriter`."""

    def write(self, items: Iterable[SentenceItem]) -> Iterator[WrittenSentences]:
        """Yield the sentences of every grasp, in order.

        Raises:
            EndpointError: If a server that is asked will not answer.
        """


class GrammarWriter:
    """The offline writer: facts and seed decide the sentences."""

    def write(self, items: Iterable[SentenceItem]) -> Iterator[WrittenSentences]:
        """Yield the sentences of every grasp, in order."""
        for item in items:
            sentences = write_sentences(item.facts, item.seed)
            yield WrittenSentences(sentences=sentences, origin='grammar')
