"""Sentences that ask for a part of an object, in words of the training set and in others."""

import random
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from maskdexgrasp_core.dataset.sentences import SentenceFacts, write_sentences
from maskdexgrasp_core.dataset.sentences.nouns import plain_words
from maskdexgrasp_core.errors import InvalidInputError

FILE = Path(__file__).with_name('paraphrases.yaml')
TRAINED, NEW_SENTENCE, NEW_PART = 'trained words', 'new sentence', 'new word for the part'
WORDINGS = (TRAINED, NEW_SENTENCE, NEW_PART)
"""As the grammar of the training set writes; new words around the part; new words for it."""
_SLOT = re.compile(r'\{\w+\}')


@dataclass(frozen=True, kw_only=True)
class AskedPart:
    """What a sentence asks for."""

    category: str
    """Of the object."""
    part: str
    tasks: tuple[str, ...]
    """That the part serves, one or more."""


@dataclass(frozen=True, kw_only=True)
class Paraphrases:
    """The content of `paraphrases.yaml`."""

    sentences: tuple[str, ...]
    """With {object} and {part}."""
    carrier: str
    """A sentence of the training set, for new words for a part."""
    parts: Mapping[str, tuple[str, ...]]
    """Part -> words for it."""

    def sentence(self, wording: str, asked: AskedPart, number: int) -> str:
        """Return the paraphrase with a number, '' if there is none for this part.

        Args:
            wording: `NEW_SENTENCE` or `NEW_PART`.
            asked: Object and part.
            number: Which one; after the last follows the first.
        """
        words = self.parts.get(asked.part, ())
        template, part = self.carrier, words[number % len(words)] if words else ''
        if wording == NEW_SENTENCE:
            template = self.sentences[number % len(self.sentences)]
            part = plain_words(asked.part)
        return template.format(object=plain_words(asked.category), part=part) if part else ''

    def require_unseen(self, training: Collection[str]) -> None:
        """Check that every paraphrase has a word that no training sentence has.

        A sentence with such a word is not among them either.

        Args:
            training: All sentences that a model was trained on.

        Raises:
            InvalidInputError: If one has none; the text lists them.
        """
        known = words_of(training)
        phrases = [*self.sentences, *(word for words in self.parts.values() for word in words)]
        stale = [phrase for phrase in phrases if not words_of([_SLOT.sub(' ', phrase)]) - known]
        if stale:
            raise InvalidInputError(f'all words of {stale} occur in the training sentences')


@lru_cache(maxsize=1)
def load_paraphrases(file: Path = FILE) -> Paraphrases:
    """Return the paraphrases of a file."""
    content = yaml.safe_load(file.read_text())
    return Paraphrases(
        sentences=tuple(content['sentences']),
        carrier=content['carrier'],
        parts={part: tuple(words) for part, words in content['parts'].items()},
    )


def words_of(sentences: Iterable[str]) -> set[str]:
    """Return every word of some sentences in lower case."""
    return {word for sentence in sentences for word in re.findall(r'[a-z]+', sentence.lower())}


def sentence_for(wording: str, asked: AskedPart, number: int, seed: int) -> str:
    """Return a sentence that asks for a part, '' if this wording has none.

    Args:
        wording: One of `WORDINGS`.
        asked: Object and part. Paraphrases for two parts of one object with one number and seed
            differ in the part alone.
        number: Different numbers give different sentences, as far as there are any.
        seed: Of the choice among the sentences.
    """
    if wording == TRAINED:
        rng = random.Random(f'{seed}/{number}/{asked}')
        facts = SentenceFacts(
            task=rng.choice(asked.tasks), category=asked.category, part=asked.part
        )
        return rng.choice(write_sentences(facts, rng.randrange(2**31)))
    first = zlib.crc32(f'{seed}/{asked.category}'.encode())
    return load_paraphrases().sentence(wording, asked, first + number)
