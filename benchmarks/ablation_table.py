"""The table of the variants, in Markdown."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
_HEADS = (
    'variant', 'Suc, all six', 'first grasp', 'best of all', 'Pen cm', 'H_mean (of)',
    'on the part', 'tokenizer mm', 'least usage', 'M parameters', 'grasps', 's a condition',
)  # fmt: skip


def markdown_table(rows: Sequence[tuple[str, Json]]) -> str:
    """Return a table.

    Args:
        rows: Name of a variant, and what `Ablations.measure` found; intervals are at 95 %.
    """
    lines = ['| ' + ' | '.join(_HEADS) + ' |', '|---' * len(_HEADS) + '|']
    return '\n'.join([*lines, *('| ' + ' | '.join(_cells(*row)) + ' |' for row in rows)])


def _cells(name: str, found: Json) -> list[str]:
    report, network = found['report'], found['network']
    metrics, intervals = report['metrics'], report['intervals']
    seen = network['tokenizer']['whole']
    entropy = report['entropy']
    spread = _number(metrics['h_mean'], 2)
    return [
        name,
        *(_rate(intervals.get(key)) for key in ('suc_all', 'suc_first', 'suc_best')),
        _number(metrics['pen_cm'], 3),
        f'{spread} ({entropy["num_samples"]})' if entropy else spread,
        _share(metrics['part_share']),
        _number(seen['point_error_mm'], 2),
        _share(seen['least_usage']),
        _number(network['parameters'] / 1e6, 2),
        str(report['counts']['grasps']),
        _number(metrics['seconds_per_condition'], 1),
    ]


def _rate(rate: Json | None) -> str:
    """Return '76.4 % (70.5 to 81.5) of 225'."""
    if rate is None or rate['value'] is None:
        return '-'
    low, high = (100.0 * bound for bound in rate['interval'])
    return f'{100.0 * rate["value"]:.1f} % ({low:.1f} to {high:.1f}) of {rate["total"]}'


def _share(value: float | None) -> str:
    return '-' if value is None else f'{100.0 * value:.0f} %'


def _number(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
