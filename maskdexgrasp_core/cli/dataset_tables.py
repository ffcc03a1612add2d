"""What the dataset commands print."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from maskdexgrasp_core.dataset.statistics import DatasetFigures, KindYield, SubsetFigures
from maskdexgrasp_core.tasks import TASKS

_SUBSETS = ('affordpose', 'oakshape', 'procedural')
"""Sources in the order of the paper's subsets."""
_MATRIX_WIDTH = 104
"""Room for eleven tasks [characters]."""


def subset_table(figures: DatasetFigures) -> Table:
    """Return Table 4 of the paper for a dataset, and its splits."""
    table = Table('subset', box=None, header_style='bold', title_justify='left')
    for name in ('grasps', 'objects', 'categories', 'tasks', 'texts'):
        table.add_column(name, justify='right')
    names = [*(n for n in _SUBSETS if n in figures.sources),
             *(n for n in figures.sources if n not in _SUBSETS)]  # fmt: skip
    for name in names:
        table.add_row(name, *_cells(figures.sources[name]))
    table.add_row('all', *_cells(figures.total), style='bold', end_section=True)
    for name, subset in figures.splits.items():
        table.add_row(f'[dim]{name}[/]', *_cells(subset), style='dim')
    return table


def task_table(figures: DatasetFigures) -> Table:
    """Return grasps, part agreement and clearance of the table of each task."""
    table = Table('task', box=None, header_style='bold')
    table.add_column('grasps', justify='right')
    table.add_column('contacts on the asked part', justify='right')
    table.add_column('clear of the table', justify='right')
    for task, number in figures.tasks.items():
        table.add_row(
            task,
            f'{number:,}',
            percent(figures.part_share_by_task[task]),
            percent(figures.clear_of_table_by_task[task]),
        )
    return table


def quality_lines(figures: DatasetFigures) -> list[str]:
    """Return sentences about checks, sentences and hands."""
    categories = ', '.join(f'{name} {number:,}' for name, number in figures.categories.items())
    fingers = ', '.join(f'{name} {share:.0%}' for name, share in figures.fingers.items())
    lines = [
        f'categories: {categories}',
        f'sentences: {figures.different_texts:,} different of {figures.total.texts:,}',
        f'in contact: {fingers}',
    ]
    if figures.checked:
        means = figures.means
        lines.append(
            f'physics: {figures.checked:,} checked, {figures.held_all:,} held in all six '
            f'directions; means: penetration {means["penetration_cm"]:.3f} cm, '
            f'Q1 {_number(means["q1"])}, {means["num_contacts"]:.1f} links in contact, '
            f'{percent(means["part_share"])} of the contacts on the asked part; '
            f'{percent(figures.clear_of_table)} of the hands clear the table'
        )
    return lines


def yield_matrix(yields: Sequence[KindYield]) -> Table:
    """Return the yield of each task and category as a matrix, with sums."""
    tasks = [task for task in TASKS if any(kind.task == task for kind in yields)]
    tasks += sorted({kind.task for kind in yields} - set(tasks))
    table = Table('yield', box=None, header_style='bold', pad_edge=False, padding=(0, 1, 0, 0))
    for task in tasks:
        table.add_column((task or 'any task').replace('-', '-\n'), justify='right')
    for name in ('all', 'grasps', 'per\ncore s'):
        table.add_column(name, justify='right', style='bold')
    for category in sorted({kind.category for kind in yields}):
        table.add_row(
            category, *_yield_cells([k for k in yields if k.category == category], tasks)
        )
    table.add_row('all', *_yield_cells(yields, tasks), style='bold')
    return table


def print_matrix(console: Console, yields: Sequence[KindYield]) -> None:
    """Print the yields in full, on a narrow terminal with broken lines rather than cut words."""
    wide = Console(file=console.file, width=max(console.width, _MATRIX_WIDTH), highlight=False)
    wide.print(yield_matrix(yields))


def percent(share: float) -> str:
    """Return a share in 0..1 as a whole percentage, '-' when unknown."""
    return '-' if math.isnan(share) else f'{share:.0%}'


def _yield_cells(kinds: Sequence[KindYield], tasks: Sequence[str]) -> list[str]:
    whole = _sum(kinds)
    cells = [percent(_sum([kind for kind in kinds if kind.task == task]).share) for task in tasks]
    return [*cells, percent(whole.share), f'{whole.grasps:,}', _number(whole.per_core_second)]


def _sum(kinds: Sequence[KindYield]) -> KindYield:
    return KindYield(
        task='',
        category='',
        candidates=sum(kind.candidates for kind in kinds),
        grasps=sum(kind.grasps for kind in kinds),
        seconds=sum(kind.seconds for kind in kinds),
    )


def _cells(subset: SubsetFigures) -> list[str]:
    values = (subset.grasps, subset.objects, subset.categories, subset.tasks, subset.texts)
    return [f'{value:,}' for value in values]


def _number(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.3g}'
