"""Who can talk to a graph: this machine by shared memory, or the network when it is spread."""

import os
import subprocess
import sys
import time

import psutil
import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

import rclpy
from rclpy.executors import SingleThreadedExecutor

from maskdexgrasp_ros.cli.echo import PING, PONG, checksum
from maskdexgrasp_ros.graph_processes import graph_environment
from maskdexgrasp_ros.interfaces import GraspCommand, Image
from maskdexgrasp_ros.qos import RELIABLE
from maskdexgrasp_ros.topics import LOCAL_TRANSPORT

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]


@pytest.fixture
def start_echo(monkeypatch):
    """Starts a process with the environment of a graph; it answers every picture."""
    for name in LOCAL_TRANSPORT:
        monkeypatch.delenv(name, raising=False)
    started = []

    def start(*, spread):
        env = {**os.environ, **graph_environment(spread=spread)}
        line = [sys.executable, '-m', 'maskdexgrasp_ros.cli.echo']
        started.append(subprocess.Popen(line, env=env))
        return started[0].pid

    yield start
    for process in started:
        process.terminate()
        process.wait(10.0)


class Talker:
    """Sends one picture until it is answered."""

    def __init__(self):
        rclpy.init(args=[])
        self.node = rclpy.create_node('talker')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._answers = []
        self._pictures = self.node.create_publisher(Image, PING, RELIABLE)
        self.node.create_subscription(GraspCommand, PONG, self._hear, RELIABLE)

    def _hear(self, message):
        self._answers.append(message.text)

    def ask(self, timeout_s=30.0):
        """Return the first answer."""
        deadline = time.monotonic() + timeout_s
        while not self._answers:
            assert time.monotonic() < deadline, 'nobody answers'
            if self._pictures.get_subscription_count():
                self._pictures.publish(Image(data=b'picture'))
            self._executor.spin_once(timeout_sec=0.1)
        return self._answers[0]

    def close(self):
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def make_talker():
    talkers = []

    def make():
        talkers.append(Talker())
        return talkers[0]

    yield make
    for talker in talkers:
        talker.close()


def test_a_local_graph_talks_without_any_socket_of_the_network(
    start_echo, make_talker, monkeypatch
):
    pid = start_echo(spread=False)
    for name, value in graph_environment().items():
        monkeypatch.setenv(name, value)
    assert make_talker().ask() == checksum(b'picture')
    assert psutil.Process(pid).net_connections('inet') == []


def test_a_spread_graph_is_reached_by_the_network_alone(start_echo, make_talker, monkeypatch):
    pid = start_echo(spread=True)
    monkeypatch.setenv('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')  # as from another machine
    assert make_talker().ask() == checksum(b'picture')
    assert psutil.Process(pid).net_connections('inet') != []
