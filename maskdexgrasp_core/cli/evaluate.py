"""`maskdexgrasp evaluate`: how good grasps are, given ones or those of a generator."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from maskdexgrasp_core.cli.console import (
    MISUSE,
    console,
    fail,
    make_folder,
    reported_errors,
    run_header,
    write_json,
)
from maskdexgrasp_core.cli.evaluate_dataset import dataset_items
from maskdexgrasp_core.cli.evaluate_files import FORMATS, file_items
from maskdexgrasp_core.cli.evaluate_output import write_page, write_rows
from maskdexgrasp_core.cli.evaluate_run import Judge
from maskdexgrasp_core.cli.evaluate_tables import print_report
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.generated_grasps import GenerationCfg, View
from maskdexgrasp_core.evaluation.grasp_under_test import ObjectUnderTest
from maskdexgrasp_core.evaluation.protocols import PROTOCOLS
from maskdexgrasp_core.evaluation.report import ENTROPY_SAMPLES, ReportCfg, make_report
from maskdexgrasp_core.evaluation.squeeze_rules import SQUEEZE_RULES
from maskdexgrasp_core.evaluation.work_pool import WorkerKilledError, usable_cores

DEFAULT_DATA = Path('data/tdg-procedural-v1')
_INTERRUPTED = 130

Grasps = Annotated[
    Path | None, typer.Option(help=f'What to evaluate: {FORMATS}.', metavar='DIR|FILE')
]
ObjectFile = Annotated[
    Path | None,
    typer.Option('--object', help='Mesh of the object of a FILE, in the frame of its grasps [m].'),
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
Conditions = Annotated[
    int, typer.Option(min=0, help='Objects with a task and a sentence to draw; 0: all.')
]
NumGrasps = Annotated[int, typer.Option(min=1, help='Grasps that the generator is asked for.')]
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
Seed = Annotated[int, typer.Option(min=0, help='The same seed gives the same figures.')]
JsonFile = Annotated[Path | None, typer.Option('--json', help='Write the report here.')]
Out = Annotated[Path | None, typer.Option(help='Folder for report.json, grasps.csv and pictures.')]
Workers = Annotated[int, typer.Option(min=0, help='Processes; 0: all cores.')]


def evaluate(
    grasps: Grasps = None,
    object_file: ObjectFile = None,
    sample: Sample = 0,
    generator: Generator = '',
    split: Split = '',
    data: Data = DEFAULT_DATA,
    view: ViewName = 'whole',
    conditions: Conditions = 0,
    num_grasps: NumGrasps = 8,
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
    """Measure success, quality, penetration, entropy, diversity and agreement of grasps.

    Every figure is defined in docs/evaluation.md.

    [bold]Examples[/]

      maskdexgrasp evaluate --grasps data/tdg-procedural-v1 --sample 500 --json report.json

      maskdexgrasp evaluate --generator energy --split test-categories --view single --conditions 9

      maskdexgrasp evaluate --grasps runs/mine/grasps.npz --protocol tdg --protocol dexgraspbench
    """
    if (grasps is None) == (not generator):
        fail('INPUT', 'give either --grasps DIR|FILE or --generator NAME', status=MISUSE)
    if out is not None:
        make_folder(out)  # now: a folder that cannot be made must not cost the results
    with reported_errors():
        judge = Judge(
            protocols=tuple(protocol), squeeze=squeeze, step_scale=step_scale,
            hold_scale=hold_scale, workers=workers or usable_cores(),
        )  # fmt: skip
        try:
            if grasps is not None:
                items = _given(grasps, object_file, split=split, sample=sample, seed=seed)
                source: dict[str, Any] = {'grasps': str(grasps), 'sample': sample}
                done = judge.given(items)
            else:
                generation = GenerationCfg(
                    generator=generator, view=cast(View, view), num_grasps=num_grasps, seed=seed
                )
                source = {'generation': asdict(generation), 'data': str(data)}
                done = judge.generated(generation, data, split, conditions)
        except WorkerKilledError as error:
            fail('WORKER', str(error))
        except KeyboardInterrupt:
            fail('STOPPED', 'nothing was written', status=_INTERRUPTED)
        report_cfg = ReportCfg(evaluation=done.cfg, seed=seed, entropy_samples=entropy_samples)
        report = make_report(done.outcomes, report_cfg, done.conditions)
    content = {
        **run_header(seed),
        **source,
        'split': split,
        'protocol': protocol[0],
        'step_scale': step_scale,
        'hold_scale': hold_scale,
        **report,
        'seconds': round(done.seconds, 2),
        'workers': workers or usable_cores(),
    }
    print_report(console, content)
    for path in [json_file, out / 'report.json' if out else None]:
        if path is not None:
            write_json(path, content)
            console.print(f'[green]report[/] → {path}')
    if out is not None:
        write_rows(out / 'grasps.csv', done.outcomes, [p.name for p in done.cfg.protocols])
        write_page(out / 'grasps.png', done.outcomes, done.models)


def _given(
    grasps: Path, object_file: Path | None, *, split: str, sample: int, seed: int
) -> tuple[ObjectUnderTest, ...]:
    if not grasps.exists():
        raise InvalidInputError(f'{grasps} does not exist; {FORMATS} can be evaluated')
    if grasps.is_dir():
        if object_file is not None:
            raise InvalidInputError('--object belongs to a FILE: a dataset holds its objects')
        return dataset_items(grasps, split=split, sample=sample, seed=seed)
    if split:
        raise InvalidInputError('--split needs a dataset: a file has no splits')
    return file_items(grasps, object_file=object_file, sample=sample, seed=seed)
