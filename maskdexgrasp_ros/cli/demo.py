"""`maskdexgrasp demo`: the graph comes up, one sentence is followed, a report is written."""

import time
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import (
    console,
    fail,
    fail_outcome,
    make_folder,
    reported_errors,
    run_folder,
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
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR
from maskdexgrasp_ros.cli.demo_run import checked_world, run_demo
from maskdexgrasp_ros.cli.report import DemoCfg, DemoReport
from maskdexgrasp_ros.graph_processes import GraphError

DEFAULT_TEXT = 'pick up the mug by its handle'
DEFAULT_SCENE = 'mug'
_OBJECT_TEXT = 'pick up the object'


Text = Annotated[str, typer.Option('--text', '-t', help=f'What to do; default "{DEFAULT_TEXT}".')]
SceneName = Annotated[
    str, typer.Option('--scene', help=f'What stands on the table; default "{DEFAULT_SCENE}".')
]
View = Annotated[bool, typer.Option('--view/--headless', help='Show the simulation in a window.')]
KeepBag = Annotated[bool, typer.Option('--bag/--no-bag', help='Record the run in a bag (MCAP).')]


def demo(
    text: Text = '',
    scene: SceneName = '',
    object_files: ObjectFiles = None,
    seed: Seed = 0,
    view: View = False,
    out: OutFolder = None,
    generator: GeneratorName = DEFAULT_GENERATOR,
    weights: Weights = None,
    json_file: JsonFile = None,
    keep_bag: KeepBag = True,
    spread: Spread = False,
) -> None:
    """Bring up the cell in simulation, say a sentence, see the object lifted.

    Starts the ROS 2 nodes as processes of this machine, sends the command through the
    execute_grasp action and writes result.json, strip.png, bag/ and logs/. The exit code is 0
    only if the object was held 10 cm up for 3 s.

    [bold]Examples[/]

      maskdexgrasp demo

      maskdexgrasp demo --scene clutter3 -t "pick up the blue bottle" --seed 3

      maskdexgrasp demo --object scan.obj -t "pick up the object" --view
    """
    files = tuple(object_files or ())
    cfg = DemoCfg(
        text=text or (_OBJECT_TEXT if files and not scene else DEFAULT_TEXT),
        scene=scene or ('' if files else DEFAULT_SCENE),
        object_files=files,
        seed=seed,
        generator=generator,
        weights=weights,
        view=view,
        spread=spread,
        out=run_folder(out, 'demo'),
    )
    began = time.perf_counter()
    with reported_errors():
        world = checked_world(cfg)
    make_folder(cfg.out)
    try:
        with reported_errors():
            report = run_demo(cfg, world, keep_bag=keep_bag)
    except GraphError as error:
        fail('GRAPH', str(error), f'the logs are in {cfg.out / "logs"}')
    report.write(json_file)
    _print_verdict(report, time.perf_counter() - began)


def _print_verdict(report: DemoReport, seconds: float) -> None:
    """Say how it ended and where the report is; end with 1 if the object is not held."""
    console.print(f'[dim]{seconds:.0f} s in all →[/] {report.cfg.out}/  '
                  '[dim](result.json, strip.png, bag, logs)[/]')  # fmt: skip
    result = report.result
    if not result.outcome.ok:
        fail_outcome(result.outcome)
    if not result.score.lifted:
        fail('NOT_HELD', report.verdict, 'look at strip.png; try another --seed')
    console.print(f'[bold green]{report.verdict}[/]')
