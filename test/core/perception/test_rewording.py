"""Another sentence for an object that was found already."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.perception.rewording import reword
from maskdexgrasp_core.types import Command, ObjectObservation, ObservedCloud

TABLE = -0.1


@pytest.fixture
def bottle():
    shape = trimesh.creation.cylinder(radius=0.03, height=0.2)
    shape.apply_translation([0.5, 0.0, TABLE + 0.1])
    return ObjectObservation(
        cloud=ObservedCloud(
            points=np.asarray(shape.vertices), colors=None, camera_position=np.zeros(3)
        ),
        shape=shape,
        label='bottle',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=TABLE,
        command=Command(command_id='7', text='hold the bottle', task='hold', seed=3),
    )


def test_a_new_sentence_finds_its_part_and_drops_the_old_task(bottle):
    now = reword(bottle, text='take it by the rim', task='')
    assert now.command == replace(bottle.command, text='take it by the rim', task='')
    assert (now.label, now.part) == ('bottle', 'rim')
    assert len(now.part_points) > 10
    assert (now.part_points[:, 2] > TABLE + 0.15).all()
    assert now.shape is bottle.shape


def test_a_new_task_keeps_the_sentence_and_stands_for_its_part(bottle):
    now = reword(bottle, text='', task='wrap-grasp')
    assert (now.command.text, now.command.task) == ('hold the bottle', 'wrap-grasp')
    assert now.part == 'body'
    assert reword(now, text='', task='hold').part == ''


def test_without_anything_new_nothing_changes(bottle):
    assert reword(bottle, text='', task='') is bottle


@pytest.mark.parametrize(
    ('words', 'code'),
    [
        ({'text': 'word ' * 300, 'task': ''}, Code.TEXT_TOO_LONG),
        ({'text': '', 'task': 'juggle'}, Code.UNKNOWN_TASK),
    ],
)
def test_words_that_cannot_be_followed_are_refused(bottle, words, code):
    with pytest.raises(StageError) as error:
        reword(bottle, **words)
    assert error.value.outcome.code is code


def test_a_task_alone_does_not_say_what_to_hold(bottle):
    with pytest.raises(StageError) as error:
        reword(replace(bottle, command=None), text='', task='hold')
    assert error.value.outcome.code is Code.EMPTY_TEXT
