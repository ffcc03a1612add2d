"""Files of an evaluation: one row for each grasp, and a page of pictures."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from maskdexgrasp_core.cli.console import console
from maskdexgrasp_core.errors import DriverError, InvalidInputError
from maskdexgrasp_core.evaluation.grasp_under_test import GraspOutcome
from maskdexgrasp_core.objects.model import ObjectModel

_EACH = 4
"""Pictures of each kind: best, median, worst."""
_NUMBERS = (
    'q1', 'valid_q1', 'penetration_m', 'hand_depth_m', 'self_depth_m', 'num_links', 'part_share',
)  # fmt: skip


def write_rows(path: Path, outcomes: Sequence[GraspOutcome], protocols: Sequence[str]) -> None:
    """Write one row for each grasp: what was asked, held under each protocol, and its measures.

    `held_<protocol>` has a digit for each of +x, -x, +y, -y, +z, -z: 1 where the object stayed.
    """
    head = ['grasp', 'object', 'category', 'task', 'part', 'rank', 'refused']
    head += [f'{what}_{name}' for name in protocols for what in ('held', 'success', 'reason')]
    with path.open('w', newline='') as file:
        table = csv.writer(file)
        table.writerow([*head, *_NUMBERS, 'agrees'])
        for outcome in sorted(outcomes, key=lambda one: (one.object_id, one.grasp.key)):
            grasp = outcome.grasp
            row: list[object] = [grasp.key, outcome.object_id, outcome.category, grasp.task]
            row += [grasp.part, grasp.rank, outcome.refused]
            for hold in outcome.holds:
                held = ''.join(str(int(one)) for one in hold.held)
                row += [held, int(hold.success), hold.reason]
            row += [getattr(outcome, name) for name in _NUMBERS]
            table.writerow([*row, '' if outcome.agrees is None else int(outcome.agrees)])


def write_page(
    path: Path, outcomes: Sequence[GraspOutcome], models: Mapping[str, ObjectModel]
) -> None:
    """Draw best, median and worst grasps; where nothing can be drawn a sentence says why."""
    from maskdexgrasp_core.evaluation.report_page import draw_page, pick_examples

    try:
        with console.status('Drawing ...'):
            page = draw_page(
                pick_examples(outcomes, _EACH),
                models,
                heading='best, median and worst grasps',
                note=f'of {len(outcomes):,}',
            )
    except (DriverError, InvalidInputError) as error:
        console.print(f'[yellow]no picture[/] {error}')
        return
    page.save(path)
    console.print(f'[green]pictures[/] → {path}')
