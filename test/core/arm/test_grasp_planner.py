from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.arm.collision import TRANSIT, CollisionScene
from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.arm.planning import PathPlanner, PathPlannerCfg
from maskdexgrasp_core.arm.trajectory import sample_path
from maskdexgrasp_core.arm.xarm7 import HOME, XARM7
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import HandGrasp

OPEN = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])
LEFT = np.array([-1.0, 0.4, 0.0, 1.2, 0.0, 0.8, 0.0])
RIGHT = np.array([1.0, 0.5, 0.0, 1.3, 0.0, 0.8, 0.0])
WALL = np.random.default_rng(0).uniform([0.25, -0.05, -0.1], [0.6, 0.05, 0.25], (400, 3))


@pytest.fixture(scope='module')
def planner() -> GraspPlanner:
    return GraspPlanner()


@pytest.fixture
def grasp(planner: GraspPlanner) -> HandGrasp:
    """From above and behind, tilted as at home; the fingers end beside the box."""
    T = planner.hand_pose(HOME)
    T[:3, 3] = [0.31, 0.0, 0.12]
    approach = T.copy()
    approach[:3, 3] += [-0.05, 0.0, 0.1]
    return HandGrasp(
        T_base_approach=approach,
        T_base_pregrasp=T,
        T_base_grasp=T,
        motor_names=CollisionScene(resource_path(XARM7.urdf), None).motor_names,
        pregrasp_positions=np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0]),
        grasp_positions=np.array([1.1, 0.3, 0.8, 0.8, 0.8, 0.8]),
        squeeze_positions=np.array([1.1, 0.5, 1.2, 1.2, 1.2, 1.2]),
        force_limits=np.ones(6),
        residual_m=0.0,
        score=1.0,
    )


def path_planner(observation) -> PathPlanner:
    scene = CollisionScene(resource_path(XARM7.urdf), observation)
    return PathPlanner(scene, scene.model.jnt_range[:7].T.copy(), PathPlannerCfg(rrt_time_s=20.0))


def test_a_wall_is_gone_round_and_the_same_seed_gives_the_same_way(observe_box):
    around = path_planner(observe_box(obstacles=(WALL,)))
    assert around.straight_curve(LEFT, RIGHT, OPEN, TRANSIT) is None
    curve = around.joint_curve(LEFT, RIGHT, OPEN, TRANSIT, 3)
    path = sample_path(curve, 40)
    np.testing.assert_allclose(path[[0, -1]], [LEFT, RIGHT], atol=1e-9)
    assert around.scene.check_path(path, OPEN, TRANSIT) is None
    again = around.joint_curve(LEFT, RIGHT, OPEN, TRANSIT, 3)
    np.testing.assert_array_equal(curve.c, again.c)


def test_a_goal_inside_an_obstacle_is_in_collision(observe_box):
    around = path_planner(observe_box(obstacles=(WALL,)))
    middle = (LEFT + RIGHT) / 2.0
    with pytest.raises(StageError) as caught:
        around.joint_curve(LEFT, middle, OPEN, TRANSIT, 1)
    assert caught.value.outcome.code is Code.IN_COLLISION
    assert 'obstacle_0' in caught.value.outcome.reason


def test_a_line_of_the_hand_is_straight_and_without_jumps(observe_box):
    around = path_planner(observe_box())
    goal = around.scene.hand_pose(HOME)
    goal[:3, 3] += [0.05, 0.1, -0.1]
    path = around.line(HOME, goal)
    positions = np.stack([around.scene.hand_pose(q)[:3, 3] for q in path])
    direction = (positions[-1] - positions[0]) / np.linalg.norm(positions[-1] - positions[0])
    aside = (positions - positions[0]) - ((positions - positions[0]) @ direction)[
        :, None
    ] * direction
    assert np.abs(aside).max() < 1e-3
    np.testing.assert_allclose(positions[-1], goal[:3, 3], atol=1e-3)
    assert np.abs(np.diff(path, axis=0)).max() < 0.15


def test_a_line_out_of_the_workspace_is_unreachable(observe_box):
    around = path_planner(observe_box())
    goal = around.scene.hand_pose(HOME)
    goal[0, 3] += 1.0
    with pytest.raises(StageError) as caught:
        around.line(HOME, goal)
    assert caught.value.outcome.code is Code.UNREACHABLE


def test_trajectories_join_and_end_in_the_poses_of_the_grasp(planner, grasp, observe_box):
    plan = planner.plan(observe_box(), [grasp], HOME)
    assert plan.advance is None
    np.testing.assert_allclose(plan.to_approach.positions[0], HOME, atol=1e-9)
    np.testing.assert_allclose(plan.to_approach.positions[-1], plan.approach.positions[0])
    np.testing.assert_allclose(plan.approach.positions[-1], plan.lift.positions[0])
    assert plan.lift.joint_names == tuple(f'joint{i}' for i in range(1, 8))
    ends = {
        'to_approach': grasp.T_base_approach,
        'approach': grasp.T_base_pregrasp,
        'lift': grasp.T_base_grasp + np.array([[0] * 4, [0] * 4, [0, 0, 0, 0.15], [0] * 4]),
    }
    for name, pose in ends.items():
        reached = planner.hand_pose(getattr(plan, name).positions[-1])
        np.testing.assert_allclose(reached, pose, atol=3e-3, err_msg=name)


def test_a_separate_pregrasp_pose_gives_an_advance(planner, grasp, observe_box):
    pregrasp = grasp.T_base_grasp.copy()
    pregrasp[2, 3] += 0.03
    plan = planner.plan(observe_box(), [replace(grasp, T_base_pregrasp=pregrasp)], HOME)
    assert plan.advance is not None
    np.testing.assert_allclose(plan.advance.positions[0], plan.approach.positions[-1], atol=1e-6)
    np.testing.assert_allclose(plan.advance.positions[-1], plan.lift.positions[0], atol=1e-6)


def test_the_first_executable_grasp_is_chosen_and_the_others_are_counted(
    planner, grasp, observe_box
):
    far = grasp.T_base_grasp.copy()
    far[0, 3] = 1.5
    low = grasp.T_base_grasp.copy()
    low[2, 3] = 0.0
    bad = [replace(grasp, T_base_grasp=far), replace(grasp, T_base_grasp=low)]
    plan = planner.plan(observe_box(), [*bad, grasp], HOME)
    assert plan.index == 2
    assert plan.rejected == {'UNREACHABLE': 1, 'IN_COLLISION': 1}
    for single, code in zip(bad, (Code.UNREACHABLE, Code.IN_COLLISION), strict=True):
        with pytest.raises(StageError) as caught:
            planner.plan(observe_box(), [single], HOME)
        assert caught.value.outcome.code is code
        assert '1 ' + code.name in caught.value.outcome.reason


def test_a_spent_time_limit_is_reported(planner, grasp, observe_box):
    with pytest.raises(StageError, match='time limit'):
        planner.plan(observe_box(), [grasp], HOME, time_limit_s=0.0)


def test_objections_tell_what_the_arm_can_do(planner, grasp, observe_box):
    far = grasp.T_base_grasp.copy()
    far[0, 3] = 1.5
    objection = planner.objections(observe_box())
    assert objection(grasp) == ''
    assert objection(replace(grasp, T_base_grasp=far)) == 'out of reach'


def test_objections_foresee_what_planning_finds_near_the_table(planner, grasp, observe_box):
    """The straight way in may brush the table, but the way to its beginning must not."""
    objection = planner.objections(observe_box())
    reasons = []
    for height in (0.10, 0.072, 0.070, 0.068, 0.066, 0.060, 0.048):
        low = grasp.T_base_grasp.copy()
        low[:3, 3] = [0.40, 0.22, height]
        near = low.copy()
        near[2, 3] += 0.003
        lowered = replace(grasp, T_base_grasp=low, T_base_pregrasp=low, T_base_approach=near)
        try:
            planner.plan(observe_box(), [lowered], HOME)
            reasons.append('')
        except StageError as error:
            reasons.append(error.outcome.reason)
        assert bool(objection(lowered)) == bool(reasons[-1]), (height, reasons[-1])
    assert '' in reasons
    assert any('at the goal of the motion' in reason for reason in reasons)


def test_objections_keep_the_scene_that_they_were_made_for(planner, grasp, observe_box):
    hidden = np.random.default_rng(1).uniform([0.2, -0.1, 0.0], [0.4, 0.1, 0.3], (200, 3))
    free = planner.objections(observe_box())
    blocked = planner.objections(observe_box(obstacles=(hidden,)))
    assert blocked(grasp) == 'arm in collision at the grasp'
    assert free(grasp) == ''


def test_the_way_home_is_found_from_the_lifted_pose(planner, grasp, observe_box):
    plan = planner.plan(observe_box(), [grasp], HOME)
    motions = planner.plan_home(plan.lift.positions[-1], OPEN)
    np.testing.assert_allclose(motions[0].positions[0], plan.lift.positions[-1], atol=1e-9)
    np.testing.assert_allclose(motions[-1].positions[-1], HOME, atol=1e-9)
