"""Sentences that ask for one thing on a table, each with the objects that it is true of."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from maskdexgrasp_core.dataset.sentences.facts import APPROACHES, SentenceFacts
from maskdexgrasp_core.dataset.sentences.grammar import write_sentences
from maskdexgrasp_core.dataset.sentences.nouns import indefinite, is_plural
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects import CATEGORIES, COLORS, ObjectModel
from maskdexgrasp_core.training.selection_lexicon import (
    ABSENT,
    ASKING,
    DOUBTFUL_PARTS,
    GENERIC,
    KINDS,
    LOOK_ALIKE_NAMES,
    NAMES,
    PART_WORDS,
    PLACES,
    PRONOUNS,
    SIZES,
    USES,
    Property,
    WordUse,
)

CATEGORY, USE, KIND, PART, ANYTHING, ABSENT_THING = (
    'category', 'use', 'kind', 'part', 'anything', 'absent',
)  # fmt: skip
_COLOR_SAID, _SIZE_SAID, _PLACE_SAID = 0.3, 0.08, 0.08
"""How often training adds such words, which the scores shall not depend on."""
_FINGERS_SAID = 0.5
_SOMETHING = ('something to', 'something that I can', 'a thing to', 'the thing to',
              'an object that people')  # fmt: skip
_HAVING = ('the thing with', 'something with', 'the object that has', 'the one with')


@dataclass(frozen=True)
class Look:
    """What decides whether a sentence is true of an object."""

    category: str
    parts: frozenset[str]
    """Names."""


def look_of(model: ObjectModel) -> Look:
    """Return the look of an object."""
    return Look(model.category, frozenset(part.name for part in model.parts))


@dataclass(frozen=True)
class Meaning:
    """What a sentence asks for, apart from colour, size and place."""

    topic: str
    """`CATEGORY`, `USE`, `KIND`, `PART`, `ANYTHING` or `ABSENT_THING`."""
    key: str = ''
    """The category."""
    property: Property | None = None
    """Of the use, kind or part."""

    def true_of(self, look: Look) -> bool | None:
        """Return whether it is true of an object; None where people would disagree."""
        if self.topic in (ANYTHING, ABSENT_THING):
            return self.topic == ANYTHING
        if self.property is None:
            doubtful = look.category in LOOK_ALIKE_NAMES.get(self.key, '').split()
            return look.category == self.key or (None if doubtful else False)
        if self.topic == PART:
            return _has_part(look, self.property)
        if look.category in self.property.true_of:
            return True
        return None if look.category in self.property.doubtful_of else False


def _has_part(look: Look, part: Property) -> bool | None:
    names = part.true_of & look.parts
    doubtful = any(look.category in DOUBTFUL_PARTS.get(name, ()) for name in part.true_of)
    if doubtful or (not names and part.doubtful_of & look.parts):
        return None
    return bool(names)


@dataclass(frozen=True)
class Sentence:
    """A sentence and what it asks for."""

    text: str
    meaning: Meaning


def training_sentences(
    categories: Sequence[str], looks: Iterable[Look], *, repeats: int, seed: int
) -> list[Sentence]:
    """Return what training says, in words that are not held out.

    Args:
        categories: That may be named; a use, kind or part is said only if it is true of one.
        looks: Of the objects of training.
        repeats: Sentences for each phrase; those by category get as many again from the grammar.
        seed: Decides all of them.
    """
    rng = random.Random(seed)
    kept = list(looks)
    sentences = []
    for meaning, phrase in _seen_phrases(categories):
        if meaning.topic in (ANYTHING, ABSENT_THING) or any(meaning.true_of(k) for k in kept):
            for _ in range(repeats):
                sentences.append(Sentence(_asked(rng, phrase), meaning))
    for category in categories:
        for name in NAMES[category].seen:
            for _ in range(repeats):
                text = _from_grammar(rng, category, name)
                sentences.append(Sentence(text, Meaning(CATEGORY, category)))
    return sentences


def naming_sentence(
    rng: random.Random, category: str, use: WordUse, *, color: str = '', place: str = ''
) -> Sentence:
    """Return a sentence that names a category.

    Args:
        rng: Decides the words.
        category: Of the object.
        use: Which words may be said; all but those of training come with ways to ask that
            training does not have either.
        color: Word of the colour, or ''.
        place: 'on the left', or ''.
    """
    words = ' '.join(filter(None, (color, rng.choice(NAMES[category].of(use)), place)))
    return Sentence(_ask(rng, f'the {words}', use), Meaning(CATEGORY, category))


def describing_sentence(
    rng: random.Random, topic: str, look: Look, use: WordUse
) -> Sentence | None:
    """Return a sentence by use, kind or part that is true of a look, None if there is none."""
    meanings = [Meaning(topic, property=said) for said in properties_of(topic)]
    true = [meaning for meaning in meanings if meaning.true_of(look)]
    if not true:
        return None
    meaning = rng.choice(true)
    assert meaning.property is not None
    words = meaning.property.words
    said = rng.choice(words.of(use) or words.seen)
    return Sentence(_ask(rng, _described(rng, topic, said), use), meaning)


def absent_sentence(rng: random.Random, use: WordUse) -> Sentence:
    """Return a sentence that names a thing which is never there."""
    noun = rng.choice(ABSENT.seen if use == 'train' else ABSENT.held_out)
    return Sentence(_ask(rng, f'the {noun}', use), Meaning(ABSENT_THING))


def properties_of(topic: str) -> tuple[Property, ...]:
    """Return what sentences of a topic may say."""
    return {USE: USES, KIND: KINDS, PART: PART_WORDS}[topic]


def _seen_phrases(categories: Sequence[str]) -> Iterator[tuple[Meaning, tuple[str, str]]]:
    """Yield meanings with (topic, words) of everything that training may say."""
    for category in categories:
        for name in NAMES[category].seen:
            yield Meaning(CATEGORY, category), (CATEGORY, name)
    for topic in (USE, KIND, PART):
        for said in properties_of(topic):
            for words in said.words.seen:
                yield Meaning(topic, property=said), (topic, words)
    for noun in GENERIC * 4:
        yield Meaning(ANYTHING), (CATEGORY, noun)
    for noun in PRONOUNS:
        yield Meaning(ANYTHING), (ANYTHING, noun)
    for noun in ABSENT.seen:
        yield Meaning(ABSENT_THING), (CATEGORY, noun)


def _asked(rng: random.Random, phrase: tuple[str, str]) -> str:
    """Ask for a phrase, perhaps with words for colour, size and place."""
    topic, words = phrase
    if topic == ANYTHING:
        return _ask(rng, words, 'train')
    if topic == CATEGORY:
        size = rng.choice(SIZES) if rng.random() < _SIZE_SAID else ''
        color = rng.choice(list(COLORS)) if rng.random() < _COLOR_SAID else ''
        words = ' '.join(filter(None, (size, color, words)))
        article = rng.choice(('the', 'the', 'my', indefinite(words)))
        noun = words if is_plural(words) and article != 'the' else f'{article} {words}'
    else:
        noun = _described(rng, topic, words)
    if rng.random() < _PLACE_SAID:
        noun = f'{noun} {rng.choice(PLACES)}'
    return _ask(rng, noun, 'train')


def _described(rng: random.Random, topic: str, words: str) -> str:
    """Return the noun phrase of a use, kind or part."""
    if topic == USE:
        return f'{rng.choice(_SOMETHING)} {words}'
    if topic == KIND:
        return f'{rng.choice(("the", indefinite(words)))} {words}'
    counted = words if is_plural(words.split(' to ')[0]) else f'{indefinite(words)} {words}'
    return f'{rng.choice(_HAVING)} {counted}'


def _ask(rng: random.Random, noun: str, use: WordUse) -> str:
    asking = ASKING.seen if use == 'train' else ASKING.held_out
    return rng.choice(asking).format(it=noun)


def _from_grammar(rng: random.Random, category: str, name: str) -> str:
    """Return a sentence of the dataset's grammar about a way to grasp the object."""
    task, part = rng.choice(list(CATEGORIES[category].affordances.items()))
    fingers = rng.sample(PARTS, rng.randint(2, 4)) if rng.random() < _FINGERS_SAID else ()
    facts = SentenceFacts(
        task=task,
        category=name,
        part=part,
        color_name=rng.choice(list(COLORS)) if rng.random() < _COLOR_SAID else '',
        fingers=tuple(fingers),
        approach=rng.choice(('', *APPROACHES)),
    )
    return rng.choice(write_sentences(facts, rng.randrange(2**31)))
