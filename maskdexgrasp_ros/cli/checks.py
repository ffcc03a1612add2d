"""Checks of ROS 2: wheels, built messages, and a real echo between two processes."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message

from maskdexgrasp_core.cli.checks import Check, Finding, Verdict
from maskdexgrasp_core.cli.console import installed_version
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_ros.cli.echo import PING, PONG, checksum
from maskdexgrasp_ros.graph_processes import graph_environment
from maskdexgrasp_ros.interfaces import GraspCommand, Image
from maskdexgrasp_ros.qos import RELIABLE

_WARM_UPS = 3
_ROUNDS = 10
_BYTES = 640 * 480 * 16
"""A coloured cloud of the D435."""
_START_S = 20.0
_ROUND_S = 3.0
_END_S = 20.0
_SLOW_S = 0.25
_MIN_SHM_MIB = 60


def ros_checks(seed: int) -> Sequence[Check]:
    """Return the checks of ROS 2; `seed` makes the data that is sent."""
    return (
        Check(name='ROS 2', run=check_rclpy),
        Check(name='messages', run=check_messages),
        Check(name='shared memory', run=lambda: check_transport(seed)),
    )


def check_rclpy() -> Finding:
    """Find rclpy of a ROS 2 installation or of the wheels."""
    version = installed_version('ros-kilted-rclpy')
    source = f'wheels {version}' if version != 'not installed' else os.path.dirname(rclpy.__file__)
    return Finding(detail=f'rclpy of {source}')


def check_messages() -> Finding:
    """Send one of the project's messages through its serialisation."""
    sent = GraspCommand(text='test', seed=3)
    received = deserialize_message(serialize_message(sent), GraspCommand)
    if received != sent:
        return Finding(verdict=Verdict.FAIL, detail=f'{sent} became {received}', cure='make setup')
    names = ', '.join(path.stem for path in sorted(resource_path('msg').glob('*.msg')))
    return Finding(detail=f'compiled: {names}')


def check_transport(seed: int) -> Finding:
    """Send coloured clouds to another process and get their checksums back."""
    environment = graph_environment()
    os.environ.update(environment)
    line = [sys.executable, '-m', 'maskdexgrasp_ros.cli.echo']
    child = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        times = _exchange(seed, child)
    finally:
        child.terminate()
        child.wait(_END_S)
    free_mib = psutil.disk_usage('/dev/shm').free / 2**20 if os.path.isdir('/dev/shm') else 0.0
    cure = (
        f'/dev/shm has {free_mib:.0f} MiB free, {_MIN_SHM_MIB} are needed (docker run '
        '--shm-size=256m); or set FASTDDS_BUILTIN_TRANSPORTS=DEFAULT'
    )
    if len(times) < _ROUNDS:
        detail = f'{len(times)} of {_ROUNDS} messages of {_BYTES / 1e6:.1f} MB came through'
        return Finding(verdict=Verdict.FAIL, detail=detail, cure=cure)
    middle_s = float(np.median(times))
    detail = f'{_BYTES / 1e6:.1f} MB to another process and its answer in {1e3 * middle_s:.0f} ms'
    if middle_s > _SLOW_S:
        return Finding(verdict=Verdict.WARN, detail=detail, cure='close other programs')
    return Finding(detail=detail)


def _exchange(seed: int, child: 'subprocess.Popen[str]') -> list[float]:
    """Return the round-trip times [s] of the messages that came back unchanged."""
    rclpy.init(args=[])
    node = rclpy.create_node('doctor')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    answers: dict[str, str] = {}

    def hear(message: GraspCommand) -> None:
        answers[message.command_id] = message.text

    publisher = node.create_publisher(Image, PING, RELIABLE)
    node.create_subscription(GraspCommand, PONG, hear, RELIABLE)
    times = []
    try:
        if not _wait_for_reader(publisher, node, child):
            return []
        rng = np.random.default_rng(seed)
        for index in range(_WARM_UPS + _ROUNDS):
            data = rng.integers(0, 256, _BYTES, dtype=np.uint8).tobytes()
            message = Image(height=480, width=640, step=640 * 16, encoding='8UC1')
            message.header.frame_id, message.data = str(index), data
            began = time.perf_counter()
            publisher.publish(message)
            while str(index) not in answers and time.perf_counter() - began < _ROUND_S:
                executor.spin_once(timeout_sec=0.05)
            if answers.get(str(index)) == checksum(data) and index >= _WARM_UPS:
                times.append(time.perf_counter() - began)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return times


def _wait_for_reader(publisher: Any, node: Node, child: 'subprocess.Popen[str]') -> bool:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            text = child.stderr.read()[-300:] if child.stderr is not None else ''
            raise DriverError(f'the other process ended: {text}')
        if publisher.get_subscription_count() and node.count_publishers(PONG):
            return True
        time.sleep(0.05)
    return False
