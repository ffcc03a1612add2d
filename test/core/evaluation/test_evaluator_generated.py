"""What a generator is shown, and its answers in the object's frame."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg
from maskdexgrasp_core.evaluation.generated_grasps import (
    Condition,
    GenerationCfg,
    ObjectRequest,
    evaluate_request,
    observe,
)
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.outcome import StageError

CFG = EvaluationCfg(protocols=(load_protocol('tdg-quick'),), squeeze='stored')


def can_on_the_table():
    can = trimesh.creation.cylinder(radius=0.03, height=0.1)
    return can.apply_translation([*CELL.table_center, CELL.table_height + 0.05])


def test_the_whole_view_is_the_true_shape():
    can = can_on_the_table()
    shown = observe(can, 'hold the can', 'whole', np.random.default_rng(0))
    assert shown.shape is can
    assert len(shown.cloud.points) == 2000
    assert shown.label == 'can'


def test_a_single_view_sees_the_near_side_with_noise_and_completes_the_rest():
    can = can_on_the_table()
    shown = observe(can, 'hold the can', 'single', np.random.default_rng(0))
    axis = np.array(CELL.table_center)
    radial = shown.cloud.points[:, :2] - axis
    towards = shown.cloud.camera_position[:2] - axis
    assert (radial @ towards > 0).mean() > 0.8
    error = np.abs(np.linalg.norm(radial, axis=1) - 0.03)
    assert 1e-5 < np.median(error) < 0.004
    assert shown.shape.volume == pytest.approx(can.volume, rel=0.5)


def test_the_completion_of_a_single_view_can_be_chosen():
    shapes = [
        observe(
            can_on_the_table(), 'hold it', 'single', np.random.default_rng(0), completion=name
        ).shape
        for name in ('union', 'visible')
    ]
    assert shapes[1].volume < 0.8 * shapes[0].volume
    with pytest.raises(UnknownNameError, match='union'):
        observe(can_on_the_table(), 'hold it', 'single', np.random.default_rng(0), completion='?')


def test_the_same_seed_shows_the_same_picture_and_another_one_does_not():
    seen = [
        observe(can_on_the_table(), 'hold it', 'single', np.random.default_rng(seed)).cloud.points
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert seen[0].shape != seen[2].shape or not np.array_equal(seen[0], seen[2])


def test_an_object_that_is_hardly_seen_is_a_failure_with_a_code():
    dust = trimesh.creation.box([0.004, 0.004, 0.0045])
    dust.apply_translation([*CELL.table_center, CELL.table_height + 0.00225])
    with pytest.raises(StageError, match='points of the object'):
        observe(dust, 'hold it', 'single', np.random.default_rng(0))


def test_proposals_come_back_in_the_objects_frame_best_first():
    conditions = (
        Condition(key='can_0-hold', task='hold', part='body', text='Hold the can.'),
    )  # fmt: skip
    request = ObjectRequest(
        object_id='can_0', category='can', model=make_object('can', 0), conditions=conditions
    )
    answers = evaluate_request(request, GenerationCfg(num_grasps=2, seed=1), CFG)
    assert answers.conditions[0].failure == ''
    assert answers.conditions[0].num_grasps == len(answers.outcomes) == 2
    assert [outcome.grasp.rank for outcome in answers.outcomes] == [0, 1]
    for outcome in answers.outcomes:
        assert np.linalg.norm(outcome.grasp.T_object_wrist[:3, 3]) < 0.25
        assert len(outcome.holds[0].held) == 6
        assert outcome.q1 > 0.0


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InvalidInputError, match='whole or single'):
        GenerationCfg(view='double')
    with pytest.raises(InvalidInputError, match='grasps >= 1'):
        GenerationCfg(num_grasps=0)
    request = ObjectRequest(
        object_id='can_0', category='can', model=make_object('can', 0),
        conditions=(Condition(key='a', task='hold', part='', text='hold it'),),
    )  # fmt: skip
    with pytest.raises(UnknownNameError, match='synthesis'):
        evaluate_request(request, GenerationCfg(generator='oracle'), CFG)
