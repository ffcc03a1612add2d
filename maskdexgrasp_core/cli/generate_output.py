"""What `generate` writes: JSON, NPZ and a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from maskdexgrasp_core import frames
from maskdexgrasp_core.cli.console import console, make_folder, run_header, write_json
from maskdexgrasp_core.cli.posed_hand import PosedHand
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands.registry import load_hand
from maskdexgrasp_core.types import ObjectObservation

_MAX_SHOWN = 12


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
    def seed(self) -> int:
        """Of the generator."""
        return 0 if self.observation.command is None else self.observation.command.seed


def write_grasps(made: GeneratedGrasps, folder: Path, json_file: Path | None) -> None:
    """Write grasps.json, grasps.npz and grasps.png into a folder, and print the best."""
    make_folder(folder)
    content = _content(made)
    for path in (folder / 'grasps.json', *([json_file] if json_file else [])):
        write_json(path, content)
    _write_npz(folder / 'grasps.npz', made)
    _draw(folder / 'grasps.png', made)
    _show(made, folder)


def _content(made: GeneratedGrasps) -> dict[str, object]:
    hand = load_hand(made.hand)
    return {
        'text': made.text,
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


def _write_npz(path: Path, made: GeneratedGrasps) -> None:
    np.savez_compressed(
        path,
        T_base_wrist=np.stack([posed.T_base_root for posed in made.hands]),
        joint_positions=np.stack([posed.joint_positions for posed in made.hands]),
        score=np.array([posed.score for posed in made.hands]),
        points=made.observation.cloud.points,
        vertices=made.observation.shape.vertices,
        faces=made.observation.shape.faces,
    )


def _draw(path: Path, made: GeneratedGrasps) -> None:
    from maskdexgrasp_core.viewer.gallery import compose_gallery
    from maskdexgrasp_core.viewer.grasp_picture import GraspPicture, object_color

    hand = load_hand(made.hand)
    picture = GraspPicture(
        shape=made.observation.shape,
        table_height=made.observation.table_height,
        color=object_color(made.observation.cloud.colors),
        completed=made.completed,
    )
    shown = made.hands[:_MAX_SHOWN]
    try:
        drawn = [picture.draw(hand, posed.T_base_root, posed.joint_positions) for posed in shown]
    except DriverError as error:
        console.print(f'[yellow]no picture[/] {error}')
        return
    captions = [f'score {posed.score:.2f}' for posed in shown]
    note = f'{hand.name} hand, {len(made.hands)} grasps'
    compose_gallery(drawn, captions, heading=f'“{made.text}”', note=note).save(path)


def _show(made: GeneratedGrasps, folder: Path) -> None:
    table = Table('rank', 'score', 'wrist x, y, z [m]', box=None, header_style='bold')
    for rank, posed in enumerate(made.hands[:_MAX_SHOWN], start=1):
        place = ', '.join(f'{value:+.3f}' for value in posed.T_base_root[:3, 3])
        table.add_row(str(rank), f'{posed.score:.3f}', place)
    console.print(table)
    if made.dropped:
        reasons = ', '.join(f'{number} {reason}' for reason, number in made.dropped.items())
        console.print(f'[dim]dropped: {reasons}[/]')
    console.print(f'[green]{len(made.hands)} grasps[/] in {made.seconds:.1f} s → {folder}/')
