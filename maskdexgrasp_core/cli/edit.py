"""`maskdexgrasp edit`: single parts of a grasp are drawn anew, the others stay."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import console, fail, reported_errors, run_folder
from maskdexgrasp_core.cli.edit_input import GivenGrasp, read_grasp
from maskdexgrasp_core.cli.generate_output import GeneratedGrasps, dropped_reasons
from maskdexgrasp_core.cli.options import (
    GeneratorChanges,
    JsonFile,
    OutFolder,
    Seed,
    Weights,
)
from maskdexgrasp_core.cli.posed_hand import shadow_hand
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS, check_parts
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.perception.rewording import reword
from maskdexgrasp_core.perception.sentence import check_command
from maskdexgrasp_core.tasks import TASKS
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.types import Command, Grasp, GraspSet, ObjectObservation

GraspsFile = Annotated[
    Path,
    typer.Argument(
        metavar='GRASPS',
        help='grasps.json or grasps.npz of `maskdexgrasp generate`, or the folder with both.',
    ),
]
Number = Annotated[
    int, typer.Option('--grasp', min=1, help='Its number in picture and table; 1 is the best.')
]
Parts = Annotated[
    list[str],
    typer.Option('--part', help=f'Draw this part anew; repeat for several: {", ".join(PARTS)}.'),
]
Text = Annotated[
    str, typer.Option('--text', '-t', help='A new sentence; without it that of the file counts.')
]
Task = Annotated[str, typer.Option(help=f'A new task: {", ".join(TASKS)}.')]
NumGrasps = Annotated[
    int, typer.Option('-n', '--num-grasps', min=1, max=1000, help='Grasps to return at most.')
]
BudgetS = Annotated[
    float, typer.Option('--budget-s', min=0.1, help='Stop refining after this time \\[s].')
]


def edit(
    grasps: GraspsFile,
    part: Parts,
    grasp: Number = 1,
    text: Text = '',
    task: Task = '',
    num_grasps: NumGrasps = 8,
    seed: Seed = 0,
    budget_s: BudgetS = 60.0,
    weights: Weights = None,
    changes: GeneratorChanges = None,
    out: OutFolder = None,
    json_file: JsonFile = None,
) -> None:
    """Change single fingers of a grasp; the other parts of the hand stay where they are.

    The learned model draws the named parts anew, under a new sentence if there is one. The tokens
    of the other parts are kept, and the table says how far their skin moved all the same.

    [bold]Examples[/]

      maskdexgrasp generate --object mug.obj -t "hold the mug" --out runs/mug

      maskdexgrasp edit runs/mug --part little

      maskdexgrasp edit runs/mug --grasp 3 --part thumb --part index -t "hold it by the rim"

      maskdexgrasp edit runs/mug/grasps.npz --part palm --weights runs/mine --seed 7

    Writes what `generate` writes, so that a result can be edited again; in grasps.png the grasp
    before is number 0, and the parts that were drawn anew are white.
    """
    order = _Order(
        number=grasp, parts=tuple(dict.fromkeys(part)), text=text, task=task,
        num_grasps=num_grasps, seed=seed, budget_s=budget_s, weights=weights,
        changes=tuple(changes or ()),
    )  # fmt: skip
    with reported_errors():
        check_parts(order.parts)
        given = read_grasp(grasps, grasp, seed)
        _edit(given, order, run_folder(out, 'edit'), json_file)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What the command line asks for."""

    number: int
    parts: tuple[str, ...]
    text: str
    task: str
    num_grasps: int
    seed: int
    budget_s: float
    weights: Path | None
    changes: tuple[str, ...]
    """'name=value' of settings of the generator."""


def _edit(given: GivenGrasp, order: _Order, folder: Path, json_file: Path | None) -> None:
    """Edit, and write what came of it; or end with why there is nothing."""
    from maskdexgrasp_core.cli.edit_output import EditedGrasps, write_edited

    observation = reword(given.observation, text=order.text, task=order.task)
    check_command(observation.command or Command(command_id='', text=''))
    began = time.perf_counter()
    found = _found(given.grasp, observation, order)
    if not found.grasps:
        reasons = dropped_reasons(found.dropped) or 'no candidate'
        fail(Code.NO_GRASP_FOUND.name, f'dropped: {reasons}', 'another --seed, or more parts')
    made = GeneratedGrasps(
        observation=observation,
        hands=[shadow_hand(grasp) for grasp in found.grasps],
        dropped=found.dropped,
        hand=SHADOW.name,
        source=str(given.source),
        completed=given.completed,
        warnings=[],
        seconds=time.perf_counter() - began,
    )
    edited = EditedGrasps(
        made=made,
        before=shadow_hand(given.grasp),
        number=order.number,
        parts=order.parts,
        weights=order.weights,
    )
    write_edited(edited, folder, json_file)


def _found(grasp: Grasp, observation: ObjectObservation, order: _Order) -> GraspSet:
    from maskdexgrasp_core.synthesis.editing import GraspEditor  # the networks take seconds
    from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg

    with console.status(f'Drawing {", ".join(order.parts)} anew ...'):
        cfg = overridden(LearnedGeneratorCfg(), parse_changes(order.changes))
        return GraspEditor.load(order.weights, cfg).edit(
            observation,
            grasp,
            order.parts,
            num_grasps=order.num_grasps,
            seed=order.seed,
            time_budget_s=order.budget_s,
        )
