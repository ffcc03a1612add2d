"""The lexicon and the noun phrases, against the `inflect` library and by known values."""

import inflect
import pytest

from maskdexgrasp_core.dataset.sentences.lexicon import _FORMS
from maskdexgrasp_core.dataset.sentences.nouns import (
    finger_phrases,
    is_plural,
    named_part,
    object_phrases,
    part_phrases,
)
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects import CATEGORIES

IRREGULAR = {'hold': 'held', 'take': 'taken'}
ENGLISH = inflect.engine()


@pytest.mark.parametrize('base', _FORMS)
def test_verb_forms_are_those_of_english(base: str) -> None:
    third, progressive, participle = _FORMS[base]
    assert ENGLISH.plural_verb(third) == base
    assert ENGLISH.present_participle(third) == progressive
    regular = base[:-1] + 'ied' if base.endswith('dy') else progressive.removesuffix('ing') + 'ed'
    assert participle == IRREGULAR.get(base, regular)


@pytest.mark.parametrize(
    ('words', 'plural'),
    [
        ('scissors', True), ('pliers', True), ('wine glasses', True), ('handles', True),
        ('temples', True), ('pages', True), ('lens', False), ('glass', False), ('chassis', False),
        ('mouse', False), ('spray bottle', False), ('box', False), ('pair of scissors', True),
    ],
)  # fmt: skip
def test_plural_nouns_are_known(words: str, plural: bool) -> None:
    assert is_plural(words) == plural


def test_only_tools_made_of_two_halves_are_plural_in_the_catalog() -> None:
    plural = {name for name in CATEGORIES if is_plural(name.replace('_', ' '))}
    assert plural <= {'scissors', 'pliers', 'headphones', 'tongs'}


def test_objects_get_the_right_article() -> None:
    texts = [phrase.text for phrase in object_phrases('apple', '')]
    assert texts == ['the apple', 'an apple']
    assert [phrase.text for phrase in object_phrases('apple', 'red')][1] == 'a red apple'
    assert [phrase.text for phrase in object_phrases('orange', 'orange')][1] == 'an orange'
    pair = object_phrases('scissors', 'blue')
    assert [phrase.text for phrase in pair] == [
        'the blue scissors', 'a pair of blue scissors', 'the pair of blue scissors',
    ]  # fmt: skip
    assert [(phrase.be, phrase.pronoun, phrase.possessive) for phrase in pair[:2]] == [
        ('are', 'them', 'their'),
        ('is', 'it', 'its'),
    ]


def test_parts_are_named_in_ways_that_are_understood() -> None:
    mug, red_mug = object_phrases('mug', '')[0], object_phrases('mug', 'red')[1]
    assert [phrase.text for phrase in part_phrases(mug, 'mug', 'handle')] == [
        'the handle of the mug', "the mug's handle", 'the mug handle',
    ]  # fmt: skip
    assert [phrase.text for phrase in part_phrases(red_mug, 'mug', 'handle')] == [
        'the handle of a red mug', "a red mug's handle",
    ]  # fmt: skip
    assert [phrase.text for phrase in part_phrases(mug, 'mug', 'base')] == ['the base of the mug']
    shears = object_phrases('shears', '')[0]
    assert part_phrases(shears, 'shears', 'blade')[1].text == "the shears' blade"


@pytest.mark.parametrize(
    ('category', 'part', 'named'),
    [
        ('ball', 'body', ''), ('bottle', 'body', 'body'), ('mug', '', ''), ('mug', 'whole', ''),
        ('cap', 'cap', ''), ('door handle', 'handle', ''),
        ('spray bottle', 'pump_head', 'pump head'), ('tennis ball', 'body', ''),
    ],
)  # fmt: skip
def test_the_body_of_a_ball_is_the_ball(category: str, part: str, named: str) -> None:
    assert named_part(category, part) == named


@pytest.mark.parametrize(
    ('fingers', 'texts'),
    [
        ((), []),
        (('index',), ['the index finger', 'one finger']),
        (('palm',), ['the palm']),
        (('index', 'thumb'), ['the thumb and index finger', 'the thumb and one finger']),
        (('ring', 'middle'), ['the middle and ring fingers', 'two fingers']),
        (
            ('thumb', 'index', 'middle'),
            ['the thumb, index and middle fingers', 'the thumb and two fingers',
             'thumb, index and middle finger'],
        ),
        (('palm', 'thumb', 'index'), ['the palm, thumb and index finger',
                                      'the palm, thumb and one finger']),
        (PARTS[1:], ['all five fingers', 'the thumb and all four fingers',
                     'the thumb and four fingers']),
        (PARTS, ['the whole hand', 'the entire hand', 'the palm and all five fingers']),
    ],
)  # fmt: skip
def test_fingers_are_listed_or_counted(fingers: tuple[str, ...], texts: list[str]) -> None:
    phrases = finger_phrases(fingers)
    assert [phrase.text for phrase in phrases] == texts
    for phrase in phrases:
        assert phrase.plural == (' and ' in phrase.text or phrase.text.endswith('fingers'))
