"""The whole suite from the command line, as a newcomer runs it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from maskdexgrasp_ros import topics
from maskdexgrasp_ros.recording import read_bag

STAGES = ('perceive', 'generate', 'retarget', 'plan', 'approach', 'close', 'lift', 'hold')


@pytest.mark.timeout(300)
def test_the_demo_lifts_the_mug_and_reports_it(tmp_path):
    line = [sys.executable, '-m', 'maskdexgrasp_ros.cli.main', 'demo', '--headless']
    done = subprocess.run(
        [*line, '--out', tmp_path, '--json', tmp_path / 'extra.json'],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / 'result.json').read_text())
    assert result == json.loads((tmp_path / 'extra.json').read_text())
    assert result['lifted'] is True
    assert result['lift_height_m'] >= 0.10
    assert result['hold_s'] >= 3.0
    assert (result['code'], result['reason']) == ('OK', '')
    assert set(STAGES) <= set(result['stages'])
    assert all(milliseconds > 0 for milliseconds in result['stages'].values())
    pose = np.array(result['grasp']['T_base_grasp'])
    assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-6)
    assert Image.open(tmp_path / 'strip.png').width == 2000
    heard = {topic for topic, _, _ in read_bag(tmp_path / 'bag')}
    for name in (topics.SEGMENTED_OBJECT, topics.GRASP_CANDIDATES, topics.HAND_GRASPS):
        assert f'/{name}' in heard
