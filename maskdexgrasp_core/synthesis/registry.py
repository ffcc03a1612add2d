"""The generators by name."""

from collections.abc import Callable

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.generator import EnergyGenerator
from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator

GENERATORS: dict[str, Callable[[], GraspGenerator]] = {
    EnergyGenerator.name: EnergyGenerator,
    LearnedGenerator.name: LearnedGenerator,
}
"""Name -> what builds the generator with its defaults."""


def load_generator(name: str) -> GraspGenerator:
    """Return a new generator with its default settings.

    Raises:
        UnknownNameError: If there is none of this name; the text lists those that exist.
    """
    if name not in GENERATORS:
        raise UnknownNameError('generator', name, list(GENERATORS))
    return GENERATORS[name]()
