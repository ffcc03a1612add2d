"""Turns a frozen Cfg of the core into declared ROS parameters and back.

Every field becomes a parameter of the same name; a nested Cfg becomes `<field>.<name>`. The
description is the field's attribute docstring, and `field(metadata=...)` may say more:
`description` (instead of the docstring), `range` (lowest, highest), `choices` (allowed strings),
`read_only` (true: fixed at start; of a nested Cfg, all of it).
"""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from rclpy.node import Node
from rclpy.parameter import Parameter

from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_ros.interfaces import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)

CfgT = TypeVar('CfgT')

_SCALARS = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
}
_ARRAYS = {
    bool: Parameter.Type.BOOL_ARRAY,
    int: Parameter.Type.INTEGER_ARRAY,
    float: Parameter.Type.DOUBLE_ARRAY,
    str: Parameter.Type.STRING_ARRAY,
}


class CfgParameters(Generic[CfgT]):
    """Parameters of a node that mirror one Cfg; `cfg` is always valid and up to date."""

    def __init__(
        self,
        node: Node,
        default: CfgT,
        *,
        prefix: str = '',
        on_change: Callable[[CfgT], None] | None = None,
    ) -> None:
        """Declare every field of `default` and read overrides (file, command line).

        Args:
            node: Node that owns the parameters.
            default: Cfg whose values are the defaults.
            prefix: Put before every name, e.g. 'crop.'.
            on_change: Called with the new Cfg after a parameter was set at run time.

        Raises:
            InvalidInputError: If an override is refused by the Cfg or has a field of a type that
                ROS parameters cannot carry.
        """
        self._prefix = prefix
        self._on_change = on_change
        values: dict[str, Any] = {}
        for name, (spec, value) in _flatten(default).items():
            declared = node.declare_parameter(
                prefix + name, _to_parameter(value), _descriptor(name, spec, value)
            )
            values[name] = declared.value
        self.cfg: CfgT = cfg_with(default, values)
        node.add_on_set_parameters_callback(self._set)

    def _set(self, parameters: list[Parameter]) -> SetParametersResult:
        known = _flatten(self.cfg)
        changes = {
            parameter.name[len(self._prefix) :]: parameter.value
            for parameter in parameters
            if parameter.name.startswith(self._prefix)
            and parameter.name[len(self._prefix) :] in known
        }
        if not changes:
            return SetParametersResult(successful=True)
        try:
            cfg = cfg_with(self.cfg, changes)
            if self._on_change is not None:
                self._on_change(cfg)
        except MaskDexGraspError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.cfg = cfg
        return SetParametersResult(successful=True)


def cfg_with(cfg: CfgT, changes: dict[str, Any]) -> CfgT:
    """Return `cfg` with the fields of `changes` (dotted names) replaced.

    Raises:
        InvalidInputError: If a value is not among the choices, outside its range, or refused by
            the Cfg itself.
    """
    nested: dict[str, dict[str, Any]] = {}
    values: dict[str, Any] = {}
    for name, value in changes.items():
        head, _, rest = name.partition('.')
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            values[head] = _checked(_field(cfg, head), value)
    for head, inner in nested.items():
        values[head] = cfg_with(getattr(cfg, head), inner)
    try:
        return dataclasses.replace(cfg, **values)  # type: ignore[type-var]
    except ValueError as error:
        raise InvalidInputError(str(error)) from error


def _field(cfg: object, name: str) -> 'dataclasses.Field[Any]':
    for spec in dataclasses.fields(cfg):  # type: ignore[arg-type]
        if spec.name == name:
            return spec
    raise InvalidInputError(f'{type(cfg).__name__} has no field {name!r}')


def _checked(spec: 'dataclasses.Field[Any]', value: Any) -> Any:
    """Return `value` as the field wants it, after the checks that its metadata ask for."""
    if value is not None and not isinstance(value, (bool, int, float, str)):
        value = tuple(value)
    choices = spec.metadata.get('choices')
    if choices is not None and value not in choices:
        raise InvalidInputError(f'{spec.name} is {value!r}; expected one of {sorted(choices)}')
    if 'range' in spec.metadata:
        low, high = spec.metadata['range']
        for item in value if isinstance(value, tuple) else (value,):
            if not low <= item <= high:
                raise InvalidInputError(f'{spec.name} is {item}; expected {low} to {high}')
    return value


def _flatten(
    cfg: object, *, read_only: bool = False
) -> 'dict[str, tuple[dataclasses.Field[Any], Any]]':
    """Return dotted name -> (field, value) of a Cfg and of those nested in it.

    Args:
        cfg: The Cfg.
        read_only: Whether all of it is fixed at start.
    """
    flat: dict[str, tuple[dataclasses.Field[Any], Any]] = {}
    for spec in dataclasses.fields(cfg):  # type: ignore[arg-type]
        value = getattr(cfg, spec.name)
        is_fixed = read_only or bool(spec.metadata.get('read_only', False))
        if dataclasses.is_dataclass(value):
            inner = _flatten(value, read_only=is_fixed)
            flat |= {f'{spec.name}.{name}': entry for name, entry in inner.items()}
            continue
        described = dict(spec.metadata)
        described.setdefault('description', _attribute_docstrings(type(cfg)).get(spec.name, ''))
        described |= {'type': get_type_hints(type(cfg))[spec.name], 'read_only': is_fixed}
        copy = dataclasses.field(metadata=described)
        copy.name = spec.name
        flat[spec.name] = (copy, value)
    return flat


def _attribute_docstrings(cls: type) -> dict[str, str]:
    """Return field -> the string literal below it in the source of `cls` and of its bases."""
    found: dict[str, str] = {}
    for base in reversed(inspect.getmro(cls)[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        if not isinstance(body, ast.ClassDef):
            continue
        for before, after in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(before, ast.AnnAssign)
                and isinstance(before.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                found[before.target.id] = ' '.join(after.value.value.split())
    return found


def _parameter_type(name: str, hint: Any) -> Parameter.Type:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if get_origin(hint) in (tuple, list):
        items = {item for item in get_args(hint) if item is not Ellipsis}
        if len(items) == 1 and (item := items.pop()) in _ARRAYS:
            return _ARRAYS[item]
    raise InvalidInputError(
        f'{name} has type {hint}; a ROS parameter is bool, int, float, str or a tuple of one'
    )


def _to_parameter(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _descriptor(name: str, spec: 'dataclasses.Field[Any]', value: Any) -> ParameterDescriptor:
    """Return what `ros2 param describe` shows for a field."""
    kind = _parameter_type(name, spec.metadata['type'])
    descriptor = ParameterDescriptor(
        name=name,
        type=kind.value,
        description=spec.metadata['description'],
        read_only=spec.metadata['read_only'],
    )
    if 'choices' in spec.metadata:
        choices = ', '.join(sorted(spec.metadata['choices']))
        descriptor.additional_constraints = f'one of: {choices}'
    if 'range' in spec.metadata:
        low, high = spec.metadata['range']
        if kind is Parameter.Type.INTEGER:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
        elif kind is Parameter.Type.DOUBLE:
            span = FloatingPointRange(from_value=float(low), to_value=float(high))
            descriptor.floating_point_range = [span]
        else:
            descriptor.additional_constraints = f'each between {low} and {high}'
    return descriptor
