import shutil
import signal
import subprocess
import sys

import pytest

from maskdexgrasp_core.model.checkpoint import WEIGHTS_FOLDER

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


PERCEPTION = """
import sys
from pathlib import Path
from maskdexgrasp_core.model import checkpoint

checkpoint.WEIGHTS_FOLDER = Path(sys.argv.pop())
from maskdexgrasp_ros.perception_node import main

main()
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
    assert 'Traceback' in result.stderr


@pytest.mark.parametrize(
    ('kind', 'kept_bytes', 'problem'),
    [('completion', 1000, 'is not a file of our weights'), ('selection', 0, 'does not exist')],
)
def test_perception_without_its_weights_ends_with_one_line(tmp_path, kind, kept_bytes, problem):
    pytest.importorskip('maskdexgrasp_ros.interfaces')
    for path in WEIGHTS_FOLDER.glob('*.safetensors'):
        shutil.copy(path, tmp_path)
    lost = tmp_path / f'{kind}.safetensors'
    left = lost.read_bytes()[:kept_bytes]
    lost.unlink()
    if left:
        lost.write_bytes(left)
    command = [sys.executable, '-c', PERCEPTION, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    (line,) = [line for line in result.stderr.splitlines() if 'FATAL' in line]
    assert f'{lost} {problem}' in line
    assert f'maskdexgrasp train {kind}' in line
