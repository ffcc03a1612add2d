"""Keeps the newest pictures and finds one that is fresh enough, colour and depth together."""

import threading
from collections import deque
from dataclasses import dataclass

from maskdexgrasp_ros.conversions import time_from_msg
from maskdexgrasp_ros.interfaces import CameraInfo, Header, Image, PointCloud2

_KEPT = 4
_SAME_PICTURE_S = 0.02
"""Depth and colour whose stamps differ by less belong together [s]."""
_COLOR_LOST_S = 0.5
"""When the newest colours are older than the depth by more, it goes on without them [s]."""


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
    """Collects camera messages as they arrive; safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._clouds: deque[PointCloud2] = deque(maxlen=1)
        self._depths: deque[Image] = deque(maxlen=_KEPT)
        self._colors: deque[Image] = deque(maxlen=_KEPT)
        self._info: CameraInfo | None = None

    def add_cloud(self, message: PointCloud2) -> None:
        """Take the newest cloud."""
        self._add(self._clouds, message)

    def add_depth(self, message: Image) -> None:
        """Take the newest depth picture."""
        self._add(self._depths, message)

    def add_color(self, message: Image) -> None:
        """Take the newest colour picture."""
        self._add(self._colors, message)

    def add_info(self, message: CameraInfo) -> None:
        """Take the calibration of the depth picture."""
        with self._changed:
            self._info = message
            self._changed.notify_all()

    def newest(self) -> Picture | None:
        """Return the newest complete picture, or None.

        Where colours come in at all, a depth picture is complete with the colours of its stamp,
        unless they have stopped coming.
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
        colors = [(time_from_msg(color.header.stamp), color) for color in self._colors]
        for depth in reversed(self._depths):
            stamp_s = time_from_msg(depth.header.stamp)
            near = [color for at, color in colors if abs(at - stamp_s) < _SAME_PICTURE_S]
            lost = all(at < stamp_s - _COLOR_LOST_S for at, _ in colors)
            if near or lost:
                color = near[0] if near else None
                return Picture(header=depth.header, depth=depth, info=self._info, color=color)
        return None

    def _add(self, messages: 'deque[Image] | deque[PointCloud2]', message: object) -> None:
        with self._changed:
            messages.append(message)  # type: ignore[arg-type]
            self._changed.notify_all()
