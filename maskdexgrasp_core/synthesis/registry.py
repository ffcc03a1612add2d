"""The generators by name; what they need is loaded when one of them is."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from maskdexgrasp_core.protocols import GraspGenerator
    from maskdexgrasp_core.synthesis.generator import GeneratorCfg

DEFAULT_GENERATOR = 'model'
"""Name of the generator that is used where none is named."""


class Registered(NamedTuple):
    """How to get one generator."""

    default_cfg: Callable[[], 'GeneratorCfg']
    """Makes its settings."""
    check_weights: Callable[[Path | None], None]
    """Refuses weights that it cannot use, without building networks."""
    build: Callable[['GeneratorCfg', Path | None], 'GraspGenerator']
    """Makes it from settings and the folder of its weights."""


def _synthesis_cfg() -> 'GeneratorCfg':
    from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGeneratorCfg

    return SynthesisGeneratorCfg()


def _no_weights(weights: Path | None) -> None:
    if weights is not None:
        raise InvalidInputError(
            f'the generator synthesis has no weights, got {weights}; the generator model has'
        )


def _synthesis(cfg: 'GeneratorCfg', weights: Path | None) -> 'GraspGenerator':
    from maskdexgrasp_core.synthesis.synthesis_generator import (
        SynthesisGenerator,
        SynthesisGeneratorCfg,
    )

    _no_weights(weights)
    if not isinstance(cfg, SynthesisGeneratorCfg):
        raise InvalidInputError(f'the generator synthesis got {type(cfg).__name__}')
    return SynthesisGenerator(cfg)


def _model_cfg() -> 'GeneratorCfg':
    from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg

    return LearnedGeneratorCfg()


def _model_weights(weights: Path | None) -> None:
    from maskdexgrasp_core.model.grasp_model import check_weights

    check_weights(weights)


def _model(cfg: 'GeneratorCfg', weights: Path | None) -> 'GraspGenerator':
    from maskdexgrasp_core.model.grasp_model import GraspModel
    from maskdexgrasp_core.synthesis.learned_generator import (
        LearnedGenerator,
        LearnedGeneratorCfg,
    )

    if not isinstance(cfg, LearnedGeneratorCfg):
        raise InvalidInputError(f'the generator model got {type(cfg).__name__}')
    return LearnedGenerator(cfg, model=GraspModel.load(weights))


GENERATORS: dict[str, Registered] = {
    'synthesis': Registered(_synthesis_cfg, _no_weights, _synthesis),
    'model': Registered(_model_cfg, _model_weights, _model),
}
"""Name -> generator."""


def load_generator(
    name: str = DEFAULT_GENERATOR,
    weights: Path | None = None,
    cfg: 'GeneratorCfg | None' = None,
) -> 'GraspGenerator':
    """Return a new generator.

    Args:
        name: Of the generator.
        weights: Folder of its weights, for one that has learned; None takes those that ship.
        cfg: Its settings, as `default_cfg` makes them; None takes the defaults.

    Raises:
        UnknownNameError: If there is none of this name; the text lists those that exist.
        MissingWeightsError: If weights are not there.
        InvalidInputError: If weights are damaged, or weights or settings are of another one.
    """
    entry = _registered(name)
    return entry.build(entry.default_cfg() if cfg is None else cfg, weights)


def default_cfg(name: str) -> 'GeneratorCfg':
    """Return the default settings of a generator.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return _registered(name).default_cfg()


def takes_weights(name: str) -> bool:
    """Return whether a generator has learned, so that its weights can be named.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    return _registered(name).check_weights is not _no_weights


def require_generator(name: str, weights: Path | None = None) -> None:
    """Refuse early what `load_generator` would refuse, without building networks.

    Raises:
        UnknownNameError: If there is none of this name.
        MissingWeightsError: If weights are not there.
        InvalidInputError: If weights are damaged, or are not of this generator.
    """
    _registered(name).check_weights(weights)


def _registered(name: str) -> Registered:
    if name not in GENERATORS:
        raise UnknownNameError('generator', name, list(GENERATORS))
    return GENERATORS[name]
