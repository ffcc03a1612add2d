"""What `edit` writes: the files of `generate`, and a picture with the grasp before."""

import math
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from maskdexgrasp_core.cli.console import console
from maskdexgrasp_core.cli.generate_output import (
    MAX_SHOWN,
    GeneratedGrasps,
    draw_hands,
    show_counts,
    write_numbers,
)
from maskdexgrasp_core.cli.posed_hand import PosedHand
from maskdexgrasp_core.synthesis.editing import EDITED_MOTION, KEPT_MOTION

_COLUMNS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class EditedGrasps:
    """What came of an edit."""

    made: GeneratedGrasps
    before: PosedHand
    """Its score is not a number where the file had none."""
    number: int
    """Of the grasp in its file, from 1."""
    parts: tuple[str, ...]
    """Drawn anew."""
    weights: Path | None
    """Folder of the networks; None: those that ship."""


def write_edited(edited: EditedGrasps, folder: Path, json_file: Path | None) -> None:
    """Write grasps.json, grasps.npz and grasps.png into a folder, and print the best."""
    before = edited.before
    more = {
        'edit': {
            'grasp': edited.number,
            'parts': edited.parts,
            'weights': edited.weights,
            'before': {
                'T_base_wrist': before.T_base_root,
                'joint_positions': before.joint_positions,
                'score': None if math.isnan(before.score) else before.score,
            },
        }
    }
    write_numbers(edited.made, folder, json_file, more)
    _draw(folder / 'grasps.png', edited)
    _show(edited)
    show_counts(edited.made, folder)


def _draw(path: Path, edited: EditedGrasps) -> None:
    from maskdexgrasp_core.viewer.gallery import compose_gallery

    shown = edited.made.hands[: MAX_SHOWN - 1]
    pictures = draw_hands(edited.made, [edited.before, *shown], edited.parts)
    if not pictures:
        return
    captions = [f'before, score {_score(edited.before)}']
    captions += [f'score {_score(one)}, kept parts moved {_kept_mm(one)} mm' for one in shown]
    compose_gallery(
        pictures,
        captions,
        heading=f'“{edited.made.text}”',
        note=f'drawn anew: {", ".join(edited.parts)}',
        columns=_COLUMNS,
        first_number=0,
    ).save(path)


def _show(edited: EditedGrasps) -> None:
    table = Table(
        'rank', 'score', r'kept parts moved \[mm]', r'edited parts moved \[mm]',
        box=None, header_style='bold',
    )  # fmt: skip
    table.add_row('before', _score(edited.before), '', '')
    for rank, posed in enumerate(edited.made.hands[:MAX_SHOWN], start=1):
        moved = f'{1000 * posed.scores[EDITED_MOTION]:.1f}'
        table.add_row(str(rank), _score(posed), _kept_mm(posed), moved)
    console.print(table)


def _score(posed: PosedHand) -> str:
    return '-' if math.isnan(posed.score) else f'{posed.score:.3f}'


def _kept_mm(posed: PosedHand) -> str:
    return f'{1000 * posed.scores[KEPT_MOTION]:.1f}'
