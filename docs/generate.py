"""Writes errors.md and parameters.md from the code: `python docs/generate.py`."""

from collections.abc import Iterator
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter

from maskdexgrasp_core.outcome import CURES, Code
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_ros.arm_control_node import ArmControlNodeCfg
from maskdexgrasp_ros.generator_node import GeneratorNodeCfg
from maskdexgrasp_ros.interfaces import ParameterDescriptor
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.perception_node import PerceptionNodeCfg
from maskdexgrasp_ros.retargeting_node import RetargetingNodeCfg
from maskdexgrasp_ros.sim_node import SimNodeCfg

FOLDER = Path(__file__).resolve().parent
CFGS: dict[str, tuple[object, ...]] = {
    'sim': (SimNodeCfg(),),
    'perception': (PerceptionNodeCfg(), PerceptionCfg()),
    'generator': (GeneratorNodeCfg(),),
    'retargeting': (RetargetingNodeCfg(),),
    'arm_control': (ArmControlNodeCfg(),),
}
"""Node -> what its parameters are declared from."""
RANGES = (
    (range(1, 100), 'the command'),
    (range(100, 200), 'perception'),
    (range(200, 300), 'generation'),
    (range(300, 400), 'retargeting'),
    (range(400, 500), 'planning'),
    (range(500, 600), 'execution'),
    (range(600, 700), 'drivers'),
    (range(900, 1000), 'internal'),
)
NOTE = '<!-- Written by docs/generate.py; a test holds it to the code. -->\n'
ERRORS_HEAD = """
# Errors and what to do

A command ends with one of these codes in `grasp_status` and in the result of `execute_grasp`,
with a sentence that holds the numbers that decided. `msg/GraspStatus.msg` has the same table as
constants.
"""
PARAMETERS_HEAD = """
# Parameters of the nodes

Defaults of the code; `config/grasp_demo.yaml` states the tuned ones again, and
`params_file:=my.yaml` replaces it. Values are checked when they are set, also at run time
(`ros2 param set /perception max_age_s 2.0`). Those marked *at start* are read once: a file or an
argument sets them, a later change is refused.
"""


def errors_page() -> str:
    """Return errors.md."""
    parts = [NOTE, ERRORS_HEAD]
    for numbers, title in RANGES:
        parts.append(f'\n## {numbers.start}-{numbers.stop - 1}: {title}\n')
        parts.append('| code | name | cure |\n|---|---|---|\n')
        parts += [
            f'| {code.value} | `{code.name}` | {CURES[code]} |\n'
            for code in Code
            if code in numbers
        ]
    return ''.join(parts)


def parameters_page() -> str:
    """Return parameters.md; rclpy must be initialised."""
    parts = [NOTE, PARAMETERS_HEAD]
    for name, cfgs in CFGS.items():
        parts.append(f'\n## {name}\n| parameter | type | default | range | meaning |\n')
        parts.append('|---|---|---|---|---|\n')
        parts += declared_rows(name, cfgs)
    return ''.join(parts)


def declared_rows(name: str, cfgs: tuple[object, ...]) -> Iterator[str]:
    """Yield one table row for each parameter, as a node declares it."""
    for cfg in cfgs:
        node = Node(f'{name}_parameters', start_parameter_services=False)
        own = set(node._parameters)
        CfgParameters(node, cfg)
        for key in [key for key in node._parameters if key not in own]:
            yield row(node.describe_parameter(key), node.get_parameter(key).value)
        node.destroy_node()


def row(descriptor: ParameterDescriptor, value: object) -> str:
    """Return the table row of one parameter."""
    kind = Parameter.Type(descriptor.type).name.lower().replace('_', ' ')
    limits = [*descriptor.integer_range, *descriptor.floating_point_range]
    allowed = '; '.join(f'{item.from_value:g} to {item.to_value:g}' for item in limits)
    allowed = allowed or descriptor.additional_constraints
    meaning = descriptor.description + (' *(at start)*' if descriptor.read_only else '')
    return f'| `{descriptor.name}` | {kind} | `{value}` | {allowed} | {meaning} |\n'


PAGES = {'errors.md': errors_page, 'parameters.md': parameters_page}
"""File -> what makes its text."""


def main() -> None:
    """Write every page."""
    rclpy.init(args=[])
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make())
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
