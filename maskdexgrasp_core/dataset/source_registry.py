"""Sources of grasps by name, and how a command line makes one."""

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maskdexgrasp_core.dataset.sources.protocol import GraspSource
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:  # a source's own libraries are loaded when it is asked for
    from maskdexgrasp_core.dataset.sources.human_checks import MakeCheck

_PROTOCOL = 'tdg'


@dataclass(frozen=True, kw_only=True)
class SourceRequest:
    """What a command line says about a source; each takes what concerns it."""

    num_objects: int = 0
    """Objects to make; 0 leaves it to the source."""
    num_grasps: int = 0
    """Grasps that are wanted in all; 0 leaves it to the source."""
    seed: int = 0
    root: Path | None = None
    """Folder of a release that is read."""
    mano: Path | None = None
    """`MANO_RIGHT.pkl`, for sources that need it."""
    skip_bad_files: bool = False

    def options(self) -> dict[str, str]:
        """Return what decides the records, by name; a resumed build must agree with it."""
        named = {
            'objects': self.num_objects or '',
            'grasps': self.num_grasps or '',
            'root': '' if self.root is None else self.root.resolve(),
            'skip_bad_files': self.skip_bad_files or '',
        }
        return {name: str(value) for name, value in named.items() if value != ''}


SourceFactory = Callable[[SourceRequest], GraspSource]


def _procedural(request: SourceRequest) -> GraspSource:
    from maskdexgrasp_core.dataset.sources.procedural import ProceduralSource

    return ProceduralSource(
        num_objects=request.num_objects, num_grasps=request.num_grasps, seed=request.seed
    )


def _affordpose(request: SourceRequest) -> GraspSource:
    from maskdexgrasp_core.dataset.sources.affordpose import AffordPoseSource

    return AffordPoseSource(
        root=_root(request), skip_bad_files=request.skip_bad_files, make_check=_make_check()
    )


def _oakshape(request: SourceRequest) -> GraspSource:
    from maskdexgrasp_core.dataset.sources.oakshape import OakShapeSource

    return OakShapeSource(
        root=_root(request),
        mano=request.mano,
        skip_bad_files=request.skip_bad_files,
        make_check=_make_check(),
    )


FACTORIES: dict[str, SourceFactory] = {
    'procedural': _procedural,
    'affordpose': _affordpose,
    'oakshape': _oakshape,
}
"""Name -> what makes the source; a new source is registered by its entry here."""


def load_source(name: str, request: SourceRequest) -> GraspSource:
    """Return the source called `name`.

    Args:
        name: One of `FACTORIES`, or 'package.module:factory' for a source of your own, whose
            factory takes a `SourceRequest`.
        request: What the source is asked for.

    Raises:
        UnknownNameError: If there is no such source.
        InvalidInputError: If the source lacks something that it needs.
    """
    module, colon, factory = name.partition(':')
    if not colon:
        if name not in FACTORIES:
            raise UnknownNameError('source', name, [*FACTORIES, 'package.module:factory'])
        return FACTORIES[name](request)
    try:
        made = getattr(importlib.import_module(module), factory)(request)
    except (ImportError, AttributeError) as error:
        raise InvalidInputError(f'source {name!r} cannot be imported: {error}') from error
    if not isinstance(made, GraspSource):
        raise InvalidInputError(f'{name!r} gave a {type(made).__name__}, not a GraspSource')
    return made


def _make_check() -> 'MakeCheck':
    """Return what makes the physics check of an object: the protocol of this project's labels."""
    from maskdexgrasp_core.evaluation.hold_check import HoldChecker
    from maskdexgrasp_core.evaluation.protocols import load_protocol

    return functools.partial(HoldChecker, protocol=load_protocol(_PROTOCOL))


def _root(request: SourceRequest) -> Path:
    if request.root is None:
        raise InvalidInputError(
            'this source reads a release from disk: give --root FOLDER to `dataset add`'
        )
    return request.root
