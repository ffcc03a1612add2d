"""What `evaluate` prints."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Mapping[str, Any]
_LINES: tuple[tuple[str, str, str], ...] = (
    ('suc', 'Suc, by the protocol', 'share'),
    ('suc_all', 'Suc, all six directions', 'share'),
    ('suc_any', 'Suc, any of six', 'share'),
    ('suc_all_pen_5mm', 'Suc, all six and Pen < 5 mm', 'share'),
    ('suc_first', 'Suc of the first grasp', 'share'),
    ('suc_best', 'Suc of the best of its condition', 'share'),
    ('answered', 'conditions answered', 'share'),
    ('seconds_per_condition', 'time per condition [s]', 'number'),
    ('q1', 'Q1', 'number'),
    ('valid_q1', 'Q1 where Pen < 5 mm, else 0', 'number'),
    ('pen_cm', 'Pen [cm]', 'number'),
    ('self_pen_cm', 'self penetration [cm]', 'number'),
    ('h_mean', 'H_mean [nats]', 'number'),
    ('h_std', 'H_std [nats]', 'number'),
    ('diversity_translation_cm', 'diversity: translation [cm]', 'number'),
    ('diversity_rotation_deg', 'diversity: rotation [deg]', 'number'),
    ('diversity_joints_deg', 'diversity: joints [deg]', 'number'),
    ('part_share', 'contacts on the asked part', 'share'),
    ('text_agreement', 'grasps that do what the text says', 'share'),
)
"""Metric, what it is called, how it is written."""


def print_report(console: Console, content: Json) -> None:
    """Print metrics with intervals, then tables of protocols, tasks and categories."""
    counts = content['counts']
    console.print(_metrics(content))
    if len(content['protocols']) > 1:
        console.print(_protocols(content['protocols']))
    for kind in ('tasks', 'categories'):
        if len(content[kind]) > 1:
            console.print(_groups(kind, content[kind]))
    for name, protocol in content['protocols'].items():
        reasons = ', '.join(f'{number} {reason}' for reason, number in protocol['reasons'].items())
        if reasons:
            console.print(f'[dim]{name}: {reasons}[/]')
    for what in ('refused', 'unanswered', 'generators'):
        if counts.get(what) and (what != 'generators' or len(counts[what]) > 1):
            reasons = ', '.join(f'{number} {reason}' for reason, number in counts[what].items())
            console.print(f'[yellow]{what}[/] {reasons}')
    speed = counts['grasps'] / content['seconds'] if content['seconds'] else float('nan')
    console.print(
        f'{counts["grasps"]:,} grasps, {counts["objects"]} objects, {counts["categories"]} '
        f'categories in {content["seconds"]:.1f} s ({speed:.1f} a second, {content["workers"]} '
        f'processes); squeeze: {content["squeeze"]}'
    )


def _metrics(content: Json) -> Table:
    table = Table(f'protocol {content["protocol"]}', box=None, header_style='bold')
    table.add_column('value', justify='right')
    table.add_column('95 % interval', justify='right')
    table.add_column('of', justify='right')
    intervals = content['intervals']
    for name, title, form in _LINES:
        if name not in content['metrics']:
            continue
        known = intervals.get(name, {})
        low_high = known.get('interval')
        between = _between(low_high, form) if low_high else ''
        count = known.get('total', known.get('count', ''))
        if name in ('h_mean', 'h_std') and content['entropy']:
            count = content['entropy']['num_samples']
        table.add_row(escape(title), _written(content['metrics'][name], form), between, str(count))
    return table


def _protocols(protocols: Json) -> Table:
    table = Table('protocol', box=None, header_style='bold')
    for title in ('Suc', 'all six', 'any of six', 'all six and Pen < 5 mm'):
        table.add_column(title, justify='right')
    for name, protocol in protocols.items():
        rates = protocol['rates']
        keys = ('suc', 'suc_all', 'suc_any', 'suc_all_pen_5mm')
        table.add_row(name, *(_written(rates[key]['value'], 'share') for key in keys))
    return table


def _groups(kind: str, rows: Json) -> Table:
    table = Table({'tasks': 'task', 'categories': 'category'}[kind], box=None, header_style='bold')
    for title in ('grasps', 'all six', 'interval', 'Q1', 'Pen [cm]', 'on part', 'text'):
        table.add_column(escape(title), justify='right', no_wrap=True)
    for name, row in rows.items():
        table.add_row(
            name,
            f'{row["grasps"]:,}',
            _written(row['suc_all'], 'share'),
            _between(row['suc_all_interval'], 'share'),
            _written(row['q1'], 'number'),
            _written(row['pen_cm'], 'number'),
            _written(row['part_share'], 'share'),
            _written(row['text_agreement'], 'share'),
        )
    return table


def _between(interval: tuple[float, float], form: str) -> str:
    scale, digits = (100.0, 1) if form == 'share' else (1.0, 3)
    return ' to '.join(f'{scale * bound:.{digits}f}' for bound in interval)


def _written(value: float | None, form: str) -> str:
    if value is None:
        return '-'
    return f'{100.0 * value:.1f} %' if form == 'share' else f'{value:.3f}'
