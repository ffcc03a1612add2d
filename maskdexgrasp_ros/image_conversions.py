"""Depth and colour pictures to camera frames of the core and back."""

import array

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import Array, CameraFrame
from maskdexgrasp_ros.conversions import header_to_msg, time_from_msg
from maskdexgrasp_ros.interfaces import CameraInfo, Header, Image

_COLOR_CHANNELS = {
    'rgb8': (0, 1, 2),
    'bgr8': (2, 1, 0),
    'rgba8': (0, 1, 2),
    'bgra8': (2, 1, 0),
    'mono8': (0, 0, 0),
}
_COLOR_SIZES = {'rgb8': 3, 'bgr8': 3, 'rgba8': 4, 'bgra8': 4, 'mono8': 1}
_DEPTH_FORMATS = {'16UC1': ('u2', 1e-3), 'mono16': ('u2', 1e-3), '32FC1': ('f4', 1.0)}
"""Encoding -> (numpy format, metres per unit)."""


def camera_frame_to_msgs(
    frame: CameraFrame, frame_id: str, *, encoding: str = '16UC1'
) -> tuple[Image, CameraInfo, Image | None]:
    """Return the depth picture, its calibration and the colour picture (or None).

    Args:
        frame: What the camera saw.
        frame_id: Name of the optical frame.
        encoding: '16UC1' (millimetres, as realsense2_camera publishes) or '32FC1' (metres).
    """
    form, scale = _DEPTH_FORMATS[encoding]
    height, width = frame.depth_m.shape
    depth = np.nan_to_num(frame.depth_m, nan=0.0, posinf=0.0, neginf=0.0) / scale
    if form == 'u2':
        depth = np.where(depth > 65535, 0, np.rint(depth))
    header = header_to_msg(frame_id, frame.stamp_s)
    focal_x, focal_y = frame.intrinsics[0, 0], frame.intrinsics[1, 1]
    center_x, center_y = frame.intrinsics[0, 2], frame.intrinsics[1, 2]
    info = CameraInfo(header=header, height=height, width=width, distortion_model='plumb_bob')
    info.d = [0.0] * 5
    info.k = [focal_x, 0.0, center_x, 0.0, focal_y, center_y, 0.0, 0.0, 1.0]
    info.r = np.eye(3).ravel()
    info.p = [focal_x, 0.0, center_x, 0.0, 0.0, focal_y, center_y, 0.0, 0.0, 0.0, 1.0, 0.0]
    depth_message = _image(header, encoding, depth.astype(f'<{form}'))
    color = None if frame.color is None else _image(header, 'rgb8', frame.color)
    return depth_message, info, color


def camera_frame_from_msgs(
    depth: Image, info: CameraInfo, T_base_camera: Array, color: Image | None = None
) -> CameraFrame:
    """Return a depth picture (16UC1 [mm] or 32FC1 [m]) with its calibration and pose.

    Raises:
        StageError: With `BAD_CLOUD` if an encoding is not known, the sizes contradict each other
            or the calibration is not that of a camera.
    """
    if depth.encoding not in _DEPTH_FORMATS:
        raise _bad_picture(
            f'depth encoding {depth.encoding!r}; expected one of {sorted(_DEPTH_FORMATS)}',
        )
    if (info.height, info.width) != (depth.height, depth.width):
        raise _bad_picture(
            f'the depth picture is {depth.width}x{depth.height} px but its camera_info is for '
            f'{info.width}x{info.height}',
        )
    intrinsics = np.array(info.k, dtype=float).reshape(3, 3)
    if not (np.isfinite(intrinsics).all() and intrinsics[0, 0] > 0 and intrinsics[1, 1] > 0):
        raise _bad_picture('camera_info.k holds no focal length')
    form, scale = _DEPTH_FORMATS[depth.encoding]
    order = '>' if depth.is_bigendian else '<'
    values = _pixels(depth, np.dtype(order + form), 1)[..., 0].astype(np.float32)
    return CameraFrame(
        depth_m=values * np.float32(scale),
        color=None if color is None else _rgb(color, (depth.height, depth.width)),
        intrinsics=intrinsics,
        T_base_camera=T_base_camera,
        stamp_s=time_from_msg(depth.header.stamp),
    )


def _rgb(image: Image, shape: tuple[int, int]) -> NDArray[np.uint8]:
    if image.encoding not in _COLOR_CHANNELS:
        raise _bad_picture(
            f'colour encoding {image.encoding!r}; expected one of {sorted(_COLOR_CHANNELS)}',
        )
    if (image.height, image.width) != shape:
        raise _bad_picture(
            f'the colour picture is {image.width}x{image.height} px; it must be registered to '
            f'the depth picture of {shape[1]}x{shape[0]}',
        )
    pixels = _pixels(image, np.dtype(np.uint8), _COLOR_SIZES[image.encoding])
    return np.ascontiguousarray(pixels[..., list(_COLOR_CHANNELS[image.encoding])])


def _pixels(image: Image, dtype: 'np.dtype[np.generic]', channels: int) -> NDArray[np.generic]:
    """Return (H, W, channels) values; `image.step` may pad the rows."""
    row = image.width * channels * dtype.itemsize
    if image.step < row or len(image.data) < image.step * (image.height - 1) + row:
        raise _bad_picture(
            f'a {image.width}x{image.height} {image.encoding} picture does not fit into '
            f'{len(image.data)} bytes with step {image.step}',
        )
    return np.ndarray(
        (image.height, image.width, channels),
        dtype=dtype,
        buffer=image.data,
        strides=(image.step, channels * dtype.itemsize, dtype.itemsize),
    )


def _image(header: Header, encoding: str, values: NDArray[np.generic]) -> Image:
    height, width = values.shape[:2]
    message = Image(header=header, height=height, width=width, encoding=encoding)
    message.is_bigendian = 0
    message.step = values.nbytes // height
    message.data = array.array('B', np.ascontiguousarray(values).tobytes())
    return message


def _bad_picture(reason: str) -> StageError:
    return StageError(Stage.PERCEIVE, Code.BAD_CLOUD, reason)
