"""Starts the nodes of `graph.NODES` as processes of this machine, without the launch packages."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.graph import NodeSpec, nodes_for, params_file

_INTERRUPT_S = 4.0
_TERMINATE_S = 2.0
_NUM_DOMAINS = 101
"""Domains 0 to 101 are free of the ephemeral ports of every common system."""


class GraphError(MaskDexGraspError, RuntimeError):
    """A node of the graph could not be started or has ended."""


def graph_environment(*, spread: bool = False) -> dict[str, str]:
    """Return the variables by which this process and the nodes find only each other.

    Set them in `os.environ` before `rclpy.init`. A value that the user has set is kept.

    Args:
        spread: True for the network: the nodes may run on several machines.
    """
    env = {'ROS_DOMAIN_ID': str(1 + os.getpid() % _NUM_DOMAINS)}
    if not spread:
        env |= topics.LOCAL_TRANSPORT
        env['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    else:
        env['ROS_DOMAIN_ID'] = '0'  # what every machine takes by default
    return {name: os.environ.get(name, value) for name, value in env.items()}


def parameter_arguments(parameters: Mapping[str, object]) -> list[str]:
    """Return `-p name:=value` arguments; strings are quoted as YAML wants."""
    arguments = []
    for name, value in parameters.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if isinstance(value, str):
            text = "'" + value.replace("'", "''") + "'"
        arguments += ['-p', f'{name}:={text}']
    return arguments


class GraphProcesses:
    """The processes of one graph; use it as a context manager.

    Args:
        log_dir: Folder for one log file per node.
        params: Parameter file keyed by node name; '' takes the one that ships.
        overrides: Node name -> parameters that replace those of the file.
        use_sim: Whether the simulator stands in for the hardware.
        only: Names of the nodes to start here; empty starts all.
        namespace: Of every node.
        log_level: 'debug', 'info', 'warn' or 'error'.
        spread: See `graph_environment`.
    """

    def __init__(
        self,
        log_dir: Path,
        *,
        params: str | Path = '',
        overrides: Mapping[str, Mapping[str, object]] | None = None,
        use_sim: bool = True,
        only: Collection[str] = (),
        namespace: str = '',
        log_level: str = 'info',
        spread: bool = False,
    ) -> None:
        self._log_dir = log_dir
        self._params = params_file(params)
        self._overrides = overrides or {}
        self._nodes = tuple(n for n in nodes_for(use_sim=use_sim) if not only or n.name in only)
        self._use_sim = use_sim
        self._namespace = namespace
        self._log_level = log_level
        self._env = {**os.environ, **graph_environment(spread=spread)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[TextIO] = []

    def __enter__(self) -> 'GraphProcesses':
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every node; returns before they are ready (`GraspClient.wait_ready`)."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        try:
            for node in self._nodes:
                log = (self._log_dir / f'{node.name}.log').open('w')
                self._logs.append(log)
                self._processes[node.name] = subprocess.Popen(
                    self.command_line(node),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._env,
                    start_new_session=True,  # Ctrl-C reaches them through stop(), in order
                )
        except OSError:
            self.stop()
            raise

    def command_line(self, node: NodeSpec) -> list[str]:
        """Return the command that runs `node`."""
        line = [sys.executable, '-m', node.module, '--ros-args']
        line += ['--params-file', str(self._params), '--log-level', self._log_level]
        if self._namespace:
            line += ['-r', f'__ns:=/{self._namespace.strip("/")}']
        parameters = {'use_sim_time': self._use_sim, **self._overrides.get(node.name, {})}
        return line + parameter_arguments(parameters)

    def check(self) -> None:
        """Raise if a node has ended.

        Raises:
            GraphError: With the name of the node, its exit status and the end of its log.
        """
        for name, process in self._processes.items():
            if process.poll() is not None:
                tail = self.log_path(name).read_text(errors='replace').splitlines()[-15:]
                raise GraphError(
                    f'{name} ended with status {process.returncode}; its last lines:\n'
                    + '\n'.join(tail)
                )

    def log_path(self, name: str) -> Path:
        """Return the log file of the node `name`."""
        return self._log_dir / f'{name}.log'

    @property
    def process_ids(self) -> dict[str, int]:
        """Name of the node -> id of its process."""
        return {name: process.pid for name, process in self._processes.items()}

    def stop(self) -> None:
        """End every node: by interrupt, then by terminate, then by kill."""
        for number, wait_s in (
            (signal.SIGINT, _INTERRUPT_S),
            (signal.SIGTERM, _TERMINATE_S),
            (signal.SIGKILL, _TERMINATE_S),
        ):
            running = [p for p in self._processes.values() if p.poll() is None]
            for process in running:
                process.send_signal(number)
            deadline = time.monotonic() + wait_s
            for process in running:
                try:
                    process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue
        self._processes.clear()
        for log in self._logs:
            log.close()
        self._logs.clear()
