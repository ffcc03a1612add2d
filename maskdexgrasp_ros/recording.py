"""Bags of a run in MCAP: written from raw messages, read back as messages."""

import importlib
import threading
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_ros import interfaces, qos, topics

RECORDED: dict[str, tuple[Any, QoSProfile]] = {
    topics.GRASP_COMMAND: (interfaces.GraspCommand, qos.RELIABLE),
    topics.SEGMENTED_OBJECT: (interfaces.SegmentedObject, qos.RELIABLE),
    topics.GRASP_CANDIDATES: (interfaces.GraspCandidates, qos.RELIABLE),
    topics.HAND_GRASPS: (interfaces.HandGrasps, qos.RELIABLE),
    topics.GRASP_STATUS: (interfaces.GraspStatus, qos.RELIABLE),
    topics.DEPTH_IMAGE: (interfaces.Image, qos.SENSOR_DATA),
    topics.COLOR_IMAGE: (interfaces.Image, qos.SENSOR_DATA),
    topics.DEPTH_INFO: (interfaces.CameraInfo, qos.SENSOR_DATA),
    topics.JOINT_STATES: (interfaces.JointState, qos.SENSOR_DATA),
    topics.ARM_STATE: (interfaces.ArmState, qos.SENSOR_DATA),
    topics.HAND_STATE: (interfaces.HandState, qos.SENSOR_DATA),
    topics.OBJECT_POSES: (interfaces.TFMessage, qos.SENSOR_DATA),
    topics.ROBOT_DESCRIPTION: (interfaces.String, qos.LATCHED),
    topics.MARKERS: (interfaces.MarkerArray, qos.RELIABLE),
    topics.STOP: (interfaces.Empty, qos.RELIABLE),
    topics.TF: (interfaces.TFMessage, qos.RELIABLE),
    topics.TF_STATIC: (interfaces.TFMessage, qos.LATCHED_MANY),
    topics.DIAGNOSTICS: (interfaces.DiagnosticArray, qos.RELIABLE),
}
"""Topic -> message class and quality of service of what a bag of a run holds."""


def bag_typestore() -> Typestore:
    """Return the standard message definitions and ours."""
    store = get_typestore(Stores.ROS2_KILTED)
    ours: dict[str, Any] = {}
    for path in sorted(resource_path('msg').glob('*.msg')):
        ours |= get_types_from_msg(path.read_text(), f'maskdexgrasp/msg/{path.stem}')
    store.register(ours)
    return store


class BagRecorder:
    """Writes every message on the recorded topics into a new bag until `close`.

    Latched topics (static transforms, robot description) are in it, also when they were sent
    before. The node must be spun by another thread.

    Args:
        node: Its clock stamps the messages.
        path: Folder of the bag; it must not exist.
        names: Topics of `RECORDED`; None takes all.
    """

    def __init__(self, node: Node, path: Path, names: Collection[str] | None = None) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._closed = False
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        store = bag_typestore()
        # All connections first: one added while another thread writes would tear a chunk.
        connections = {
            name: self._connect(store, name) for name in (RECORDED if names is None else names)
        }
        self._subscriptions = [self._subscribe(*item) for item in connections.items()]

    def close(self) -> None:
        """Finish the bag; calling it again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._writer.close()
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _connect(self, store: Typestore, name: str) -> Connection:
        message_class, profile = RECORDED[name]
        return self._writer.add_connection(
            self._node.resolve_topic_name(name),
            _type_name(message_class),
            typestore=store,
            offered_qos_profiles=[_bag_qos(profile)],
        )

    def _subscribe(self, name: str, connection: Connection) -> Any:
        message_class, profile = RECORDED[name]
        write = partial(self._write, connection)
        return self._node.create_subscription(
            message_class, connection.topic, write, profile, raw=True
        )

    def _write(self, connection: Connection, data: bytes) -> None:
        stamp_ns = self._node.get_clock().now().nanoseconds
        with self._lock:
            if not self._closed:
                self._writer.write(connection, stamp_ns, data)


def read_bag(path: Path, names: Collection[str] | None = None) -> Iterator[tuple[str, int, Any]]:
    """Yield (topic, stamp [ns], message) in the order of recording.

    Args:
        path: Folder of the bag.
        names: Absolute topics to read; None reads all.
    """
    with AnyReader([path], default_typestore=bag_typestore()) as reader:
        wanted = [c for c in reader.connections if names is None or c.topic in names]
        for connection, stamp_ns, data in reader.messages(connections=wanted):
            message = deserialize_message(bytes(data), _message_class(connection.msgtype))
            yield connection.topic, stamp_ns, message


def _type_name(message_class: Any) -> str:
    package, kind, *_ = message_class.__module__.split('.')
    return f'{package}/{kind}/{message_class.__name__}'


def _message_class(type_name: str) -> Any:
    package, kind, name = type_name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), name)


def _bag_qos(profile: QoSProfile) -> Qos:
    forever = QosTime(sec=2147483647, nsec=4294967295)
    return Qos(
        history=QosHistory(int(profile.history)),
        depth=profile.depth,
        reliability=QosReliability(int(profile.reliability)),
        durability=QosDurability(int(profile.durability)),
        deadline=forever,
        lifespan=forever,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=forever,
        avoid_ros_namespace_conventions=False,
    )
