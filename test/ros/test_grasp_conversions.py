import dataclasses

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.types import (
    Command,
    Grasp,
    GraspSet,
    HandGrasp,
    ObjectObservation,
    ObservedCloud,
)
from maskdexgrasp_ros import conversions, grasp_conversions
from maskdexgrasp_ros.interfaces import Pose, SegmentedObject, TimeMsg

pytestmark = pytest.mark.ros
STAMP = TimeMsg(sec=5, nanosec=250_000_000)


def pose(seed):
    rng = np.random.default_rng(seed)
    T = np.eye(4)
    T[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    T[:3, 3] = rng.normal(size=3)
    return T


def observation():
    rng = np.random.default_rng(2)
    return ObjectObservation(
        cloud=ObservedCloud(
            points=rng.normal(size=(20, 3)).astype(np.float32).astype(float),
            colors=rng.integers(0, 256, (20, 3), dtype=np.uint8),
            camera_position=np.array([0.9, -0.2, 0.4]),
        ),
        shape=trimesh.creation.box((0.1, 0.2, 0.3)),
        label='mug',
        part='handle',
        part_points=rng.normal(size=(4, 3)).astype(np.float32).astype(float),
        table_height=-0.1,
        obstacles=(np.ones((2, 3)), np.zeros((3, 3))),
        command=Command(command_id='a1', text='pick up the mug', seed=2**40, plan_only=True),
    )


def grasp(seed=0):
    return Grasp(
        T_base_wrist=pose(seed),
        joint_names=('a', 'b', 'c'),
        joint_positions=np.array([0.1, 0.2, -0.3]),
        squeeze_positions=np.array([0.2, 0.4, -0.3]),
        contact_points=np.arange(6.0).reshape(2, 3),
        contact_forces=np.ones((2, 3)),
        score=0.75,
        scores={'closure': 0.5, 'penetration': 0.25},
        tokens=(3, 1, 4, 1, 5, 9),
        generator='synthesis',
        seed=11,
    )


def hand_grasp(seed=0):
    motors = np.arange(6.0)
    return HandGrasp(
        T_base_approach=pose(seed), T_base_pregrasp=pose(seed + 1), T_base_grasp=pose(seed + 2),
        motor_names=tuple('uvwxyz'), pregrasp_positions=motors, grasp_positions=motors + 0.1,
        squeeze_positions=motors + 0.2, force_limits=motors + 0.3, residual_m=0.004, score=2.5,
        scores={'reach': 1.0}, source_index=3,
    )  # fmt: skip


def assert_same(first, second):
    """Compare dataclasses field by field, arrays to 1e-12."""
    assert type(first) is type(second)
    for field in dataclasses.fields(first):
        a, b = getattr(first, field.name), getattr(second, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_allclose(a, b, atol=1e-12, err_msg=field.name)
        elif isinstance(a, trimesh.Trimesh):
            np.testing.assert_array_equal(a.vertices, b.vertices)
            np.testing.assert_array_equal(a.faces, b.faces)
        elif dataclasses.is_dataclass(a):
            assert_same(a, b)
        elif isinstance(a, tuple) and a and isinstance(a[0], np.ndarray):
            assert len(a) == len(b)
            for one, other in zip(a, b, strict=True):
                np.testing.assert_array_equal(one, other)
        else:
            assert a == b, field.name


def test_observation_comes_back():
    message = grasp_conversions.observation_to_msg(observation(), STAMP)
    assert message.header.frame_id == frames.BASE
    assert message.header.stamp == STAMP
    back = grasp_conversions.observation_from_msg(message)
    assert_same(back, observation())
    assert back.shape.is_watertight


def test_observation_without_a_part_comes_back_empty():
    sent = dataclasses.replace(observation(), part='', part_points=np.zeros((0, 3)), obstacles=())
    back = grasp_conversions.observation_from_msg(
        grasp_conversions.observation_to_msg(sent, STAMP)
    )
    assert back.part_points.shape == (0, 3)
    assert back.obstacles == ()


def test_grasps_come_back_with_their_order_and_reasons():
    sent = GraspSet(grasps=(grasp(1), grasp(2)), dropped={'collides': 4, 'unreachable': 2})
    observed = grasp_conversions.observation_to_msg(observation(), STAMP)
    message = grasp_conversions.grasp_set_to_msg(sent, observed, STAMP)
    back = grasp_conversions.grasp_set_from_msg(message)
    assert back.dropped == sent.dropped
    for one, other in zip(back.grasps, sent.grasps, strict=True):
        assert_same(one, other)


def test_hand_grasps_come_back():
    message = grasp_conversions.hand_grasps_to_msg(
        (hand_grasp(3), hand_grasp(4)), {'residual': 5}, SegmentedObject(), STAMP
    )
    back, dropped = grasp_conversions.hand_grasps_from_msg(message)
    assert dropped == {'residual': 5}
    assert_same(back[0], hand_grasp(3))
    assert_same(back[1], hand_grasp(4))


def test_wrong_frame_is_an_outcome_of_the_stage_that_reads():
    message = grasp_conversions.observation_to_msg(observation(), STAMP)
    message.header.frame_id = 'camera_link'
    with pytest.raises(StageError) as caught:
        grasp_conversions.observation_from_msg(message)
    assert caught.value.outcome.code is Code.WRONG_FRAME
    assert caught.value.outcome.stage is Stage.GENERATE
    assert 'camera_link' in caught.value.outcome.reason


def test_an_observation_with_a_negative_seed_is_refused():
    message = grasp_conversions.observation_to_msg(observation(), STAMP)
    message.command.seed = -1
    with pytest.raises(StageError, match='-1') as caught:
        grasp_conversions.observation_from_msg(message)
    assert caught.value.outcome.code is Code.INVALID_COMMAND


def test_a_grasp_without_a_squeeze_comes_back_without():
    plain = dataclasses.replace(grasp(), squeeze_positions=None)
    back = grasp_conversions.grasp_from_msg(grasp_conversions.grasp_to_msg(plain, STAMP))
    assert back.squeeze_positions is None


def spoil_grasp(name, message):
    if name == 'too few joints':
        message.joint_positions = [0.1]
    elif name == 'NaN joint':
        message.joint_positions = [0.1, float('nan'), 0.0]
    elif name == 'too few squeezes':
        message.squeeze_positions = [0.1]
    elif name == 'forces missing':
        message.contact_forces = []
    elif name == 'score names':
        message.score_names = ['only one']
    else:
        message.wrist.orientation.w = 5.0


@pytest.mark.parametrize(
    'name',
    [
        'too few joints',
        'NaN joint',
        'too few squeezes',
        'forces missing',
        'score names',
        'quaternion',
    ],
)
def test_grasp_that_contradicts_itself_is_refused(name):
    message = grasp_conversions.grasp_to_msg(grasp(), STAMP)
    spoil_grasp(name, message)
    with pytest.raises(InvalidInputError):
        grasp_conversions.grasp_from_msg(message)


def test_negative_force_limit_is_refused():
    message = grasp_conversions.hand_grasp_to_msg(hand_grasp(), STAMP)
    message.force_limits[2] = -0.1
    with pytest.raises(InvalidInputError, match='negative'):
        grasp_conversions.hand_grasp_from_msg(message)


def test_quaternion_order_of_a_quarter_turn_about_z():
    T = np.eye(4)
    T[:2, :2] = [[0.0, -1.0], [1.0, 0.0]]
    orientation = conversions.pose_to_msg(T).orientation
    half = np.sqrt(0.5)
    assert orientation.z == pytest.approx(half)
    assert orientation.w == pytest.approx(half)
    np.testing.assert_allclose(conversions.pose_from_msg(conversions.pose_to_msg(T)), T)


def test_transform_comes_back():
    sent = pose(8)
    message = conversions.transform_to_msg(sent, 'link_base', 'hand_base_link', STAMP)
    assert (message.header.frame_id, message.child_frame_id) == ('link_base', 'hand_base_link')
    np.testing.assert_allclose(conversions.transform_from_msg(message), sent, atol=1e-12)


def test_default_pose_is_the_identity():
    np.testing.assert_array_equal(conversions.pose_from_msg(Pose()), np.eye(4))


@pytest.mark.parametrize('stamp_s', [0.0, 0.999999999, 1.5, 1_800_000_000.25])
def test_time_comes_back(stamp_s):
    assert conversions.time_from_msg(conversions.time_to_msg(stamp_s)) == pytest.approx(
        stamp_s, abs=1e-9
    )


def test_mesh_that_names_a_missing_vertex_is_refused():
    message = conversions.mesh_to_msg(trimesh.creation.box())
    message.vertices = message.vertices[:4]
    with pytest.raises(InvalidInputError, match='the mesh has 4'):
        conversions.mesh_from_msg(message)


def test_status_carries_stage_code_reason_and_times():
    outcome = Outcome(stage=Stage.CLOSE, code=Code.NOTHING_GRASPED, reason='no finger stalled')
    message = conversions.status_to_msg(
        outcome, 'a1', STAMP, stage_seconds={'plan': 0.5, 'close': 1.5}, attempt=2, done=True
    )
    assert (message.stage, message.code) == (message.STAGE_CLOSE, message.NOTHING_GRASPED)
    assert list(message.stage_names) == ['plan', 'close']
    assert list(message.stage_seconds) == [0.5, 1.5]
    assert (message.command_id, message.attempt, message.done) == ('a1', 2, True)
    assert conversions.outcome_from_msg(message) == outcome


def test_status_with_an_unknown_code_is_refused():
    message = conversions.status_to_msg(Outcome(stage=Stage.PLAN), '', STAMP)
    message.code = 999
    with pytest.raises(InvalidInputError):
        conversions.outcome_from_msg(message)
