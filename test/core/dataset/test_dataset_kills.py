"""A build that is killed, wherever that may be, loses at most the units in work."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from orbit_source import OrbitSource
from power_cut import Mains, PowerCutError

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.dataset.verify import verify_dataset

SEED = 8
HERE = BuildCfg(seed=SEED, workers=0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in read_manifest(folder).files}


def start_build(folder: Path, workers: int) -> subprocess.Popen:
    line = [
        sys.executable, '-m', 'maskdexgrasp_core.cli.dataset', 'build', str(folder),
        '--source', 'orbit_source:make_slow_orbits', '--seed', str(SEED),
        '--workers', str(workers),
    ]  # fmt: skip
    # A shell ignores Ctrl-C for what it leaves in the background, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            line,
            env={**os.environ, 'PYTHONPATH': str(Path(__file__).parent)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def finished_units(folder: Path) -> set[str]:
    return {path.name for path in (folder / 'building' / 'units').glob('*.parquet')}


def wait_for(condition, process: subprocess.Popen, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, 'the build does not come along'
        time.sleep(0.02)


def wait_for_end(workers: list[psutil.Process]) -> None:
    """Wait until workers are gone, or at least dead: nobody may be there to bury orphans."""
    deadline = time.monotonic() + 20
    while any(is_alive(worker) for worker in workers):
        assert time.monotonic() < deadline, 'workers must not outlive the build'
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_at_random(folder: Path, rng: random.Random, workers: int) -> None:
    """Start the build, kill its first process when it has new units, and wait for its workers."""
    before = finished_units(folder)
    wanted = len(before) + rng.randint(1, 5)
    process = start_build(folder, workers)
    wait_for(lambda: len(finished_units(folder)) >= wanted, process)
    time.sleep(rng.uniform(0, 0.3))
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    wait_for_end(children)
    assert before <= finished_units(folder), 'a finished unit was lost'


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ('kills', 'workers'), [(1, 2), pytest.param(10, 2, marks=pytest.mark.slow)]
)
def test_a_build_that_is_killed_at_random_ends_as_if_it_had_not_been(tmp_path, kills, workers):
    rng = random.Random(kills)
    folder = tmp_path / 'killed'
    for _ in range(kills):
        kill_at_random(folder, rng, workers)
    assert verify_dataset(folder) != [], 'an unfinished dataset is not a sound one'
    build_dataset(folder, OrbitSource(), HERE)
    build_dataset(tmp_path / 'whole', OrbitSource(), HERE)
    assert verify_dataset(folder) == []
    assert contents(folder) == contents(tmp_path / 'whole')


@pytest.mark.parametrize('workers', [1, 2])
def test_ctrl_c_says_how_to_go_on(tmp_path, workers):
    folder = tmp_path / 'set'
    process = start_build(folder, workers)
    wait_for(lambda: len(finished_units(folder)) >= 2, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    kept = f'of {len(OrbitSource().units())} units are kept'
    assert kept in ' '.join(output.split()), output
    assert 'the same command resumes' in ' '.join(output.split()), output
    assert 'Traceback' not in output
    wait_for_end(children)


def test_power_may_fail_before_any_single_file(tmp_path, monkeypatch):
    """Every state that the disk can be in: a build, then an addition, cut at each rename."""
    first = OrbitSource(categories=('book',), per_category=1)
    second = OrbitSource(categories=('bottle',), per_category=1)

    def build_both(folder: Path) -> None:
        build_dataset(folder, first, HERE, extend=True)
        build_dataset(folder, second, HERE, extend=True)

    with monkeypatch.context() as patch:
        mains = Mains(patch, at=10**6)
        build_both(tmp_path / 'whole')
    whole = contents(tmp_path / 'whole')
    assert mains.calls > 20
    for at in range(mains.calls):
        folder = tmp_path / f'cut-{at}'
        with monkeypatch.context() as patch:
            Mains(patch, at=at)
            with pytest.raises(PowerCutError):
                build_both(folder)
        if (folder / 'manifest.json').exists():
            assert verify_dataset(folder) == [], 'what was finished stays sound'
        build_both(folder)
        assert contents(folder) == whole, at
        assert verify_dataset(folder) == []
        assert not (folder / 'building').exists()
