"""The lists that must agree: pyproject.toml, CMakeLists.txt, package.xml, names of nodes."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from maskdexgrasp_core import __version__
from maskdexgrasp_ros import topics

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / 'pyproject.toml').read_text())
CMAKE = (ROOT / 'CMakeLists.txt').read_text()
PACKAGE = ElementTree.parse(ROOT / 'package.xml').getroot()


def test_version_is_the_same_everywhere():
    assert SETTINGS['project']['version'] == __version__ == PACKAGE.findtext('version')


def test_every_interface_is_built():
    defined = {
        f'{folder}/{path.name}'
        for folder in ('msg', 'srv', 'action')
        for path in (ROOT / folder).glob(f'*.{folder}')
    }
    assert defined == set(re.findall(r'^ {2}((?:msg|srv|action)/\w+\.\w+)$', CMAKE, re.MULTILINE))


def test_the_libraries_that_a_ros_installation_lacks_can_be_listed():
    def listed(*arguments):
        line = [sys.executable, ROOT / 'scripts/pinned_requirements.py', *arguments]
        return set(
            subprocess.run(line, check=True, capture_output=True, text=True).stdout.split('\n')
        )

    libraries = listed('--libraries') - {''}
    assert libraries == set(SETTINGS['project']['dependencies'])
    assert not [name for name in libraries if name.startswith('ros-')]
    assert libraries < listed()


def test_message_packages_are_declared():
    built_on = set(re.search(r'DEPENDENCIES ([\w\s]+)\)', CMAKE)[1].split())
    used = {
        package
        for folder in ('msg', 'srv', 'action')
        for path in (ROOT / folder).iterdir()
        for package in re.findall(r'^(\w+)/\w+', path.read_text(), re.MULTILINE)
    }
    assert used <= built_on
    assert built_on <= {element.text for element in PACKAGE.findall('depend')}
    imported = {
        node.module.partition('.')[0]
        for node in ast.walk(ast.parse((ROOT / 'maskdexgrasp_ros/interfaces.py').read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    declared = {e.text for e in [*PACKAGE.findall('depend'), *PACKAGE.findall('exec_depend')]}
    assert imported - {'maskdexgrasp'} <= declared


def test_package_xml_is_format_3_with_its_group_and_licence():
    assert PACKAGE.get('format') == '3'
    assert PACKAGE.findtext('member_of_group') == 'rosidl_interface_packages'
    assert PACKAGE.findtext('license') == SETTINGS['project']['license'] == 'Apache-2.0'
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()


def test_nodes_are_installed_under_their_names():
    executables = re.search(r'foreach\(node ([\w ]+)\)', CMAKE)[1].split()
    assert sorted(executables) == sorted(topics.NODES)
    scripts = SETTINGS['project']['scripts']
    for name in topics.NODES:
        assert scripts[f'maskdexgrasp_{name}'] == f'maskdexgrasp_ros.{name}_node:main'


@pytest.mark.parametrize('target', SETTINGS['project']['scripts'].values())
def test_every_script_has_its_main(target):
    module, _, function = target.partition(':')
    source = (ROOT / (module.replace('.', '/') + '.py')).read_text()
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert function in defined


def test_dependencies_are_pinned_and_installed():
    for text in subprocess.run(
        [sys.executable, ROOT / 'scripts' / 'pinned_requirements.py'],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines():
        requirement, _, marker = text.partition(';')
        name, version = re.fullmatch(r'([\w-]+)(?:\[\w+\])?==([\w.]+) ?', requirement).groups()
        if marker.strip() != 'python_version < "3.11"' or sys.version_info < (3, 11):
            if marker.strip() == 'python_version >= "3.11"' and sys.version_info < (3, 11):
                continue
            installed = importlib.metadata.version(name)
            assert installed.partition('+')[0] == version, name


def test_a_wheel_holds_the_weights():
    patterns = SETTINGS['tool']['setuptools']['package-data']['maskdexgrasp_core']
    packed = {path for pattern in patterns for path in (ROOT / 'maskdexgrasp_core').glob(pattern)}
    assert packed == set((ROOT / 'maskdexgrasp_core/weights').iterdir())


def test_make_names_every_target_that_newcomers_are_told(tmp_path):
    result = subprocess.run(
        ['make', '--directory', ROOT, 'help'], check=True, capture_output=True, text=True
    )
    for target in ('demo', 'test', 'check', 'setup', 'format', 'clean'):
        assert f'make {target}' in result.stdout


def test_every_import_is_pinned():
    extras = SETTINGS['project']['optional-dependencies']
    pins = [*SETTINGS['project']['dependencies'], *extras['vlm'], *extras['cluster']]
    pinned = {re.split(r'[\[=]', pin)[0].lower() for pin in pins}
    not_named_alike = {
        'PIL': 'pillow',
        'open3d': 'open3d-cpu',
        'pinocchio': 'pin',
        'skimage': 'scikit-image',
        'sklearn': 'scikit-learn',
        'yaml': 'pyyaml',
    }
    ours = ('maskdexgrasp', 'maskdexgrasp_core', 'maskdexgrasp_ros')
    missing = set()
    for package in ours[1:]:
        for path in (ROOT / package).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or '']
                for top in {name.split('.')[0] for name in names}:
                    is_ros = top == 'rclpy' or top.endswith(('_msgs', '_srvs', '_interfaces'))
                    if top in sys.stdlib_module_names or top in ours or is_ros:
                        continue
                    if not_named_alike.get(top, top.replace('_', '-')) not in pinned:
                        missing.add(f'{top} in {path.relative_to(ROOT)}')
    assert not missing
