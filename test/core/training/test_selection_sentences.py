import random
import re

from maskdexgrasp_core.objects import CATEGORIES, make_object
from maskdexgrasp_core.perception.sentence import parse_sentence
from maskdexgrasp_core.training.selection_lexicon import (
    ABSENT,
    DOUBTFUL_PARTS,
    KINDS,
    LOOK_ALIKE_NAMES,
    NAMES,
    PART_WORDS,
    USES,
)
from maskdexgrasp_core.training.selection_questions import (
    AMBIGUOUS,
    COLOR,
    NAME,
    NOTHING,
    PARAPHRASE,
    PLACE,
    Question,
    Thing,
    ask,
)
from maskdexgrasp_core.training.selection_sentences import (
    CATEGORY,
    PART,
    USE,
    Look,
    Meaning,
    look_of,
    training_sentences,
)

ALL_WORDS = [*NAMES.values(), ABSENT, *(p.words for p in (*USES, *KINDS, *PART_WORDS))]
MUG, CUP = Look('mug', frozenset(('body', 'handle'))), Look('cup', frozenset(('body', 'rim')))
BOOK = Look('book', frozenset(('cover', 'pages')))


def property_saying(words: str):
    found = [
        p for p in (*USES, *KINDS, *PART_WORDS) if words in (*p.words.seen, *p.words.held_out)
    ]
    assert len(found) == 1
    return found[0]


def test_every_category_is_named_and_every_listed_category_exists() -> None:
    assert set(NAMES) == set(CATEGORIES)
    listed = {name for p in (*USES, *KINDS) for name in p.true_of | p.doubtful_of}
    listed |= {name for names in DOUBTFUL_PARTS.values() for name in names}
    listed |= {*LOOK_ALIKE_NAMES, *' '.join(LOOK_ALIKE_NAMES.values()).split()}
    assert listed <= set(CATEGORIES)


def test_every_part_that_is_spoken_of_exists() -> None:
    there = {part.name for name in CATEGORIES for part in make_object(name, 100).parts}
    assert {name for p in PART_WORDS for name in p.true_of} <= there


def test_held_out_words_do_not_hold_those_of_training() -> None:
    for words in ALL_WORDS:
        assert words.of('train')
        assert words.of('test')
        for held_out in words.held_out:
            for seen in words.seen:
                assert not re.search(rf'\b{seen}\b', held_out), (seen, held_out)


def test_no_word_says_a_colour_a_size_or_a_place() -> None:
    for words in ALL_WORDS:
        for said in (*words.seen, *words.held_out):
            query = parse_sentence(f'take the {said}')
            assert (query.color, query.size, query.position) == ('', '', ''), said


def test_a_name_is_true_of_its_category_and_doubtful_of_what_looks_alike() -> None:
    meaning = Meaning(CATEGORY, 'cup')
    assert [meaning.true_of(look) for look in (CUP, MUG, BOOK)] == [True, None, False]


def test_a_use_is_true_of_several_categories() -> None:
    meaning = Meaning(USE, property=property_saying('drink from'))
    assert [meaning.true_of(look) for look in (CUP, MUG, BOOK)] == [True, True, False]
    assert meaning.true_of(Look('bottle', frozenset(('body',)))) is None


def test_a_part_is_true_of_objects_that_have_it() -> None:
    meaning = Meaning(PART, property=property_saying('handle'))
    assert [meaning.true_of(look) for look in (MUG, CUP, BOOK)] == [True, False, False]
    assert meaning.true_of(Look('faucet', frozenset(('body', 'lever')))) is None


def test_training_says_nothing_that_is_held_out_and_the_seed_decides_all() -> None:
    looks = [look_of(make_object(name, 100)) for name in ('mug', 'book')]
    first = training_sentences(['mug', 'book'], looks, repeats=3, seed=1)
    assert first == training_sentences(['mug', 'book'], looks, repeats=3, seed=1)
    assert first != training_sentences(['mug', 'book'], looks, repeats=3, seed=2)
    texts = ' '.join(sentence.text.lower() for sentence in first)
    for category in ('mug', 'book'):
        for name in NAMES[category].held_out:
            assert not re.search(rf'\b{name}\b', texts)
    assert not re.search(r'\b(hammer|teapot|nails)\b', texts)
    assert {'drink from', 'mug', 'paperback'} <= {
        words for words in ('drink from', 'mug', 'paperback') if words in texts
    }


def asked(topic: str, *things: Thing, targets: tuple[str, ...] = tuple(CATEGORIES)) -> Question:
    for seed in range(20):
        question = ask(topic, things, random.Random(seed), targets=targets)
        if question is not None:
            return question
    raise AssertionError(f'no question about {topic}')


def test_questions_know_their_answer() -> None:
    red, blue = Thing(MUG, 'red', y=0.1), Thing(MUG, 'blue', y=-0.1)
    book = Thing(BOOK, 'green', y=0.2)
    assert asked(NAME, red, book, targets=('book',)).answer == 1
    assert 'novel' in asked(PARAPHRASE, book, red, targets=('book',)).text
    question = asked(COLOR, red, blue, book, targets=('mug',))
    assert ('red', 'blue')[question.answer or 0] in question.text
    assert question.fitting == (0, 1)
    question = asked(PLACE, red, blue, book, targets=('mug',))
    assert ('left', 'right')[question.answer or 0] in question.text
    assert asked(AMBIGUOUS, red, blue, book).answer is None
    assert asked(NOTHING, red, book).fitting == ()


def test_what_people_would_disagree_about_is_not_asked() -> None:
    things = (Thing(CUP), Thing(MUG))
    assert all(
        ask(NAME, things, random.Random(seed), targets=('cup',)) is None for seed in range(5)
    )
    silver, gray = Thing(MUG, 'silver'), Thing(MUG, 'gray')
    assert ask(COLOR, (silver, gray), random.Random(0), targets=('mug',)) is None
