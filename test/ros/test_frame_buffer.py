import threading
import time

import pytest

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

from maskdexgrasp_ros.conversions import header_to_msg  # noqa: E402
from maskdexgrasp_ros.frame_buffer import FrameBuffer  # noqa: E402

PATIENCE_S = 0.15


def image(stamp_s):
    return interfaces.Image(header=header_to_msg('optical', stamp_s))


def info():
    return interfaces.CameraInfo()


@pytest.fixture
def buffer():
    buffer = FrameBuffer(patience_s=PATIENCE_S)
    buffer.add_info(info())
    return buffer


def test_nothing_is_newest_before_all_parts_are_there():
    buffer = FrameBuffer()
    buffer.add_depth(image(1.0))
    assert buffer.newest() is None
    buffer.add_info(info())
    assert buffer.newest() is None
    buffer.add_color(image(1.0))
    assert buffer.newest().stamp_s == 1.0


def test_depth_waits_for_the_colours_of_its_stamp(buffer):
    for stamp_s in (1.0, 1.2):
        buffer.add_color(image(stamp_s))
        buffer.add_depth(image(stamp_s))
    buffer.add_depth(image(1.4))
    assert buffer.newest().stamp_s == 1.2
    assert buffer.newest().color is not None


def test_the_first_depth_waits_for_colours_that_come_later(buffer):
    buffer.add_depth(image(1.0))
    assert buffer.newest() is None
    threading.Timer(0.03, buffer.add_color, [image(1.0)]).start()
    assert buffer.wait_for(0.5, 2.0).color is not None


def test_a_camera_that_wakes_up_is_waited_for_again(buffer):
    buffer.add_color(image(1.0))
    buffer.add_depth(image(1.0))
    time.sleep(2 * PATIENCE_S)
    buffer.add_depth(image(9.0))
    assert buffer.newest().stamp_s == 1.0
    buffer.add_color(image(9.0))
    assert buffer.newest().color is not None


def test_depth_goes_on_alone_when_colours_have_stopped(buffer):
    buffer.add_color(image(1.0))
    buffer.add_depth(image(1.0))
    for step in range(8):
        buffer.add_depth(image(3.0 + step))
        time.sleep(PATIENCE_S / 4)
    assert buffer.newest().stamp_s == 10.0
    assert buffer.newest().color is None


def test_a_camera_without_colours_is_read_after_a_while(buffer):
    buffer.add_depth(image(1.0))
    assert buffer.wait_for(0.5, 2 * PATIENCE_S).color is None


def test_a_fresh_picture_ends_the_wait(buffer):
    buffer.add_color(image(2.0))
    threading.Timer(0.05, buffer.add_depth, [image(2.0)]).start()
    assert buffer.wait_for(1.5, 2.0).stamp_s == 2.0


def test_an_old_picture_does_not(buffer):
    buffer.add_depth(image(1.0))
    buffer.add_color(image(1.0))
    assert buffer.newest() is not None
    assert buffer.wait_for(1.5, 0.05) is None


def test_a_cloud_is_a_picture_of_its_own():
    buffer = FrameBuffer()
    buffer.add_cloud(interfaces.PointCloud2(header=header_to_msg('optical', 4.0)))
    assert buffer.newest().cloud is not None
    assert buffer.newest().depth is None
