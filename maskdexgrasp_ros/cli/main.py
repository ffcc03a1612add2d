"""Entry point of the `maskdexgrasp` command."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from maskdexgrasp_core.cli.bench import bench
from maskdexgrasp_core.cli.checks import Check, Finding, Verdict
from maskdexgrasp_core.cli.console import console, installed_version
from maskdexgrasp_core.cli.dataset import app as dataset
from maskdexgrasp_core.cli.doctor import make_doctor
from maskdexgrasp_core.cli.edit import edit
from maskdexgrasp_core.cli.evaluate import evaluate
from maskdexgrasp_core.cli.generate import generate
from maskdexgrasp_core.cli.train import train
from maskdexgrasp_ros.cli.demo import demo
from maskdexgrasp_ros.cli.trials import trials

_ONE_THREAD = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


def _ros_checks(seed: int) -> Sequence[Check]:
    """Return the checks of ROS 2; where it cannot even be imported, that is the finding."""
    try:
        from maskdexgrasp_ros.cli.checks import ros_checks
    except ImportError as error:
        cure = 'make setup, or source a ROS 2 installation with the built package'
        finding = Finding(verdict=Verdict.FAIL, detail=str(error), cure=cure)
        return (Check(name='ROS 2', run=lambda: finding),)
    return ros_checks(seed)


app = typer.Typer(
    name='maskdexgrasp',
    no_args_is_help=True,
    rich_markup_mode='rich',
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={'help_option_names': ['-h', '--help']},
)
app.command()(demo)
app.command()(trials)
app.command()(generate)
app.command()(edit)
app.command()(evaluate)
app.command()(train)
app.command()(make_doctor(_ros_checks))
app.command(context_settings={'allow_extra_args': True})(bench)
app.add_typer(dataset)


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
