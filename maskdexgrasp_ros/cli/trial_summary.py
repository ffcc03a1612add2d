"""Results of trials: counts by object, reasons of failures, times by stage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.table import Table

from maskdexgrasp_core.outcome import Stage

HELD = 'held'
_STAGE_ORDER = {stage.name.lower(): int(stage) for stage in Stage}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One attempt to pick one object up from one place."""

    object_name: str
    seed: int
    """Of the place and of every random choice."""
    held: bool
    """10 cm up for 3 s, as the simulator saw it."""
    reason: str
    """Code of the failure in small letters, or 'not held high or long enough'; '' when held."""
    detail: str = ''
    """The sentence of the stage that gave up."""
    stage_seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> wall time [s]."""
    lift_height_m: float = 0.0
    hold_s: float = 0.0
    grasps_tried: int = 0
    total_s: float = 0.0
    """Wall time from the command to its end [s]."""
    first_motion_s: float | None = None
    """Wall time from the command to the first motion [s]; None if nothing moved."""


def summary(trials: Sequence[Trial], names: Sequence[str]) -> dict[str, object]:
    """Return what the JSON file of `trials` holds.

    Args:
        trials: In the order in which they were run.
        names: Every object that was to be tried, in order.
    """
    objects = []
    for name in names:
        own = [trial for trial in trials if trial.object_name == name]
        objects.append(
            {
                'name': name,
                'held': sum(trial.held for trial in own),
                'attempts': len(own),
                'reasons': dict(Counter(t.reason for t in own if not t.held).most_common()),
            }
        )
    return {
        'total': {
            'held': sum(trial.held for trial in trials),
            'attempts': len(trials),
            'held_at_first_grasp': sum(t.held and t.grasps_tried <= 1 for t in trials),
            'seconds': round(sum(trial.total_s for trial in trials), 1),
        },
        'objects': objects,
        'reasons': dict(Counter(t.reason for t in trials if not t.held).most_common()),
        'stages': stage_times(trials),
        'trials': [vars(trial) for trial in trials],
    }


def stage_times(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Return stage -> median and 95th percentile of its wall time [ms], and how often it ran."""
    times: dict[str, list[float]] = {}
    for trial in trials:
        for name, seconds in trial.stage_seconds.items():
            times.setdefault(name, []).append(seconds)
        if trial.first_motion_s is not None:
            times.setdefault('first_motion', []).append(trial.first_motion_s)
    order = sorted(times, key=lambda name: _STAGE_ORDER.get(name, len(_STAGE_ORDER)))
    return {
        name: {
            'median_ms': round(1e3 * float(np.median(times[name])), 1),
            'p95_ms': round(1e3 * float(np.percentile(times[name], 95)), 1),
            'count': len(times[name]),
        }
        for name in order
    }


def object_table(trials: Sequence[Trial], names: Sequence[str]) -> Table:
    """Return held of attempts by object, with the reasons of failures."""
    table = Table(
        'object', 'held', 'reasons of failures', box=None, header_style='bold', show_footer=True
    )
    for name in names:
        own = [trial for trial in trials if trial.object_name == name]
        reasons = Counter(trial.reason for trial in own if not trial.held).most_common()
        text = ', '.join(f'{count}x {reason}' for reason, count in reasons)
        table.add_row(name, f'{sum(t.held for t in own)} / {len(own)}', f'[dim]{text}[/]')
    table.columns[0].footer = '[bold]total[/]'
    table.columns[1].footer = f'[bold]{sum(t.held for t in trials)} / {len(trials)}[/]'
    return table


def stage_table(trials: Sequence[Trial]) -> Table:
    """Return the times by stage."""
    table = Table('stage', 'median ms', 'p95 ms', box=None, header_style='bold')
    for column in table.columns[1:]:
        column.justify = 'right'
    for name, times in stage_times(trials).items():
        table.add_row(
            name.replace('_', ' '), f'{times["median_ms"]:.0f}', f'{times["p95_ms"]:.0f}'
        )
    return table
