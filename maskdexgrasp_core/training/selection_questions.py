"""Questions about scenes with known answers: which object is meant, or that none or many fit."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from maskdexgrasp_core.training.selection_lexicon import WordUse
from maskdexgrasp_core.training.selection_sentences import (
    KIND,
    PART,
    USE,
    Look,
    Sentence,
    absent_sentence,
    describing_sentence,
    naming_sentence,
)

NAME, PARAPHRASE, COLOR, PLACE, AMBIGUOUS, NOTHING = (
    'name', 'paraphrase', 'colour and name', 'place and name', 'several fit', 'nothing fits',
)  # fmt: skip
TOPICS = (NAME, PARAPHRASE, USE, KIND, PART, COLOR, PLACE, AMBIGUOUS, NOTHING)
"""What questions are about; the last two must be refused."""
_NO_COLORS = frozenset(('silver', 'gray', 'white', 'black'))
"""Shades of each other in the light of a scene."""
_PLACES = (('on the left', 1.0), ('on the right', -1.0))
"""The robot's left is +y."""
_CLEARLY_BESIDE_M = 0.03
_THERE_BUT_ABSENT = 0.5
"""Share of questions about nothing that name a thing which is never there."""


@dataclass(frozen=True)
class Thing:
    """What must be known of an object to ask for it."""

    look: Look
    color_name: str = ''
    y: float = 0.0
    """Of its middle in the base frame [m]."""


@dataclass(frozen=True)
class Question:
    """A sentence about a scene and whom it means."""

    topic: str
    """One of `TOPICS`."""
    text: str
    answer: int | None
    """Index of the object; None if the sentence must be refused."""
    fitting: tuple[int, ...]
    """Indices of all objects that it is true of, colour and place aside."""


def ask(
    topic: str,
    things: Sequence[Thing],
    rng: random.Random,
    *,
    targets: Sequence[str],
    use: WordUse = 'test',
) -> Question | None:
    """Return a question of a topic about a scene, None if the scene allows none.

    Whatever people would disagree about is never asked.

    Args:
        topic: One of `TOPICS`.
        things: The objects of the scene.
        rng: Decides what is asked and how.
        targets: Categories that may be asked for.
        use: Which of the words that training does not have may be said.
    """
    if topic == NOTHING:
        return _ask_for_nothing(things, rng, targets, use)
    candidates = [i for i, thing in enumerate(things) if thing.look.category in targets]
    for index in rng.sample(candidates, len(candidates)):
        sentence = _sentence(topic, things, index, rng, use)
        fitting = None if sentence is None else _fitting(sentence, things)
        if sentence is None or fitting is None or index not in fitting:
            continue
        several = len(fitting) > 1
        if topic == AMBIGUOUS:
            if several:
                return Question(topic, sentence.text, None, fitting)
        elif not several or topic in (COLOR, PLACE):
            return Question(topic, sentence.text, index, fitting)
    return None


def _sentence(
    topic: str, things: Sequence[Thing], index: int, rng: random.Random, use: WordUse
) -> Sentence | None:
    """Return a sentence of the topic that is true of one object, None if there is none."""
    thing = things[index]
    category = thing.look.category
    if topic in (USE, KIND, PART):
        return describing_sentence(rng, topic, thing.look, use)
    if topic == COLOR:
        told = _tells_apart(things, index)
        return naming_sentence(rng, category, 'train', color=thing.color_name) if told else None
    if topic == PLACE:
        place = _place(things, index)
        return naming_sentence(rng, category, 'train', place=place) if place else None
    return naming_sentence(rng, category, use if topic == PARAPHRASE else 'train')


def _fitting(sentence: Sentence, things: Sequence[Thing]) -> tuple[int, ...] | None:
    """Return which objects a sentence is true of, None if it is doubtful of one."""
    truth = [sentence.meaning.true_of(thing.look) for thing in things]
    return None if None in truth else tuple(i for i, true in enumerate(truth) if true)


def _tells_apart(things: Sequence[Thing], index: int) -> bool:
    """Return whether its colour tells an object from all others of its category."""
    color = things[index].color_name
    others = [t.color_name for t in _twins(things, index)]
    clear = not any(color in _NO_COLORS and other in _NO_COLORS for other in others)
    return bool(color) and color not in others and clear


def _place(things: Sequence[Thing], index: int) -> str:
    """Return words that tell an object from its only twin, or ''."""
    twins = _twins(things, index)
    if len(twins) != 1:
        return ''
    beside = things[index].y - twins[0].y
    return next((words for words, sign in _PLACES if sign * beside > _CLEARLY_BESIDE_M), '')


def _twins(things: Sequence[Thing], index: int) -> list[Thing]:
    category = things[index].look.category
    return [t for i, t in enumerate(things) if i != index and t.look.category == category]


def _ask_for_nothing(
    things: Sequence[Thing], rng: random.Random, targets: Sequence[str], use: WordUse
) -> Question | None:
    """Name a thing that is not in the scene; it may be one that is never in any."""
    there = {thing.look.category for thing in things}
    missing = [name for name in targets if name not in there]
    if not missing or rng.random() < _THERE_BUT_ABSENT:
        return Question(NOTHING, absent_sentence(rng, use).text, None, ())
    sentence = naming_sentence(rng, rng.choice(missing), 'train')
    return Question(NOTHING, sentence.text, None, ()) if _fitting(sentence, things) == () else None
