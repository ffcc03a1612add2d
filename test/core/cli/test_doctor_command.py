import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

from maskdexgrasp_core.cli import bench as bench_module
from maskdexgrasp_core.cli.bench import bench
from maskdexgrasp_core.cli.checks import (
    CORE_CHECKS,
    Check,
    Finding,
    Verdict,
    check_shipped_weights,
)
from maskdexgrasp_core.cli.doctor import make_doctor
from maskdexgrasp_core.model import checkpoint


def run(command, *arguments):
    app = typer.Typer()
    app.command(context_settings={'allow_extra_args': True})(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_doctor_finds_this_machine_fit(tmp_path):
    done = run(make_doctor(lambda seed: ()), '--json', tmp_path / 'doctor.json')
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / 'doctor.json').read_text())
    assert content['ok'] is True
    assert [check['name'] for check in content['checks']] == [c.name for c in CORE_CHECKS]
    assert all(check['verdict'] in ('ok', 'warn') for check in content['checks'])


def test_the_doctor_finds_weights_that_are_lost_or_damaged(monkeypatch, tmp_path):
    for path in checkpoint.WEIGHTS_FOLDER.glob('*.safetensors'):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(checkpoint, 'WEIGHTS_FOLDER', tmp_path)
    assert check_shipped_weights().verdict is Verdict.OK
    (tmp_path / 'selection.safetensors').unlink()
    completion = tmp_path / 'completion.safetensors'
    content = bytearray(completion.read_bytes())
    content[-1] ^= 1
    completion.write_bytes(content)
    found = check_shipped_weights()
    assert found.verdict is Verdict.FAIL
    assert f'{tmp_path}/selection.safetensors does not exist' in found.detail
    assert f'{completion} is damaged' in found.detail
    assert 'tokenizer' not in found.detail
    assert 'maskdexgrasp_core/weights' in found.cure


def test_a_failure_a_crash_and_a_cure_are_reported(monkeypatch, tmp_path):
    def crash() -> Finding:
        raise RuntimeError('out of order')

    sick = Finding(verdict=Verdict.FAIL, detail='no pulse', cure='call help')
    monkeypatch.setattr('maskdexgrasp_core.cli.doctor.CORE_CHECKS', ())
    more = (Check(name='heart', run=lambda: sick), Check(name='lung', run=crash))
    done = run(make_doctor(lambda seed: more), '--json', tmp_path / 'doctor.json')
    assert done.exit_code == 1
    assert 'call help' in done.output
    assert 'out of order' in done.output
    assert json.loads((tmp_path / 'doctor.json').read_text())['ok'] is False


@pytest.fixture
def scripts(monkeypatch, tmp_path):
    (tmp_path / 'good.py').write_text(
        '"""Measure nothing."""\nimport json, sys\nprint(json.dumps({"arguments": sys.argv[1:]}))'
    )
    (tmp_path / 'bad.py').write_text('"""Fail."""\nraise SystemExit(3)')
    known = {'good': tmp_path / 'good.py', 'bad': tmp_path / 'bad.py'}
    monkeypatch.setattr(bench_module, 'benchmark_scripts', lambda: known)


@pytest.mark.usefixtures('scripts')
def test_a_benchmark_is_run_and_its_figures_are_kept(tmp_path):
    done = run(bench, 'good', '--seed', 5, '--json', tmp_path / 'b.json', '--', '--objects', 2)
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / 'b.json').read_text())
    assert content['benchmark'] == 'good'
    assert content['seed'] == 5
    assert 'cores' in content['machine']
    assert content['result'] == {'arguments': ['--objects', '2', '--seed', '5']}


@pytest.mark.usefixtures('scripts')
def test_benchmarks_are_listed_and_unknown_ones_refused():
    done = run(bench, 'list')
    assert done.exit_code == 0
    assert 'Measure nothing.' in done.output
    assert run(bench, 'bad').exit_code == 1
    unknown = run(bench, 'other')
    assert unknown.exit_code == 2
    assert 'known: good, bad' in unknown.output


def test_the_benchmarks_of_the_source_tree_are_found():
    assert 'sim' in bench_module.benchmark_scripts()
