"""Two processes that train together: the same weights, and those that one process would find."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from shared_training import LOOP, encode_parts, follow_latents, train_line

from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric

COMMAND = """
import typer
from maskdexgrasp_core.cli.train import train

app = typer.Typer()
app.command()(train)
app()
"""


LOSES_ITS_FIRST_PROCESS = """
import os, signal, sys
from pathlib import Path

import shared_training
from line_recipe import LineRecipe
from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric
from maskdexgrasp_core.training.loop import ProcessLostError

fabric = make_fabric(DeviceCfg(accelerator='cpu', devices=2))


class Ending(LineRecipe):
    def batches(self, epoch, share):
        for batch in super().batches(epoch, share):
            if epoch == 1 and fabric.global_rank == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch


shared_training.LineRecipe = Ending
try:
    shared_training.train_line(Path(sys.argv[1]), fabric)
except ProcessLostError as error:
    print(error, flush=True)
"""


def launched(*command, **more):
    env = {name: value for name, value in os.environ.items() if name != 'OMP_NUM_THREADS'}
    env |= more
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, env=env)


@pytest.fixture(scope='module')
def shared(tmp_path_factory):
    """Return the folder of a run, and what each of its two processes ended with."""
    folder = tmp_path_factory.mktemp('shared')
    script = Path(__file__).with_name('shared_training.py')
    done = launched(script, folder, '2')
    assert done.returncode == 0, done.stderr
    return folder, [load_file(folder / f'rank-{rank}.safetensors') for rank in (0, 1)]


@pytest.fixture(scope='module')
def fabric():
    return make_fabric(DeviceCfg(accelerator='cpu'))


def of(end, what):
    return {name: value for name, value in end.items() if name.startswith(f'{what}/')}


def assert_close(end, expected, what):
    assert set(of(end, what)) == {f'{what}/{name}' for name in expected}
    for name, value in expected.items():
        torch.testing.assert_close(end[f'{what}/{name}'], value, rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_whole_batch(shared, fabric, tmp_path):
    alone = train_line(tmp_path / 'run', fabric).network.state_dict()
    for end in shared[1]:
        assert_close(end, alone, 'line')
    curves = [
        json.loads((folder / 'run' / 'history.json').read_text())
        for folder in (shared[0], tmp_path)
    ]
    for ours, theirs in zip(*curves, strict=True):
        for name in ('train/loss', 'val/error'):
            assert ours['figures'][name] == pytest.approx(theirs['figures'][name], rel=1e-4)


def test_codes_follow_the_latents_of_all_processes(shared, fabric):
    alone = follow_latents(fabric, draws=False)
    for end in shared[1]:
        assert_close(end, alone, 'agreed')


@pytest.mark.parametrize('kind', ['ordered', 'pointnet'])
def test_latents_are_normalised_over_the_whole_batch(shared, fabric, kind):
    alone = encode_parts(fabric, kind)
    assert sum(name.endswith('.grad') for name in alone) >= 3
    for end in shared[1]:
        assert_close(end, alone, kind)


@pytest.mark.parametrize('what', ['line', 'agreed', 'drawn'])
def test_all_processes_end_with_the_same_weights(shared, what):
    first, second = (of(end, what) for end in shared[1])
    assert first
    assert all(torch.equal(first[name], value) for name, value in second.items())


def test_the_first_process_alone_validates_and_writes(shared):
    folder, ends = shared
    assert [int(end['count/validations']) for end in ends] == [LOOP.epochs, 0]
    assert len(list((folder / 'run' / 'tensorboard').iterdir())) == 1


def test_every_process_has_the_threads_that_were_asked_for(shared):
    assert [int(end['count/threads']) for end in shared[1]] == [3, 3]


def test_what_cannot_be_trained_is_refused_by_every_process(tmp_path, grasps_folder):
    script = tmp_path / 'train.py'
    script.write_text(COMMAND)
    done = launched(
        script, 'tokenizer', '--preset', 'huge', '--data', grasps_folder,
        '--accelerator', 'cpu', '--devices', '2', '--out', tmp_path / 'run',
    )  # fmt: skip
    assert done.returncode != 0  # 2, or a signal where the launcher saw the other end first
    assert 'Traceback' not in done.stderr
    assert done.stderr.count("unknown tokenizer preset 'huge'") == 2
    assert not (tmp_path / 'run').exists()


def test_a_process_that_loses_another_one_says_so_and_keeps_what_was_trained(tmp_path):
    script = tmp_path / 'lost.py'
    script.write_text(LOSES_ITS_FIRST_PROCESS)
    done = launched(script, tmp_path / 'run', PYTHONPATH=str(Path(__file__).parent))
    assert 'the connection to another process of this training broke' in done.stdout, done.stderr
    assert len(json.loads((tmp_path / 'run' / 'history.json').read_text())) == 1
