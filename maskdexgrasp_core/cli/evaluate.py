"""`maskdexgrasp evaluate`: how good grasps are, given ones or those of a generator."""

from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import (
    INTERRUPTED,
    console,
    fail,
    make_folder,
    reported_errors,
    run_header,
    write_json,
)
from maskdexgrasp_core.cli.evaluate_files import FORMATS
from maskdexgrasp_core.cli.evaluate_output import write_page, write_rows
from maskdexgrasp_core.cli.evaluate_run import Judge
from maskdexgrasp_core.cli.evaluate_subject import Subject
from maskdexgrasp_core.cli.evaluate_tables import print_report
from maskdexgrasp_core.cli.options import GeneratorChanges, JsonFile, Seed, Weights
from maskdexgrasp_core.evaluation.protocols import PROTOCOLS
from maskdexgrasp_core.evaluation.report import ENTROPY_SAMPLES, ReportCfg, make_report
from maskdexgrasp_core.evaluation.squeeze_rules import SQUEEZE_RULES
from maskdexgrasp_core.perception.completion import DEFAULT_COMPLETION, completion_names
from maskdexgrasp_core.work_pool import WorkerLostError, usable_cores

DEFAULT_DATA = Path('data/tdg-procedural-v1')

Grasps = Annotated[
    Path | None, typer.Option(help=f'What to evaluate: {FORMATS}.', metavar='DIR|FILE')
]
ObjectFile = Annotated[
    Path | None,
    typer.Option('--object', help='Mesh of the object of a FILE, in the frame of grasps \\[m].'),
]
Sample = Annotated[int, typer.Option(min=0, help='Grasps to draw at random; 0: all.')]
Generator = Annotated[str, typer.Option(help='Evaluate what this generator proposes instead.')]
Split = Annotated[
    str, typer.Option(help='Of the dataset: train, test-instances, test-categories, test.')
]
Data = Annotated[Path, typer.Option(help='Dataset that --generator takes its conditions from.')]
ViewName = Annotated[
    str, typer.Option(help='What the generator sees: the whole shape, or a single noisy view.')
]
CompletionName = Annotated[
    str,
    typer.Option(
        '--completion',
        help='With --view single: what closes the side that was not seen: '
        f'{", ".join(completion_names())}.',
    ),
]
Conditions = Annotated[
    int, typer.Option(min=0, help='Objects with a task and a sentence to draw; 0: all.')
]
NumGrasps = Annotated[int, typer.Option(min=1, help='Grasps that the generator is asked for.')]
Rehearsed = Annotated[
    int,
    typer.Option(
        '--rehearse',
        min=0,
        help='Try the best so many grasps in physics on the shape that the generator was shown, '
        'as they are and displaced by 4 mm, and order them by how they hold; 0: none.',
    ),
]
Protocols = Annotated[
    list[str],
    typer.Option('--protocol', help=f'Repeat for several: {", ".join(PROTOCOLS)}.'),
]
Squeeze = Annotated[
    str,
    typer.Option(help=f'{", ".join(SQUEEZE_RULES)}. Default: stored if every grasp has targets.'),
]
StepScale = Annotated[float, typer.Option(help='Factor of the time step, above 0 up to 1.')]
HoldScale = Annotated[float, typer.Option(min=0.01, help='Factor of the time under load.')]
EntropySamples = Annotated[int, typer.Option(min=1, help='Grasps that H_mean is taken over.')]
Out = Annotated[Path | None, typer.Option(help='Folder for report.json, grasps.csv and pictures.')]
Workers = Annotated[int, typer.Option(min=0, help='Processes; 0: all cores.')]


def evaluate(
    grasps: Grasps = None,
    object_file: ObjectFile = None,
    sample: Sample = 0,
    generator: Generator = '',
    weights: Weights = None,
    changes: GeneratorChanges = None,
    split: Split = '',
    data: Data = DEFAULT_DATA,
    view: ViewName = 'whole',
    completion: CompletionName = DEFAULT_COMPLETION,
    conditions: Conditions = 0,
    num_grasps: NumGrasps = 8,
    rehearse: Rehearsed = 0,
    protocol: Protocols = ['tdg'],  # noqa: B006
    squeeze: Squeeze = '',
    step_scale: StepScale = 1.0,
    hold_scale: HoldScale = 1.0,
    entropy_samples: EntropySamples = ENTROPY_SAMPLES,
    seed: Seed = 0,
    json_file: JsonFile = None,
    out: Out = None,
    workers: Workers = 0,
) -> None:
    """Measure success, quality, depth and variety of grasps, as docs/evaluation.md defines them.

    [bold]Examples[/]

      maskdexgrasp evaluate --grasps data/tdg-procedural-v1 --sample 500 --json report.json

      maskdexgrasp evaluate --generator synthesis --split test-categories --view single
      --conditions 9

      maskdexgrasp evaluate --generator model --weights runs/mine --set finishing.num_steps=0
      --set finishing.ranking.enabled=false    (what the networks say, unrefined and unranked)

      maskdexgrasp evaluate --grasps runs/mine/grasps.npz --protocol tdg --protocol dexgraspbench
    """
    subject = Subject(
        grasps=grasps, object_file=object_file, sample=sample, generator=generator,
        weights=weights, changes=tuple(changes or ()), data=data, split=split, view=view,
        completion=completion, conditions=conditions, num_grasps=num_grasps,
        num_rehearsed=rehearse, seed=seed,
    )  # fmt: skip
    judge = Judge(
        protocols=tuple(protocol), squeeze=squeeze, step_scale=step_scale, hold_scale=hold_scale,
        workers=workers or usable_cores(),
    )  # fmt: skip
    _evaluate(subject, judge, entropy_samples, json_file, out)


def _evaluate(
    subject: Subject, judge: Judge, entropy_samples: int, json_file: Path | None, out: Path | None
) -> None:
    """Judge, print, and write what was asked for."""
    if out is not None:
        make_folder(out)  # now: a folder that cannot be made must not cost the results
    with reported_errors():
        try:
            done = subject.judged_by(judge)
        except WorkerLostError as error:
            fail('WORKER', str(error))
        except KeyboardInterrupt:
            fail('STOPPED', 'nothing was written', status=INTERRUPTED)
        report_cfg = ReportCfg(
            evaluation=done.cfg, seed=subject.seed, entropy_samples=entropy_samples
        )
        report = make_report(done.outcomes, report_cfg, done.conditions)
    content = {
        **run_header(subject.seed),
        **subject.to_json(),
        'protocol': judge.protocols[0],
        'step_scale': judge.step_scale,
        'hold_scale': judge.hold_scale,
        **report,
        'seconds': round(done.seconds, 2),
        'workers': judge.workers,
    }
    print_report(console, content)
    for path in [json_file, out / 'report.json' if out else None]:
        if path is not None:
            write_json(path, content)
            console.print(f'[green]report[/] → {path}')
    if out is not None:
        write_rows(out / 'grasps.csv', done.outcomes, [p.name for p in done.cfg.protocols])
        write_page(out / 'grasps.png', done.outcomes, done.models)
