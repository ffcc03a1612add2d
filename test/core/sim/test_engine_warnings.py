"""What MuJoCo warns about is a log record, not a file where the user happens to be."""

import logging

import pytest

from maskdexgrasp_core.sim.engine_warnings import log_engine_warnings
from maskdexgrasp_core.sim.world import World

TOO_FAST = 1e12


@pytest.mark.parametrize('level', [None, logging.INFO])
def test_a_simulation_that_bursts_is_logged_and_leaves_no_file(
    tmp_path, monkeypatch, caplog, level
):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    world = World(())  # warnings of a world are warnings
    if level is not None:
        log_engine_warnings(level)
    world.data.qvel[0] = TOO_FAST
    world.step(1)
    (record,) = caplog.records
    assert record.levelno == (level or logging.WARNING)
    assert 'unstable' in record.getMessage()
    assert list(tmp_path.iterdir()) == []
