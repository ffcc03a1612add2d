"""Shape completion: from the visible side of an object to a closed surface."""

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.perception.completion.extrusion import Extrusion
from maskdexgrasp_core.perception.completion.learned import LearnedCompletion
from maskdexgrasp_core.perception.completion.primitives import FittedPrimitives
from maskdexgrasp_core.perception.completion.union import Union, VisibleOnly
from maskdexgrasp_core.protocols import ShapeCompletion

_METHODS = {
    'visible': VisibleOnly,
    'extrusion': Extrusion,
    'primitives': FittedPrimitives,
    'union': Union,
    'learned': LearnedCompletion,
}


DEFAULT_COMPLETION = 'learned'
"""Name of the completion that is used where none is named."""


def completion_names() -> tuple[str, ...]:
    """Return the names that `load_completion` knows."""
    return tuple(_METHODS)


def load_completion(name: str = DEFAULT_COMPLETION) -> ShapeCompletion:
    """Return the completion registered under `name`.

    Raises:
        UnknownNameError: If the name is not registered.
        MissingWeightsError: If 'learned' is asked for and no weights are installed.
    """
    if name not in _METHODS:
        raise UnknownNameError('shape completion', name, list(_METHODS))
    method: ShapeCompletion = _METHODS[name]()
    return method
