from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.pipeline import Perceiver
from maskdexgrasp_core.types import CameraFrame, Command, ObservedCloud

CAMERA = np.array([0.95, -0.25, 0.45])
Render = Callable[..., tuple[CameraFrame, np.ndarray]]


def command(text: str) -> Command:
    return Command(command_id='c', text=text, seed=3)


def code_of(source: CameraFrame | ObservedCloud, text: str = 'pick it up') -> Code:
    with pytest.raises(StageError) as caught:
        Perceiver().perceive(source, command(text))
    assert caught.value.outcome.reason
    return caught.value.outcome.code


def cloud_of(points: np.ndarray) -> ObservedCloud:
    return ObservedCloud(points=points, colors=None, camera_position=CAMERA)


def table_points(count: int = 20_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    xy = rng.uniform([0.3, -0.3], [0.7, 0.3], (count, 2))
    return np.column_stack([xy, rng.normal(-0.10, 0.0007, count)])


@pytest.fixture(scope='module')
def four(render: Render) -> CameraFrame:
    """Red mug right, blue mug left (handle hidden), green box in the middle, yellow can far."""
    return render(
        ('mug', 0, 'red', 0.45, -0.15, 1.0),
        ('mug', 1, 'blue', 0.45, 0.18, 2.0),
        ('box', 0, 'green', 0.48, 0.02, 0.5),
        ('can', 0, 'yellow', 0.62, 0.10, 0.0),
    )[0]


def test_one_object_becomes_a_complete_observation(render: Render) -> None:
    frame, _ = render(('mug', 0, 'red', 0.5, 0.05, 1.0))
    seen = Perceiver().perceive(frame, command('pick up the mug by its handle'))
    assert seen.table_height == pytest.approx(-0.10, abs=0.002)
    assert 1000 < len(seen.cloud.points) <= 2000
    assert seen.cloud.colors is not None
    assert len(seen.cloud.colors) == len(seen.cloud.points)
    assert (seen.label, seen.part) == ('mug', 'handle')
    assert seen.shape.is_watertight
    assert seen.shape.volume > 0
    assert np.linalg.norm(seen.shape.bounds.mean(axis=0)[:2] - [0.5, 0.05]) < 0.03
    assert seen.obstacles == ()


def test_same_seed_gives_the_same_observation(four: CameraFrame) -> None:
    first, second = (Perceiver().perceive(four, command('the green box')) for _ in range(2))
    np.testing.assert_array_equal(first.cloud.points, second.cloud.points)
    np.testing.assert_array_equal(first.shape.vertices, second.shape.vertices)


def test_a_seed_beyond_32_bits_is_taken(four: CameraFrame) -> None:
    for seed in (2**31 + 5, 2**62):
        seen = Perceiver().perceive(four, replace(command('the green box'), seed=seed))
        assert seen.shape.is_watertight


def test_cloud_and_frame_give_the_same_object(four: CameraFrame) -> None:
    points = deproject(four.depth_m, four.intrinsics, four.T_base_camera)
    points[four.depth_m.ravel() == 0] = np.nan
    cloud = ObservedCloud(points=points, colors=four.color.reshape(-1, 3), camera_position=CAMERA)
    by_frame = Perceiver().perceive(four, command('the green box'))
    by_cloud = Perceiver().perceive(cloud, command('the green box'))
    offset = by_frame.shape.bounds - by_cloud.shape.bounds
    assert np.abs(offset).max() < 0.005


@pytest.mark.parametrize(
    ('text', 'expected_xy'),
    [
        ('pick up the red mug', (0.45, -0.15)),
        ('pick up the blue one', (0.45, 0.18)),
        ('take the left mug', (0.45, 0.18)),
        ('take the mug on the right', (0.45, -0.15)),
        ('grasp the box', (0.48, 0.02)),
        ('the tallest', (0.48, 0.02)),
        ('hold the tin', (0.62, 0.10)),
        ('the farthest object', (0.62, 0.10)),
    ],
)
def test_sentence_chooses_the_cluster(
    four: CameraFrame, text: str, expected_xy: tuple[float, float]
) -> None:
    seen = Perceiver().perceive(four, command(text))
    assert np.linalg.norm(seen.cloud.points[:, :2].mean(axis=0) - expected_xy) < 0.05
    assert len(seen.obstacles) == 3


@pytest.mark.parametrize(
    ('text', 'expected_xy'),
    [
        ('pick up the kettle', (0.42, -0.18)),
        ('take the stapler', (0.42, 0.16)),
        ('grasp the dumbbell', (0.58, 0.16)),
    ],
)
def test_kinds_that_no_scene_has_are_told_apart_by_shape(
    render: Render, text: str, expected_xy: tuple[float, float]
) -> None:
    frame, _ = render(
        ('kettle', 0, 'red', 0.42, -0.18, 1.0),
        ('stapler', 0, 'red', 0.42, 0.16, 2.0),
        ('dumbbell', 0, 'red', 0.58, 0.16, 0.5),
    )
    seen = Perceiver().perceive(frame, command(text))
    assert np.linalg.norm(seen.cloud.points[:, :2].mean(axis=0) - expected_xy) < 0.06


def test_a_task_stands_for_a_part_that_the_sentence_does_not_name(render: Render) -> None:
    frame, _ = render(('mug', 0, 'red', 0.5, 0.05, 1.0))
    asked = replace(command('pick up the mug'), task='handle-grasp')
    assert Perceiver().perceive(frame, asked).part == 'handle'
    asked = replace(asked, text='pick up the mug by its rim')
    assert Perceiver().perceive(frame, asked).part == 'rim'


def test_two_alike_are_ambiguous_and_the_reason_says_what_to_add(render: Render) -> None:
    frame, _ = render(
        ('mug', 0, 'red', 0.45, -0.15, 1.0),
        ('mug', 1, 'blue', 0.50, 0.10, 1.0),
        ('box', 0, 'green', 0.48, -0.02, 0.5),
    )
    with pytest.raises(StageError) as caught:
        Perceiver().perceive(frame, command('pick up the mug'))
    assert caught.value.outcome.code is Code.TEXT_IS_AMBIGUOUS
    assert caught.value.outcome.reason.startswith('2 objects fit "mug"')
    assert 'colour' in caught.value.outcome.reason


@pytest.mark.parametrize('text', ['the purple mug', 'pick up the hammer', 'the bowl'])
def test_absent_object_matches_nothing(four: CameraFrame, text: str) -> None:
    assert code_of(four, text) is Code.TEXT_MATCHES_NOTHING


def test_single_object_is_not_taken_against_its_color(render: Render) -> None:
    frame, _ = render(('can', 0, 'yellow', 0.5, 0.0, 0.0))
    assert code_of(frame, 'the blue can') is Code.TEXT_MATCHES_NOTHING


@pytest.mark.parametrize('category', ['knife', 'marker', 'spoon'])
def test_flat_objects_survive_plane_removal(render: Render, category: str) -> None:
    frame, index = render((category, 0, 'red', 0.5, 0.0, 0.6))
    seen = Perceiver().perceive(frame, command(f'take the {category}'))
    assert len(seen.cloud.points) > 0.4 * min((index == 1).sum(), 2000)


def test_empty_table_holds_no_object(render: Render) -> None:
    assert code_of(render()[0]) is Code.NO_OBJECT


def test_no_points_is_no_cloud() -> None:
    assert code_of(cloud_of(np.zeros((0, 3)))) is Code.NO_CLOUD


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_cloud_without_finite_points_is_bad(value: float) -> None:
    assert code_of(cloud_of(np.full((500, 3), value))) is Code.BAD_CLOUD


def test_frame_without_depth_is_bad(four: CameraFrame) -> None:
    assert code_of(replace(four, depth_m=np.zeros_like(four.depth_m))) is Code.BAD_CLOUD


def test_color_of_another_size_is_bad(four: CameraFrame) -> None:
    assert code_of(replace(four, color=four.color[:100])) is Code.BAD_CLOUD


def test_pose_with_nan_is_bad(four: CameraFrame) -> None:
    assert code_of(replace(four, T_base_camera=np.full((4, 4), np.nan))) is Code.BAD_CLOUD


def test_nan_and_inf_among_good_points_do_no_harm(four: CameraFrame) -> None:
    depth = four.depth_m.copy()
    depth[::7, ::5], depth[::11, ::3], depth[::13, ::4] = np.nan, np.inf, -1.0
    seen = Perceiver().perceive(replace(four, depth_m=depth), command('the green box'))
    assert np.isfinite(seen.cloud.points).all()
    assert np.isfinite(seen.shape.vertices).all()


def test_points_elsewhere_are_an_empty_crop() -> None:
    assert code_of(cloud_of(table_points() + np.array([5.0, 0.0, 0.0]))) is Code.EMPTY_CROP


def test_one_point_object_is_too_small() -> None:
    points = np.vstack([table_points(), [[0.5, 0.0, 0.0]]])
    assert code_of(cloud_of(points)) is Code.OBJECT_TOO_SMALL
    assert code_of(cloud_of(np.array([[0.5, 0.0, 0.0]]))) is Code.OBJECT_TOO_SMALL


def test_wall_of_half_a_metre_is_too_large() -> None:
    rng = np.random.default_rng(1)
    wall = rng.uniform([0.5, -0.39, -0.10], [0.51, 0.39, 0.15], (20_000, 3))
    assert code_of(cloud_of(np.vstack([table_points(), wall]))) is Code.OBJECT_TOO_LARGE


def test_ten_million_points_are_refused() -> None:
    points = np.broadcast_to(np.array([0.5, 0.0, 0.0]), (10_000_000, 3))
    assert code_of(cloud_of(points)) is Code.CLOUD_TOO_LARGE


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidInputError, match='cluster_distance_m'):
        PerceptionCfg(cluster_distance_m=-1.0)
    with pytest.raises(InvalidInputError, match='crop box is empty'):
        PerceptionCfg(crop_min_x_m=0.5, crop_max_x_m=0.4)
