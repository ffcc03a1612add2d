"""A real colcon build of this package, and the use of what it installs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    'CMakeLists.txt', 'LICENSE', 'package.xml', 'pyproject.toml', 'setup.py', 'action', 'cmake',
    'config', 'interfaces', 'launch', 'maskdexgrasp_core', 'maskdexgrasp_ros', 'msg', 'srv',
    'urdf',
)  # fmt: skip

USE = """
from pathlib import Path

import maskdexgrasp_core, maskdexgrasp_ros
from maskdexgrasp.action import ExecuteGrasp
from maskdexgrasp.msg import GraspCommand, GraspStatus
import maskdexgrasp
from maskdexgrasp_core.resources import resource_path
from rclpy.serialization import deserialize_message, serialize_message

for module in (maskdexgrasp, maskdexgrasp_core, maskdexgrasp_ros):
    print(Path(module.__file__))
command = GraspCommand(text='pick up the mug by its handle', seed=7)
assert deserialize_message(serialize_message(command), GraspCommand) == command
assert GraspStatus.BAD_CLOUD == 103
assert ExecuteGrasp.Goal(command=command).command.seed == 7
print(resource_path('urdf/xarm7_freedom.urdf'))
"""


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment with the Python of the tests on PATH and nothing else."""
    path = os.pathsep.join([str(Path(sys.executable).parent), '/usr/bin', '/bin'])
    return {'HOME': str(home), 'PATH': path, 'OMP_NUM_THREADS': '1'}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory) -> Path:
    """Return a colcon workspace with this package, built as in its documentation."""
    workspace = tmp_path_factory.mktemp('colcon')
    package = workspace / 'src' / 'maskdexgrasp'
    package.mkdir(parents=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, package / name, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(source, package / name)
    result = subprocess.run(
        ['colcon', 'build', '--event-handlers', 'console_direct+', '--cmake-args', '-G', 'Ninja',
         '-DBUILD_TESTING=OFF', '-DCPP_MESSAGES=OFF'],
        cwd=workspace, env=clean_environment(workspace), capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return workspace


def run_in(workspace: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ['bash', '-c', f'. install/setup.bash && {command}'],
        cwd=workspace, env=clean_environment(workspace), capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_the_result_of_colcon_is_what_python_imports(workspace):
    result = run_in(workspace, f"python - <<'END'\n{USE}\nEND")
    assert result.returncode == 0, result.stderr
    paths = result.stdout.splitlines()
    assert len(paths) == 4
    for path in paths:
        assert Path(path).is_relative_to(workspace / 'install'), path


@pytest.mark.timeout(600)
def test_colcon_installs_nodes_and_shared_files(workspace):
    from maskdexgrasp_ros.topics import NODES

    prefix = workspace / 'install' / 'maskdexgrasp'
    for name in (*(f'{node}_node' for node in NODES), 'maskdexgrasp'):
        assert os.access(prefix / 'lib' / 'maskdexgrasp' / name, os.X_OK), name
    for folder in ('config', 'launch', 'urdf'):
        installed = {
            p.relative_to(prefix) for p in (prefix / 'share/maskdexgrasp' / folder).rglob('*')
        }
        shipped = {
            Path('share/maskdexgrasp') / p.relative_to(ROOT)
            for p in (ROOT / folder).rglob('*')
            if '__pycache__' not in p.parts
        }
        assert shipped <= installed
    assert (prefix / 'share/ament_index/resource_index/packages/maskdexgrasp').is_file()
    weights = {path.name for path in prefix.rglob('maskdexgrasp_core/weights/*')}
    assert weights == {path.name for path in (ROOT / 'maskdexgrasp_core/weights').iterdir()}


@pytest.mark.timeout(600)
def test_tf2_msgs_of_the_wheels_is_not_built_in_a_workspace(workspace):
    assert not (workspace / 'install' / 'tf2_msgs').exists()
