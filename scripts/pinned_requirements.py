"""Print what pip shall install into .venv: build tools, dependencies, ROS 2 wheels and tests.

pip can install the dependencies of a package without the package only from such a list; the
pins themselves stand in pyproject.toml alone. With --libraries: only what a ROS 2 installation
lacks, without build tools, ROS 2 and tests.
"""

import argparse
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:  # pip carries the parser that Python 3.10 lacks
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Print one requirement per line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--libraries', action='store_true', help='dependencies alone')
    only_libraries = parser.parse_args().libraries
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    project = settings['project']
    requirements = list(project['dependencies'])
    if not only_libraries:
        requirements = [*settings['build-system']['requires'], *requirements]
        for extra in ('ros', 'test'):
            requirements += project['optional-dependencies'][extra]
    print('\n'.join(dict.fromkeys(requirements)))


if __name__ == '__main__':
    main()
