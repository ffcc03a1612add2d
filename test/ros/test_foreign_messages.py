"""Messages of foreign senders that contradict themselves are ignored; no node ends of them."""

import numpy as np
import pytest

interfaces = pytest.importorskip('maskdexgrasp_ros.interfaces')

import rclpy  # noqa: E402

from maskdexgrasp_core.arm.xarm7 import XARM7  # noqa: E402
from maskdexgrasp_core.errors import InvalidInputError, NotConnectedError  # noqa: E402
from maskdexgrasp_core.geometry.urdf import RobotDescription  # noqa: E402
from maskdexgrasp_core.outcome import Code, Outcome, Stage  # noqa: E402
from maskdexgrasp_ros.conversions import status_to_msg  # noqa: E402
from maskdexgrasp_ros.drivers import RosArmDriver  # noqa: E402
from maskdexgrasp_ros.graph_listener import GraphListener  # noqa: E402
from maskdexgrasp_ros.robot_state import LinkTransforms  # noqa: E402
from maskdexgrasp_ros.status import outcome_of  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def node(ros_context):
    node = rclpy.create_node('listener')
    yield node
    node.destroy_node()


def status(**fields):
    message = status_to_msg(Outcome(stage=Stage.PLAN), 'a', interfaces.TimeMsg())
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize('fields', [{'stage': 200}, {'code': 7777}, {'code': Code.TIMEOUT.value}])
def test_a_status_that_is_none_is_ignored(node, fields):
    listener, told = GraphListener(node, watch_camera=False), []
    listener.begin('a', lambda *report: told.append(report))
    listener._on_status(status(**fields))
    assert listener.seen.statuses == told == []
    listener._on_status(status())
    assert told == [(Stage.PLAN, '', 0)]


def test_the_end_of_a_look_is_heard_but_not_taken_for_the_end_of_the_command(node):
    listener = GraphListener(node, watch_camera=False)
    listener.begin('a', None)
    listener._on_status(status(command_id='a#0', done=True))
    assert [s.command_id for s in listener.seen.statuses] == ['a#0']
    assert listener.end is None
    listener._on_status(status(command_id='b', done=True))
    assert listener.end is None
    listener._on_status(status(done=True))
    assert listener.end.command_id == 'a'


@pytest.mark.parametrize('values', [[], [0.1], [0.1, float('nan')]])
def test_joint_states_without_a_position_for_each_joint_are_refused(values):
    links = LinkTransforms(RobotDescription(XARM7.urdf))
    names = ['joint1', 'joint2']
    assert links.positions(names, [0.1, 0.2])['joint2'] == np.float64(0.2)
    with pytest.raises(InvalidInputError, match=f'got {len(values)} for 2'):
        links.positions(names, values)


def test_a_device_that_nobody_offers_is_not_connected(node):
    with pytest.raises(NotConnectedError, match='arm') as raised:
        RosArmDriver(node, timeout_s=0.05).stop()
    assert outcome_of(raised.value, Stage.APPROACH).code is Code.DRIVER_NOT_CONNECTED
