"""A running graph with its client, for commands that use it."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from maskdexgrasp_core.types import Command
from maskdexgrasp_ros.cli.mirror import CellMirror
from maskdexgrasp_ros.client import CommandResult, Feedback, GraspClient
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment

READY_S = 90.0
"""Longest time for the nodes to start [s]: loading torch takes long on a busy machine."""
_POLL_S = 0.1
Parameters = Mapping[str, Mapping[str, object]]


def generator_parameters(name: str, weights: Path | None) -> dict[str, object]:
    """Return what the generator node is told; without weights those of its file count."""
    named = {} if weights is None else {'weights': str(weights.resolve())}
    return {'generator': name, **named}


@dataclass(frozen=True, kw_only=True)
class GraspSession:
    """A graph that is ready."""

    graph: GraphProcesses
    client: GraspClient
    mirror: CellMirror

    def execute(
        self,
        command: Command,
        on_feedback: Feedback | None = None,
        *,
        timeout_s: float,
        settle_s: float = 0.0,
    ) -> CommandResult:
        """Run a command, watching that every node stays alive.

        Args:
            command: What to do.
            on_feedback: Told about every stage.
            timeout_s: The command is cancelled after this wall time [s].
            settle_s: Time of the graph to go on scoring after the result [s].

        Raises:
            GraphError: If a node ends meanwhile.
            DriverError: If the graph does not answer.
        """
        results: list[CommandResult] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                results.append(
                    self.client.execute(
                        command, on_feedback, timeout_s=timeout_s, settle_s=settle_s
                    )
                )
            except BaseException as error:  # handed over to the thread that waits
                raised.append(error)

        worker = threading.Thread(target=work, name='command', daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(_POLL_S)
                self.graph.check()
        except KeyboardInterrupt:
            self.client.stop()
            raise
        if raised:
            raise raised[0]
        return results[0]


@contextmanager
def grasp_session(
    log_dir: Path,
    overrides: Parameters,
    *,
    params: str = '',
    watch_camera: bool = False,
    spread: bool = False,
) -> Iterator[GraspSession]:
    """Start the graph in simulation, wait until it is ready, and end it afterwards.

    Args:
        log_dir: Folder of the nodes' logs.
        overrides: Node -> parameters that replace those of the file.
        params: Parameter file; '' takes the one that ships.
        watch_camera: Whether to keep the newest pictures.
        spread: Whether other machines may take part, see `graph_environment`.

    Raises:
        GraphError: If a node ends while starting.
        DriverError: If the graph is not ready in time.
    """
    os.environ.update(graph_environment(spread=spread))
    with ExitStack() as stack:
        graph = stack.enter_context(
            GraphProcesses(log_dir, params=params, overrides=overrides, spread=spread)
        )
        client = stack.enter_context(GraspClient(watch_camera=watch_camera))
        mirror = CellMirror(client.node)
        client.wait_ready(READY_S, check=graph.check)
        yield GraspSession(graph=graph, client=client, mirror=mirror)
