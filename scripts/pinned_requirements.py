"""Print what pip shall install into .venv: build tools, dependencies, ROS 2 wheels and tests.

pip can install the dependencies of a package without the package only from such a list; the
pins themselves stand in pyproject.toml alone.
"""

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:  # pip carries the parser that Python 3.10 lacks
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Print one requirement per line."""
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    project = settings['project']
    requirements = [*settings['build-system']['requires'], *project['dependencies']]
    for extra in ('ros', 'test'):
        requirements += project['optional-dependencies'][extra]
    print('\n'.join(dict.fromkeys(requirements)))


if __name__ == '__main__':
    main()
