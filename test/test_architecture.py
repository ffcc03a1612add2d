"""The rules of who may import whom, kept without any tool beyond the standard library."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / 'maskdexgrasp_core'
ROS = ROOT / 'maskdexgrasp_ros'
MAX_LINES = 400
MUJOCO_FOLDERS = {'sim', 'evaluation', 'arm', 'viewer'}
MESSAGE_PACKAGES = {'maskdexgrasp', 'builtin_interfaces', 'std_srvs', 'rcl_interfaces'}
FORBIDDEN_NAMES = {'utils', 'helpers', 'common', 'misc', 'manager'}
MODEL_MAY_IMPORT = {
    'atomic_files',
    'errors',
    'frames',
    'geometry',
    'hands',
    'model',
    'resources',
    'tasks',
    'types',
}
MAY_TRAIN = {'training', 'cli'}


def python_files(*roots: Path) -> list[Path]:
    return sorted(path for root in roots for path in root.rglob('*.py'))


def imported_modules(path: Path) -> set[str]:
    """Return every absolute module that a file imports, at the top or inside functions."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: relative import in line {node.lineno}'
            modules.add(node.module or '')
    return modules


def top_packages(path: Path) -> set[str]:
    return {module.partition('.')[0] for module in imported_modules(path)}


def core_rooms(path: Path) -> set[str]:
    """Return the folders and modules of the core, by name, that a file imports from."""
    found = (module.split('.') for module in imported_modules(path))
    return {names[1] for names in found if names[0] == CORE.name and len(names) > 1}


def is_message_package(name: str) -> bool:
    return name in MESSAGE_PACKAGES or name.endswith('_msgs')


def test_the_rules_see_the_packages():
    assert CORE / 'types.py' in python_files(CORE)
    assert 'numpy' in top_packages(CORE / 'types.py')
    assert is_message_package('sensor_msgs')
    assert not is_message_package('maskdexgrasp_core')


def test_core_imports_no_ros():
    for path in python_files(CORE):
        found = {
            name
            for name in top_packages(path)
            if name in ('rclpy', 'tf2_ros', 'launch', 'launch_ros', 'maskdexgrasp_ros')
            or is_message_package(name)
        }
        assert not found, f'{path.relative_to(ROOT)} imports {sorted(found)}'


def test_mujoco_stays_where_it_simulates_or_draws():
    for path in python_files(CORE, ROS):
        if 'mujoco' in top_packages(path):
            folder = path.relative_to(CORE).parts[0] if path.is_relative_to(CORE) else 'ros'
            assert folder in MUJOCO_FOLDERS, f'{path.relative_to(ROOT)} imports mujoco'


def test_networks_know_hands_and_geometry_only():
    for path in python_files(CORE / 'model'):
        found = core_rooms(path) - MODEL_MAY_IMPORT
        assert not found, f'{path.relative_to(ROOT)} imports {sorted(found)}'


def test_only_commands_know_how_networks_are_trained():
    for path in python_files(CORE):
        if path.relative_to(CORE).parts[0] not in MAY_TRAIN:
            assert 'training' not in core_rooms(path), path.relative_to(ROOT)


def test_messages_are_imported_in_one_module_only():
    for path in python_files(ROS, ROOT / 'launch', ROOT / 'examples'):
        if path != ROS / 'interfaces.py':
            found = sorted(filter(is_message_package, top_packages(path)))
            assert not found, f'{path.relative_to(ROOT)} imports {found}; use interfaces.py'


def test_nodes_do_not_import_each_other():
    nodes = {f'maskdexgrasp_ros.{path.stem}' for path in ROS.glob('*_node.py')}
    for path in ROS.glob('*_node.py'):
        assert not nodes & imported_modules(path), f'{path.name} imports another node'


def test_rclpy_is_not_imported_by_conversions():
    for path in ROS.glob('*conversions.py'):
        assert 'rclpy' not in top_packages(path), f'{path.name} must stay pure'


@pytest.mark.parametrize('root', [CORE, ROS, ROOT / 'launch', ROOT / 'examples', ROOT / 'test'])
def test_files_stay_short(root):
    for path in python_files(root):
        lines = len(path.read_text().splitlines())
        assert lines <= MAX_LINES, f'{path.relative_to(ROOT)} has {lines} lines'


def test_modules_are_named_by_what_they_hold():
    for path in python_files(CORE, ROS):
        parts = {part.removesuffix('.py') for part in path.relative_to(ROOT).parts}
        assert not parts & FORBIDDEN_NAMES, path.relative_to(ROOT)


def test_test_files_have_distinct_names():
    names = [path.name for path in python_files(ROOT / 'test') if path.name != 'conftest.py']
    assert len(names) == len(set(names)), sorted({n for n in names if names.count(n) > 1})
