import numpy as np
import pytest

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.sim.camera import SimCamera
from maskdexgrasp_core.sim.camera_model import CameraCfg, look_at
from maskdexgrasp_core.sim.depth_noise import corrupt_depth
from maskdexgrasp_core.sim.picture import render_picture
from maskdexgrasp_core.sim.world import World

CAMERA = CameraCfg()
SHAPE = (CAMERA.height, CAMERA.width)


@pytest.fixture(scope='module')
def empty_world():
    return World([])


def points_in_base(frame):
    row, column = np.indices(frame.depth_m.shape)
    z = frame.depth_m.astype(float)
    k = frame.intrinsics
    in_camera = np.stack(
        [(column - k[0, 2]) / k[0, 0] * z, (row - k[1, 2]) / k[1, 1] * z, z], axis=-1
    )
    return in_camera @ frame.T_base_camera[:3, :3].T + frame.T_base_camera[:3, 3]


def on_table(points, margin=0.03):
    half = np.array(CELL.table_size[:2]) / 2 - margin
    return (np.abs(points[..., :2] - CELL.table_center) < half).all(axis=-1)


def test_ideal_depth_meets_the_table_to_a_tenth_of_a_millimetre(empty_world):
    camera = SimCamera(empty_world, ideal=True)
    frame = camera.read_frame()
    camera.close()
    points = points_in_base(frame)
    table = on_table(points) & (np.abs(points[..., 2] - CELL.table_height) < 0.05)
    assert table.sum() > 50_000
    assert np.abs(points[table][:, 2] - CELL.table_height).max() < 1e-4


def test_picture_shows_the_can_where_it_stands(can_world):
    camera = SimCamera(can_world, ideal=True)
    frame = camera.read_frame()
    camera.close()
    points = points_in_base(frame)
    seen = points[on_table(points) & (points[..., 2] > CELL.table_height + 0.005)]
    on_can = seen[np.linalg.norm(seen[:, :2] - [0.5, 0.0], axis=1) < 0.05]
    assert len(on_can) > 1500
    assert on_can[:, 2].max() == pytest.approx(CELL.table_height + 0.12, abs=1e-3)
    assert np.linalg.norm(on_can[:, :2] - [0.5, 0.0], axis=1).max() < 0.0327
    red = frame.color[(np.linalg.norm(points[..., :2] - [0.5, 0.0], axis=-1) < 0.03)]
    assert (red[:, 0] > 2 * red[:, 2]).mean() > 0.9


def test_arm_at_home_leaves_the_table_in_view(empty_world):
    camera = SimCamera(empty_world, ideal=True)
    points = points_in_base(camera.read_frame())
    camera.close()
    x, y = np.meshgrid(np.linspace(*CELL.placement_x, 9), np.linspace(*CELL.placement_y, 9))
    table = points[np.abs(points[..., 2] - CELL.table_height) < 1e-3][:, :2]
    for spot in np.column_stack([x.ravel(), y.ravel()]):
        assert np.linalg.norm(table - spot, axis=1).min() < 0.005


def test_noise_matches_the_device_at_0_7_m():
    flat = np.full(SHAPE, 0.7, dtype=np.float32)
    measured = corrupt_depth(flat, CAMERA, np.random.default_rng(0))
    error = (measured - 0.7)[measured > 0]
    assert abs(error.mean()) < 2e-4
    assert error.std() == pytest.approx(np.sqrt(2) * 0.000815, rel=0.15)


def test_noise_grows_with_the_square_of_depth():
    spread = []
    for depth in (0.6, 1.2):
        flat = np.full(SHAPE, depth, dtype=np.float32)
        measured = corrupt_depth(flat, CAMERA, np.random.default_rng(1))
        spread.append((measured - depth)[measured > 0].std())
    assert spread[1] / spread[0] == pytest.approx(4.0, rel=0.2)


def test_half_of_the_noise_is_smooth():
    flat = np.full(SHAPE, 0.8, dtype=np.float32)
    measured = corrupt_depth(flat, CAMERA, np.random.default_rng(2))
    error = np.where(measured > 0, measured - 0.8, 0.0)
    neighbours = np.corrcoef(error[:, :-1].ravel(), error[:, 1:].ravel())[0, 1]
    assert 0.35 < neighbours < 0.6


def test_depth_comes_in_whole_millimetres_and_dead_pixels():
    flat = np.full(SHAPE, 0.75, dtype=np.float32)
    measured = corrupt_depth(flat, CAMERA, np.random.default_rng(3))
    codes = measured / 0.001
    assert np.abs(codes - np.round(codes)).max() < 1e-3
    assert (measured == 0).mean() == pytest.approx(0.015, abs=0.003)
    assert measured.dtype == np.float32


def test_nothing_nearer_than_the_minimum_or_beyond_the_maximum():
    ramp = np.tile(np.linspace(0.1, 4.0, CAMERA.width, dtype=np.float32), (CAMERA.height, 1))
    measured = corrupt_depth(ramp, CAMERA, np.random.default_rng(4))
    assert not measured[:, ramp[0] < 0.28].any()
    assert not measured[:, ramp[0] > 3.0].any()
    inside = (ramp[0] > 0.35) & (ramp[0] < 2.9)
    assert (measured[:, inside] > 0).mean() > 0.9


def test_edges_lose_about_half_of_their_pixels_and_mix_some():
    step = np.full(SHAPE, 0.9, dtype=np.float32)
    step[:, 320:] = 0.6
    measured = corrupt_depth(step, CAMERA, np.random.default_rng(5))
    edge = measured[:, 319:321]
    assert (edge == 0).mean() == pytest.approx(0.51, abs=0.06)
    between = (edge > 0.62) & (edge < 0.88)
    assert 0.03 < between.mean() < 0.15
    away = measured[:, 324:]
    assert not ((away > 0.62) & (away < 0.88)).any()


def test_the_seed_decides_the_noise(empty_world):
    cameras = [SimCamera(empty_world, seed=seed) for seed in (7, 7, 8)]
    first, same, other = (camera.read_frame().depth_m for camera in cameras)
    for camera in cameras:
        camera.close()
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_look_at_makes_an_upright_right_handed_frame():
    pose = look_at(np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0]))
    rotation = pose[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation[:, 2], [-np.sqrt(0.5), 0.0, -np.sqrt(0.5)])
    assert rotation[2, 0] == pytest.approx(0.0)
    assert rotation[2, 1] < 0  # y of the picture points down
    with pytest.raises(InvalidInputError):
        look_at(np.zeros(3), np.array([0.0, 0.0, -1.0]))


def test_pictures_for_people_are_lit_and_sharp(can_world):
    picture = render_picture(can_world, width=320, height=240)
    assert picture.shape == (240, 320, 3)
    assert picture.std() > 20
    assert picture.max() > 200
