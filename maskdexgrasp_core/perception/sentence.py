"""What a sentence says about the object, read without a trained model."""

import re
from dataclasses import dataclass

from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.perception.vocabulary import (
    CATEGORIES,
    COLORS,
    PARTS,
    PLAIN_PARTS,
    PLAIN_WORDS,
    POSITIONS,
    SIZES,
)
from maskdexgrasp_core.tasks import TASKS
from maskdexgrasp_core.types import Command

MAX_TEXT_LENGTH = 1000
_PREPOSITIONS = r'(?:by|at|on|from|around|along|near|with)'
_ARTICLES = r'(?:its|the|their|a|an)'
_HAVING = re.compile(rf' (?:with|has|have|having) {_ARTICLES} ')
"""Says what a thing looks like ('the one with a lid'), not where to take it."""
_COURTESY = re.compile(
    r'\bcan (?=(?:you|we|i|the robot)\b)|\bright (?=now|away)|\bglass (?=bottle|jar)'
)
_NEGATED = re.compile(
    rf'\b(?:not|without|never|avoid)\b(?: (?:by|at|on|touching))? {_ARTICLES} \w+'
)
_FINGERS = re.compile(r'\b(?:(?:thumb|index|middle|ring|little|and|the) )+fingers?\b')
"""Of the hand: neither a place in the middle nor a little object."""


@dataclass(frozen=True, kw_only=True)
class SentenceQuery:
    """What the sentence asks for; '' where it says nothing."""

    category: str = ''
    """A key of `vocabulary.CATEGORIES`."""
    part: str = ''
    """A key of `vocabulary.PARTS`."""
    color: str = ''
    """A key of `vocabulary.COLORS`."""
    size: str = ''
    """A key of `vocabulary.SIZES`."""
    position: str = ''
    """A key of `vocabulary.POSITIONS`; the robot's left is +y of the base frame."""
    says_what: bool = False
    """Whether a word is left that may say what the object is, known or not ('to drink from'):
    not in 'the tallest one on the left'."""

    @property
    def label(self) -> str:
        """Category word for people and messages, 'object' when none was named."""
        return self.category or 'object'


def check_command(command: Command) -> None:
    """Refuse a command that no stage could follow.

    Raises:
        StageError: `EMPTY_TEXT`, `TEXT_TOO_LONG`, `UNKNOWN_TASK` or `INVALID_COMMAND` (seed), in
            stage COMMAND.
    """
    check_seed(command.seed)
    if not command.text.strip():
        raise StageError(Stage.COMMAND, Code.EMPTY_TEXT, 'the text of the command is empty')
    if len(command.text) > MAX_TEXT_LENGTH:
        reason = f'the text has {len(command.text)} characters, at most {MAX_TEXT_LENGTH}'
        raise StageError(Stage.COMMAND, Code.TEXT_TOO_LONG, reason)
    if command.task and command.task not in TASKS:
        reason = f'task {command.task[:40]!r} is not one of {", ".join(TASKS)}'
        raise StageError(Stage.COMMAND, Code.UNKNOWN_TASK, reason)


def check_seed(seed: int) -> None:
    """Refuse a seed that random generators do not take.

    Raises:
        StageError: `INVALID_COMMAND`, in stage COMMAND, if it is negative.
    """
    if seed < 0:
        raise StageError(Stage.COMMAND, Code.INVALID_COMMAND, f'seed must be >= 0, got {seed}')


def parse_sentence(text: str) -> SentenceQuery:
    """Read category, part, colour, size and place from an English sentence.

    'pick up the red mug by its handle' gives category mug, colour red, part handle. Words
    that are not in `vocabulary` only say that the sentence says what is meant; relations between
    objects are not understood.

    Args:
        text: The sentence, any case.

    Returns:
        The query; words that it does not name are ''.
    """
    words = ' ' + ' '.join(re.findall(r'[a-z_]+', text.lower().replace("'s", ''))) + ' '
    words = _COURTESY.sub(' ', words)
    words = _NEGATED.sub(' ', words)
    words = _FINGERS.sub(' ', words)
    has_something = _HAVING.search(words) is not None
    part, words = _take_part(words)
    category, words = _take(words, CATEGORIES)
    color, words = _take(words, COLORS)
    size, words = _take(words, SIZES)
    position, words = _take(words, POSITIONS)
    plain = PLAIN_WORDS.issuperset(_without_looks(words).split())
    says_what = bool(category) or has_something or not plain
    if not part:
        part, _ = _take(words, _standing_parts())
    return SentenceQuery(
        category=category,
        part=part,
        color=color,
        size=size,
        position=position,
        says_what=says_what,
    )


def _without_looks(words: str) -> str:
    """Return the words without any that are about colour, size or place."""
    for _, phrase in _longest_first({**COLORS, **SIZES, **POSITIONS}):
        words = re.sub(rf' {phrase}s?(?= )', '', words)
    return words


def _standing_parts() -> dict[str, tuple[str, ...]]:
    """Return the part words that count without a preposition."""
    return {k: tuple(w for w in v if w not in PLAIN_PARTS) for k, v in PARTS.items()}


def _take_part(words: str) -> tuple[str, str]:
    """Cut 'by its handle' or 'the handle of' out of the sentence and return the part's key."""
    for key, phrase in _longest_first(PARTS):
        by = rf' {_PREPOSITIONS} {_ARTICLES} (?:\w+ )?{phrase}(?= )'
        of = rf' {_ARTICLES} {phrase} of(?= )'
        for pattern in (by, of):
            if re.search(pattern, words):
                return key, re.sub(pattern, ' ', words, count=1)
    return '', words


def _take(words: str, table: dict[str, tuple[str, ...]]) -> tuple[str, str]:
    """Cut the first known phrase out; longer phrases win at the same place."""
    hits = []
    for key, phrase in _longest_first(table):
        for match in re.finditer(rf' {phrase}s?(?= )', words):
            hits.append((match.start(), -len(phrase), key, match))
    if not hits:
        return '', words
    _, _, key, match = min(hits, key=lambda hit: hit[:2])
    return key, words[: match.start()] + words[match.end() :]


def _longest_first(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    pairs = [(key, phrase) for key, phrases in table.items() for phrase in phrases]
    return sorted(pairs, key=lambda pair: -len(pair[1]))
