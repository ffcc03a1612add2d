"""One writer at a time for a dataset folder."""

import contextlib
import json
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.errors import MaskDexGraspError

_LOCK_NAME = '.lock'
_OWNER_NAME = '.lock-owner.json'


class DatasetBusyError(MaskDexGraspError, RuntimeError):
    """Another process is writing the dataset; the text names it."""


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the right to write a dataset; the system takes it back when this process ends.

    Args:
        folder: Of the dataset; must exist.

    Raises:
        DatasetBusyError: If another process holds it.
    """
    lock = FileLock(folder / _LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DatasetBusyError(_busy(folder)) from error
    owner = {
        'pid': os.getpid(),
        'host': platform.node(),
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    try:
        write_atomically(folder / _OWNER_NAME, json.dumps(owner).encode())
        yield
    finally:
        for name in (_OWNER_NAME, _LOCK_NAME):  # a lock that lost its name locks nobody out
            with contextlib.suppress(OSError):
                (folder / name).unlink()
        lock.release()


def _busy(folder: Path) -> str:
    try:
        owner = json.loads((folder / _OWNER_NAME).read_text())
        who = f'process {owner["pid"]} on {owner["host"]}, since {owner["since"]}'
    except (OSError, ValueError, KeyError):
        who = 'another process'
    return f'{folder} is being written by {who}; wait for it, or end it and try again'
