"""Thousands of sentences against rules of English that are written here a second time."""

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from maskdexgrasp_core.dataset.record import FORMS
from maskdexgrasp_core.dataset.sentences import (
    APPROACHES,
    SentenceFacts,
    Sentences,
    write_sentences,
)
from maskdexgrasp_core.dataset.sentences.clause import Clause, Phrase
from maskdexgrasp_core.dataset.sentences.lexicon import _FORMS, ON_OBJECT, ON_PART, verb
from maskdexgrasp_core.dataset.sentences.nouns import NounPhrase
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects import CATEGORIES, COLORS
from maskdexgrasp_core.perception.sentence import parse_sentence
from maskdexgrasp_core.perception.vocabulary import CATEGORIES as CATEGORY_WORDS
from maskdexgrasp_core.perception.vocabulary import COLORS as COLOR_WORDS
from maskdexgrasp_core.perception.vocabulary import PARTS as PART_WORDS
from maskdexgrasp_core.tasks import TASKS

Sample = tuple[SentenceFacts, Sentences]
FOREIGN = (
    ('twist', 'faucet', 'knob'), ('lever', 'faucet', 'lever'), ('lever', 'hammer', 'handle'),
    ('press', 'dispenser', 'head'), ('pull', 'drawer', 'handle'), ('use', 'scissors', 'handle'),
    ('hold', 'scissors', ''), ('hold', 'wineglass', 'stem'), ('lift', 'bag', 'strap'),
    ('use', 'eyeglasses', 'temples'), ('support', 'laptop', 'base'), ('hold', 'apple', 'body'),
    ('twist', 'ball', 'body'), ('wrap-grasp', 'handle-bottle', 'body'), ('use', 'pliers', ''),
    ('handle-grasp', 'umbrella', ''), ('lift-up', 'binoculars', ''), ('pull', 'egg', 'object'),
    ('hold', 'lens_cap', 'top'), ('press', 'orange', ''), ('lever', 'door_handle', 'handle'),
)  # fmt: skip
"""Task, category and part of other sources, and of no object at all."""
PLURALS = {'scissors', 'eyeglasses', 'temples', 'pliers', 'binoculars', 'fingers', 'headphones'}
BE = re.compile(r'^(?P<subject>.*?) (?P<be>is|are) (?P<rest>.*)$')
OPENING = re.compile(
    r'^(?:(?:From|Approaching from|In an approach from) [a-z ]+'
    r'|With .*?(?:thumb|palm|hand|fingers?)), (?!(?:thumb|index|middle|ring|one|two|three)\b)'
)
"""A phrase in front of the sentence with its comma; fingers may be a list with commas."""
DIGITS = {'thumb', 'index', 'middle', 'ring', 'little'}
NUMBERS = {'one': 1, 'two': 2, 'three': 3, 'four': 4}
EMPTY_WORDS = set(
    re.findall(
        r'\w+',
        'the a an its their it them is are with using between by at around and in approach while '
        'approaching holding held hold robot robotic hand dexterous use',
    )
)


def draw_facts(rng: random.Random, task: str, category: str, part: str) -> SentenceFacts:
    return SentenceFacts(
        task=task,
        category=category,
        part=part,
        color_name=rng.choice(['', *COLORS]),
        fingers=tuple(rng.sample(PARTS, rng.randint(0, 6))),
        approach=rng.choice(['', *APPROACHES]),
    )


def draw_samples(triples: list[tuple[str, str, str]], count: int, seed: int) -> list[Sample]:
    rng = random.Random(seed)
    facts = [draw_facts(rng, *rng.choice(triples)) for _ in range(count)]
    return [(item, write_sentences(item, number)) for number, item in enumerate(facts)]


CATALOG = [
    (task, category, part)
    for category, family in CATEGORIES.items()
    for task, part in family.affordances.items()
]


@pytest.fixture(scope='module')
def samples() -> list[Sample]:
    return [*draw_samples(CATALOG, 3000, 1), *draw_samples(list(FOREIGN), 3000, 2)]


@pytest.fixture(scope='module')
def catalog_samples() -> list[Sample]:
    return draw_samples([item for item in CATALOG if item[1] in CATEGORY_WORDS], 2500, 3)


def words_of(sentence: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", sentence.lower())


def plain(name: str) -> str:
    return {'wineglass': 'wine glass'}.get(name, name.replace('_', ' ').replace('-', ' '))


def each(samples: list[Sample]) -> Iterator[tuple[SentenceFacts, str]]:
    return ((facts, sentence) for facts, four in samples for sentence in four)


def test_every_sentence_is_one_clean_line(samples: list[Sample]) -> None:
    for _, sentence in each(samples):
        assert re.fullmatch(r"[A-Z][A-Za-z0-9' ,]+\.", sentence), sentence
        assert '  ' not in sentence, sentence
        assert ' ,' not in sentence, sentence
        assert len(sentence) <= 180, sentence
        words = words_of(sentence)
        assert all(left != right for left, right in itertools.pairwise(words)), sentence
        assert words.count('hand') <= 1, sentence


def test_articles_suit_the_word_behind_them(samples: list[Sample]) -> None:
    for _, sentence in each(samples):
        for article, word in re.findall(r'\b(an?) (\w+)', sentence.lower()):
            assert (article == 'an') == (word[0] in 'aeiou'), sentence


def is_plural_subject(subject: str) -> bool:
    head = subject.split(' of ')[0]
    return ' and ' in head or head.split()[-1].lower() in PLURALS


def test_subjects_and_verbs_agree(samples: list[Sample]) -> None:
    third_to_base = {third: base for base, (third, _, _) in _FORMS.items()}
    for _, (_, present, progressive, passive) in samples:
        for sentence, forms in ((progressive, 1), (passive, 2)):
            match = BE.match(OPENING.sub('', sentence))
            assert match, sentence
            assert (match['be'] == 'are') == is_plural_subject(match['subject']), sentence
            verb_form = re.sub(r'^\w+ly ', '', match['rest']).split()[0].rstrip('.,')
            assert verb_form in {item[forms] for item in _FORMS.values()}, sentence
        match = BE.match(OPENING.sub('', progressive))
        assert match
        now = OPENING.sub('', present)
        assert now.startswith(match['subject'] + ' '), (present, progressive)
        form = re.sub(r'^\w+ly ', '', now[len(match['subject']) + 1 :]).split()[0]
        plural = match['be'] == 'are'
        assert (form in _FORMS) if plural else (form in third_to_base), present


def test_the_basic_form_is_an_imperative(samples: list[Sample]) -> None:
    for _, (basic, _, _, _) in samples:
        start = re.sub(r'^\w+ly ', '', OPENING.sub('', basic)).split()[0].lower()
        assert start in _FORMS, basic
        assert not {'is', 'are', 'robot'} & set(words_of(basic)), basic


def content(sentence: str) -> set[str]:
    """Return the words that carry meaning, the verb in its base form."""
    base = {form: word for word, forms in _FORMS.items() for form in forms}
    said = {base.get(word, word) for word in words_of(sentence) if word not in EMPTY_WORDS}
    return said - EMPTY_WORDS


def test_all_four_forms_say_the_same(samples: list[Sample]) -> None:
    for _, four in samples:
        first, *others = map(content, four)
        assert all(other == first for other in others), four


def test_object_and_part_are_named_in_every_form(samples: list[Sample]) -> None:
    whole = {'', 'object'}
    for facts, sentence in each(samples):
        assert plain(facts.category) in sentence.lower(), sentence
        solid = facts.category in ('apple', 'ball', 'banana', 'box', 'light_bulb', 'tape')
        if facts.part in whole or (solid and facts.part == 'body'):
            assert not re.search(r'\bbody\b|\bby (?:its|their)\b', sentence), sentence
        else:
            assert re.search(rf'\b{plain(facts.part)}\b', sentence.lower()), sentence


def test_fingers_colour_and_approach_are_those_of_the_facts(samples: list[Sample]) -> None:
    places = {'top': 'above|overhead', 'side': 'side', 'below': 'below|underneath'}
    named = 0
    for facts, sentence in each(samples):
        words = words_of(sentence)
        touching = set(facts.fingers)
        assert DIGITS & set(words) <= touching, sentence
        assert 'palm' not in words or 'palm' in touching, sentence
        for count in re.findall(r'\b(one|two|three|four) fingers?\b', sentence.lower()):
            assert NUMBERS[count] == len(touching - {'palm', 'thumb'}), sentence
        if re.search('whole hand|entire hand', sentence.lower()):
            assert touching == set(PARTS), sentence
        for place, pattern in places.items():
            assert place == facts.approach or not re.search(rf'\b({pattern})\b', sentence), (
                sentence
            )
        colors = set(words) & set(COLORS) - {plain(facts.category)}
        assert colors <= {facts.color_name}, sentence
        named += bool(DIGITS & set(words))
    assert named > len(samples)


def test_perception_understands_what_was_written(catalog_samples: list[Sample]) -> None:
    part_keys = {word: key for key, words in PART_WORDS.items() for word in words}
    color_keys = {word: key for key, words in COLOR_WORDS.items() for word in words}
    for facts, sentence in each(catalog_samples[:600]):
        query = parse_sentence(sentence)
        assert query.category == facts.category, sentence
        if re.search(rf'\b{facts.part}\b', sentence):
            assert query.part == part_keys.get(facts.part, ''), sentence
        else:
            assert not query.part, sentence
        said = facts.color_name and facts.color_name in words_of(sentence)
        assert query.color == (color_keys[facts.color_name] if said else ''), sentence
        assert (query.size, query.position) == ('', ''), sentence


def test_one_fully_known_grasp_is_described_in_many_ways() -> None:
    facts = SentenceFacts(
        task='handle-grasp', category='mug', part='handle', color_name='red',
        fingers=('thumb', 'index', 'middle'), approach='side',
    )  # fmt: skip
    basic = [write_sentences(facts, seed)[0] for seed in range(2000)]
    assert len(set(basic)) > 0.6 * len(basic)


def test_most_sentences_of_a_dataset_differ(catalog_samples: list[Sample]) -> None:
    basic = {four[0] for _, four in catalog_samples}
    assert len(basic) > 0.95 * len(catalog_samples)


def test_the_same_facts_and_seed_give_the_same_sentences() -> None:
    facts = SentenceFacts(
        task='lift', category='spray_bottle', part='neck', color_name='blue',
        fingers=('thumb', 'index', 'ring'), approach='top',
    )  # fmt: skip
    as_read = SentenceFacts(
        task=np.str_('lift'), category=np.str_('spray_bottle'), part=np.str_('neck'),
        color_name=np.str_('blue'), fingers=('ring', 'index', 'thumb'), approach=np.str_('top'),
    )  # fmt: skip
    for seed in range(50):
        assert write_sentences(facts, seed) == write_sentences(as_read, seed)
    assert len({write_sentences(facts, seed) for seed in range(50)}) > 25


def test_the_example_of_the_documentation_is_true() -> None:
    page = Path(__file__).resolve().parents[4] / 'docs' / 'sentences.md'
    code = page.read_text().split('```python\n')[1].split('```')[0]
    names: dict[str, str] = {}
    exec(code, names)
    rows = dict(re.findall(r'^\| (\w+) \| (.*\.) \|$', page.read_text(), re.MULTILINE))
    assert rows == {form: names[form] for form in FORMS}


def test_every_task_has_verbs() -> None:
    assert set(ON_OBJECT) == set(TASKS)
    assert set(ON_PART) == set(TASKS) - {'lift', 'lift-up'}


@pytest.mark.parametrize(
    ('wrong', 'error', 'says'),
    [
        ({'task': 'juggle'}, UnknownNameError, 'handle-grasp'),
        ({'approach': 'top-left'}, UnknownNameError, 'below'),
        ({'fingers': ('thumb', 'toe')}, UnknownNameError, 'palm'),
        ({'category': ''}, InvalidInputError, 'category'),
        ({'category': 'mug; drop table'}, InvalidInputError, 'mug; drop table'),
        ({'part': 'han\ndle'}, InvalidInputError, 'part'),
    ],
)
def test_facts_that_cannot_be_said_are_refused(
    wrong: dict[str, object], error: type[Exception], says: str
) -> None:
    given: dict[str, object] = {'task': 'hold', 'category': 'mug', **wrong}
    with pytest.raises(error, match=says):
        SentenceFacts(**given)  # type: ignore[arg-type]


def clause(phrase: str, theme: NounPhrase, agent: NounPhrase, *, behind: bool = False) -> Clause:
    by = Phrase.same('by its neck')
    return Clause(
        agent=agent, verb=verb(phrase), theme=theme, phrases=(by,), particle_behind=behind
    )


def test_particles_and_numbers_are_put_where_they_belong() -> None:
    hand, digits = NounPhrase('the', 'hand'), NounPhrase('', 'two fingers', plural=True)
    bottle, pliers = NounPhrase('a', 'bottle'), NounPhrase('the', 'pliers', plural=True)
    assert clause('pick up', bottle, hand).sentences() == (
        'Pick up a bottle by its neck.',
        'The hand picks up a bottle by its neck.',
        'The hand is picking up a bottle by its neck.',
        'A bottle is picked up by its neck.',
    )
    assert clause('pick up', bottle, digits, behind=True).sentences()[1:] == (
        'Two fingers pick a bottle up by its neck.',
        'Two fingers are picking a bottle up by its neck.',
        'A bottle is picked up by its neck.',
    )
    assert clause('hold steady', pliers, hand).sentences()[2:] == (
        'The hand is holding the pliers steady by its neck.',
        'The pliers are held steady by its neck.',
    )
