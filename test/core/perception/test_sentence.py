import pytest

from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.perception.category_shapes import CATEGORY_SHAPES
from maskdexgrasp_core.perception.sentence import SentenceQuery, check_command, parse_sentence
from maskdexgrasp_core.perception.vocabulary import CATEGORIES as WORDS
from maskdexgrasp_core.types import Command


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('pick up the mug by its handle', {'category': 'mug', 'part': 'handle'}),
        ('Hold the HAMMER at the handle.', {'category': 'hammer', 'part': 'handle'}),
        ('grab the red mug by the rim', {'category': 'mug', 'part': 'rim', 'color': 'red'}),
        ('the left box, please', {'category': 'box', 'position': 'left'}),
        ('can you give me the box on the left side?', {'category': 'box', 'position': 'left'}),
        ('pick up the largest can', {'category': 'can', 'size': 'largest'}),
        ('take the small blue spray bottle', {
            'category': 'spray_bottle', 'size': 'smallest', 'color': 'blue'}),
        ('grasp the lid of the jar', {'category': 'jar', 'part': 'lid'}),
        ('lift the cordless drill', {'category': 'power_drill'}),
        ('hand me the torch', {'category': 'flashlight'}),
        ('take the knife by the handle, not the blade', {'category': 'knife', 'part': 'handle'}),
        ('pick up the object closest to you', {'position': 'nearest'}),
        ('take the mug handle', {'category': 'mug', 'part': 'handle'}),
        ("grab the bottle's neck", {'category': 'bottle', 'part': 'neck'}),
        ('lift it by the top', {'part': 'top'}),
        ('pick the orange ball', {'category': 'ball', 'color': 'orange'}),
        ('take the glass jar right now', {'category': 'jar'}),
        ('take the cup with the thumb, middle and little finger', {'category': 'cup'}),
        ('with the index finger, press the middle can', {'category': 'can', 'position': 'middle'}),
        ('pick it up', {}),
        ('¿qué? 42 !!!', {}),
    ],
)  # fmt: skip
def test_sentence_is_read(text: str, expected: dict[str, str]) -> None:
    found = parse_sentence(text)
    assert found == SentenceQuery(**expected, says_what=found.says_what)


@pytest.mark.parametrize(
    ('text', 'says_what'),
    [
        ('the tallest', False),
        ('pick up the blue one on the left', False),
        ('give me the object closest to you by its handle', False),
        ('the small one in the front left', False),
        ('could you please fetch the big tall dark blue object on the table', False),
        ('take the mug', True),
        ('hand me something to drink from', True),
        ('the left gizmo, please', True),
        ('pick up the one with a lid', True),
    ],
)
def test_a_sentence_may_leave_open_what_the_object_is(text: str, says_what: bool) -> None:
    assert parse_sentence(text).says_what is says_what


def test_every_procedural_category_can_be_named_and_has_a_usual_shape() -> None:
    assert set(CATEGORIES) <= set(WORDS)
    assert set(CATEGORIES) == set(CATEGORY_SHAPES)
    for category in CATEGORIES:
        text = f'pick up the {category.replace("_", " ")}'
        assert parse_sentence(text).category == category


@pytest.mark.parametrize(
    ('text', 'task', 'code'),
    [
        ('', '', Code.EMPTY_TEXT),
        ('  \n\t ', '', Code.EMPTY_TEXT),
        ('mug ' * 2560, '', Code.TEXT_TOO_LONG),
        ('the mug', 'juggle', Code.UNKNOWN_TASK),
    ],
)
def test_bad_command_is_refused_with_a_reason(text: str, task: str, code: Code) -> None:
    with pytest.raises(StageError) as caught:
        check_command(Command(command_id='c', text=text, task=task))
    assert caught.value.outcome.code is code
    assert len(caught.value.outcome.reason) < 300


def test_a_negative_seed_is_refused_with_its_value() -> None:
    with pytest.raises(StageError, match='-1') as caught:
        check_command(Command(command_id='c', text='the mug', seed=-1))
    assert caught.value.outcome.code is Code.INVALID_COMMAND
    assert caught.value.outcome.stage is Stage.COMMAND


def test_every_task_of_the_paper_is_accepted() -> None:
    check_command(Command(command_id='c', text='the mug', task='handle-grasp'))
    check_command(Command(command_id='c', text='the mug', task='lift-up'))
