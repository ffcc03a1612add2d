"""Which verbs may say a task, what they act on, and how the part then follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maskdexgrasp_core.dataset.sentences.lexicon import (
    MANY_FINGERED,
    ON_CERTAIN_PARTS,
    ON_OBJECT,
    ON_PART,
    OPERABLE,
    PART_PURPOSES,
    PINCHING_TASKS,
    PRESS_PURPOSES,
    PRY_PURPOSES,
    PRYING,
    PURPOSES,
    SLENDER,
    SOLID,
    USES,
    Verb,
    verb,
)

ON_THE_OBJECT, ON_THE_PART, ROUND, USING = 'object', 'part', 'round', 'using'
"""'Lift the mug by its handle', 'twist the lid of the jar', 'wrap the fingers around the body of
the mug', 'use the knife, holding it by its handle'."""
_PREPOSITIONS: dict[str, tuple[str, ...]] = {
    'clasp': ('by', 'around'),
    'grab': ('by', 'at', 'around'),
    'grasp': ('by', 'at', 'around'),
    'hold': ('by', 'at', 'around'),
    'pinch': ('by', 'at'),
    'seize': ('by', 'at'),
    'steady': ('by', 'at'),
    'support': ('by', 'at'),
}


@dataclass(frozen=True)
class Situation:
    """The facts in words."""

    task: str
    category: str
    part: str
    """'' where the object is meant as a whole."""
    fingers: tuple[str, ...]
    """In the order of `hands.spec.PARTS`."""

    @property
    def num_digits(self) -> int:
        """Number of thumb and fingers that touch."""
        return len(self.fingers) - ('palm' in self.fingers)

    @property
    def encircles(self) -> bool:
        """Whether several digits touch; where nothing is known, they may."""
        return not self.fingers or self.num_digits >= 2

    @property
    def pinches(self) -> bool:
        """Whether the thumb and one or two fingers touch and nothing else."""
        return 'thumb' in self.fingers and 'palm' not in self.fingers and self.num_digits in (2, 3)

    @property
    def pries(self) -> bool:
        """Whether the object as a whole is the lever."""
        return self.task == 'lever' and self.category.split()[-1] in PRYING


def frame_weights(situation: Situation) -> dict[str, float]:
    """Return which frames suit the situation, and how often each shall be taken."""
    task, part = situation.task, situation.part
    if task == 'use':
        direct = part not in OPERABLE and situation.category.split()[-1] not in SOLID
        return {ON_THE_OBJECT: 5, ON_THE_PART: 2 if part else 0, USING: 3 if direct else 0}
    if task == 'wrap-grasp':
        return {ON_THE_OBJECT: 3, ON_THE_PART: 2, ROUND: 4 if situation.encircles else 0}
    if not part or task in ('lift', 'lift-up') or situation.pries:
        return {ON_THE_OBJECT: 1}
    if task in ('press', 'lever') or (part in OPERABLE and task in ('twist', 'pull')):
        return {ON_THE_PART: 1}
    if task in ('twist', 'pull'):
        return {ON_THE_OBJECT: 1, ON_THE_PART: 1 if part == 'handle' else 0}
    return {ON_THE_OBJECT: 3, ON_THE_PART: 1 if task == 'support' else 2}


def frame_verbs(situation: Situation, frame: str) -> tuple[Verb, ...]:
    """Return the verbs that suit situation and frame; `ROUND` has its own."""
    task, part = situation.task, situation.part
    if frame == USING:
        return (verb('use'),)
    if frame == ON_THE_PART:
        names = ON_PART[task] + ON_CERTAIN_PARTS.get((task, part), ())
    else:
        names = ON_OBJECT['use' if situation.pries else task]
    if not situation.encircles:
        names = tuple(name for name in names if name not in MANY_FINGERED)
    if situation.pinches and task in PINCHING_TASKS:
        names = (*names, 'pinch')
    return tuple(verb(name) for name in names)


def part_prepositions(situation: Situation, action: Verb) -> tuple[str, ...]:
    """Return what may join the part to the object: 'by', 'at', 'around'; 'by' counts double."""
    usual = _PREPOSITIONS.get(action.base, ('by',))
    fits = {
        'by': True,
        'at': situation.part != 'body',
        'around': situation.part in SLENDER and situation.encircles and not action.particle,
    }
    return ('by', *(word for word in usual if fits[word]))


def purposes(situation: Situation, frame: str) -> tuple[str, ...]:
    """Return what the action may be for, with {it} for the object."""
    task, part = situation.task, situation.part
    if situation.pries:
        return PRY_PURPOSES
    if task == 'press':
        return _of_category(PRESS_PURPOSES, situation.category) if part else ()
    if task == 'use':
        own = _of_category(USES, situation.category)
        return own if frame == USING else (*own, *PURPOSES['use'])
    return PURPOSES.get(task, PART_PURPOSES.get((task, part), ()))


def needs_purpose(situation: Situation, frame: str) -> bool:
    """Return whether the verb alone would not tell the task."""
    return frame != USING and (situation.task == 'use' or situation.pries)


def _of_category(table: Mapping[str, Sequence[str]], category: str) -> tuple[str, ...]:
    """Look a category up, else its last word: a coffee mug is a mug."""
    return tuple(table.get(category, table.get(category.split()[-1], ())))
