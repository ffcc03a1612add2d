"""Entry point of the `maskdexgrasp` command."""

import os
import sys
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import console, installed_version
from maskdexgrasp_core.cli.lazy_group import LazyCommand, lazy_app

_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')

COMMANDS = (
    LazyCommand(
        module='maskdexgrasp_ros.cli.demo',
        name='demo',
        summary='Bring up the cell in simulation, say a sentence, see the object lifted.',
    ),
    LazyCommand(
        module='maskdexgrasp_ros.cli.trials',
        name='trials',
        summary='Try every object several times from random places and count what was held.',
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.generate',
        name='generate',
        summary='Make grasps of one object and write them to JSON, NPZ and a picture.',
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.edit',
        name='edit',
        summary='Change single fingers of a grasp; the other parts of the hand stay where they '
        'are.',
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.evaluate',
        name='evaluate',
        summary='Measure success, quality, depth and variety of grasps, as docs/evaluation.md '
        'defines them.',
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.train',
        name='train',
        summary='Train a network: first the tokenizer, then the transformer on its tokens.',
    ),
    LazyCommand(
        module='maskdexgrasp_ros.cli.doctor',
        name='doctor',
        summary='Check Python, packages, libraries, robot models, weights, drawing, physics and '
        'ROS 2.',
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.bench',
        name='bench',
        summary='Measure one part of the suite on this machine.',
        settings={'context_settings': {'allow_extra_args': True}},
    ),
    LazyCommand(
        module='maskdexgrasp_core.cli.dataset',
        name='dataset',
        attribute='app',
        summary='Build, extend, describe, count, draw, check and divide sets of grasps.',
    ),
)
app = lazy_app('maskdexgrasp', *COMMANDS)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print(f'maskdexgrasp {installed_version("maskdexgrasp")}')
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option('--version', callback=_show_version, is_eager=True, help='Show the version.'),
    ] = False,
) -> None:
    """A sentence in, an object grasped.

    [bold]First steps[/]

      maskdexgrasp doctor                              does this machine have what it takes?

      maskdexgrasp demo                                a mug is picked up by its handle

      maskdexgrasp demo --object mesh.obj -t "pick up the object"

      maskdexgrasp trials --set table8 --attempts 10   how many of 80 are held?
    """


def main() -> None:
    """Run the command line."""
    for name in _ONE_THREAD:  # read when torch and BLAS load: many processes share the cores
        os.environ.setdefault(name, '1')
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == '__main__':
    main()
