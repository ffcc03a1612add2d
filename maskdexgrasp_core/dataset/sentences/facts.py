"""What is known of a grasp before a sentence is written about it."""

import re
from dataclasses import dataclass

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.tasks import TASKS

FROM_TOP, FROM_SIDE, FROM_BELOW = 'top', 'side', 'below'
APPROACHES: tuple[str, ...] = (FROM_TOP, FROM_SIDE, FROM_BELOW)
"""Where the hand comes from, seen from the resting object."""
Sentences = tuple[str, str, str, str]
"""In the order of `record.FORMS`: basic (imperative), present, progressive, passive."""
_NAME = re.compile(r'[A-Za-z0-9]+(?:[ _-]+[A-Za-z0-9]+)*')


@dataclass(frozen=True, kw_only=True)
class SentenceFacts:
    """What the sentences of one grasp may say; '' or () where nothing is known.

    Raises:
        UnknownNameError: If task, approach or a finger is not one of the known names.
        InvalidInputError: If category, part or colour is not made of words, or the category is
            missing.
    """

    task: str
    """One of `tasks.TASKS`."""
    category: str
    """What the object is, such as 'spray_bottle'; underscores and hyphens become spaces."""
    part: str = ''
    """Part of the object that the hand holds or moves, such as 'handle'; '': the whole object."""
    color_name: str = ''
    """Word for the colour of the object."""
    fingers: tuple[str, ...] = ()
    """Parts of the hand in contact, of `hands.spec.PARTS`, in any order."""
    approach: str = ''
    """One of `APPROACHES`."""

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise UnknownNameError('task', self.task, list(TASKS))
        if self.approach and self.approach not in APPROACHES:
            raise UnknownNameError('approach', self.approach, list(APPROACHES))
        for finger in self.fingers:
            if finger not in PARTS:
                raise UnknownNameError('part of the hand', finger, list(PARTS))
        if not self.category:
            raise InvalidInputError('a sentence needs a category, such as "mug"')
        for what in ('category', 'part', 'color_name'):
            value = getattr(self, what)
            if value and not _NAME.fullmatch(value):
                raise InvalidInputError(
                    f'{what} is {value!r}; expected words of letters and digits, joined by _, - '
                    'or a space'
                )
