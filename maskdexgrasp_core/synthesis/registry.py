"""The generators by name."""

from collections.abc import Callable

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.generator import EnergyGenerator


def _learned() -> GraspGenerator:
    from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator  # takes seconds

    return LearnedGenerator()


GENERATORS: dict[str, Callable[[], GraspGenerator]] = {
    EnergyGenerator.name: EnergyGenerator,
    'model': _learned,
}
"""Name -> what builds the generator with its defaults."""


def load_generator(name: str) -> GraspGenerator:
    """Return a new generator with its default settings.

    Raises:
        UnknownNameError: If there is none of this name; the text lists those that exist.
        MissingWeightsError: If a learned one has no weights here.
    """
    if name not in GENERATORS:
        raise UnknownNameError('generator', name, list(GENERATORS))
    return GENERATORS[name]()
