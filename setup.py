"""Build for pip: the Python packages, and the ROS 2 messages by the same CMakeLists.txt as colcon.

The messages travel as data files of the wheel (`lib/`, `share/` and `site-packages/` below the
Python prefix), which is where the ROS 2 wheels put theirs. Everything else is in pyproject.toml.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from setuptools import Command, Distribution, setup
from setuptools.command.build import build

ROOT = Path(__file__).resolve().parent
SHARED_FOLDERS = ('config', 'launch', 'urdf')
AMENT_MARKER = 'share/ament_index/resource_index/packages/ament_cmake'


class MessageDistribution(Distribution):
    """A distribution with compiled message libraries among its data files."""

    def has_ext_modules(self) -> bool:
        """Return true: the wheel belongs to one platform and one Python."""
        return True

    def has_data(self) -> bool:
        """Return true: editable installations drop the data files otherwise."""
        return True


class BuildMessages(Command):
    """Configure, compile and stage the interfaces, then list them as data files."""

    description = 'build the ROS 2 interfaces with CMake'
    user_options: list[tuple[str, str | None, str]] = []  # noqa: RUF012 - setuptools' own form
    editable_mode = False

    def initialize_options(self) -> None:
        """Set nothing: the command has no options."""

    def finalize_options(self) -> None:
        """Derive nothing: the command has no options."""

    def get_source_files(self) -> list[str]:
        """Return the interface definitions, for the source distribution."""
        folders = ('msg', 'srv', 'action', 'cmake', 'interfaces', *SHARED_FOLDERS)
        return [path.as_posix() for folder in folders for path in list_files(Path(folder))]

    def get_outputs(self) -> list[str]:
        """Return nothing: data files are recorded by `install_data`."""
        return []

    def get_output_mapping(self) -> dict[str, str]:
        """Return nothing: no output maps to one source file."""
        return {}

    def run(self) -> None:
        """Build every package into one staged prefix."""
        env, packages = build_environment()
        stage = ROOT / 'build' / f'messages-{sys.implementation.cache_tag}'
        shutil.rmtree(stage, ignore_errors=True)
        for number, source in enumerate(packages):
            build_package(source, stage / f'build{number}', stage / 'root', env)
        self.distribution.data_files[:] = [*staged_files(stage / 'root'), *shared_files()]


def build_environment() -> tuple[dict[str, str], list[Path]]:
    """Return the environment for CMake and the packages to build.

    A sourced ROS 2 is used as it is. Otherwise the generator wheels are the installation, and
    tf2_msgs, which no wheel has, is built too.
    """
    env = dict(os.environ)
    packages = [ROOT]
    prefixes = [p for p in env.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    if not any((Path(prefix) / AMENT_MARKER).exists() for prefix in prefixes):
        spec = find_spec('rosidl_generator_py')
        if spec is None or spec.origin is None:
            raise SystemExit(
                'No ROS 2 message generators: source ROS 2, or install the wheels of '
                '[build-system] in pyproject.toml (`make setup` and `pip install .` do)'
            )
        prefixes.append(str(Path(spec.origin).parents[4]))
        packages.append(ROOT / 'interfaces' / 'tf2_msgs')
    env['AMENT_PREFIX_PATH'] = os.pathsep.join(prefixes)
    cmake_prefixes = [*prefixes, *filter(None, [env.get('CMAKE_PREFIX_PATH')])]
    env['CMAKE_PREFIX_PATH'] = os.pathsep.join(cmake_prefixes)
    return env, packages


def build_package(source: Path, work: Path, prefix: Path, env: dict[str, str]) -> None:
    """Configure, compile and install one interface package into `prefix`."""
    site = os.path.relpath(sysconfig.get_path('platlib'), sysconfig.get_path('data'))
    configure = ['-S', source, '-B', work, '-G', 'Ninja', '--log-level=WARNING']
    definitions = {
        'Python3_EXECUTABLE': sys.executable,
        'PYTHON_INSTALL_DIR': site,
        'CMAKE_INSTALL_PREFIX': prefix,
        'CMAKE_INSTALL_MESSAGE': 'NEVER',
        'CMAKE_BUILD_TYPE': 'Release',
        'BUILD_TESTING': 'OFF',
        'CPP_MESSAGES': 'OFF',
        'MESSAGES_ONLY': 'ON',
    }
    configure += [f'-D{name}={value}' for name, value in definitions.items()]
    for arguments in (configure, ['--build', work], ['--install', work, '--strip']):
        subprocess.run(['cmake', *map(str, arguments)], check=True, env=env)


def list_files(folder: Path) -> list[Path]:
    """Return every file below `folder`, sorted, without caches."""
    return [
        path
        for path in sorted(folder.rglob('*'))
        if path.is_file() and path.suffix != '.pyc' and '__pycache__' not in path.parts
    ]


def staged_files(prefix: Path) -> list[tuple[str, list[str]]]:
    """Return (installed folder, files) of a staged prefix, without C and C++ headers."""
    folders: dict[str, list[str]] = {}
    for path in list_files(prefix):
        folder = path.parent.relative_to(prefix).as_posix()
        if not folder.startswith('include'):
            folders.setdefault(folder, []).append(path.relative_to(ROOT).as_posix())
    return list(folders.items())


def shared_files() -> list[tuple[str, list[str]]]:
    """Return (installed folder, files) of config, launch and urdf."""
    folders: dict[str, list[str]] = {}
    for top in SHARED_FOLDERS:
        for path in list_files(ROOT / top):
            relative = path.relative_to(ROOT)
            folder = f'share/maskdexgrasp/{relative.parent.as_posix()}'
            folders.setdefault(folder, []).append(relative.as_posix())
    return list(folders.items())


build.sub_commands = [('build_messages', None), *build.sub_commands]
setup(
    distclass=MessageDistribution,
    cmdclass={'build_messages': BuildMessages},
    data_files=[],
)
