"""What MuJoCo warns about is a log record, not a file where the user happens to be."""

import logging

import mujoco
import pytest
import trimesh

from maskdexgrasp_core.evaluation.hold_check import HoldChecker
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.sim import engine_warnings
from maskdexgrasp_core.sim.hand_world import HandRehearsalWorld, body_of_pieces
from maskdexgrasp_core.sim.world import World

TOO_FAST = 1e12
BALL = '<mujoco><worldbody><body><freejoint/><geom size="0.1"/></body></worldbody></mujoco>'


def rehearsal():
    box = trimesh.creation.box((0.05, 0.05, 0.05))
    return HandRehearsalWorld(body_of_pieces([box], mass_kg=0.2, friction=0.5))


def hold_checker():
    return HoldChecker(make_object('can', 0), load_protocol('tdg-quick'))


@pytest.mark.parametrize(
    ('start', 'level'),
    [
        (lambda: World(()), logging.WARNING),
        (rehearsal, logging.INFO),
        (hold_checker, logging.INFO),
    ],
    ids=['world', 'rehearsal', 'hold check'],
)
def test_a_simulation_that_bursts_is_logged_and_leaves_no_file(
    tmp_path, monkeypatch, caplog, start, level
):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG, logger=engine_warnings.__name__)
    start()
    model = mujoco.MjModel.from_xml_string(BALL)
    data = mujoco.MjData(model)
    data.qvel[0] = TOO_FAST
    mujoco.mj_step(model, data)
    (record,) = [one for one in caplog.records if one.name == engine_warnings.__name__]
    assert record.levelno == level
    assert 'unstable' in record.getMessage()
    assert list(tmp_path.iterdir()) == []
