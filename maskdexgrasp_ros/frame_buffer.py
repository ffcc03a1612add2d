"""Keeps the newest pictures and finds one that is fresh enough, colour and depth together."""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass

from maskdexgrasp_ros.conversions import time_from_msg
from maskdexgrasp_ros.interfaces import CameraInfo, Header, Image, PointCloud2

_KEPT = 4
_SAME_PICTURE_S = 0.02
"""Depth and colour whose stamps differ by less belong together [s]."""
_PATIENCE_S = 2.0
"""Wall time that depth pictures come without their colours before they go on alone [s]."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A cloud, or a depth picture with its calibration and perhaps its colours."""

    header: Header
    cloud: PointCloud2 | None = None
    depth: Image | None = None
    info: CameraInfo | None = None
    color: Image | None = None

    @property
    def stamp_s(self) -> float:
        """When it was taken [s]."""
        return time_from_msg(self.header.stamp)


class FrameBuffer:
    """Collects camera messages as they arrive; safe between threads.

    Args:
        patience_s: How long depth pictures may lack their colours before they go on alone, wall
            time [s]; a camera that has just been found or woken may send its colours later.
    """

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._depth_at_s = self._alone_since_s = -math.inf
        self._changed = threading.Condition()
        self._clouds: deque[PointCloud2] = deque(maxlen=1)
        self._depths: deque[Image] = deque(maxlen=_KEPT)
        self._colors: deque[Image] = deque(maxlen=_KEPT)
        self._info: CameraInfo | None = None

    def add_cloud(self, message: PointCloud2) -> None:
        """Take the newest cloud."""
        with self._changed:
            self._clouds.append(message)
            self._changed.notify_all()

    def add_depth(self, message: Image) -> None:
        """Take the newest depth picture."""
        with self._changed:
            now_s = time.monotonic()
            if now_s - self._depth_at_s > self._patience_s:  # the camera has just begun
                self._alone_since_s = now_s
            self._depth_at_s = now_s
            self._depths.append(message)
            self._note_pair()

    def add_color(self, message: Image) -> None:
        """Take the newest colour picture."""
        with self._changed:
            self._colors.append(message)
            self._note_pair()

    def add_info(self, message: CameraInfo) -> None:
        """Take the calibration of the depth picture."""
        with self._changed:
            self._info = message
            self._changed.notify_all()

    def newest(self) -> Picture | None:
        """Return the newest complete picture, or None.

        A depth picture is complete with the colours of its stamp; without them only when none
        have come for a while.
        """
        with self._changed:
            return self._newest()

    def wait_for(self, not_before_s: float, timeout_s: float) -> Picture | None:
        """Return a picture stamped at `not_before_s` [s] or later; wait for it if need be.

        Returns:
            The picture, or None after `timeout_s` of wall time.
        """

        def fresh() -> Picture | None:
            picture = self._newest()
            return picture if picture is not None and picture.stamp_s >= not_before_s else None

        with self._changed:
            return self._changed.wait_for(fresh, timeout_s)

    def _newest(self) -> Picture | None:
        if self._clouds:
            return Picture(header=self._clouds[-1].header, cloud=self._clouds[-1])
        if self._info is None:
            return None
        lacks_color = time.monotonic() - self._alone_since_s > self._patience_s
        for depth in reversed(self._depths):
            color = self._color_of(depth)
            if color is not None or lacks_color:
                return Picture(header=depth.header, depth=depth, info=self._info, color=color)
        return None

    def _color_of(self, depth: Image) -> Image | None:
        stamp_s = time_from_msg(depth.header.stamp)
        near = (
            color
            for color in reversed(self._colors)
            if abs(time_from_msg(color.header.stamp) - stamp_s) < _SAME_PICTURE_S
        )
        return next(near, None)

    def _note_pair(self) -> None:
        """Remember when the newest depth got its colours, and wake whoever waits."""
        if self._depths and self._color_of(self._depths[-1]) is not None:
            self._alone_since_s = time.monotonic()
        self._changed.notify_all()
