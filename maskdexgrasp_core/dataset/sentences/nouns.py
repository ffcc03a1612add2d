"""Noun phrases: the object, its part, the fingers; each knows whether it is plural."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maskdexgrasp_core.dataset.sentences.lexicon import (
    CLASPED_NOUNS,
    PAIRED,
    SINGULAR_IN_S,
    SOLID,
    SPELLING,
    WHOLE_WORDS,
)
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.perception.vocabulary import PLAIN_PARTS

if TYPE_CHECKING:
    import inflect


@dataclass(frozen=True)
class NounPhrase:
    """A determiner and what it determines: 'the' and 'thumb and two fingers'."""

    determiner: str
    """'the', 'a', 'an', 'its' or ''."""
    words: str
    plural: bool = False

    @property
    def text(self) -> str:
        """The whole phrase."""
        return f'{self.determiner} {self.words}'.strip()

    @property
    def be(self) -> str:
        """'is' or 'are', as it agrees with the phrase."""
        return 'are' if self.plural else 'is'

    @property
    def pronoun(self) -> str:
        """'it' or 'them'."""
        return 'them' if self.plural else 'it'

    @property
    def possessive(self) -> str:
        """'its' or 'their'."""
        return 'their' if self.plural else 'its'


@functools.lru_cache(maxsize=1)
def _english() -> 'inflect.engine':
    """Return the engine; its import takes longer than all of a command's others."""
    import inflect

    return inflect.engine()


def plain_words(name: str) -> str:
    """Return the words of a name: 'spray_bottle' gives 'spray bottle'."""
    words = ' '.join(name.replace('_', ' ').replace('-', ' ').lower().split())
    return SPELLING.get(words, words)


def named_part(category: str, part: str) -> str:
    """Return the words of a part that a sentence shall name, '' where it is the whole object.

    Args:
        category: What the object is, as words.
        part: Name of the part; the body of a ball is the ball, the handle of a door handle is the
            door handle.
    """
    words = plain_words(part)
    whole = words in WHOLE_WORDS and (words != 'body' or category.split()[-1] in SOLID)
    return '' if whole or category.split()[-1:] == [words] or words == category else words


@functools.lru_cache(maxsize=4096)
def is_plural(words: str) -> bool:
    """Return whether the last of some words is a plural noun."""
    last = words.split()[-1]
    if last in PAIRED:
        return True
    if last in SINGULAR_IN_S or last.endswith(('ss', 'us')):
        return False
    return bool(_english().singular_noun(last))


@functools.lru_cache(maxsize=4096)
def indefinite(words: str) -> str:
    """Return 'a' or 'an', as it suits the words after it."""
    return _english().a(words).partition(' ')[0]


def object_phrases(category: str, color: str) -> tuple[NounPhrase, ...]:
    """Return ways to name the object: 'the red mug', 'a red mug', 'a pair of red scissors'.

    Args:
        category: As words.
        color: As a word; '' leaves it out.
    """
    words = category if not color or color == category else f'{color} {category}'
    if is_plural(category):
        definite = NounPhrase('the', words, plural=True)
        if category.split()[-1] in PAIRED:
            pairs = (NounPhrase(word, f'pair of {words}') for word in ('a', 'the'))
            return definite, *pairs
        return (definite,)
    return NounPhrase('the', words), NounPhrase(indefinite(words), words)


def part_phrases(thing: NounPhrase, category: str, part: str) -> tuple[NounPhrase, ...]:
    """Return ways to name a part: 'the lid of the jar', "the jar's lid", 'the jar lid'.

    Args:
        thing: The object.
        category: Of the object, as words.
        part: As words.
    """
    plural = is_plural(part)
    phrases = [NounPhrase('the', f'{part} of {thing.text}', plural)]
    if part not in PLAIN_PARTS and ' of ' not in thing.text:
        ending = "'" if thing.plural and thing.words.endswith('s') else "'s"
        phrases.append(NounPhrase(thing.determiner, f'{thing.words}{ending} {part}', plural))
        if thing.words == category and part in CLASPED_NOUNS and not thing.plural:
            phrases.append(NounPhrase(thing.determiner, f'{category} {part}', plural))
    return tuple(phrases)


@functools.lru_cache(maxsize=256)
def finger_phrases(fingers: tuple[str, ...]) -> tuple[NounPhrase, ...]:
    """Return ways to name the parts of the hand that touch, most telling first.

    Args:
        fingers: Of `hands.spec.PARTS`, in any order; () gives none.
    """
    touching = [part for part in PARTS if part in fingers]
    if not touching:
        return ()
    if len(touching) == len(PARTS):
        return (
            NounPhrase('the', 'whole hand'),
            NounPhrase('the', 'entire hand'),
            NounPhrase('the', 'palm and all five fingers', plural=True),
        )
    if touching == list(PARTS[1:]):
        return (
            NounPhrase('', 'all five fingers', plural=True),
            NounPhrase('the', 'thumb and all four fingers', plural=True),
            NounPhrase('the', 'thumb and four fingers', plural=True),
        )
    return _listed(touching)


def _listed(touching: Sequence[str]) -> tuple[NounPhrase, ...]:
    """Name the digits one by one, and count them where there are several besides the thumb."""
    first = [part for part in touching if part in ('palm', 'thumb')]
    digits = [part for part in touching if part not in first]
    plural = len(touching) > 1
    if not digits:
        return (NounPhrase('the', _join(first), plural),)
    count = f'{_english().number_to_words(str(len(digits)))} finger'
    one_by_one = NounPhrase('the', _join([*first, *digits]) + ' finger', plural)
    counted = NounPhrase('the' if first else '', _join([*first, count]), plural)
    if len(digits) == 1:
        return one_by_one, counted
    several = tuple(replace(item, words=item.words + 's') for item in (one_by_one, counted))
    return (*several, replace(one_by_one, determiner='')) if first else several


def _join(words: Sequence[str]) -> str:
    return str(_english().join(list(words), final_sep=''))
