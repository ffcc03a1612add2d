"""Settings changed by name: what a sweep needs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import yaml

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.checkpoint import cfg_from_json

Cfg = TypeVar('Cfg')


def overridden(cfg: Cfg, changes: Mapping[str, Any]) -> Cfg:
    """Return nested settings with some values changed, checked as any settings are.

    Args:
        cfg: A dataclass of JSON values, tuples and further dataclasses.
        changes: 'loop.epochs' -> 20, and so on.

    Raises:
        UnknownNameError: If there is no such setting; the text lists those beside it.
        InvalidInputError: If a value is of the wrong type or out of its range.
    """
    content = json.loads(json.dumps(asdict(cfg)))  # type: ignore[call-overload]
    for path, value in changes.items():
        *outer, last = path.split('.')
        place = content
        for name in outer:
            place = _entry(place, name, path)
        _entry(place, last, path)
        place[last] = value
    return cfg_from_json(type(cfg), content, source='the changes')


def parse_changes(assignments: Sequence[str]) -> dict[str, Any]:
    """Return 'loop.epochs=20', 'network.levels=[1,1,1,1,1,1]' and so on as changes.

    Raises:
        InvalidInputError: If one is not of this form.
    """
    changes = {}
    for assignment in assignments:
        path, equals, value = assignment.partition('=')
        if not (path and equals):
            raise InvalidInputError(f'expected name=value, got {assignment!r}')
        try:
            changes[path.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InvalidInputError(f'{assignment!r}: {error}') from error
    return changes


def _entry(place: Any, name: str, path: str) -> Any:
    if not isinstance(place, dict) or name not in place:
        known = list(place) if isinstance(place, dict) else []
        raise UnknownNameError('setting', path, known)
    return place[name]
