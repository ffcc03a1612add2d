"""`maskdexgrasp generate`: grasps for a mesh or a cloud, without robot and without ROS 2."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from maskdexgrasp_core.cli.console import (
    MISUSE,
    console,
    fail,
    fail_outcome,
    reported_errors,
    run_folder,
)
from maskdexgrasp_core.cli.generate_output import GeneratedGrasps, write_grasps
from maskdexgrasp_core.cli.object_input import observe_cloud, observe_mesh
from maskdexgrasp_core.cli.options import (
    GeneratorChanges,
    GeneratorName,
    JsonFile,
    OutFolder,
    Seed,
    Weights,
)
from maskdexgrasp_core.cli.posed_hand import HAND_NAMES, GraspOrder, make_grasps
from maskdexgrasp_core.hands.registry import load_hand
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.perception.completion import DEFAULT_COMPLETION
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR, default_cfg
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.types import Command, ObjectObservation

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
    float, typer.Option('--budget-s', min=0.1, help='Return the best after this time \\[s].')
]


def generate(
    text: Text = 'hold the object',
    object_file: ObjectFile = None,
    cloud_file: CloudFile = None,
    count: Count = 8,
    hand: HandName = 'shadow',
    generator: GeneratorName = DEFAULT_GENERATOR,
    weights: Weights = None,
    changes: GeneratorChanges = None,
    completion: Completion = DEFAULT_COMPLETION,
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

      maskdexgrasp generate --object mug.obj --generator model --weights runs/mine
      --set sampling.temperature=1.3

    [bold]grasps.npz[/] holds T_base_wrist (G, 4, 4), joint_positions and squeeze_positions (G, J),
    score (G,): metres, radians, base frame with the object's foot at (0.5, 0, -0.1).
    """
    shown = _Shown(
        object_file=object_file, cloud_file=cloud_file, completion=completion, camera=camera
    )
    with reported_errors():
        order = GraspOrder(
            hand=hand,
            generator=generator,
            weights=weights,
            settings=overridden(default_cfg(generator), parse_changes(changes or [])),
            count=count,
            seed=seed,
            budget_s=budget_s,
        )
        made = _generate(shown, Command(command_id='generate', text=text, seed=seed), order)
    write_grasps(made, run_folder(out, 'generate'), json_file)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What the command line says of the object."""

    object_file: Path | None
    cloud_file: Path | None
    completion: str
    """Of a cloud."""
    camera: str
    """Where it was, 'x,y,z'; '' when unknown."""

    def observe(self, command: Command) -> tuple[ObjectObservation, list[str]]:
        """Return the object, and sentences about what was changed in it."""
        if self.object_file is not None and self.cloud_file is None:
            return observe_mesh(self.object_file, command)
        if self.cloud_file is None or self.object_file is not None:
            fail('INPUT', 'give either --object FILE or --cloud FILE', status=MISUSE)
        position = _position(self.camera) if self.camera else None
        return observe_cloud(
            self.cloud_file, command, completion=self.completion, camera_position=position
        )


def _generate(shown: _Shown, command: Command, order: GraspOrder) -> GeneratedGrasps:
    """Return grasps, or end with why there are none."""
    began = time.perf_counter()
    load_hand(order.hand)
    observation, warnings = shown.observe(command)
    for warning in warnings:
        console.print(f'[yellow]note[/] {warning}')
    with console.status('Looking for grasps ...'):
        hands, dropped = make_grasps(observation, order)
    if not hands:
        fail_outcome(_nothing(dropped))
    return GeneratedGrasps(
        observation=observation,
        hands=hands,
        dropped=dropped,
        hand=order.hand,
        source=str(shown.object_file or shown.cloud_file),
        completed=shown.object_file is None,
        warnings=warnings,
        seconds=time.perf_counter() - began,
    )


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
