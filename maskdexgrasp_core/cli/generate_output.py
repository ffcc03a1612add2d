"""What `generate` writes: JSON, NPZ and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from maskdexgrasp_core import frames
from maskdexgrasp_core.cli.console import console, make_folder, run_header, write_json
from maskdexgrasp_core.cli.posed_hand import PosedHand
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands.registry import load_hand
from maskdexgrasp_core.types import Array, ObjectObservation

MAX_SHOWN = 12
"""Grasps in a picture and a table."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneratedGrasps:
    """What came of a run."""

    observation: ObjectObservation
    hands: list[PosedHand]
    """At least one, best first."""
    dropped: Mapping[str, int]
    """Reason -> candidates."""
    hand: str
    """Name of the hand."""
    source: str
    """The file that was read."""
    completed: bool
    """Whether the shape was completed from a view."""
    warnings: list[str]
    seconds: float

    @property
    def text(self) -> str:
        """What was asked for."""
        return '' if self.observation.command is None else self.observation.command.text

    @property
    def task(self) -> str:
        """Its task; '' when the sentence decides."""
        return '' if self.observation.command is None else self.observation.command.task

    @property
    def seed(self) -> int:
        """Of the generator."""
        return 0 if self.observation.command is None else self.observation.command.seed


def write_grasps(made: GeneratedGrasps, folder: Path, json_file: Path | None) -> None:
    """Write grasps.json, grasps.npz and grasps.png into a folder, and print the best."""
    write_numbers(made, folder, json_file)
    _draw(folder / 'grasps.png', made)
    _show(made, folder)


def write_numbers(
    made: GeneratedGrasps,
    folder: Path,
    json_file: Path | None,
    more: Mapping[str, object] | None = None,
) -> None:
    """Write grasps.json, with `more` at its end, and grasps.npz into a folder."""
    make_folder(folder)
    content = {**_content(made), **(more or {})}
    for path in (folder / 'grasps.json', *([json_file] if json_file else [])):
        write_json(path, content)
    _write_npz(folder / 'grasps.npz', made)


def _content(made: GeneratedGrasps) -> dict[str, object]:
    hand = load_hand(made.hand)
    return {
        'text': made.text,
        'task': made.task,
        'label': made.observation.label,
        'part': made.observation.part,
        'hand': made.hand,
        'root_link': hand.root_link,
        'frame': frames.BASE,
        'joint_names': list(hand.joint_names),
        'grasps': [
            {
                'T_base_wrist': posed.T_base_root,
                'joint_positions': posed.joint_positions,
                **_squeeze(posed),
                'score': posed.score,
                'scores': posed.scores,
            }
            for posed in made.hands
        ],
        'dropped': dict(made.dropped),
        **run_header(made.seed),
        'seconds': round(made.seconds, 3),
        'source': made.source,
        'warnings': made.warnings,
    }


def _squeeze(posed: PosedHand) -> dict[str, Array]:
    squeeze = posed.squeeze_positions
    return {} if squeeze is None else {'squeeze_positions': squeeze}


def _squeezes(hands: Sequence[PosedHand]) -> dict[str, Array]:
    """Return the targets of all hands (G, J), or nothing where one has none."""
    known = [posed.squeeze_positions for posed in hands if posed.squeeze_positions is not None]
    return {'squeeze_positions': np.stack(known)} if known and len(known) == len(hands) else {}


def _write_npz(path: Path, made: GeneratedGrasps) -> None:
    more: dict[str, Any] = _squeezes(made.hands)
    np.savez_compressed(
        path,
        T_base_wrist=np.stack([posed.T_base_root for posed in made.hands]),
        joint_positions=np.stack([posed.joint_positions for posed in made.hands]),
        score=np.array([posed.score for posed in made.hands]),
        points=made.observation.cloud.points,
        vertices=made.observation.shape.vertices,
        faces=made.observation.shape.faces,
        joint_names=load_hand(made.hand).joint_names,
        text=made.text,
        task=made.task,
        completed=made.completed,
        **more,
    )


def draw_hands(
    made: GeneratedGrasps, hands: Sequence[PosedHand], marked_parts: tuple[str, ...] = ()
) -> list[NDArray[np.uint8]]:
    """Return a picture (H, W, 3) of each hand at the object.

    Where OpenGL is missing there are none, and the terminal says why.

    Args:
        made: The object and the name of the hand.
        hands: To draw.
        marked_parts: Parts of the hand that are white.
    """
    from maskdexgrasp_core.viewer.grasp_picture import GraspPicture, object_color

    hand = load_hand(made.hand)
    picture = GraspPicture(
        shape=made.observation.shape,
        table_height=made.observation.table_height,
        color=object_color(made.observation.cloud.colors),
        completed=made.completed,
        marked_parts=marked_parts,
    )
    try:
        return [picture.draw(hand, posed.T_base_root, posed.joint_positions) for posed in hands]
    except DriverError as error:
        console.print(f'[yellow]no picture[/] {error}')
        return []


def _draw(path: Path, made: GeneratedGrasps) -> None:
    from maskdexgrasp_core.viewer.gallery import compose_gallery

    shown = made.hands[:MAX_SHOWN]
    captions = [f'score {posed.score:.2f}' for posed in shown]
    note = f'{made.hand} hand, {len(made.hands)} grasps'
    if drawn := draw_hands(made, shown):
        compose_gallery(drawn, captions, heading=f'“{made.text}”', note=note).save(path)


def _show(made: GeneratedGrasps, folder: Path) -> None:
    table = Table('rank', 'score', r'wrist x, y, z \[m]', box=None, header_style='bold')
    for rank, posed in enumerate(made.hands[:MAX_SHOWN], start=1):
        place = ', '.join(f'{value:+.3f}' for value in posed.T_base_root[:3, 3])
        table.add_row(str(rank), f'{posed.score:.3f}', place)
    console.print(table)
    show_counts(made, folder)


def show_counts(made: GeneratedGrasps, folder: Path) -> None:
    """Print why candidates were dropped, how many grasps there are, and where they lie."""
    if made.dropped:
        console.print(f'[dim]dropped: {dropped_reasons(made.dropped)}[/]')
    console.print(f'[green]{len(made.hands)} grasps[/] in {made.seconds:.1f} s → {folder}/')


def dropped_reasons(dropped: Mapping[str, int]) -> str:
    """Return how many candidates were dropped for which reason, in words."""
    return ', '.join(f'{number} {reason}' for reason, number in dropped.items())
