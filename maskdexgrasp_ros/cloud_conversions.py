"""PointCloud2 to core clouds and back, for any field layout."""

import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import Array, ObservedCloud
from maskdexgrasp_ros.interfaces import Header, PointCloud2, PointField

_FIELD_FORMATS = {
    PointField.INT8: 'i1',
    PointField.UINT8: 'u1',
    PointField.INT16: 'i2',
    PointField.UINT16: 'u2',
    PointField.INT32: 'i4',
    PointField.UINT32: 'u4',
    PointField.FLOAT32: 'f4',
    PointField.FLOAT64: 'f8',
}
_COORDINATES = ('x', 'y', 'z')


def points_to_msg(
    points: Array, header: Header, *, colors: NDArray[np.uint8] | None = None
) -> PointCloud2:
    """Return a cloud of float32 x, y, z and, with colours, the packed `rgb` that RViz knows.

    Args:
        points: (N, 3), or (H, W, 3) for an organised cloud, in `header.frame_id` [m].
        header: Frame and stamp.
        colors: RGB of the same leading shape, or None.
    """
    formats = ['<f4', '<f4', '<f4'] + ([] if colors is None else ['<u4'])
    names = [*_COORDINATES, 'rgb'][: len(formats)]
    records: NDArray[np.void] = np.zeros(
        points.shape[:-1], dtype=list(zip(names, formats, strict=True))
    )
    for axis, name in enumerate(_COORDINATES):
        records[name] = points[..., axis]
    if colors is not None:
        red, green, blue = (colors[..., channel].astype(np.uint32) for channel in range(3))
        records['rgb'] = (red << 16) | (green << 8) | blue
    height = records.shape[0] if records.ndim == 2 else 1
    width = records.shape[-1]
    message = PointCloud2(header=header, height=height, width=width, is_bigendian=False)
    message.fields = [
        PointField(name=name, offset=4 * k, datatype=PointField.FLOAT32, count=1)
        for k, name in enumerate(names)
    ]
    message.point_step = records.dtype.itemsize
    message.row_step = message.point_step * width
    message.data = array.array('B', records.tobytes())
    message.is_dense = bool(np.isfinite(points).all())
    return message


def points_from_msg(
    message: PointCloud2, *, max_points: int | None = None
) -> tuple[Array, NDArray[np.uint8] | None]:
    """Return the points (N, 3) [m] with finite coordinates, in the message's frame, and colours.

    Reads any order and padding of fields, 32 and 64 bit floats, both byte orders, organised and
    padded rows; colours from `rgb`, `rgba` or `r`, `g`, `b`, else None.

    Args:
        message: The cloud; it may be empty.
        max_points: Most points (finite or not) to accept; None: no limit.

    Raises:
        StageError: `CLOUD_TOO_LARGE`, or `BAD_CLOUD` if the layout contradicts itself or lacks
            floating-point x, y, z, or if no point of a cloud with points is finite.
    """
    count = message.width * message.height
    if max_points is not None and count > max_points:
        raise _perception_error(
            Code.CLOUD_TOO_LARGE, f'the cloud has {count} points; at most {max_points} are read'
        )
    if count == 0:
        return np.zeros((0, 3)), None
    records = _records(message)
    points = np.stack([records[name].ravel() for name in _COORDINATES], axis=1).astype(float)
    finite = np.isfinite(points).all(axis=1)
    if not finite.any():
        raise _perception_error(Code.BAD_CLOUD, f'none of the {count} points is finite')
    colors = _colors(records)
    return points[finite], None if colors is None else colors[finite]


def cloud_to_msg(cloud: ObservedCloud, header: Header) -> PointCloud2:
    """Return the points and colours of a cloud; the camera position travels elsewhere."""
    return points_to_msg(cloud.points, header, colors=cloud.colors)


def cloud_from_msg(
    message: PointCloud2,
    *,
    T_base_frame: Array | None = None,
    camera_position: Array | None = None,
    max_points: int | None = None,
) -> ObservedCloud:
    """Return the cloud in the base frame.

    Args:
        message: The cloud in any frame.
        T_base_frame: (4, 4) pose of the message's frame in the base frame; None: it is the base.
        camera_position: (3,) [m] in the base frame; None: the origin of the message's frame.
        max_points: As in `points_from_msg`.

    Raises:
        StageError: As `points_from_msg`.
    """
    points, colors = points_from_msg(message, max_points=max_points)
    pose = np.eye(4) if T_base_frame is None else T_base_frame
    return ObservedCloud(
        points=points @ pose[:3, :3].T + pose[:3, 3],
        colors=colors,
        camera_position=pose[:3, 3].copy() if camera_position is None else camera_position,
    )


def _records(message: PointCloud2) -> 'NDArray[np.void]':
    """Return the points as (height, width) structured records that view the message's bytes."""
    order = '>' if message.is_bigendian else '<'
    names, formats, offsets = [], [], []
    for field in message.fields:
        if field.name in names or field.datatype not in _FIELD_FORMATS:
            continue
        names.append(field.name)
        formats.append(order + _FIELD_FORMATS[field.datatype])
        offsets.append(field.offset)
    for name in _COORDINATES:
        kind = formats[names.index(name)][1:] if name in names else 'no such field'
        if kind not in ('f4', 'f8'):
            raise _perception_error(
                Code.BAD_CLOUD, f'field {name} must be a 32 or 64 bit float; got {kind}'
            )
    row_step = message.row_step or message.width * message.point_step
    needed = row_step * (message.height - 1) + message.width * message.point_step
    if row_step < message.width * message.point_step or len(message.data) < needed:
        raise _perception_error(
            Code.BAD_CLOUD,
            f'{message.height} rows of {message.width} points of {message.point_step} bytes need '
            f'{needed} bytes; got row_step {message.row_step} and {len(message.data)} bytes',
        )
    try:
        dtype = np.dtype(
            {
                'names': names,
                'formats': formats,
                'offsets': offsets,
                'itemsize': message.point_step,
            }
        )
    except ValueError as error:
        raise _perception_error(Code.BAD_CLOUD, f'field layout: {error}') from error
    return np.ndarray(
        (message.height, message.width),
        dtype=dtype,
        buffer=message.data,
        strides=(row_step, message.point_step),
    )


def _colors(records: 'NDArray[np.void]') -> NDArray[np.uint8] | None:
    """Return (N, 3) RGB of structured records, or None if they carry no colour."""
    names: Iterable[str] = records.dtype.names or ()
    for packed in ('rgb', 'rgba'):
        if packed in names and records.dtype[packed].itemsize == 4:
            values = np.ascontiguousarray(records[packed].ravel())
            integers = values.view(values.dtype.newbyteorder('=').str.replace('f4', 'u4'))
            if values.dtype.byteorder == '>':
                integers = integers.byteswap()
            channels = [(integers >> shift) & 0xFF for shift in (16, 8, 0)]
            return np.stack(channels, axis=1).astype(np.uint8)
    if all(name in names and records.dtype[name] == np.uint8 for name in 'rgb'):
        return np.stack([records[name].ravel() for name in 'rgb'], axis=1)
    return None


def _perception_error(code: Code, reason: str) -> StageError:
    return StageError(Stage.PERCEIVE, code, reason)
