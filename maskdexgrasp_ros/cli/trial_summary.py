"""Results of trials: counts by object, reasons of failures, times by stage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.table import Table
from scipy.stats import binomtest

from maskdexgrasp_core.outcome import Stage

_FIRST_MOTION, _TOTAL = 'first_motion', 'total'
_ORDER = (*(stage.name.lower() for stage in sorted(Stage)), _FIRST_MOTION, _TOTAL)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One attempt to pick one object up from one place."""

    object_name: str
    seed: int
    """Of the place and of every random choice."""
    held: bool
    """10 cm up for 3 s, as the simulator saw it."""
    reason: str
    """Code of the failure in small letters, or one of `trial_runner`; '' when held."""
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
                **_counts(own),
                'reasons': dict(Counter(t.reason for t in own if not t.held).most_common()),
            }
        )
    return {
        'total': {
            **_counts(trials),
            'held_at_first_grasp': sum(t.held and t.grasps_tried <= 1 for t in trials),
            'seconds': round(sum(trial.total_s for trial in trials), 1),
        },
        'objects': objects,
        'reasons': dict(Counter(t.reason for t in trials if not t.held).most_common()),
        'stages': stage_times(trials),
        'trials': [vars(trial) for trial in trials],
    }


def wilson_interval(held: int, attempts: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson 1927); (0, 1) without attempts."""
    if attempts == 0:
        return 0.0, 1.0
    interval = binomtest(held, attempts).proportion_ci(method='wilson')
    return float(interval.low), float(interval.high)


def _counts(trials: Sequence[Trial]) -> dict[str, object]:
    held = sum(trial.held for trial in trials)
    low, high = wilson_interval(held, len(trials))
    return {
        'held': held,
        'attempts': len(trials),
        'wilson_95': [round(low, 4), round(high, 4)],
    }


def stage_times(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Return stage -> median and 95th percentile of its wall time [ms], and how often it ran.

    `first_motion` (from the command to the first motion) and `total` (to its end) come last.
    """
    times: dict[str, list[float]] = {}
    for trial in trials:
        for name, seconds in trial.stage_seconds.items():
            times.setdefault(name, []).append(seconds)
        if trial.first_motion_s is not None:
            times.setdefault(_FIRST_MOTION, []).append(trial.first_motion_s)
        if trial.total_s > 0.0:
            times.setdefault(_TOTAL, []).append(trial.total_s)
    order = sorted(times, key=_ORDER.index)
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
    held = sum(trial.held for trial in trials)
    low, high = wilson_interval(held, len(trials))
    table.columns[1].footer = f'[bold]{held} / {len(trials)}[/]'
    table.columns[2].footer = f'95 % interval {low:.0%} to {high:.0%} (Wilson)'
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
