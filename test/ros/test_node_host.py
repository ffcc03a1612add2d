"""The processes of a graph: they end with their owner, also when they hang or it dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maskdexgrasp_ros.graph_processes import GraphError, GraphProcesses

ONE = ('sim',)


def wait_until(condition, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, 'nothing happened'
        time.sleep(0.05)


def is_alive(pid):
    stat = Path(f'/proc/{pid}/stat')
    return stat.exists() and stat.read_text().rsplit(')', 1)[1].split()[0] != 'Z'


def test_a_node_that_is_killed_is_named_and_one_that_hangs_is_ended(tmp_path):
    with GraphProcesses(tmp_path, only=('sim', 'perception')) as graph:
        wait_until(lambda: len(graph.process_ids) == 2)
        pids = graph.process_ids
        graph.check()
        os.kill(pids['sim'], signal.SIGKILL)
        with pytest.raises(GraphError, match=r'sim ended with status -9'):
            wait_until(lambda: graph.check())
        os.kill(pids['perception'], signal.SIGSTOP)
    assert not any(is_alive(pid) for pid in pids.values())


def test_nodes_do_not_outlive_an_owner_that_is_killed(tmp_path):
    code = (
        'import sys, time\nfrom pathlib import Path\n'
        'from maskdexgrasp_ros.graph_processes import GraphProcesses\n'
        f'graph = GraphProcesses(Path({str(tmp_path)!r}), only={ONE!r})\ngraph.start()\n'
        'while not graph.process_ids: time.sleep(0.05)\n'
        'print(graph.process_ids["sim"], flush=True)\ntime.sleep(60)\n'
    )
    owner = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    assert is_alive(pid)
    owner.kill()
    owner.wait()
    wait_until(lambda: not is_alive(pid), timeout_s=20.0)
