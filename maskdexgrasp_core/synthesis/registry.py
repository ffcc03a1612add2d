"""The generators by name; what they need is loaded when one of them is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from maskdexgrasp_core.errors import UnknownNameError

if TYPE_CHECKING:
    from maskdexgrasp_core.protocols import GraspGenerator

DEFAULT_GENERATOR = 'synthesis'
"""Name of the generator that is used where none is named."""


def _synthesis() -> 'GraspGenerator':
    from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator

    return SynthesisGenerator()


def _model() -> 'GraspGenerator':
    from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator

    return LearnedGenerator()


GENERATORS: dict[str, Callable[[], 'GraspGenerator']] = {'synthesis': _synthesis, 'model': _model}
"""Name -> what builds the generator with its defaults."""


def load_generator(name: str = DEFAULT_GENERATOR) -> 'GraspGenerator':
    """Return a new generator with its default settings.

    Raises:
        UnknownNameError: If there is none of this name; the text lists those that exist.
        MissingWeightsError: If a learned one has no weights here.
    """
    if name not in GENERATORS:
        raise UnknownNameError('generator', name, list(GENERATORS))
    return GENERATORS[name]()
