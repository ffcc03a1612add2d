"""The messages as a ROS user meets them, and their agreement with the core."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maskdexgrasp_core.outcome import CURES, Code, Stage
from maskdexgrasp_ros import interfaces, qos, topics
from maskdexgrasp_ros.graph_processes import graph_environment

pytestmark = pytest.mark.ros
ROOT = Path(__file__).resolve().parent.parent.parent
INTERFACES = sorted(
    path for kind in ('msg', 'srv', 'action') for path in (ROOT / kind).glob(f'*.{kind}')
)
FIELD = re.compile(
    r'^(?P<type>[\w/]+(?:\[\])?) (?P<name>\w+)(?: (?P<default>[^#\s]+))?\s*(?P<comment>#.*)?$'
)
CONSTANT = re.compile(
    r'^(?P<type>uint8|uint16) (?P<name>[A-Z_]+) = (?P<value>\d+) *(?:# (?P<cure>.*))?$'
)

ECHO = """
import rclpy
from maskdexgrasp_ros import interfaces, qos

rclpy.init()
node = rclpy.create_node('echo')
publisher = node.create_publisher(interfaces.SegmentedObject, 'echoed', qos.RELIABLE)
node.create_subscription(
    interfaces.SegmentedObject, 'sent', publisher.publish, qos.RELIABLE)
rclpy.spin(node)
"""


def constants() -> list[re.Match]:
    lines = (ROOT / 'msg' / 'GraspStatus.msg').read_text().splitlines()
    return [match for match in map(CONSTANT.match, lines) if match]


def test_status_stages_are_those_of_the_core():
    stages = {m['name']: int(m['value']) for m in constants() if m['type'] == 'uint8'}
    assert stages == {f'STAGE_{stage.name}': stage.value for stage in Stage}
    assert interfaces.GraspStatus.STAGE_LIFT == Stage.LIFT


def test_status_codes_and_cures_are_those_of_the_core():
    codes = [m for m in constants() if m['type'] == 'uint16']
    assert {m['name']: int(m['value']) for m in codes} == {code.name: code.value for code in Code}
    assert {m['name']: m['cure'] for m in codes} == {code.name: CURES[code] for code in Code}


def test_codes_stand_below_the_comment_of_their_range():
    low, high = 0, 0
    for line in (ROOT / 'msg' / 'GraspStatus.msg').read_text().splitlines():
        if span := re.match(r'# (\d+)(?:-(\d+))?: ', line):
            low, high = int(span[1]), int(span[2] or span[1])
        elif (match := CONSTANT.match(line)) and match['type'] == 'uint16':
            assert low <= int(match['value']) <= high, line


@pytest.mark.parametrize('path', INTERFACES, ids=lambda path: path.name)
def test_every_field_has_a_comment_with_its_unit_or_meaning(path):
    fields = [
        match
        for line in path.read_text().splitlines()
        if line and not line.lstrip().startswith(('#', '---')) and not CONSTANT.match(line)
        for match in [FIELD.match(line)]
        if match or pytest.fail(f'{path.name}: cannot read {line!r}')
    ]
    plain = {'joint_names', 'motor_names', 'accepted', 'success'}  # the name says it all
    for field in fields:
        assert field['comment'] or field['name'] in plain, f'{path.name}: {field["name"]}'
    if path.suffix == '.msg':
        assert fields[0]['type'] == 'std_msgs/Header'


def test_a_sentence_alone_makes_a_command():
    command = interfaces.GraspCommand(text='pick up the mug by its handle')
    assert command.command_id == ''
    assert command.task == ''
    assert not command.plan_only
    assert not command.place_after_hold


def filled_object() -> interfaces.SegmentedObject:
    message = interfaces.SegmentedObject(label='mug', part='handle', table_height=-0.1)
    message.header.frame_id = 'link_base'
    message.command = interfaces.GraspCommand(command_id='7', text='pick up the mug', seed=2**40)
    message.cloud.data = bytes(range(256)) * 8
    message.shape.vertices = [interfaces.Point(x=0.5), interfaces.Point(y=1.0)]
    message.shape.triangles = [interfaces.MeshTriangle(vertex_indices=[0, 1, 0])]
    message.obstacles = [interfaces.PointCloud2(width=3), interfaces.PointCloud2(width=4)]
    return message


@pytest.mark.timeout(60)
def test_two_processes_exchange_nested_messages_over_dds(ros_context):
    import rclpy

    sent, received = filled_object(), []
    child = subprocess.Popen([sys.executable, '-c', ECHO])
    node = rclpy.create_node('asker')
    try:
        publisher = node.create_publisher(interfaces.SegmentedObject, 'sent', qos.RELIABLE)
        node.create_subscription(
            interfaces.SegmentedObject, 'echoed', received.append, qos.RELIABLE
        )
        deadline = time.monotonic() + 40.0
        while not received and time.monotonic() < deadline:
            assert child.poll() is None, 'the echo process ended'
            publisher.publish(sent)
            rclpy.spin_once(node, timeout_sec=0.2)
    finally:
        child.kill()  # how a node ends is the subject of another test
        child.wait()
        node.destroy_node()
    assert received
    assert received[0] == sent


def test_the_local_graph_opens_no_network_port(monkeypatch):
    """The default graph is reachable from this machine only."""
    import psutil
    import rclpy

    for name, value in graph_environment().items():
        monkeypatch.setenv(name, value)
    assert 'SHM' in topics.LOCAL_TRANSPORT['FASTDDS_BUILTIN_TRANSPORTS']
    rclpy.init(args=[])
    before = {c.laddr for c in psutil.Process().net_connections('inet')}
    node = rclpy.create_node('quiet')
    after = {c.laddr for c in psutil.Process().net_connections('inet')}
    node.destroy_node()
    rclpy.try_shutdown()
    assert after <= before


def test_names_are_relative_but_for_those_that_are_global():
    names = {k: v for k, v in vars(topics).items() if k.isupper() and isinstance(v, str)}
    absolute = {key for key, name in names.items() if name.startswith('/')}
    assert absolute == {'TF', 'TF_STATIC', 'CLOCK', 'DIAGNOSTICS'}
    assert len(set(names.values())) == len(names)
