"""A command ends with its code, also when the graph tells of the end in one way only."""

import threading

import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros import command_call, qos, topics
from maskdexgrasp_ros.client import GraspClient
from maskdexgrasp_ros.conversions import status_to_msg
from maskdexgrasp_ros.interfaces import ExecuteGrasp, GraspStatus, TimeMsg

pytestmark = [pytest.mark.ros, pytest.mark.timeout(60)]
SLIPPED = Outcome(stage=Stage.HOLD, code=Code.OBJECT_SLIPPED, reason='it slipped in this test')


class Arm(Node):
    """Offers the action; says the end by status, by result, or not at all."""

    def __init__(self, *, tells_status, tells_result):
        super().__init__('arm')
        self._tells_status, self._tells_result = tells_status, tells_result
        self.ended = threading.Event()
        self._statuses = self.create_publisher(GraspStatus, topics.GRASP_STATUS, qos.RELIABLE)
        ActionServer(
            self,
            ExecuteGrasp,
            topics.EXECUTE_GRASP,
            execute_callback=self._execute,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def _execute(self, handle):
        command_id = handle.request.command.command_id
        if self._tells_status:
            seconds = {'lift': 1.5}
            message = status_to_msg(
                SLIPPED, command_id, TimeMsg(), stage_seconds=seconds, attempt=1, done=True
            )
            self._statuses.publish(message)
        if not self._tells_result:
            self.ended.wait(30.0)
        handle.abort()
        return ExecuteGrasp.Result(code=SLIPPED.code.value, reason=SLIPPED.reason)


@pytest.fixture
def make_arm(ros_context):
    executor = MultiThreadedExecutor(num_threads=3)
    arms, thread = [], threading.Thread(target=executor.spin, daemon=True)

    def make(**says):
        arms.append(Arm(**says))
        executor.add_node(arms[0])
        thread.start()

    yield make
    arms[0].ended.set()
    executor.shutdown(timeout_sec=2.0)
    thread.join(timeout=5.0)
    arms[0].destroy_node()


@pytest.fixture
def client(ros_context, monkeypatch):
    monkeypatch.setattr(command_call, '_RESULT_S', 0.3)
    monkeypatch.setattr(command_call, '_CANCEL_S', 0.3)
    with GraspClient(watch_camera=False, use_sim_time=False) as client:
        yield client


def execute(client, timeout_s=20.0):
    return client.execute(Command(command_id='one', text='pick it up'), timeout_s=timeout_s)


def test_a_status_is_enough_when_the_result_is_lost(make_arm, client):
    make_arm(tells_status=True, tells_result=False)
    result = execute(client)
    assert result.outcome == SLIPPED
    assert result.stage_seconds == {'lift': 1.5}
    assert result.attempt == 1
    assert result.grasp is None


def test_a_result_is_enough_when_the_status_is_lost(make_arm, client):
    make_arm(tells_status=False, tells_result=True)
    outcome = execute(client).outcome
    assert (outcome.code, outcome.reason) == (SLIPPED.code, SLIPPED.reason)


def test_a_graph_that_says_neither_is_an_error_after_the_deadline(make_arm, client):
    make_arm(tells_status=False, tells_result=False)
    with pytest.raises(DriverError, match='no answer to the cancel'):
        execute(client, timeout_s=0.5)


def test_a_callback_that_fails_does_not_deafen_the_client(make_arm, client):
    failed = threading.Event()

    def fail():
        failed.set()
        raise ValueError('of this test')

    make_arm(tells_status=False, tells_result=True)
    client.node.create_timer(0.05, fail)
    assert failed.wait(10.0)
    assert execute(client).outcome.code is SLIPPED.code
