"""Files that are either there in full or not at all, whenever the power goes off."""

import contextlib
import os
import secrets
from pathlib import Path

TEMPORARY_SUFFIX = '.partial'
"""Of files that are being written; one that is left over means nothing."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that appears under its name only when all of it is on the disk."""
    partial = path.with_name(f'{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}')
    try:
        with partial.open('xb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk, where the system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
