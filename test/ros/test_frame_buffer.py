import threading

import pytest

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_ros.conversions import header_to_msg  # noqa: E402
from maskdexgrasp_ros.frame_buffer import FrameBuffer  # noqa: E402


def image(stamp_s):
    return interfaces.Image(header=header_to_msg('optical', stamp_s))


def info():
    return interfaces.CameraInfo()


@pytest.fixture
def buffer():
    buffer = FrameBuffer()
    buffer.add_info(info())
    return buffer


def test_nothing_is_newest_before_all_parts_are_there():
    buffer = FrameBuffer()
    buffer.add_depth(image(1.0))
    assert buffer.newest() is None
    buffer.add_info(info())
    assert buffer.newest().stamp_s == 1.0


def test_depth_waits_for_the_colours_of_its_stamp(buffer):
    for stamp_s in (1.0, 1.2):
        buffer.add_color(image(stamp_s))
        buffer.add_depth(image(stamp_s))
    buffer.add_depth(image(1.4))
    assert buffer.newest().stamp_s == 1.2
    assert buffer.newest().color is not None


def test_depth_goes_on_alone_when_colours_have_stopped(buffer):
    buffer.add_color(image(1.0))
    buffer.add_depth(image(3.0))
    assert buffer.newest().stamp_s == 3.0
    assert buffer.newest().color is None


def test_a_fresh_picture_ends_the_wait(buffer):
    buffer.add_depth(image(1.0))
    threading.Timer(0.05, buffer.add_depth, [image(2.0)]).start()
    assert buffer.wait_for(1.5, 2.0).stamp_s == 2.0


def test_an_old_picture_does_not(buffer):
    buffer.add_depth(image(1.0))
    assert buffer.wait_for(1.5, 0.05) is None


def test_a_cloud_is_a_picture_of_its_own():
    buffer = FrameBuffer()
    buffer.add_cloud(interfaces.PointCloud2(header=header_to_msg('optical', 4.0)))
    assert buffer.newest().cloud is not None
    assert buffer.newest().depth is None
