"""Tokenizer and transformer of the preset `tiny`, end to end, by command and after a kill."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import typer
from killed_training import train_tiny_tokenizer
from safetensors.torch import load_file
from typer.testing import CliRunner

from maskdexgrasp_core.cli.train import train as train_command
from maskdexgrasp_core.model.checkpoint import load_network, read_header
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg, tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg

app = typer.Typer()
app.command()(train_command)


def run(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, ' '.join(result.output.split())


def figures(folder: Path) -> list[dict[str, float]]:
    return [record['figures'] for record in json.loads((folder / 'history.json').read_text())]


@pytest.fixture(scope='module')
def tokenizer_run(grasps_folder, cache_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp('runs') / 'tokenizer'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(cache_home))
        code, output = run(
            'tokenizer', '--preset', 'tiny', '--data', grasps_folder, '--out', folder,
            '--accelerator', 'cpu', '--threads', 1, '--epochs', 15, '--seed', 4, '--workers', 1,
        )  # fmt: skip
    assert code == 0, output
    return folder, output


def test_the_tokenizer_learns_and_says_how_well(tokenizer_run):
    folder, output = tokenizer_run
    curve = figures(folder)
    assert len(curve) == 15
    assert curve[-1]['train/points'] < 0.8 * curve[0]['train/points']
    assert curve[-1]['val/point_error_mm'] < curve[0]['val/point_error_mm']
    per_token = [name for name in curve[-1] if name.startswith('val/usage/')]
    assert len(per_token) == tokenizer_preset('tiny').num_tokens
    assert all(0.0 < curve[-1][name] <= 1.0 for name in per_token)
    assert 'point_error_mm' in output
    assert 'best.safetensors' in output.replace(' ', '')


def test_its_file_is_a_tokenizer_that_knows_where_it_comes_from(tokenizer_run, grasps_folder):
    network, header = load_network(
        tokenizer_run[0] / 'best.safetensors',
        kind='tokenizer', cfg_type=TokenizerCfg, build=GraspTokenizer,
    )  # fmt: skip
    assert network.cfg == tokenizer_preset('tiny')
    assert header.facts['data'] == grasps_folder.name
    assert len(header.facts['held_back']) == 2
    assert header.facts['figures']['val/point_error_mm'] > 0.0


def test_the_transformer_learns_the_tokens_of_that_tokenizer(
    tokenizer_run, grasps_folder, tmp_path
):
    weights = tokenizer_run[0] / 'best.safetensors'
    code, output = run(
        'transformer', '--preset', 'tiny', '--data', grasps_folder, '--out', tmp_path / 'run',
        '--tokenizer', weights, '--accelerator', 'cpu', '--threads', 1, '--epochs', 8,
        '--workers', 1,
    )  # fmt: skip
    assert code == 0, output
    curve = figures(tmp_path / 'run')
    assert curve[-1]['train/loss'] < curve[0]['train/loss']
    assert curve[-1]['val/nll'] < curve[0]['val/nll']
    both = (curve[-1]['val/nll/whole'] + curve[-1]['val/nll/single']) / 2
    assert curve[-1]['val/nll'] == pytest.approx(both)
    network, header = load_network(
        tmp_path / 'run' / 'last.safetensors',
        kind='transformer', cfg_type=TransformerCfg, build=MaskedGraspTransformer,
    )  # fmt: skip
    assert header.needs == {
        'tokenizer': read_header(weights).digest,
        'sentence_encoder': 'all-minilm-l6-v2',
    }
    assert network.layout.token_parts == tokenizer_preset('tiny').token_parts


def trained_until(data, folder, epoch, step, processes):
    script = Path(__file__).with_name('killed_training.py')
    command = [sys.executable, script, data, folder, str(epoch), str(step), str(processes)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(('epoch', 'step'), [(1, 2)])
def test_a_killed_training_goes_on_as_if_it_had_not_been(grasps_folder, tmp_path, epoch, step):
    killed = trained_until(grasps_folder, tmp_path / 'cut', epoch, step, processes=1)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(figures(tmp_path / 'cut')) == epoch
    steps = []
    train_tiny_tokenizer(
        grasps_folder, tmp_path / 'cut', resume=True,
        on_progress=lambda progress: steps.append((progress.epoch, progress.step)),
    )  # fmt: skip
    assert steps[0] == (epoch, 1)
    train_tiny_tokenizer(
        grasps_folder, tmp_path / 'whole', resume=False, on_progress=lambda progress: None
    )
    assert_same_training(tmp_path / 'cut', tmp_path / 'whole')


@pytest.mark.slow
def test_so_do_two_processes_of_which_the_first_is_killed(grasps_folder, tmp_path):
    killed = trained_until(grasps_folder, tmp_path / 'cut', 1, 2, processes=2)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(figures(tmp_path / 'cut')) == 1
    for run in ('cut', 'whole'):
        done = trained_until(grasps_folder, tmp_path / run, 9, 9, processes=2)
        assert done.returncode == 0, done.stderr
    assert_same_training(tmp_path / 'cut', tmp_path / 'whole')


def assert_same_training(folder, other):
    assert figures(folder) == figures(other)
    ours, theirs = (load_file(run / 'last.safetensors') for run in (folder, other))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (('tokenizer', '--preset', 'huge'), "unknown tokenizer preset 'huge'; known: base, paper"),
        (('tokenizer', '--preset', 'tiny', '--batch-size', 7), 'no multiple of the 4 of a scene'),
        (('tokenizer', '--set', 'loop.epoch=3'), "unknown setting 'loop.epoch'; known: betas"),
        (('tokenizer', '--set', 'network.levels=[1, 1]'), 'expected 6 numbers'),
        (('tokenizer', '--epochs', 1, '--set', 'loop.betas=fast'), 'settings in the changes'),
        (('tokenizer', '--precision', 'int4'), "unknown precision 'int4'"),
        (('tokenizer', '--tokenizer', 'x.safetensors'), 'only a transformer takes a tokenizer'),
        (('transformer', '--tokenizer', 'x.safetensors'), 'maskdexgrasp train tokenizer'),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_reason(
    grasps_folder, tmp_path, arguments, reason
):
    code, output = run(*arguments, '--data', grasps_folder, '--out', tmp_path / 'run')
    assert code == 2
    assert reason in output
    assert not (tmp_path / 'run').exists()
