"""Grasps that are tried in physics before one of them is chosen."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.rehearsed_generator import SCORE_NAME, RehearsedGenerator
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.synthesis_generator import (
    SynthesisGenerator,
    SynthesisGeneratorCfg,
)
from maskdexgrasp_core.types import GraspSet, ObjectObservation, ObservedCloud

TABLE = -0.1


@pytest.fixture(scope='module')
def can() -> ObjectObservation:
    shape = trimesh.creation.cylinder(radius=0.03, height=0.15)
    shape.apply_translation([0.5, 0.05, TABLE + 0.075])
    points = np.asarray(trimesh.sample.sample_surface(shape, 2000, seed=0)[0])
    return ObjectObservation(
        cloud=ObservedCloud(points=points, colors=None, camera_position=np.zeros(3)),
        shape=shape,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=TABLE,
    )


@pytest.fixture(scope='module')
def made(can) -> GraspSet:
    generator = SynthesisGenerator(SynthesisGeneratorCfg(batch_size=32, max_batches=1))
    return generator.generate(can, num_grasps=4, seed=3)


class Misranked:
    """Puts a hand that is far from the object before the grasps of another generator."""

    name = 'misranked'

    def __init__(self, made: GraspSet) -> None:
        away = made.grasps[0].T_base_wrist.copy()
        away[:3, 3] += [0.0, 0.0, 0.3]
        self._grasps = (replace(made.grasps[0], T_base_wrist=away), *made.grasps)
        self.asked = 0

    def generate(self, observation, *, num_grasps, seed, time_budget_s=None) -> GraspSet:
        self.asked = num_grasps
        return GraspSet(grasps=self._grasps[:num_grasps], dropped={'too deep': 3})


def test_what_holds_comes_first_and_what_touches_nothing_last(can, made):
    inner = Misranked(made)
    generator = RehearsedGenerator(inner, 5)
    assert isinstance(generator, GraspGenerator)
    found = generator.generate(can, num_grasps=5, seed=0)
    shares = [grasp.scores[SCORE_NAME] for grasp in found.grasps]
    assert shares[0] == max(shares) > 0.5
    assert shares[-1] == 0.0
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert np.array_equal(found.grasps[-1].T_base_wrist, inner._grasps[0].T_base_wrist)
    assert 'force_closure' in found.grasps[0].scores
    assert found.dropped == {'too deep': 3}


def test_of_two_that_hold_the_one_that_copes_with_position_errors_comes_first(can, made):
    """A hand that closes on the rim of the can holds it, but not some millimetres higher."""
    middle = max(made.grasps, key=lambda grasp: grasp.scores['balance'])
    tried = []
    for height in np.arange(0.0, 0.08, 0.005):
        T_base_wrist = middle.T_base_wrist.copy()
        T_base_wrist[2, 3] += height
        tried.append(replace(middle, T_base_wrist=T_base_wrist, score=height))

    class Tied(Misranked):
        def __init__(self) -> None:
            self._grasps = tuple(tried)

    found = RehearsedGenerator(Tied(), len(tried)).generate(can, num_grasps=len(tried), seed=0)
    shares = {grasp.score: grasp.scores[SCORE_NAME] for grasp in found.grasps}
    assert shares[0.0] == 1.0
    assert any(0.0 < share < 1.0 for share in shares.values())
    assert found.grasps[0].scores[SCORE_NAME] == 1.0


def test_more_are_tried_than_are_asked_for_and_the_rest_is_counted(can, made):
    inner = Misranked(made)
    found = RehearsedGenerator(inner, 3).generate(can, num_grasps=1, seed=0)
    assert inner.asked == 3
    assert len(found.grasps) == 1
    assert found.grasps[0].scores[SCORE_NAME] > 0.5
    assert found.dropped == {'too deep': 3, 'more than asked for': 2}


def test_grasps_that_are_not_tried_stay_behind_in_their_order(can, made):
    inner = Misranked(made)
    found = RehearsedGenerator(inner, 2).generate(can, num_grasps=5, seed=0)
    assert [SCORE_NAME in grasp.scores for grasp in found.grasps] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert found.grasps[2:] == inner._grasps[2:]


def test_a_grasp_without_servo_targets_is_refused(can, made):
    class Aimless(Misranked):
        def __init__(self) -> None:
            self._grasps = (replace(made.grasps[0], squeeze_positions=None),)

    with pytest.raises(InvalidInputError, match='servo targets'):
        RehearsedGenerator(Aimless(), 1).generate(can, num_grasps=1, seed=0)


def test_without_time_nothing_is_tried(can, made):
    found = RehearsedGenerator(Misranked(made), 5).generate(
        can, num_grasps=2, seed=0, time_budget_s=0.0
    )
    assert [SCORE_NAME in grasp.scores for grasp in found.grasps] == [False, False]
    assert found.dropped == {'too deep': 3, 'more than asked for': 3}


def test_at_least_one_grasp_is_tried(made):
    with pytest.raises(InvalidInputError, match='num_rehearsed'):
        RehearsedGenerator(Misranked(made), 0)
