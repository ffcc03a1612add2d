"""Reads pickles of numbers without trusting them: nothing but data can come out, nothing runs.

A pickle names functions and classes that its reader calls. Here every name is looked up in a
table of stand-ins that only keep what they are given; any other name is refused before anything
is imported. Arrays are built from the kept bytes afterwards.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from maskdexgrasp_core.errors import InvalidInputError

_NUMBER_KINDS = 'biuf'
"""Kinds of numpy dtype that hold plain numbers: bool, integers, floats."""


class _StandIn:
    """Stands for an object of a library; keeps the state that the pickle gives it."""

    state: object = None

    def __init__(self, *args: object) -> None:
        self.args = args

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Dtype(_StandIn):
    def dtype(self) -> np.dtype:
        code = self.args[0] if self.args else None
        if not isinstance(code, str) or np.dtype(code).kind not in _NUMBER_KINDS:
            raise InvalidInputError(f'an array of type {code!r}; only numbers are read')
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else '='
        return np.dtype(code).newbyteorder('>' if order == '>' else '<')


class _NdArray(_StandIn):
    """Stands for an array under construction, state (version, shape, dtype, fortran, data)."""

    def value(self) -> NDArray[np.generic]:
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise InvalidInputError('an array without its numbers')
        _, shape, dtype, fortran, data = self.state
        return _array(data, dtype, shape, 'F' if fortran else 'C')


class _Object(_StandIn):
    """Stands for an object with named attributes."""

    def attribute(self, name: str) -> object:
        state = self.state
        if isinstance(state, tuple) and len(state) == 2:  # of the instance and of its slots
            state = state[0]
        if not isinstance(state, dict) or name not in state:
            raise InvalidInputError(f'a {type(self).__name__.strip("_")} without {name!r}')
        return _plain(state[name])


class _CscMatrix(_Object):
    def value(self) -> NDArray[np.generic]:
        parts = tuple(np.asarray(self.attribute(n)) for n in ('data', 'indices', 'indptr'))
        matrix = sparse.csc_matrix(parts, shape=self.attribute('_shape'))
        matrix.check_format(full_check=True)
        return np.asarray(matrix.toarray())


class _Ch(_Object):
    """Of chumpy: a leaf, whose numbers are in `x`."""

    def value(self) -> NDArray[np.generic]:
        return np.asarray(self.attribute('x'))


class _Select(_Object):
    """Of chumpy: the entries `idxs` of the flattened array `a`."""

    def value(self) -> NDArray[np.generic]:
        chosen = np.asarray(self.attribute('a')).ravel()[np.asarray(self.attribute('idxs'))]
        shape = np.ravel(np.asarray(self.attribute('preferred_shape')))
        return chosen.reshape(tuple(int(n) for n in shape))


class _Call:
    """Wraps a function so that a pickle can call it and cannot change it."""

    __slots__ = ('_function',)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *args: object) -> object:
        return self._function(*args)

    def __setstate__(self, state: object) -> None:
        raise InvalidInputError('it changes a function')


def _array(data: object, dtype: object, shape: object, order: str = 'C') -> NDArray[np.generic]:
    if isinstance(data, str):  # bytes of Python 2
        data = data.encode('latin1')
    if not isinstance(dtype, _Dtype) or not isinstance(data, bytes | bytearray):
        raise InvalidInputError('an array that is not made of plain numbers')
    flat = np.frombuffer(data, dtype=dtype.dtype())
    size = tuple(int(n) for n in np.ravel(np.asarray(shape)))
    return flat.reshape(size, order='F' if order == 'F' else 'C').copy()


def _scalar(dtype: object, data: object) -> object:
    return _array(data, dtype, (1,))[0].item()


def _latin1_bytes(text: str, encoding: str) -> bytes:
    if encoding not in ('latin1', 'latin-1'):
        raise InvalidInputError(f'bytes in the encoding {encoding!r}, expected latin1')
    return text.encode('latin1')


def _new(kind: type, *_: object) -> _StandIn:
    if not issubclass(kind, _StandIn):
        raise InvalidInputError(f'an object of {kind.__name__}')
    return kind()


_FUNCTIONS: dict[str, Callable[..., object]] = {
    '_reconstruct': lambda *_: _NdArray(),
    '_frombuffer': lambda data, dtype, shape, order: _array(data, dtype, shape, order),
    'scalar': _scalar,
}
_NUMPY_MODULES = ('core.multiarray', '_core.multiarray', 'core.numeric', '_core.numeric')
_NAMES: dict[tuple[str, str], object] = {
    **{(f'numpy.{m}', n): _Call(f) for m in _NUMPY_MODULES for n, f in _FUNCTIONS.items()},
    ('numpy', 'ndarray'): _NdArray,
    ('numpy', 'dtype'): _Dtype,
    ('_codecs', 'encode'): _Call(_latin1_bytes),
    **{(m, '_reconstructor'): _Call(_new) for m in ('copy_reg', 'copyreg')},
    **{(m, 'object'): _StandIn for m in ('__builtin__', 'builtins')},
    **{(m, 'set'): set for m in ('__builtin__', 'builtins')},
    **{(f'scipy.sparse.{m}', 'csc_matrix'): _CscMatrix for m in ('csc', '_csc')},
    ('chumpy.ch', 'Ch'): _Ch,
    ('chumpy.reordering', 'Select'): _Select,
}


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding='latin1')

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _NAMES:
            raise InvalidInputError(f'it asks for {module}.{name}, which is not data')
        return _NAMES[module, name]

    def persistent_load(self, pid: object) -> object:
        raise InvalidInputError('it refers to data outside the file')


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, _NdArray | _CscMatrix | _Ch | _Select):
        return value.value()
    if isinstance(value, _StandIn | _Call):
        raise InvalidInputError(f'a bare {type(value).__name__.strip("_")}')
    return value


def load_plain_dict(path: Path, *, max_bytes: int) -> dict[str, object]:
    """Return the dictionary that a pickle holds: numbers, strings, containers, numpy arrays.

    Sparse matrices of scipy and arrays of chumpy come as dense numpy arrays; neither chumpy nor
    the version of Python that wrote the file is needed.

    Args:
        path: Of the file.
        max_bytes: Larger files are refused unread.

    Raises:
        InvalidInputError: If the file is missing, too large, no pickle, asks for anything but
            data, or holds something else than a dictionary with names as keys.
    """
    if not path.is_file():
        raise InvalidInputError(f'no file at {path}')
    if path.stat().st_size > max_bytes:
        raise InvalidInputError(f'{path} has {path.stat().st_size} bytes, at most {max_bytes} fit')
    try:
        with path.open('rb') as file:
            found = _plain(_PlainUnpickler(file).load())
    except InvalidInputError as error:
        raise InvalidInputError(f'{path} is refused: {error}') from error
    except Exception as error:  # a broken pickle raises anything
        raise InvalidInputError(f'{path} cannot be read as a pickle: {error}') from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise InvalidInputError(f'{path} does not hold a dictionary with names as keys')
    return found
