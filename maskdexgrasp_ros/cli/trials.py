"""`maskdexgrasp trials`: how many objects are held, from random places, through the real graph."""

import time
from collections.abc import Mapping, Sequence
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
from maskdexgrasp_core.cli.options import (
    GeneratorName,
    JsonFile,
    ObjectFiles,
    OutFolder,
    Seed,
    Spread,
    Weights,
)
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.objects.mesh import load_mesh_object
from maskdexgrasp_core.objects.scenes import load_set
from maskdexgrasp_core.perception.completion import completion_names
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR, require_generator
from maskdexgrasp_ros.cli.session import generator_parameters
from maskdexgrasp_ros.cli.trial_runner import TrialObject, TrialsCfg, run_trials
from maskdexgrasp_ros.cli.trial_summary import Trial, object_table, stage_table, summary
from maskdexgrasp_ros.graph_processes import GraphError
from maskdexgrasp_ros.scene_source import SET_MARK
from maskdexgrasp_ros.true_shape import TRUE_SHAPE

COMPLETED = 'completed'
"""The completion that the parameter file names."""


SetName = Annotated[
    str, typer.Option('--set', help='Set of objects of config/scenes.yaml, e.g. table8.')
]
Attempts = Annotated[
    int, typer.Option('--attempts', '-n', min=1, max=1000, help='Tries of each object.')
]
Text = Annotated[
    str, typer.Option('--text', '-t', help='Sentence; {object} stands for the category.')
]
Shape = Annotated[
    str,
    typer.Option(
        '--shape',
        help='What is known of the object: completed (as perception ships); one of '
        f"{', '.join(completion_names())}; or true: the simulator's mesh, an experiment.",
    ),
]
LimitS = Annotated[
    float, typer.Option('--limit-s', min=1.0, help='Longest wall time of one try \\[s].')
]
ParamsFile = Annotated[str, typer.Option('--params-file', help='Parameters of the nodes (YAML).')]


def trials(
    set_name: SetName = '',
    object_files: ObjectFiles = None,
    attempts: Attempts = 10,
    text: Text = 'pick up the {object}',
    seed: Seed = 0,
    generator: GeneratorName = DEFAULT_GENERATOR,
    weights: Weights = None,
    shape: Shape = COMPLETED,
    limit_s: LimitS = 120.0,
    params_file: ParamsFile = '',
    out: OutFolder = None,
    json_file: JsonFile = None,
    spread: Spread = False,
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
    with reported_errors():
        cfg = TrialsCfg(
            objects=_objects(set_name, tuple(object_files or ()), text),
            attempts=attempts,
            seed=seed,
            overrides=_overrides(generator, weights, shape),
            params=params_file,
            log_dir=folder / 'logs',
            limit_s=limit_s,
            spread=spread,
        )
    make_folder(folder)
    about = {
        'set': set_name, 'shape': shape, 'generator': generator,
        'weights': None if weights is None else str(weights), 'limit_s': limit_s,
    }  # fmt: skip
    log = TrialLog(cfg, about, [folder / 'trials.json', *([json_file] if json_file else [])])
    try:
        with reported_errors():
            _run(cfg, log)
    except GraphError as error:
        fail('GRAPH', str(error), f'the logs are in {folder / "logs"}')
    finally:
        if log.done:  # what was measured is kept, also when the rest could not be run
            console.print(object_table(log.done, log.names))
            console.print(stage_table(log.done))
            console.print(f'→ {folder}/trials.json')


class TrialLog:
    """The trials that have ended; every file is written anew with each.

    Args:
        cfg: How the trials are run.
        about: What else the files say of the run.
        files: JSON files.
    """

    def __init__(self, cfg: TrialsCfg, about: Mapping[str, object], files: Sequence[Path]) -> None:
        self.names = [target.name for target in cfg.objects]
        self.done: list[Trial] = []
        self._seed, self._about, self._files = cfg.seed, about, files
        self._began_s = time.perf_counter()

    def add(self, trial: Trial) -> None:
        """Keep a trial and write the files."""
        self.done.append(trial)
        wall_s = round(time.perf_counter() - self._began_s, 1)
        content = {
            **run_header(self._seed),
            **self._about,
            'wall_s': wall_s,
            **summary(self.done, self.names),
        }
        for path in self._files:
            write_json(path, content)


def _run(cfg: TrialsCfg, log: TrialLog) -> None:
    """Run the trials with a progress bar; the log grows as they end."""
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
            log.add(trial)
            held = sum(each.held for each in log.done)
            share = f'{held} ({held / len(log.done):.0%})'
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


def _overrides(generator: str, weights: Path | None, shape: str) -> dict[str, dict[str, object]]:
    require_generator(generator, weights)
    known = [COMPLETED, *completion_names(), TRUE_SHAPE]
    if shape not in known:
        raise UnknownNameError('shape', shape, known)
    return {
        'generator': generator_parameters(generator, weights),
        'perception': {} if shape == COMPLETED else {'completion': shape},
        'sim': {'scene': 'empty'},
    }
