"""`maskdexgrasp generate`: grasps for a mesh or a cloud, without robot and without ROS 2."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from maskdexgrasp_core import frames
from maskdexgrasp_core.cli.console import (
    MISUSE,
    console,
    fail,
    fail_outcome,
    make_folder,
    reported_errors,
    run_folder,
    run_header,
    write_json,
)
from maskdexgrasp_core.cli.object_input import observe_cloud, observe_mesh
from maskdexgrasp_core.cli.options import GeneratorName, JsonFile, OutFolder, Seed
from maskdexgrasp_core.cli.posed_hand import HAND_NAMES, GraspOrder, PosedHand, make_grasps
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.hands.registry import load_hand
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command, ObjectObservation

_MAX_PICTURES = 12


Text = Annotated[
    str, typer.Option('--text', '-t', help='What to do, e.g. "hold the mug by its handle".')
]
ObjectFile = Annotated[
    Path | None, typer.Option('--object', help='Mesh file: .obj .stl .ply .glb .off.')
]
CloudFile = Annotated[
    Path | None,
    typer.Option('--cloud', help='Points of one view, z up: .ply .pcd .xyz .npy .npz.'),
]
Count = Annotated[
    int, typer.Option('-n', '--count', min=1, max=1000, help='Grasps to return at most.')
]
HandName = Annotated[
    str, typer.Option('--hand', help=f'Hand of the grasps: {" or ".join(HAND_NAMES)}.')
]
Completion = Annotated[
    str,
    typer.Option('--completion', help='With --cloud: how the side that was not seen is closed.'),
]
Camera = Annotated[
    str,
    typer.Option('--camera', help='With --cloud: where the camera was, "x,y,z" in its frame.'),
]
BudgetS = Annotated[
    float, typer.Option('--budget-s', min=0.1, help='Return the best after this time [s].')
]


def generate(
    text: Text = 'hold the object',
    object_file: ObjectFile = None,
    cloud_file: CloudFile = None,
    count: Count = 8,
    hand: HandName = 'shadow',
    generator: GeneratorName = 'energy',
    completion: Completion = 'union',
    camera: Camera = '',
    seed: Seed = 0,
    budget_s: BudgetS = 60.0,
    out: OutFolder = None,
    json_file: JsonFile = None,
) -> None:
    """Make grasps of one object and write them to JSON, NPZ and a picture.

    A mesh is taken as a fully known shape; a cloud is one camera view that is completed first.

    [bold]Examples[/]

      maskdexgrasp generate --object mug.obj --text "hold the mug by its handle" -n 12

      maskdexgrasp generate --cloud view.ply --camera 0.4,-0.2,0.6 --hand freedom

    [bold]grasps.npz[/] holds T_base_wrist (G, 4, 4), joint_positions (G, J), score (G,): metres,
    radians, base frame with the object's foot at (0.5, 0, -0.1).
    """
    command = Command(command_id='generate', text=text, seed=seed)
    began = time.perf_counter()
    with reported_errors():
        load_hand(hand)
        observation, warnings = _observation(object_file, cloud_file, command, completion, camera)
        for warning in warnings:
            console.print(f'[yellow]note[/] {warning}')
        with console.status('Looking for grasps ...'):
            order = GraspOrder(
                hand=hand, generator=generator, count=count, seed=seed, budget_s=budget_s
            )
            hands, dropped = make_grasps(observation, order)
    if not hands:
        fail_outcome(_nothing(dropped))
    seconds = time.perf_counter() - began
    folder = run_folder(out, 'generate')
    make_folder(folder)
    content = _content(observation, hands, dropped, hand) | {
        **run_header(seed),
        'seconds': round(seconds, 3),
        'source': str(object_file or cloud_file),
        'warnings': warnings,
    }
    for path in (folder / 'grasps.json', *([json_file] if json_file else [])):
        write_json(path, content)
    _write_npz(folder / 'grasps.npz', observation, hands)
    _draw(folder / 'grasps.png', observation, hands, hand, completed=object_file is None)
    _show(hands, dropped, seconds, folder)


def _observation(
    object_file: Path | None,
    cloud_file: Path | None,
    command: Command,
    completion: str,
    camera: str,
) -> tuple[ObjectObservation, list[str]]:
    """Return the object that is asked for, and sentences about what was changed in it."""
    if object_file is not None and cloud_file is None:
        return observe_mesh(object_file, command)
    if cloud_file is None or object_file is not None:
        fail('INPUT', 'give either --object FILE or --cloud FILE', status=MISUSE)
    position = _position(camera) if camera else None
    return observe_cloud(cloud_file, command, completion=completion, camera_position=position)


def _position(text: str) -> np.ndarray:
    try:
        position = np.array([float(number) for number in text.split(',')])
    except ValueError:
        position = np.zeros(0)
    if position.shape != (3,) or not np.isfinite(position).all():
        fail('INPUT', f'--camera is {text!r}; expected three numbers "x,y,z"', status=MISUSE)
    return position


def _nothing(dropped: Mapping[str, int]) -> Outcome:
    reasons = ', '.join(f'{number} {reason}' for reason, number in dropped.items())
    reason = f'dropped: {reasons or "no candidate"}'
    return Outcome(stage=Stage.GENERATE, code=Code.NO_GRASP_FOUND, reason=reason)


def _content(
    observation: ObjectObservation,
    hands: list[PosedHand],
    dropped: Mapping[str, int],
    hand: str,
) -> dict[str, object]:
    command = observation.command
    return {
        'text': command.text if command is not None else '',
        'label': observation.label,
        'part': observation.part,
        'hand': hand,
        'root_link': load_hand(hand).root_link,
        'frame': frames.BASE,
        'joint_names': list(load_hand(hand).joint_names),
        'grasps': [
            {
                'T_base_wrist': posed.T_base_root,
                'joint_positions': posed.joint_positions,
                'score': posed.score,
                'scores': posed.scores,
            }
            for posed in hands
        ],
        'dropped': dict(dropped),
    }


def _write_npz(path: Path, observation: ObjectObservation, hands: list[PosedHand]) -> None:
    np.savez_compressed(
        path,
        T_base_wrist=np.stack([posed.T_base_root for posed in hands]),
        joint_positions=np.stack([posed.joint_positions for posed in hands]),
        score=np.array([posed.score for posed in hands]),
        points=observation.cloud.points,
        vertices=observation.shape.vertices,
        faces=observation.shape.faces,
    )


def _draw(
    path: Path,
    observation: ObjectObservation,
    hands: list[PosedHand],
    hand: str,
    *,
    completed: bool,
) -> None:
    from maskdexgrasp_core.viewer.gallery import compose_gallery
    from maskdexgrasp_core.viewer.grasp_picture import GraspPicture, object_color

    picture = GraspPicture(
        shape=observation.shape,
        table_height=observation.table_height,
        color=object_color(observation.cloud.colors),
        completed=completed,
    )
    shown = hands[:_MAX_PICTURES]
    try:
        drawn = [
            picture.draw(load_hand(hand), posed.T_base_root, posed.joint_positions)
            for posed in shown
        ]
    except DriverError as error:
        console.print(f'[yellow]no picture[/] {error}')
        return
    text = observation.command.text if observation.command is not None else ''
    captions = [f'score {posed.score:.2f}' for posed in shown]
    note = f'{load_hand(hand).name} hand, {len(hands)} grasps'
    compose_gallery(drawn, captions, heading=f'“{text}”', note=note).save(path)


def _show(
    hands: list[PosedHand], dropped: Mapping[str, int], seconds: float, folder: Path
) -> None:
    table = Table('rank', 'score', 'wrist x, y, z [m]', box=None, header_style='bold')
    for rank, posed in enumerate(hands[:_MAX_PICTURES], start=1):
        place = ', '.join(f'{value:+.3f}' for value in posed.T_base_root[:3, 3])
        table.add_row(str(rank), f'{posed.score:.3f}', place)
    console.print(table)
    if dropped:
        reasons = ', '.join(f'{number} {reason}' for reason, number in dropped.items())
        console.print(f'[dim]dropped: {reasons}[/]')
    console.print(f'[green]{len(hands)} grasps[/] in {seconds:.1f} s → {folder}/')
