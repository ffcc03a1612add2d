"""Reads arrays of files that anybody may have written; nothing in them is unpickled."""

import struct
import tokenize
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError

UNREADABLE = (
    EOFError, KeyError, LZMAError, MemoryError, OSError, OverflowError, RecursionError,
    RuntimeError, SyntaxError, TypeError, ValueError, struct.error, tokenize.TokenError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy, zip and JSON raise on files that are cut, damaged, or of another kind."""


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file by name.

    Raises:
        InvalidInputError: If the file is missing, damaged or no .npz, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            strangers = [name for name in archive.namelist() if not name.endswith('.npy')]
            if strangers:
                raise ValueError(f'{strangers[0]!r} in it is no array')
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise InvalidInputError(f'{path} is not a readable .npz file: {reason}') from error


def numbers(value: object, name: str) -> NDArray[np.float64]:
    """Return an array of real numbers.

    Args:
        value: What a file holds under `name`.
        name: For the message.

    Raises:
        InvalidInputError: If it is something else, such as text, or rows of different length.
    """
    try:
        array = np.asarray(value)
    except UNREADABLE as error:
        raise InvalidInputError(f'{name} is no array of numbers: {error}') from error
    if array.dtype.kind not in 'iuf':
        raise InvalidInputError(f'{name} holds {array.dtype} instead of numbers')
    return np.asarray(array, dtype=np.float64)
