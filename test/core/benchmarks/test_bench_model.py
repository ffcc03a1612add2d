"""What is measured of the model: tokens, times, variety."""

import time

import numpy as np
import pytest
from bench_model import (
    Conditions,
    milliseconds,
    print_tokenizer,
    print_variety,
    shown_conditions,
    spread,
    times_of,
    tokenizer_on_split,
    variety_of,
)
from held_out import Posed, learned_generator

from maskdexgrasp_core.dataset.reader import open_dataset
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.grasp_model import GraspModel

AS_DECODED = {'finishing.num_steps': 0, 'finishing.ranking.enabled': False}


@pytest.fixture(scope='module')
def model(tiny_weights):
    return GraspModel.load(tiny_weights)


@pytest.fixture
def seen(orbits):
    return shown_conditions(Conditions(data=orbits, number=1, seed=0))


def test_a_tokenizer_is_measured_on_every_grasp_of_the_split(orbits, tiny_weights, capsys):
    file = tiny_weights / 'tokenizer.safetensors'
    found = tokenizer_on_split(file, orbits, 'test-instances')
    number = len(open_dataset(orbits).select(split='test-instances').grasps)
    for kind in ('whole', 'single'):
        assert found[kind]['grasps'] >= number
        errors = [found[kind][f'point_error_mm/{part}'] for part in PARTS]
        assert found[kind]['point_error_mm'] == pytest.approx(np.mean(errors))
        assert 0.0 < found[kind]['least_usage'] <= 1.0
        assert found[kind]['least_perplexity'] >= 1.0
    print_tokenizer(found)
    assert 'usage/0_palm' in capsys.readouterr().out


def test_waiting_takes_wall_time_and_no_cpu_time():
    runs = []

    def wait(number):
        runs.append(number)
        time.sleep(0.02)

    found = milliseconds(wait, 3)
    assert runs == [0, 1, 2, 3]
    assert found['wall_ms']['p95'] >= found['wall_ms']['median'] >= 20.0
    assert found['cpu_ms']['median'] < 10.0


def test_the_spread_of_a_condition_is_that_of_its_own_hands():
    apart = np.tile(np.eye(4), (2, 1, 1))
    apart[1, 0, 3] = 0.02
    far = apart.copy()
    far[:, 0, 3] += 5.0
    joints = np.zeros((2, 22))
    found = spread([Posed(apart, joints), Posed(far, joints)])
    assert found['translation_cm'] == pytest.approx(np.sqrt(2.0 / 3.0))
    assert found['rotation_deg'] == pytest.approx(0.0, abs=1e-6)
    assert (found['hands'], found['conditions']) == (4, 2)
    assert spread([]) == {'hands': 0}


def test_without_refinement_and_ranking_the_finished_are_the_raw(model, seen, capsys):
    found = variety_of(model, seen, [0.0, 1.0], AS_DECODED)
    for row in found.values():
        assert row['finished']['hands'] == row['raw']['hands'] == 32
        assert row['finished']['joints_deg'] == pytest.approx(row['raw']['joints_deg'], rel=1e-3)
    assert found['0']['different_tokens'] == 1.0, 'the likeliest code is always the same'
    assert found['1']['different_tokens'] > 16
    print_variety(found)
    assert '| 1 | finished | 32 |' in capsys.readouterr().out


def test_every_step_of_a_generator_is_timed(model, seen):
    generator = learned_generator(model, AS_DECODED)
    found = times_of(generator, model, seen, 1)
    rows = {name: row for name, row in found.items() if name != 'unanswered'}
    assert len(rows) == 5
    assert all(row['wall_ms']['median'] > 0.0 for row in rows.values())
    assert found['unanswered'] == 0


def test_a_setting_that_does_not_exist_is_refused(model):
    with pytest.raises(UnknownNameError, match='guidance_scale'):
        learned_generator(model, {'sampling.guidance': 1})
