"""Takes the simulated camera's pictures in a thread of its own and publishes them."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.node import Node
from scipy.spatial.transform import Rotation

from maskdexgrasp_core import frames
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.sim.camera import SimCamera
from maskdexgrasp_core.types import Array, CameraFrame
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.cloud_conversions import points_to_msg
from maskdexgrasp_ros.conversions import header_to_msg, transform_to_msg
from maskdexgrasp_ros.image_conversions import camera_frame_to_msgs
from maskdexgrasp_ros.interfaces import CameraInfo, Image, PointCloud2, TimeMsg, TransformStamped
from maskdexgrasp_ros.world_loop import WorldLoop

_R_LINK_OPTICAL = Rotation.from_quat([-0.5, 0.5, -0.5, 0.5]).as_matrix()
"""REP-103: the body frame looks along x with z up, the optical frame along z with y down."""


def camera_transforms(T_base_optical: Array) -> list[TransformStamped]:
    """Return the static transforms from the base to the body and optical frames.

    Args:
        T_base_optical: (4, 4) pose of the optical frame in the base frame.
    """
    T_link_optical = np.eye(4)
    T_link_optical[:3, :3] = _R_LINK_OPTICAL
    stamp = TimeMsg()
    T_base_link = T_base_optical @ np.linalg.inv(T_link_optical)
    return [
        transform_to_msg(T_base_link, frames.BASE, frames.CAMERA, stamp),
        transform_to_msg(T_link_optical, frames.CAMERA, frames.CAMERA_DEPTH_OPTICAL, stamp),
        transform_to_msg(T_link_optical, frames.CAMERA, frames.CAMERA_COLOR_OPTICAL, stamp),
    ]


class SimCameraPublisher:
    """Renders while somebody listens; the OpenGL context lives in this thread only.

    Args:
        node: Creates the publishers.
        loop: The running world.
        seed: Of the noise.
        period_s: Returns the wall time between two pictures [s]; infinity: no pictures.
        encoding: '16UC1' [mm] or '32FC1' [m].
    """

    def __init__(
        self,
        node: Node,
        loop: WorldLoop,
        *,
        seed: int,
        period_s: Callable[[], float],
        encoding: str,
    ) -> None:
        self._loop = loop
        self._camera = SimCamera(loop.world, seed=seed)
        self._period_s = period_s
        self._encoding = encoding
        make: Any = node.create_publisher
        self._depth = make(Image, topics.DEPTH_IMAGE, qos.SENSOR_DATA)
        self._depth_info = make(CameraInfo, topics.DEPTH_INFO, qos.SENSOR_DATA)
        self._color = make(Image, topics.COLOR_IMAGE, qos.SENSOR_DATA)
        self._color_info = make(CameraInfo, topics.COLOR_INFO, qos.SENSOR_DATA)
        self._points = make(PointCloud2, topics.POINTS, qos.SENSOR_DATA)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name='camera', daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin to take pictures."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and free the OpenGL context."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                started = time.monotonic()
                if math.isfinite(self._period_s()) and self._is_watched():
                    self._take_picture()
                due = started + self._period_s()  # asked again: it changes with the stage
                while time.monotonic() < min(due, started + self._period_s()):
                    if self._closed.wait(0.02):
                        break
        except BaseException as error:  # the node ends with it; a thread cannot raise there
            self.error = error
        finally:
            self._camera.close()

    def _is_watched(self) -> bool:
        publishers = (self._depth, self._color, self._points)
        return any(publisher.get_subscription_count() for publisher in publishers)

    def _take_picture(self) -> None:
        offset_s = self._loop.offset_s
        frame = self._camera.read_frame()
        if self._loop.offset_s != offset_s:
            return  # the world was reset meanwhile: the stamp would be wrong
        self._publish(frame, frame.stamp_s + offset_s)

    def _publish(self, frame: CameraFrame, stamp_s: float) -> None:
        depth, info, color = camera_frame_to_msgs(
            frame, frames.CAMERA_DEPTH_OPTICAL, encoding=self._encoding
        )
        header = header_to_msg(frames.CAMERA_DEPTH_OPTICAL, stamp_s)
        for message in (depth, info, color):
            if message is not None:
                message.header = header
        self._depth_info.publish(info)
        if color is not None:
            self._color_info.publish(info)
            self._color.publish(color)
        self._depth.publish(depth)
        if self._points.get_subscription_count():
            points = deproject(frame.depth_m, frame.intrinsics, np.eye(4))
            points[frame.depth_m.ravel() <= 0.0] = np.nan
            organised = points.reshape(*frame.depth_m.shape, 3)
            self._points.publish(points_to_msg(organised, header, colors=frame.color))
