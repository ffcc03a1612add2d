"""`maskdexgrasp bench`: runs the scripts of `benchmarks/` by name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import maskdexgrasp_core
from maskdexgrasp_core.cli.console import MISUSE, console, fail, run_header, write_json

_PREFIX = 'bench_'
_SECONDS = 3600.0


def benchmark_scripts() -> dict[str, Path]:
    """Return name -> script of every benchmark; empty where only the package is installed."""
    folder = Path(maskdexgrasp_core.__file__).resolve().parent.parent / 'benchmarks'
    return {
        path.stem.removeprefix(_PREFIX): path for path in sorted(folder.glob(f'{_PREFIX}*.py'))
    }


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help='Name of a benchmark, or "list".')] = 'list',
    seed: Annotated[
        int | None, typer.Option(min=0, help='Passed on to the benchmark; default: its own.')
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option('--json', help='Write machine, date and figures here.')
    ] = None,
) -> None:
    """Measure one part of the suite on this machine.

    [bold]Examples[/]

      maskdexgrasp bench list

      maskdexgrasp bench sim --json sim.json

      maskdexgrasp bench sim -- --objects 6     (what stands after -- goes to the script)
    """
    scripts = benchmark_scripts()
    if not scripts:
        fail('INPUT', 'no benchmarks here: they are part of the source tree', status=MISUSE)
    if name == 'list':
        _show_list(scripts)
        return
    if name not in scripts:
        fail('INPUT', f'unknown benchmark {name!r}; known: {", ".join(scripts)}', status=MISUSE)
    line = [sys.executable, str(scripts[name]), *context.args]
    line += [] if seed is None else ['--seed', str(seed)]
    with console.status(f'Measuring {name} ...'):
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, timeout=_SECONDS)
    if done.returncode != 0:
        fail('BENCH', f'{scripts[name].name} ended with status {done.returncode}')
    content = {'benchmark': name, **run_header(seed), 'result': _figures(done.stdout)}
    _show(name, content['result'])
    if json_file is not None:
        write_json(json_file, content)


def _figures(text: str) -> object:
    """Return what a script printed: a JSON value, or its lines."""
    try:
        return json.loads(text)
    except ValueError:
        return text.splitlines()


def _show_list(scripts: dict[str, Path]) -> None:
    table = Table('benchmark', 'what it measures', box=None, header_style='bold')
    for name, path in scripts.items():
        lines = path.read_text().lstrip('"\n').splitlines()
        table.add_row(name, lines[0].strip('"') if lines else '')
    console.print(table)


def _show(name: str, result: object) -> None:
    if not isinstance(result, dict):
        for line in result if isinstance(result, list) else [result]:
            console.print(line, markup=False)
        return
    table = Table(name, '', box=None, header_style='bold')
    for key, value in result.items():
        table.add_row(key, value if isinstance(value, str) else json.dumps(value))
    console.print(table)
