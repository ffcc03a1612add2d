"""Finds the files that ship with the package (urdf, config, launch), however it is installed."""

import os
import sys
from pathlib import Path

from maskdexgrasp_core.errors import MaskDexGraspError

_MARKER = Path('urdf') / 'xarm7_freedom.urdf'


def resource_path(relative: str) -> Path:
    """Return the absolute path of a shipped file or folder.

    Looks in the source tree first, then in `share/maskdexgrasp` of every ament prefix and of
    the Python prefix (colcon and pip installations).

    Args:
        relative: Path below the share folder, e.g. 'urdf/xarm7.urdf'.

    Raises:
        MaskDexGraspError: If no installation holds the file.
    """
    prefixes = [*filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep))]
    roots = [Path(__file__).resolve().parent.parent]
    roots += [Path(p) / 'share' / 'maskdexgrasp' for p in [*prefixes, sys.prefix]]
    for root in roots:
        if (root / _MARKER).is_file() and (root / relative).exists():
            return root / relative
    raise MaskDexGraspError(f'{relative} not found below any of {[str(r) for r in roots]}')


def cache_folder(name: str) -> Path:
    """Return the folder for what can be made again, below `XDG_CACHE_HOME` (`~/.cache` if unset).

    Args:
        name: What is kept there, e.g. 'views'; the folder need not exist.
    """
    root = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return root / 'maskdexgrasp' / name
