"""Loads the libraries once and forks every node of a graph from there.

Five nodes that each load torch, Open3D and SciPy need half a minute of processor time before the
first of them answers; forked ones share what was loaded. Each node is still a process of its own.

`GraphProcesses` runs this module and talks to it: one line of JSON with the nodes comes in on
stdin; lines of JSON with `pid` and later `status` of each node go out on stdout; the end of stdin
(also when the owner dies) ends every node: by interrupt, then by terminate, then by kill.
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import NoReturn

_POLL_S = 0.05
ENDING_S: tuple[tuple[signal.Signals, float], ...] = (
    (signal.SIGINT, 4.0),
    (signal.SIGTERM, 2.0),
    (signal.SIGKILL, 2.0),
)
"""What nodes are ended with, and how long each is waited for [s]."""


@dataclass(frozen=True, kw_only=True)
class HostedNode:
    """One node to start."""

    name: str
    module: str
    """Module whose `main` runs it."""
    preload: tuple[str, ...]
    """Modules to load before it besides its own."""
    arguments: tuple[str, ...]
    """Of the command line."""
    log: str
    """File that takes its output."""

    def to_json(self) -> dict[str, object]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, object]) -> 'HostedNode':
        """Return the node that `to_json` wrote."""
        return cls(
            name=str(content['name']),
            module=str(content['module']),
            preload=tuple(content['preload']),  # type: ignore[arg-type]
            arguments=tuple(content['arguments']),  # type: ignore[arg-type]
            log=str(content['log']),
        )


class NodeHost:
    """The parent of the nodes' processes."""

    def __init__(self) -> None:
        self._running: dict[int, str] = {}

    def run(self, nodes: list[HostedNode]) -> None:
        """Start the nodes in order and watch them until stdin ends."""
        for node in nodes:
            if _owner_has_ended(0.0):
                break
            for module in (*node.preload, node.module):
                with suppress(Exception):  # the node fails the same way, into its own log
                    importlib.import_module(module)
            gc.freeze()  # what is loaded stays shared between the processes
            self._running[_forked(node)] = node.name
            self._reap()
        while not _owner_has_ended(_POLL_S):
            self._reap()
        self._end()

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            name = self._running.pop(pid)
            _tell(name=name, status=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for number, wait_s in ENDING_S:
            for pid in self._running:
                os.kill(pid, number)
            deadline = time.monotonic() + wait_s
            while self._running and time.monotonic() < deadline:
                self._reap()
                time.sleep(0.02)


def _forked(node: HostedNode) -> int:
    """Start one node and return the id of its process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _become(node)
    _tell(name=node.name, pid=pid)
    return pid


def _become(node: HostedNode) -> NoReturn:
    """Run a node in this process, which ends with it."""
    status = 1
    try:
        _redirect(node.log)
        sys.argv = [node.module, *node.arguments]
        importlib.import_module(node.module).main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # nothing of the host may run here


def _redirect(log: str) -> None:
    """Send output into the log and let go of the host's pipes."""
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, number in ((nothing, 0), (target, 1), (target, 2)):
        os.dup2(source, number)
    os.close(target)
    os.close(nothing)


def _tell(**content: object) -> None:
    with suppress(BrokenPipeError):
        print(json.dumps(content), flush=True)


def _owner_has_ended(wait_s: float) -> bool:
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], wait_s)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1024)


def main() -> None:
    """Run the nodes that the first line of stdin lists."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    line = b''
    while not line.endswith(b'\n'):  # unbuffered: the rest is watched by select
        piece = os.read(sys.stdin.fileno(), 65536)
        if not piece:
            return
        line += piece
    NodeHost().run([HostedNode.from_json(item) for item in json.loads(line)])


if __name__ == '__main__':
    main()
