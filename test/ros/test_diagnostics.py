import time

import pytest

from maskdexgrasp_core.outcome import Code, Outcome, Stage

pytestmark = pytest.mark.ros


@pytest.fixture
def diagnostics(ros_context):
    import rclpy

    from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher

    node = rclpy.create_node('worker')
    yield DiagnosticsPublisher(node, hardware_id='D435', period_s=0.05)
    node.destroy_node()


def values(status):
    return {item.key: item.value for item in status.values}


def test_latencies_are_summed_up_by_stage(diagnostics):
    for duration_s in [0.010, 0.020, 0.030, 0.040, 0.100]:
        diagnostics.timer.record('segment', duration_s)
    shown = values(diagnostics.status())
    assert shown['segment median [ms]'] == '30.0'
    assert shown['segment p95 [ms]'] == '88.0'
    assert shown['segment count'] == '5'


def test_block_is_measured_also_when_it_raises(diagnostics):
    def fail():
        with diagnostics.timer.measure('plan'):
            time.sleep(0.02)
            raise ValueError('stop')

    with pytest.raises(ValueError, match='stop'):
        fail()
    median, _, count = diagnostics.timer.summary_ms()['plan']
    assert count == 1
    assert 20.0 <= median < 500.0


def test_level_follows_the_last_outcome(diagnostics):
    from maskdexgrasp_ros.interfaces import DiagnosticStatus

    assert diagnostics.status().level == DiagnosticStatus.OK
    empty = Outcome(stage=Stage.PERCEIVE, code=Code.EMPTY_CROP, reason='0 of 300000 points')
    diagnostics.report(empty)
    status = diagnostics.status()
    assert status.level == DiagnosticStatus.WARN
    assert status.message == '0 of 300000 points'
    assert values(status)['cure'] == empty.cure
    diagnostics.report(
        Outcome(stage=Stage.LIFT, code=Code.DRIVER_FAULT, reason='error 31 of the arm')
    )
    assert diagnostics.status().level == DiagnosticStatus.ERROR
    diagnostics.report(Outcome(stage=Stage.PERCEIVE))
    assert diagnostics.status().level == DiagnosticStatus.OK


def test_status_is_published(diagnostics, ros_context):
    import rclpy

    from maskdexgrasp_ros import qos, topics
    from maskdexgrasp_ros.interfaces import DiagnosticArray

    received = []
    listener = rclpy.create_node('listener')
    listener.create_subscription(
        DiagnosticArray, topics.DIAGNOSTICS, received.append, qos.RELIABLE
    )
    deadline = time.monotonic() + 10.0
    while not received and time.monotonic() < deadline:
        diagnostics.publish()
        rclpy.spin_once(listener, timeout_sec=0.1)
    listener.destroy_node()
    assert received[0].status[0].name == 'maskdexgrasp: worker'
    assert received[0].status[0].hardware_id == 'D435'
