import array

import numpy as np
import pytest

from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.types import CameraFrame
from maskdexgrasp_ros.image_conversions import camera_frame_from_msgs, camera_frame_to_msgs

pytestmark = pytest.mark.ros
POSE = np.eye(4)


def frame(height=4, width=6):
    rng = np.random.default_rng(0)
    depth = (rng.integers(200, 2000, (height, width)) * 1e-3).astype(np.float32)
    depth[0, 0] = 0.0
    intrinsics = np.array([[600.0, 0, 3.0], [0, 610.0, 2.0], [0, 0, 1]])
    color = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return CameraFrame(
        depth_m=depth, color=color, intrinsics=intrinsics, T_base_camera=POSE, stamp_s=3.25
    )


@pytest.mark.parametrize('encoding', ['16UC1', '32FC1'])
def test_frame_comes_back(encoding):
    sent = frame()
    depth, info, color = camera_frame_to_msgs(sent, 'optical', encoding=encoding)
    back = camera_frame_from_msgs(depth, info, POSE, color)
    np.testing.assert_allclose(back.depth_m, sent.depth_m, atol=1e-6)
    np.testing.assert_array_equal(back.color, sent.color)
    np.testing.assert_array_equal(back.intrinsics, sent.intrinsics)
    assert back.stamp_s == 3.25
    assert depth.header.frame_id == info.header.frame_id == 'optical'


def test_pixels_without_depth_become_zero():
    sent = frame()
    sent.depth_m[1, 2] = np.nan
    sent.depth_m[1, 3] = 70.0  # more than 16 bits of millimetres
    depth, info, _ = camera_frame_to_msgs(sent, 'optical')
    back = camera_frame_from_msgs(depth, info, POSE)
    assert back.depth_m[1, 2] == back.depth_m[1, 3] == 0.0


def test_big_endian_rows_with_padding_are_read():
    depth, info, _ = camera_frame_to_msgs(frame(), 'optical')
    values = np.frombuffer(depth.data, '<u2').reshape(4, 6)
    padded = np.zeros((4, 8), '>u2')
    padded[:, :6] = values
    padded[:, 6:] = 999
    depth.data = array.array('B', padded.tobytes())
    depth.step, depth.is_bigendian = 16, 1
    back = camera_frame_from_msgs(depth, info, POSE)
    np.testing.assert_allclose(back.depth_m, values * 1e-3, rtol=1e-6)


@pytest.mark.parametrize(
    ('encoding', 'order'), [('bgr8', [2, 1, 0]), ('bgra8', [2, 1, 0, 0]), ('rgba8', [0, 1, 2, 2])]
)
def test_colour_encodings_become_rgb(encoding, order):
    sent = frame()
    depth, info, color = camera_frame_to_msgs(sent, 'optical')
    color.encoding = encoding
    color.data = array.array('B', np.ascontiguousarray(sent.color[..., order]).tobytes())
    color.step = 6 * len(order)
    back = camera_frame_from_msgs(depth, info, POSE, color)
    np.testing.assert_array_equal(back.color, sent.color)


def spoil(name, depth, info, color):
    if name == 'encoding':
        depth.encoding = 'rgb8'
    elif name == 'sizes differ':
        info.width = 640
    elif name == 'no focal length':
        info.k = [0.0] * 9
    elif name == 'too few bytes':
        depth.data = depth.data[:-2]
    elif name == 'colour not registered':
        color.height = 3
    else:
        color.encoding = 'yuv422'


@pytest.mark.parametrize(
    'name',
    ['encoding', 'sizes differ', 'no focal length', 'too few bytes', 'colour not registered',
     'colour encoding'],
)  # fmt: skip
def test_pictures_that_contradict_themselves_are_refused(name):
    messages = camera_frame_to_msgs(frame(), 'optical')
    spoil(name, *messages)
    depth, info, color = messages
    with pytest.raises(StageError) as caught:
        camera_frame_from_msgs(depth, info, POSE, color)
    assert caught.value.outcome.code is Code.BAD_CLOUD
