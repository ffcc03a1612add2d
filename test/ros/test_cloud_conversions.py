import array

import numpy as np
import pytest

from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.types import ObservedCloud
from maskdexgrasp_ros.cloud_conversions import (
    cloud_from_msg,
    cloud_to_msg,
    points_from_msg,
    points_to_msg,
)
from maskdexgrasp_ros.conversions import header_to_msg
from maskdexgrasp_ros.interfaces import PointCloud2, PointField

pytestmark = pytest.mark.ros
HEADER = header_to_msg('camera_depth_optical_frame', 12.5)
KINDS = {'f4': PointField.FLOAT32, 'f8': PointField.FLOAT64, 'u1': PointField.UINT8,
         'u2': PointField.UINT16, 'u4': PointField.UINT32}  # fmt: skip


def cloud_of(fields, height, width, *, step, row_padding=0, big=False, seed=0):
    """Return a message with `fields` (name, offset, kind) and the records written into it."""
    order = '>' if big else '<'
    dtype = np.dtype({
        'names': [name for name, _, _ in fields],
        'formats': [order + kind for _, _, kind in fields],
        'offsets': [offset for _, offset, _ in fields],
        'itemsize': step,
    })  # fmt: skip
    rng = np.random.default_rng(seed)
    row_step = width * step + row_padding
    data = bytearray(rng.integers(0, 255, row_step * height, dtype=np.uint8).tobytes())
    records = np.ndarray((height, width), dtype, buffer=data, strides=(row_step, step))
    for name, _, kind in fields:
        high = 255 if kind.startswith('u') else 1
        values = rng.uniform(-high if high == 1 else 0, high, (height, width))
        records[name] = values.astype(kind)
    message = PointCloud2(header=HEADER, height=height, width=width, is_bigendian=big)
    message.fields = [
        PointField(name=name, offset=offset, datatype=KINDS[kind], count=1)
        for name, offset, kind in fields
    ]
    message.point_step, message.row_step = step, row_step
    message.data = array.array('B', bytes(data))
    return message, records


def xyz(records):
    return np.stack([records[name].ravel() for name in 'xyz'], axis=1).astype(float)


LAYOUTS = {
    'float32': ([('x', 0, 'f4'), ('y', 4, 'f4'), ('z', 8, 'f4')], {'step': 12}),
    'float64': ([('x', 0, 'f8'), ('y', 8, 'f8'), ('z', 16, 'f8')], {'step': 24}),
    'mixed order and precision': (
        [('intensity', 0, 'u2'), ('z', 3, 'f8'), ('x', 13, 'f4'), ('y', 21, 'f8')], {'step': 32},
    ),
    'big endian': ([('x', 0, 'f4'), ('y', 4, 'f4'), ('z', 8, 'f4')], {'step': 16, 'big': True}),
    'padded rows': (
        [('x', 4, 'f4'), ('y', 8, 'f4'), ('z', 12, 'f4')], {'step': 20, 'row_padding': 7},
    ),
}  # fmt: skip


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize(('height', 'width'), [(1, 17), (5, 3)])
def test_every_field_layout_is_read(layout, height, width):
    fields, options = LAYOUTS[layout]
    message, records = cloud_of(fields, height, width, **options)
    points, colors = points_from_msg(message)
    np.testing.assert_array_equal(points, xyz(records))
    assert colors is None


@pytest.mark.parametrize('kind', ['u4', 'f4'])
@pytest.mark.parametrize('big', [False, True])
def test_packed_colours_are_read_as_rgb(kind, big):
    fields = [('x', 0, 'f4'), ('y', 4, 'f4'), ('z', 8, 'f4'), ('rgb', 12, 'u4')]
    message, records = cloud_of(fields, 1, 4, step=16, big=big)
    records['rgb'] = 0x00_10_20_FF
    message.data = array.array('B', records.tobytes())
    message.fields[3].datatype = KINDS[kind]
    _, colors = points_from_msg(message)
    np.testing.assert_array_equal(colors, [[0x10, 0x20, 0xFF]] * 4)


def test_separate_colour_fields_are_read():
    fields = [('x', 0, 'f4'), ('y', 4, 'f4'), ('z', 8, 'f4')]
    fields += [('b', 12, 'u1'), ('g', 13, 'u1'), ('r', 14, 'u1')]
    message, records = cloud_of(fields, 2, 3, step=16)
    _, colors = points_from_msg(message)
    np.testing.assert_array_equal(colors[:, 0], records['r'].ravel())


def test_points_and_colours_come_back():
    rng = np.random.default_rng(1)
    cloud = ObservedCloud(
        points=rng.normal(size=(50, 3)).astype(np.float32).astype(float),
        colors=rng.integers(0, 256, (50, 3), dtype=np.uint8),
        camera_position=np.array([1.0, 2.0, 3.0]),
    )
    back = cloud_from_msg(cloud_to_msg(cloud, HEADER), camera_position=cloud.camera_position)
    np.testing.assert_array_equal(back.points, cloud.points)
    np.testing.assert_array_equal(back.colors, cloud.colors)
    np.testing.assert_array_equal(back.camera_position, cloud.camera_position)


def test_organised_cloud_keeps_its_rows_and_drops_points_that_are_not_finite():
    points = np.arange(24.0).reshape(2, 4, 3)
    points[0, 1] = np.nan
    points[1, 2, 2] = np.inf
    colors = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    message = points_to_msg(points, HEADER, colors=colors)
    assert (message.height, message.width, message.is_dense) == (2, 4, False)
    back, back_colors = points_from_msg(message)
    keep = np.isfinite(points).all(axis=2)
    np.testing.assert_array_equal(back, points[keep])
    np.testing.assert_array_equal(back_colors, colors[keep])


def test_cloud_is_moved_into_the_base_frame():
    T_base_camera = np.array(
        [[0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 1.0, 3.0], [0, 0, 0, 1]]
    )
    message = points_to_msg(np.array([[1.0, 0.0, 0.5]]), HEADER)
    cloud = cloud_from_msg(message, T_base_frame=T_base_camera)
    np.testing.assert_allclose(cloud.points, [[1.0, 3.0, 3.5]])
    np.testing.assert_array_equal(cloud.camera_position, [1.0, 2.0, 3.0])


def test_empty_cloud_has_no_points():
    points, colors = points_from_msg(PointCloud2())
    assert points.shape == (0, 3)
    assert colors is None


def broken(name):
    message, _ = cloud_of(LAYOUTS['float32'][0], 2, 5, step=12)
    if name == 'no z':
        message.fields = message.fields[:2]
    elif name == 'integers':
        message.fields[1].datatype = PointField.INT32
    elif name == 'field behind the point':
        message.fields[2].offset = 10
    elif name == 'too few bytes':
        message.data = message.data[:-1]
    elif name == 'row step too small':
        message.row_step = 30
    elif name == 'point step zero':
        message.point_step = message.row_step = 0
    elif name == 'all NaN':
        message = points_to_msg(np.full((4, 3), np.nan), HEADER)
    return message


@pytest.mark.parametrize(
    'name',
    ['no z', 'integers', 'field behind the point', 'too few bytes', 'row step too small',
     'point step zero', 'all NaN'],
)  # fmt: skip
def test_a_layout_that_contradicts_itself_is_named(name):
    with pytest.raises(StageError) as caught:
        points_from_msg(broken(name))
    assert caught.value.outcome.code is Code.BAD_CLOUD


def test_a_cloud_that_is_too_large_is_refused_before_it_is_read():
    message = PointCloud2(height=1, width=10_000_000)
    with pytest.raises(StageError) as caught:
        points_from_msg(message, max_points=1_000_000)
    assert caught.value.outcome.code is Code.CLOUD_TOO_LARGE
    assert '10000000' in caught.value.outcome.reason
