"""What every command shares: the terminal, files of results, and errors in one line."""

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.markup import escape

from maskdexgrasp_core.errors import DriverError, MaskDexGraspError
from maskdexgrasp_core.outcome import Outcome, StageError
from maskdexgrasp_core.work_pool import usable_cores

console = Console(highlight=False)
"""Where results go."""
errors = Console(stderr=True, highlight=False)
"""Where errors go."""

FAILED = 1
"""Exit code: the command ran, and the answer is no."""
MISUSE = 2
"""Exit code: the input cannot be used; nothing was done."""
INTERRUPTED = 130
"""Exit code: the command was ended by Ctrl-C."""


def fail(code: str, reason: str, cure: str = '', *, status: int = FAILED) -> NoReturn:
    """Print one line with code, reason and cure, and end with `status`."""
    hint = f' [dim]→ {escape(cure)}[/]' if cure else ''
    errors.print(f'[bold red]{escape(code)}[/] {escape(reason)}{hint}', soft_wrap=True)
    raise typer.Exit(status)


def fail_outcome(outcome: Outcome, *, status: int = FAILED) -> NoReturn:
    """Print why a stage gave up and what to do about it, and end with `status`."""
    fail(outcome.code.name, f'{outcome.stage.name.lower()}: {outcome.reason}', outcome.cure,
         status=status)  # fmt: skip


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn the project's errors into one line and an exit code; defects pass through."""
    try:
        yield
    except StageError as error:
        fail_outcome(error.outcome, status=MISUSE)
    except DriverError as error:
        fail('DRIVER', str(error))
    except MaskDexGraspError as error:
        fail('INPUT', str(error), status=MISUSE)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write `content` with indentation, making the folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, default=_plain) + '\n')


def run_header(seed: int | None = None) -> dict[str, object]:
    """Return what a result needs to be repeated: versions, machine, date and seed."""
    header: dict[str, object] = {
        'version': installed_version('maskdexgrasp'),
        'versions': {
            name: installed_version(name) for name in ('mujoco', 'torch', 'numpy', 'open3d-cpu')
        },
        'python': platform.python_version(),
        'machine': machine_line(),
        'date': time.strftime('%Y-%m-%d %H:%M:%S %z'),
    }
    return header if seed is None else {**header, 'seed': seed}


def installed_version(name: str) -> str:
    """Return the version of an installed distribution, 'not installed' if there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return 'not installed'


def machine_line() -> str:
    """Return processor, usable cores, memory and load of this machine."""
    memory_gib = psutil.virtual_memory().total / 2**30
    return (
        f'{_processor()}, {usable_cores()} cores, {memory_gib:.0f} GiB, '
        f'load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.machine()}'
    )


def run_folder(out: Path | None, prefix: str) -> Path:
    """Return the folder of a run: `out`, or `runs/<prefix>-<date>-<time>`."""
    return out or Path('runs') / f'{prefix}-{time.strftime("%Y%m%d-%H%M%S")}'


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, or end with a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail('INPUT', f'cannot write to {folder}: {error.strerror}', status=MISUSE)


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()


def _plain(value: object) -> object:
    """Return what JSON can carry in place of numpy values and paths."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f'{type(value).__name__} cannot be written to JSON')
