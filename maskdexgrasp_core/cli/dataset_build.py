"""`maskdexgrasp dataset build` and `add`: grasps from a source into a dataset."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import INTERRUPTED, console, fail, reported_errors
from maskdexgrasp_core.cli.dataset_progress import BuildDisplay
from maskdexgrasp_core.cli.dataset_tables import print_matrix
from maskdexgrasp_core.cli.options import Seed
from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.folder_lock import DatasetBusyError
from maskdexgrasp_core.dataset.manifest import Manifest
from maskdexgrasp_core.dataset.source_registry import SourceRequest, load_source
from maskdexgrasp_core.dataset.statistics import kind_yields
from maskdexgrasp_core.work_pool import WorkerLostError, usable_cores

Folder = Annotated[Path, typer.Argument(metavar='DIR', help='Folder of the dataset.')]
Workers = Annotated[
    int, typer.Option(min=0, help='Processes; 0: all cores, with --ray those of the cluster.')
]
Ray = Annotated[
    str,
    typer.Option(help='Run on this Ray cluster (auto, ray://host:10001, host:6379; local).'),
]
Grasps = Annotated[int, typer.Option(min=0, help='Grasps in all; 0: as many as there are.')]


def build(
    folder: Folder,
    source: Annotated[
        str, typer.Option(help='procedural, or package.module:factory of your own.')
    ] = 'procedural',
    objects: Annotated[
        int, typer.Option(min=0, help='Objects to make; 0: as many as the source likes.')
    ] = 0,
    grasps: Grasps = 0,
    seed: Seed = 0,
    workers: Workers = 0,
    ray: Ray = '',
) -> None:
    """Build a dataset from a source, on all cores.

    An interrupted build loses the grasps in work and nothing else: the same command resumes it.

    [bold]Examples[/]

      maskdexgrasp dataset build data/mine --objects 50 --grasps 2000 --seed 1

      maskdexgrasp dataset build data/mine --objects 50 --grasps 2000 --seed 1 --ray auto
    """
    request = SourceRequest(num_objects=objects, num_grasps=grasps, seed=seed)
    cfg = _cfg(request, workers=workers, ray=ray)
    _build(folder, source, request, cfg, extend=False)


def add(
    folder: Folder,
    source: Annotated[
        str, typer.Option(help='affordpose, oakshape, procedural, or package.module:factory.')
    ],
    root: Annotated[
        Path | None, typer.Option(help='Folder of the release that you downloaded.')
    ] = None,
    mano: Annotated[
        Path | None, typer.Option(help='MANO_RIGHT.pkl, which oakshape needs.')
    ] = None,
    skip_bad_files: Annotated[
        bool, typer.Option('--skip-bad-files', help='Count damaged files and go on.')
    ] = False,
    objects: Annotated[int, typer.Option(min=0, help='As for build.')] = 0,
    grasps: Grasps = 0,
    seed: Seed = 0,
    workers: Workers = 0,
    ray: Ray = '',
) -> None:
    """Add the grasps of another source to a dataset, or begin one with them.

    [bold]Examples[/]

      maskdexgrasp dataset add data/mine --source affordpose --root ~/AffordPose

      maskdexgrasp dataset add data/mine --source oakshape --root ~/OakInk --mano ~/MANO_RIGHT.pkl
    """
    request = SourceRequest(
        num_objects=objects, num_grasps=grasps, seed=seed, root=root, mano=mano,
        skip_bad_files=skip_bad_files,
    )  # fmt: skip
    cfg = _cfg(request, workers=workers, ray=ray)
    _build(folder, source, request, cfg, extend=True)


def _cfg(request: SourceRequest, *, workers: int, ray: str) -> BuildCfg:
    words = ['maskdexgrasp', *sys.argv[1:]]
    return BuildCfg(
        seed=request.seed,
        num_grasps=request.num_grasps,
        workers=workers if workers or ray else usable_cores(),
        ray_address=ray,
        options=request.options(),
        command=shlex.join(words),
    )


def _build(
    folder: Path, name: str, request: SourceRequest, cfg: BuildCfg, *, extend: bool
) -> None:
    with reported_errors(), BuildDisplay(console) as display:
        try:
            source = load_source(name, request)
            manifest = build_dataset(folder, source, cfg, extend=extend, on_progress=display)
        except KeyboardInterrupt:
            done = display.last
            kept = f'{done.done_units:,} of {done.num_units:,} units are kept' if done else ''
            fail('STOPPED', kept or 'nothing was begun', 'the same command resumes',
                 status=INTERRUPTED)  # fmt: skip
        except DatasetBusyError as error:
            fail('BUSY', str(error))
        except WorkerLostError as error:
            fail('WORKER', str(error), 'finished units are kept: the same command resumes')
    if display.last is None:
        console.print(f'{folder}: these grasps are there already')
    _show(folder, manifest, wanted=request.num_grasps)


def _show(folder: Path, manifest: Manifest, *, wanted: int) -> None:
    print_matrix(console, kind_yields(manifest))
    built = manifest.builds[-1].num_grasps
    if built < wanted:
        console.print(f'[yellow]note[/] {built:,} of the {wanted:,} grasps were found: hard kinds '
                      'give fewer; more --objects give more')  # fmt: skip
    counts = manifest.counts
    console.print(
        f'[green]{counts["grasps"]:,} grasps[/], {counts["texts"]:,} sentences, '
        f'{counts["objects"]:,} objects, {counts["categories"]} categories, '
        f'{counts["tasks"]} tasks → {folder}/'
    )
