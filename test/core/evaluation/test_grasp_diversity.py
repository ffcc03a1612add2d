"""Spread of grasps within a condition, for sets whose spread is known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.diversity import within_condition_diversity


def poses(translations=None, turns_deg=None):
    """Return poses (N, 4, 4) with translations (N, 3) [m] and turns about z (N,) [deg]."""
    count = len(translations if translations is not None else turns_deg)
    made = np.tile(np.eye(4), (count, 1, 1))
    if translations is not None:
        made[:, :3, 3] = translations
    if turns_deg is not None:
        made[:, :3, :3] = Rotation.from_rotvec(
            np.outer(turns_deg, [0.0, 0.0, 1.0]), degrees=True
        ).as_matrix()
    return made


def test_two_grasps_two_centimetres_and_twenty_degrees_apart():
    wrists = poses([[0.01, 0, 0], [-0.01, 0, 0]], [10.0, -10.0])
    joints = np.radians([[5.0, 0.0], [-5.0, 0.0]])
    found = within_condition_diversity(['a', 'a'], wrists, joints)
    assert found.translation_cm == pytest.approx(np.sqrt(2 / 3))
    assert found.rotation_deg == pytest.approx(np.sqrt(200 / 3))
    assert found.joints_deg == pytest.approx(np.sqrt(50) / 2)
    assert found.num_conditions == 1


def test_turns_on_both_sides_of_180_degrees_are_near_each_other():
    found = within_condition_diversity([1, 1], poses(turns_deg=[179.0, -179.0]), np.zeros((2, 1)))
    assert found.rotation_deg == pytest.approx(np.sqrt(2 / 3))


def test_conditions_count_once_each_and_single_grasps_not_at_all():
    wrists = poses([[0.0, 0, 0]] * 4 + [[0.01, 0, 0], [-0.01, 0, 0]] + [[9.0, 9, 9]])
    found = within_condition_diversity('aaaabbc', wrists, np.zeros((7, 3)))
    assert found.num_conditions == 2
    assert found.translation_cm == pytest.approx(np.sqrt(2 / 3) / 2)


def test_spread_depends_neither_on_the_frame_nor_on_the_order():
    rng = np.random.default_rng(0)
    wrists = poses(rng.normal(size=(12, 3)))
    wrists[:, :3, :3] = Rotation.random(12, rng=rng).as_matrix()
    joints = rng.uniform(size=(12, 5))
    conditions = rng.integers(3, size=12).tolist()
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = Rotation.random(rng=rng).as_matrix(), [1.0, 2.0, 3.0]
    order = rng.permutation(12)
    here = within_condition_diversity(conditions, wrists, joints)
    there = within_condition_diversity(
        [conditions[i] for i in order], motion @ wrists[order], joints[order]
    )
    for name in ('translation_cm', 'rotation_deg', 'joints_deg'):
        assert getattr(there, name) == pytest.approx(getattr(here, name))


def test_without_two_grasps_of_a_condition_nothing_is_claimed():
    found = within_condition_diversity(['a', 'b'], poses(turns_deg=[0.0, 9.0]), np.zeros((2, 2)))
    assert found.num_conditions == 0
    assert np.isnan([found.translation_cm, found.rotation_deg, found.joints_deg]).all()


def test_wrong_input_is_refused():
    wrists, joints = poses(turns_deg=[0.0, 1.0]), np.zeros((2, 3))
    for conditions, poses_, joints_ in (
        (['a'], wrists, joints),
        (['a', 'a'], wrists[:, :3], joints),
        (['a', 'a'], wrists, joints[:1]),
        (['a', 'a'], wrists * np.nan, joints),
    ):
        with pytest.raises(InvalidInputError):
            within_condition_diversity(conditions, poses_, joints_)
