"""From what a model answered to four sentences that can be trusted to be sentences."""

import json
import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from maskdexgrasp_core.dataset.sentences.facts import SentenceFacts, Sentences
from maskdexgrasp_core.dataset.sentences.instruction import MARKER_COLORS
from maskdexgrasp_core.dataset.sentences.nouns import named_part, plain_words
from maskdexgrasp_core.errors import InvalidInputError

_FEWEST_WORDS, _MOST_CHARACTERS = 3, 300
_THOUGHTS = re.compile(r'<think>.*?</think>', re.DOTALL)
_TYPOGRAPHY = str.maketrans('\u2018\u2019\u201c\u201d\u2013\u2014', '\'\'""--')
"""Curled quotes and long dashes -> plain ones."""


def _clean(text: str) -> str:
    """Return a sentence on one line, with a capital letter and a full stop."""
    sentence = ' '.join(text.translate(_TYPOGRAPHY).split())
    if not sentence.isascii() or not re.search('[A-Za-z]', sentence):
        raise ValueError('is not plain English')
    if len(sentence.split()) < _FEWEST_WORDS or len(sentence) > _MOST_CHARACTERS:
        raise ValueError(
            f'must have at least {_FEWEST_WORDS} words and at most {_MOST_CHARACTERS} characters'
        )
    ended = sentence if sentence[-1] in '.!?' else f'{sentence}.'
    return ended[0].upper() + ended[1:]


Sentence = Annotated[str, AfterValidator(_clean)]


class FourSentences(BaseModel):
    """The answer as it was asked for; further keys are ignored."""

    basic: Sentence
    present: Sentence
    progressive: Sentence
    passive: Sentence

    @model_validator(mode='after')
    def _differ(self) -> 'FourSentences':
        if len({sentence.casefold() for sentence in self.sentences}) < 4:
            raise ValueError('the four sentences must differ')
        return self

    @property
    def sentences(self) -> Sentences:
        """The four, in the order of `record.FORMS`."""
        return self.basic, self.present, self.progressive, self.passive


def parse_answer(text: str, facts: SentenceFacts) -> Sentences:
    """Return the sentences that stand in an answer.

    Code fences, thoughts between <think> tags and talk around the JSON are overlooked.

    Args:
        text: What the model wrote.
        facts: Of the grasp; the part must be named, the colours of the picture must not.

    Raises:
        InvalidInputError: If there is no JSON with four acceptable sentences; the text says why,
            in words that the model understands.
    """
    reason = 'there is no JSON object in the answer'
    for found in _json_objects(_THOUGHTS.sub('', text)):
        try:
            sentences = FourSentences.model_validate(found).sentences
        except ValidationError as error:
            first = error.errors()[0]
            key = '.'.join(map(str, first['loc']))
            reason = f'{key}: {first["msg"]}' if key else first['msg']
            continue
        _check_facts(sentences, facts)
        return sentences
    raise InvalidInputError(reason)


def _json_objects(text: str) -> Iterator[dict[str, object]]:
    """Yield every JSON object in a text, the outermost first, keys in lower case."""
    decoder = json.JSONDecoder()
    for match in re.finditer('{', text):
        try:
            found, _ = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        yield {str(key).lower(): value for key, value in found.items()}


def _check_facts(sentences: Sentences, facts: SentenceFacts) -> None:
    part = named_part(plain_words(facts.category), facts.part)
    for sentence in sentences:
        words = re.findall('[a-z0-9]+', sentence.lower())
        for color in MARKER_COLORS:
            if color in words and color != facts.color_name:
                raise InvalidInputError(f'{color!r} is a colour of the picture, not of the object')
        if part and part not in ' '.join(words):
            raise InvalidInputError(f'the part {part!r} is not named in {sentence!r}')
