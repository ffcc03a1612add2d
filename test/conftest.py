"""Settings of every test: one thread, and a ROS 2 graph of its own that leaves no trace."""

import itertools
import os

import pytest

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before torch is imported, here or in a child

NUM_DOMAINS = 102
"""Domains 0 to 101 keep clear of the ephemeral ports of every common system."""
_domains = itertools.count(os.getpid())


@pytest.fixture(autouse=True)
def ros_environment(monkeypatch, tmp_path_factory):
    """Give each test its own domain, shared memory only, and a folder for logs."""
    from maskdexgrasp_ros.topics import LOCAL_TRANSPORT

    for name, value in LOCAL_TRANSPORT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(next(_domains) % NUM_DOMAINS))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path_factory.getbasetemp() / 'ros_log'))


@pytest.fixture
def ros_context():
    """Initialise rclpy for one test and take it down again."""
    rclpy = pytest.importorskip('rclpy')
    rclpy.init(args=[])
    yield
    rclpy.try_shutdown()
