"""`maskdexgrasp trials`: how many objects are held, from random places, through the real graph."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from maskdexgrasp_core.cli.console import (
    MISUSE,
    console,
    fail,
    make_folder,
    reported_errors,
    run_folder,
    run_header,
    write_json,
)
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.objects.mesh import load_mesh_object
from maskdexgrasp_core.objects.scenes import load_set
from maskdexgrasp_core.perception.completion import completion_names
from maskdexgrasp_core.synthesis.registry import GENERATORS
from maskdexgrasp_ros.cli.trial_runner import TrialObject, TrialsCfg, run_trials
from maskdexgrasp_ros.cli.trial_summary import Trial, object_table, stage_table, summary
from maskdexgrasp_ros.graph_processes import GraphError
from maskdexgrasp_ros.scene_source import SET_MARK
from maskdexgrasp_ros.true_shape import TRUE_SHAPE

COMPLETED = 'completed'
"""The completion that the parameter file names."""


def trials(
    set_name: Annotated[
        str, typer.Option('--set', help='Set of objects of config/scenes.yaml, e.g. table8.')
    ] = '',
    object_files: Annotated[
        list[Path] | None, typer.Option('--object', help='Mesh file; may be repeated.')
    ] = None,
    attempts: Annotated[
        int, typer.Option('--attempts', '-n', min=1, max=1000, help='Tries of each object.')
    ] = 10,
    text: Annotated[
        str, typer.Option('--text', '-t', help='Sentence; {object} stands for the category.')
    ] = 'pick up the {object}',
    seed: Annotated[int, typer.Option(min=0, help='The same seed: same places, same grasps.')] = 0,
    generator: Annotated[str, typer.Option(help='Which generator proposes grasps.')] = 'energy',
    shape: Annotated[
        str,
        typer.Option(
            help='What is known of the object: completed (as perception ships); one of '
            f"{', '.join(completion_names())}; or true: the simulator's mesh, an experiment."
        ),
    ] = COMPLETED,
    limit_s: Annotated[
        float, typer.Option('--limit-s', min=1.0, help='Longest wall time of one try [s].')
    ] = 120.0,
    params_file: Annotated[
        str, typer.Option('--params-file', help='Parameters of the nodes (YAML).')
    ] = '',
    out: Annotated[
        Path | None, typer.Option(help='Folder of the results; default runs/trials-<time>.')
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option('--json', help='Also write trials.json to this file.')
    ] = None,
) -> None:
    """Try every object several times from random places and count what was held.

    Held means 10 cm up for 3 s. All tries run through one ROS 2 graph; if a node ends or hangs,
    the try counts as failed and the graph is started anew. trials.json grows with every try.

    [bold]Examples[/]

      maskdexgrasp trials --set table8 --attempts 10 --seed 1

      maskdexgrasp trials --object scan.obj --object cup.stl -n 5

      maskdexgrasp trials --set table8 -n 10 --shape visible    (completion off)
    """
    folder = run_folder(out, 'trials')
    began = time.perf_counter()
    with reported_errors():
        cfg = TrialsCfg(
            objects=_objects(set_name, tuple(object_files or ()), text),
            attempts=attempts,
            seed=seed,
            overrides=_overrides(generator, shape),
            params=params_file,
            log_dir=folder / 'logs',
            limit_s=limit_s,
        )
    make_folder(folder)
    done: list[Trial] = []
    names = [target.name for target in cfg.objects]
    files = [folder / 'trials.json', *([json_file] if json_file is not None else [])]

    def save() -> None:
        content = {**run_header(seed), 'set': set_name, 'shape': shape, 'generator': generator,
                   'limit_s': limit_s, 'wall_s': round(time.perf_counter() - began, 1),
                   **summary(done, names)}  # fmt: skip
        for path in files:
            write_json(path, content)

    try:
        with reported_errors():
            _run(cfg, done, save)
    except GraphError as error:
        fail('GRAPH', str(error), f'the logs are in {folder / "logs"}')
    finally:
        if done:  # what was measured is kept, also when the rest could not be run
            console.print(object_table(done, names))
            console.print(stage_table(done))
            console.print(f'→ {folder}/trials.json')


def _run(cfg: TrialsCfg, done: list[Trial], save: Callable[[], None]) -> None:
    """Run the trials with a progress bar; `done` grows as they end, and each time is saved."""
    progress = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('[bold]{task.fields[held]}[/] held'),
        TimeElapsedColumn(),
        TextColumn('[dim]left[/]'),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
    )
    with progress:
        task = progress.add_task('starting', total=cfg.attempts * len(cfg.objects), held='0')
        for trial in run_trials(cfg):
            done.append(trial)
            save()
            held = sum(each.held for each in done)
            share = f'{held} ({held / len(done):.0%})'
            progress.update(task, advance=1, held=share, description=trial.object_name)
            first_line = trial.detail.partition('\n')[0]
            mark = '[green]held[/]' if trial.held else f'[red]{trial.reason}[/]'
            progress.console.print(
                f'{trial.object_name:<16} seed {trial.seed:<8} {mark} '
                f'[dim]{trial.total_s:.1f} s {escape(first_line)}[/]'
            )


def _objects(set_name: str, files: tuple[Path, ...], text: str) -> tuple[TrialObject, ...]:
    """Return what is to be tried.

    Raises:
        UnknownNameError: If the set is not known.
        InvalidInputError: If a mesh cannot be used.
    """
    if bool(set_name) == bool(files):
        fail('INPUT', 'give either --set NAME or --object FILE', status=MISUSE)
    if set_name:
        return tuple(
            TrialObject(
                name=model.name,
                text=_sentence(text, model.category.replace('_', ' ')),
                scene=f'{set_name}{SET_MARK}{model.name}',
            )
            for model in load_set(set_name)
        )
    made = []
    for path in files:
        model, warnings = load_mesh_object(path)
        for warning in warnings:
            console.print(f'[yellow]note[/] {warning}')
        made.append(
            TrialObject(
                name=model.name, text=_sentence(text, 'object'), object_files=(path.resolve(),)
            )
        )
    return tuple(made)


def _sentence(text: str, category: str) -> str:
    return text.replace('{object}', category)


def _overrides(generator: str, shape: str) -> dict[str, dict[str, object]]:
    for kind, name, known in (
        ('generator', generator, list(GENERATORS)),
        ('shape', shape, [COMPLETED, *completion_names(), TRUE_SHAPE]),
    ):
        if name not in known:
            raise UnknownNameError(kind, name, known)
    return {
        'generator': {'generator': generator},
        'perception': {} if shape == COMPLETED else {'completion': shape},
        'sim': {'scene': 'empty'},
    }
