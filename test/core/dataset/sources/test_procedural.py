"""The procedural source: real synthesis and real physics on a few units."""

import pickle

import numpy as np
import pytest

from maskdexgrasp_core.dataset.sources.held_grasp import approach_of
from maskdexgrasp_core.dataset.sources.procedural import ProceduralSource
from maskdexgrasp_core.dataset.sources.procedural.recipes import RECIPES
from maskdexgrasp_core.dataset.sources.procedural.source import EffortCfg
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, GraspSource, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose, HoldChecker
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.catalog import CATEGORIES
from maskdexgrasp_core.tasks import TASKS

SOURCE = ProceduralSource(
    num_objects=len(CATEGORIES),
    num_grasps=6 * 5 * len(CATEGORIES),
    effort=EffortCfg(max_batches=2, max_growths=1),
)


def unit_of(key: str) -> WorkUnit:
    return next(unit for unit in SOURCE.units() if unit.key == key)


@pytest.fixture(scope='module')
def jar() -> BuiltUnit:
    return SOURCE.build(unit_of('jar_100-twist'), seed=3)


def test_it_is_a_source_whose_units_cover_every_task_and_category() -> None:
    assert isinstance(SOURCE, GraspSource)
    units = SOURCE.units()
    assert {unit.task for unit in units} == set(TASKS) == set(RECIPES)
    assert {unit.category for unit in units} == set(CATEGORIES)
    assert len({unit.key for unit in units}) == len(units)


def test_grasps_of_a_lid_hold_and_touch_the_lid(jar: BuiltUnit) -> None:
    assert len(jar.grasps) >= 3
    for grasp in jar.grasps:
        assert grasp.checks is not None
        assert all(grasp.checks.held)
        assert grasp.part == 'lid'
        assert grasp.checks.part_share >= 0.7
        assert grasp.checks.penetration_m <= 0.004
        skin = (
            load_hand_solid().place(grasp.T_object_wrist[None], grasp.joint_positions[None]).skin
        )
        lowest = skin[0, :, 2].min()
        assert lowest - 0.006 < grasp.checks.table_gap_m < lowest + 1e-6
        assert 'lid' in grasp.texts[0]
        assert np.all(grasp.joint_positions >= SHADOW.lower - 0.1)
        assert np.all(grasp.joint_positions <= SHADOW.upper + 0.1)


def test_the_full_protocol_confirms_most_of_them(jar: BuiltUnit) -> None:
    assert jar.object_record is not None
    checker = HoldChecker(jar.object_record.model, load_protocol('tdg'))
    results = [
        checker.check(HandGraspPose(g.T_object_wrist, g.joint_positions, g.squeeze_positions))
        for g in jar.grasps
    ]
    assert np.mean([result.success for result in results]) >= 0.8


def test_the_same_unit_and_seed_give_the_same_records(jar: BuiltUnit) -> None:
    source = pickle.loads(pickle.dumps(SOURCE))
    again = source.build(unit_of('jar_100-twist'), seed=3)
    assert [g.grasp_id for g in again.grasps] == [g.grasp_id for g in jar.grasps]
    for first, second in zip(jar.grasps, again.grasps, strict=True):
        np.testing.assert_array_equal(first.joint_positions, second.joint_positions)
        np.testing.assert_array_equal(first.T_object_wrist, second.T_object_wrist)
        assert first.texts == second.texts


def test_other_seeds_give_other_objects() -> None:
    ours = {unit.object_id for unit in SOURCE.units()}
    others = ProceduralSource(num_objects=len(CATEGORIES), seed=1).units()
    assert not ours & {unit.object_id for unit in others}


def test_categories_take_turns_so_that_none_is_left_out_at_the_end() -> None:
    categories = [unit.category for unit in ProceduralSource().units()]
    assert set(categories[: len(categories) // 2]) == set(CATEGORIES)


def test_why_candidates_gave_no_record_is_counted(jar: BuiltUnit) -> None:
    assert sum(jar.dropped.values()) > 0


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        ProceduralSource(num_objects=-1)


def test_a_hand_whose_fingers_point_down_comes_from_the_top() -> None:
    pose = np.eye(4)
    pose[:3, :3] = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]])
    assert approach_of(pose) == 'top'
    assert approach_of(np.diag([1.0, 1.0, 1.0, 1.0])) == 'below'
