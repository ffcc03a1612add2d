"""Listens to /tf and /tf_static."""

import time

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import transform_from_msg
from maskdexgrasp_ros.interfaces import TFMessage
from maskdexgrasp_ros.transforms import TransformError, TransformTree

_POLL_S = 0.02


class TransformListener:
    """Fills a `TransformTree` from the graph; transforms that make no sense are logged."""

    def __init__(self, node: Node) -> None:
        self.tree = TransformTree()
        self._log = node.get_logger()
        group = MutuallyExclusiveCallbackGroup()
        for name, profile in ((topics.TF, qos.RELIABLE), (topics.TF_STATIC, qos.LATCHED_MANY)):
            node.create_subscription(
                TFMessage, name, self._on_transforms, profile, callback_group=group
            )

    def wait_for(self, target: str, source: str, timeout_s: float) -> Array:
        """Return `T_target_source` (4, 4) [m]; wait for it if need be, at most `timeout_s`.

        Another thread must spin the node.

        Raises:
            TransformError: If the frames are still not connected after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return self.tree.lookup(target, source)
            except TransformError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_POLL_S)

    def _on_transforms(self, message: TFMessage) -> None:
        for transform in message.transforms:
            parent, child = transform.header.frame_id, transform.child_frame_id
            try:
                self.tree.set_transform(parent, child, transform_from_msg(transform))
            except (InvalidInputError, TransformError) as error:
                self._log.warning(f'transform from {parent!r} to {child!r}: {error}')
