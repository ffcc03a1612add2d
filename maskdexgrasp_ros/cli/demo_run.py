"""One run of the demo: graph up, command sent, everything for the report collected."""

import os
import shutil
import time
from contextlib import ExitStack

from rich.live import Live
from rich.markup import escape

from maskdexgrasp_core.cli.console import console
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.perception.sentence import check_command
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.synthesis.registry import require_generator
from maskdexgrasp_ros.cli.mirror import AnsweredPicture
from maskdexgrasp_ros.cli.report import DemoCfg, DemoReport
from maskdexgrasp_ros.cli.session import GraspSession, generator_parameters, grasp_session
from maskdexgrasp_ros.cli.stage_table import StageTable
from maskdexgrasp_ros.client import CommandResult
from maskdexgrasp_ros.recording import BagRecorder
from maskdexgrasp_ros.scene_source import object_placements

_DISPLAYS = ('DISPLAY', 'WAYLAND_DISPLAY')
_SETTLE_S = 0.3


def checked_world(cfg: DemoCfg) -> World:
    """Return a world with the demo's objects, to be drawn only.

    Raises:
        StageError: If the sentence cannot be used.
        DriverError: If a window is asked for where there is no display.
        UnknownNameError: If scene, object or generator is not known.
        MissingWeightsError: If the generator's weights are not there.
        InvalidInputError: If a mesh or weights cannot be used, or the objects do not fit.
    """
    if cfg.view and not any(os.environ.get(name) for name in _DISPLAYS):
        raise DriverError(
            'no display in this session (DISPLAY is not set): run without --view, or connect with '
            '`ssh -X` or a remote desktop'
        )
    check_command(cfg.command)
    require_generator(cfg.generator, cfg.weights)
    placements, warnings = object_placements(cfg.scene, cfg.seed, cfg.object_files)
    for warning in warnings:
        console.print(f'[yellow]note[/] {warning}')
    return World(placements)


def run_demo(cfg: DemoCfg, world: World, *, keep_bag: bool) -> DemoReport:
    """Run one demo and return what happened.

    Args:
        cfg: What is asked.
        world: Of `checked_world`.
        keep_bag: Whether the run is recorded.

    Raises:
        GraphError: If a node ends.
        DriverError: If the graph does not answer.
    """
    began = time.perf_counter()
    report = DemoReport(cfg, world)
    with ExitStack() as stack:
        bag = stack.enter_context(ExitStack())  # closed after the client has ended
        scene = cfg.scene or 'empty'
        overrides: dict[str, dict[str, object]] = {
            'sim': {'scene': scene, 'seed': cfg.seed, 'headless': not cfg.view},
            'generator': generator_parameters(cfg.generator, cfg.weights),
        }
        with console.status('Starting the ROS 2 graph ...'):
            session = stack.enter_context(
                grasp_session(cfg.out / 'logs', overrides, watch_camera=True, spread=cfg.spread)
            )
            if cfg.object_files:
                session.client.reset_world(cfg.scene, cfg.seed, cfg.object_files)
        report.ready_s = time.perf_counter() - began
        if keep_bag:
            shutil.rmtree(cfg.out / 'bag', ignore_errors=True)
            bag.callback(BagRecorder(session.client.node, cfg.out / 'bag').close)
        answered = AnsweredPicture(session.client.node)
        result = _execute(cfg, session)
        report.camera_picture = answered.picture()
        report.take(result, session.client.seen, session.mirror.state())
    return report


def _execute(cfg: DemoCfg, session: GraspSession) -> CommandResult:
    table = StageTable()
    console.print(f'[bold]“{escape(cfg.text)}”[/]')
    with Live(table, console=console, refresh_per_second=8, transient=True):
        result = session.execute(
            cfg.command, table.begin, timeout_s=cfg.timeout_s, settle_s=_SETTLE_S
        )
        failed = None if result.outcome.ok else result.outcome.stage
        table.finish(result.stage_seconds, failed)
    console.print(table)
    return result
