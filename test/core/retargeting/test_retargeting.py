import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.retargeting.checked import CheckCfg, CheckedRetargeter, neighbours
from maskdexgrasp_core.retargeting.correspondence import root_alignment, root_joint_motors
from maskdexgrasp_core.retargeting.hand_retargeter import load_retargeter
from maskdexgrasp_core.sim.rehearsal import GraspRehearsal, TrialCfg
from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator
from maskdexgrasp_core.types import GraspSet, ObjectObservation, ObservedCloud

TABLE = -0.1


@pytest.fixture(scope='module')
def observation() -> ObjectObservation:
    shape = trimesh.creation.cylinder(radius=0.033, height=0.16, sections=40)
    shape.apply_translation([0.5, 0.0, TABLE + 0.08])
    points, _ = trimesh.sample.sample_surface(shape, 500, seed=0)
    return ObjectObservation(
        cloud=ObservedCloud(points=points, colors=None, camera_position=np.array([1.0, 0, 0.4])),
        shape=shape,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=TABLE,
    )


@pytest.fixture(scope='module')
def grasps(observation) -> GraspSet:
    return SynthesisGenerator().generate(observation, num_grasps=12, seed=0)


@pytest.fixture(scope='module')
def fitted(observation, grasps):
    return load_retargeter('fitted').retarget(grasps, observation)


def test_open_hands_look_alike_after_alignment():
    source, target = HandKinematics(SHADOW), HandKinematics(FREEDOM)
    T_source_target = root_alignment(source, target)
    np.testing.assert_allclose(
        T_source_target[:3, :3] @ T_source_target[:3, :3].T, np.eye(3), atol=1e-9
    )
    palm = T_source_target[:3, :3] @ np.asarray(FREEDOM.palm_normal)
    assert palm @ np.asarray(SHADOW.palm_normal) > 0.8


def test_root_rule_maps_limits_to_limits():
    source, target = HandKinematics(SHADOW), HandKinematics(FREEDOM)
    both = np.stack([np.maximum(SHADOW.lower, 0.0), SHADOW.upper])
    motors = root_joint_motors(source, target, both)
    np.testing.assert_allclose(motors, np.stack([FREEDOM.lower, FREEDOM.upper]), atol=1e-9)


def test_fitted_grasps_respect_limits_and_clear_the_table(fitted):
    made, _ = fitted
    assert len(made) >= 4
    kinematics = HandKinematics(FREEDOM)
    for grasp in made:
        for positions in (
            grasp.pregrasp_positions,
            grasp.grasp_positions,
            grasp.squeeze_positions,
        ):
            assert np.all(positions >= FREEDOM.lower - 1e-6)
            assert np.all(positions <= FREEDOM.upper + 1e-6)
        pose = torch.tensor(grasp.T_base_grasp, dtype=torch.float32)[None]
        motors = torch.tensor(grasp.grasp_positions, dtype=torch.float32)[None]
        points = kinematics.forward(pose[:, :3, 3], pose[:, :3, :3], motors)
        lowest = (points.sphere_centers[0, :, 2] - kinematics.sphere_radii).min()
        assert lowest >= TABLE - 1e-4


def test_the_fit_comes_closer_to_the_fingertips_than_the_rule(observation, grasps, fitted):
    rule, _ = load_retargeter('root_joint').retarget(grasps, observation)
    made, _ = fitted
    assert np.mean([g.residual_m for g in made]) < 0.035
    assert len(made) > len(rule)


def test_fitted_grasps_hold_in_a_rehearsal_and_slip_without_friction(observation, fitted):
    def share_held(cfg: TrialCfg) -> float:
        rehearsal = GraspRehearsal(observation, cfg)
        return float(np.mean([rehearsal.attempt(grasp).held for grasp in fitted[0][:8]]))

    assert share_held(TrialCfg()) >= 0.5
    assert share_held(TrialCfg(friction=0.02)) <= 0.25


def test_neighbours_reach_deeper_and_keep_the_orientation(fitted):
    grasp = fitted[0][0]
    moved = neighbours(grasp)
    inward = grasp.T_base_grasp[:3, :3] @ np.asarray(FREEDOM.palm_normal)
    step = moved[0].T_base_grasp[:3, 3] - grasp.T_base_grasp[:3, 3]
    np.testing.assert_allclose(step, 0.008 * inward, atol=1e-9)
    for other in moved:
        np.testing.assert_array_equal(other.T_base_grasp[:3, :3], grasp.T_base_grasp[:3, :3])


def test_checked_grasps_are_those_that_the_arm_can_do_and_that_held(observation, grasps):
    def only_from_the_left(_):
        return lambda grasp: '' if grasp.T_base_grasp[1, 3] > 0.0 else 'not from the left'

    checked = CheckedRetargeter(
        load_retargeter('fitted'),
        rehearse=GraspRehearsal,
        objections=only_from_the_left,
        cfg=CheckCfg(num_wanted=2, time_budget_s=60.0),
    )
    made, dropped = checked.retarget(grasps, observation)
    assert dropped['not from the left'] > 0
    assert all(grasp.T_base_grasp[1, 3] > 0.0 for grasp in made)
    assert all(0.0 <= grasp.scores['robustness'] <= 1.0 for grasp in made)
    scores = [grasp.score for grasp in made]
    assert scores == sorted(scores, reverse=True)


def test_a_sure_grasp_is_enough_when_asked(observation, grasps):
    def checked(stop_when_sure: bool):
        cfg = CheckCfg(num_wanted=4, time_budget_s=60.0, stop_when_sure=stop_when_sure)
        retargeter = CheckedRetargeter(load_retargeter('fitted'), rehearse=GraspRehearsal, cfg=cfg)
        return retargeter.retarget(grasps, observation)[0]

    def is_sure(grasp) -> bool:
        return grasp.scores['robustness'] == 1.0 and grasp.scores['slip_m'] <= 0.004

    early, patient = checked(True), checked(False)
    assert sum(map(is_sure, patient)) > 1
    assert sum(map(is_sure, early)) == 1
    assert len(early) <= len(patient)


def test_no_grasps_give_no_hand_grasps(observation):
    assert load_retargeter('fitted').retarget(GraspSet(grasps=()), observation) == ((), {})


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match='fitted, root_joint'):
        load_retargeter('best')
