"""Starts the nodes of `graph.NODES` as processes of this machine, without the launch packages."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.graph import NodeSpec, nodes_for, params_file
from maskdexgrasp_ros.node_host import ENDING_S, HostedNode

_IMPORT_S = 5.0
"""A host that loads a library hears the end of its input only afterwards [s]."""
_HOST = 'maskdexgrasp_ros.node_host'
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
    if spread:
        env = {'ROS_DOMAIN_ID': '0'}  # what every machine takes by default
    else:
        own = str(1 + os.getpid() % _NUM_DOMAINS)
        env = {'ROS_DOMAIN_ID': own, **topics.LOCAL_TRANSPORT}
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
        self._host: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._pids: dict[str, int] = {}
        self._ended: dict[str, int] = {}

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
        for node in self._nodes:
            self.log_path(node.name).unlink(missing_ok=True)
        self._pids, self._ended = {}, {}
        with self.log_path('host').open('wb') as log:
            self._host = subprocess.Popen(
                [sys.executable, '-m', _HOST],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._env,
                start_new_session=True,  # Ctrl-C reaches them through stop(), in order
            )
        assert self._host.stdin is not None
        nodes = [self._hosted(node).to_json() for node in self._nodes]
        self._host.stdin.write(json.dumps(nodes).encode() + b'\n')
        self._host.stdin.flush()
        threading.Thread(target=self._listen, args=(self._host,), daemon=True).start()

    def check(self) -> None:
        """Raise if a node has ended.

        Raises:
            GraphError: With the name of the node, its exit status and the end of its log.
        """
        with self._lock:
            ended = dict(self._ended)
        host = None if self._host is None else self._host.poll()
        if host is not None and not ended:
            ended = {'host': host}
        for name, status in ended.items():
            tail = self._last_lines(name)
            raise GraphError(f'{name} ended with status {status}; its last lines:\n{tail}')

    def log_path(self, name: str) -> Path:
        """Return the log file of the node `name`."""
        return self._log_dir / f'{name}.log'

    @property
    def process_ids(self) -> dict[str, int]:
        """Name of the node -> id of its process; complete once all have been started."""
        with self._lock:
            return dict(self._pids)

    def stop(self) -> None:
        """End every node: by interrupt, then by terminate, then by kill."""
        host, self._host = self._host, None
        if host is None:
            return
        assert host.stdin is not None
        host.stdin.close()
        try:
            host.wait(_IMPORT_S + sum(wait_s for _, wait_s in ENDING_S))
        except subprocess.TimeoutExpired:
            os.killpg(host.pid, signal.SIGKILL)
            host.wait()

    def _hosted(self, node: NodeSpec) -> HostedNode:
        arguments = ['--ros-args', '--params-file', str(self._params)]
        arguments += ['--log-level', self._log_level]
        if self._namespace:
            arguments += ['-r', f'__ns:=/{self._namespace.strip("/")}']
        parameters = {'use_sim_time': self._use_sim, **self._overrides.get(node.name, {})}
        return HostedNode(
            name=node.name,
            module=node.module,
            preload=node.preload,
            arguments=(*arguments, *parameter_arguments(parameters)),
            log=str(self.log_path(node.name).resolve()),
        )

    def _listen(self, host: 'subprocess.Popen[bytes]') -> None:
        """Take what the host says about its nodes until it ends."""
        assert host.stdout is not None
        with host.stdout:
            for line in host.stdout:
                said = json.loads(line)
                with self._lock:
                    if 'pid' in said:
                        self._pids[said['name']] = said['pid']
                    else:
                        self._ended[said['name']] = said['status']

    def _last_lines(self, name: str) -> str:
        path = self.log_path(name)
        text = path.read_text(errors='replace') if path.is_file() else ''
        return '\n'.join(text.splitlines()[-15:])
