import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.ros

NODE = """
from rclpy.node import Node
from maskdexgrasp_ros.runner import run_node

class Beeper(Node):
    def __init__(self):
        super().__init__('beeper')
        self.create_timer(0.01, lambda: None)
        self.create_timer(0.1, lambda: print('alive', flush=True))

    def destroy_node(self):
        print('destroyed', flush=True)
        super().destroy_node()

run_node(Beeper)
"""
FAILING = """
from maskdexgrasp_ros.runner import run_node

def make():
    raise RuntimeError('no such device')

run_node(make)
"""


@pytest.mark.timeout(60)
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_node_without_a_trace(number):
    child = subprocess.Popen(
        [sys.executable, '-c', NODE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == 'alive\n'
    child.send_signal(number)
    output, errors = child.communicate(timeout=20)
    assert 'destroyed' in output
    assert 'Traceback' not in errors
    assert child.returncode == 0


@pytest.mark.timeout(60)
def test_node_that_cannot_start_says_why():
    result = subprocess.run([sys.executable, '-c', FAILING], capture_output=True, text=True)
    assert result.returncode != 0
    assert 'no such device' in result.stderr
