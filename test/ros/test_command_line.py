import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from maskdexgrasp_core.cli.options import MAX_SEED
from maskdexgrasp_core.outcome import Stage
from maskdexgrasp_ros.cli.checks import ros_checks
from maskdexgrasp_ros.cli.main import COMMANDS, app
from maskdexgrasp_ros.cli.stage_table import StageTable
from maskdexgrasp_ros.cli.trial_runner import trial_seed
from maskdexgrasp_ros.cli.trial_summary import Trial, stage_times, summary, wilson_interval
from maskdexgrasp_ros.interfaces import GraspCommand


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize('command', ['demo', 'trials', 'generate', 'doctor', 'bench'])
def test_the_help_of_every_command_teaches(command):
    done = run(command, '--help')
    assert done.exit_code == 0
    assert 'Examples' in done.output
    assert f'maskdexgrasp {command}' in done.output
    for option in ('--seed', '--json'):
        assert option in done.output


@pytest.mark.parametrize('command', COMMANDS, ids=lambda command: command.name)
def test_the_help_of_the_group_says_what_the_help_of_the_command_says(command):
    first = command.load().help.partition('\n\n')[0]
    assert ' '.join(first.split()) == command.summary


def test_help_and_version_load_none_of_the_large_libraries():
    code = (
        'import sys\n'
        'from typer.testing import CliRunner\n'
        'from maskdexgrasp_ros.cli.main import app\n'
        'for option in ("--help", "--version"):\n'
        '    assert CliRunner().invoke(app, [option]).exit_code == 0\n'
        'print(*{"torch", "mujoco", "open3d", "scipy", "trimesh", "rclpy"} & set(sys.modules))\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ''), done.stderr


def test_the_ros_checks_pass_here():
    for check in ros_checks(seed=3):
        finding = check.run()
        assert finding.verdict.value in ('ok', 'warn'), (check.name, finding)


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['demo', '--scene', 'moon'], 'known: '),
        (['demo', '--text', ' ' * 5], 'EMPTY_TEXT'),
        (['demo', '--text', 'word ' * 2000], 'TEXT_TOO_LONG'),
        (['demo', '--generator', 'magic'], 'known: model, synthesis'),
        (['demo', '--generator', 'synthesis', '--weights', 'runs'], 'has no weights'),
        (['demo', '--generator', 'model', '--weights', 'none'], 'maskdexgrasp train tokenizer'),
        (
            ['trials', '--set', 'table8', '--generator', 'synthesis', '--weights', 'runs'],
            'has no weights',
        ),
        (['demo', '--object', 'missing.obj'], 'missing.obj'),
        (['trials'], '--set'),
        (['trials', '--set', 'table9'], 'table8'),
        (['trials', '--set', 'table8', '--shape', 'magic'], 'union'),
        (['trials', '--object', 'missing.obj'], 'missing.obj'),
        (['demo', '--seed', 2**63], '9223372036854775807'),
        (['trials', '--set', 'table8', '--seed', 2**63], '9223372036854775807'),
    ],
)
def test_misuse_ends_before_the_graph_starts(tmp_path, arguments, said):
    done = run(*arguments, '--out', tmp_path / 'out')
    assert done.exit_code == 2, done.output
    assert said in ' '.join(done.output.split())
    assert not (tmp_path / 'out').exists()


def test_a_window_without_a_display_is_refused_with_the_cure(tmp_path, monkeypatch):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    done = run('demo', '--view', '--out', tmp_path)
    assert done.exit_code == 1
    assert 'without --view' in ' '.join(done.output.split())


def test_trials_have_seeds_of_their_own():
    seeds = {trial_seed(s, i, a) for s in range(3) for i in range(8) for a in range(10)}
    assert len(seeds) == 240
    assert [trial_seed(1, i, 0) for i in range(3)] == [100_000, 101_000, 102_000]


def test_seeds_of_trials_fit_into_messages_however_large_the_seed_is():
    seeds = {trial_seed(MAX_SEED, i, a) for i in range(8) for a in range(10)}
    assert len(seeds) == 80
    assert max(seeds) <= MAX_SEED
    assert min(seeds) >= 0
    GraspCommand(seed=max(seeds))


def make_trial(name, held, reason='', **seconds):
    return Trial(
        object_name=name, seed=0, held=held, reason=reason, stage_seconds=seconds,
        grasps_tried=1, total_s=2.0,
    )  # fmt: skip


def test_the_summary_counts_by_object_and_reason():
    trials = [
        make_trial('mug', True),
        make_trial('mug', False, 'object_slipped'),
        make_trial('can', False, 'unreachable'),
    ]
    content = summary(trials, ['mug', 'can', 'box'])
    assert content['total']['held'] == 1
    assert content['total']['attempts'] == 3
    mug, can, box = content['objects']
    assert (mug['name'], mug['held'], mug['attempts']) == ('mug', 1, 2)
    assert mug['reasons'] == {'object_slipped': 1}
    assert mug['wilson_95'] == [0.0945, 0.9055]
    assert can['reasons'] == {'unreachable': 1}
    assert (box['held'], box['attempts']) == (0, 0)
    json.dumps(content)


def test_stage_times_are_medians_in_the_order_of_execution():
    trials = [make_trial('mug', True, lift=s, perceive=0.1) for s in (1.0, 2.0, 9.0)]
    times = stage_times(trials)
    assert list(times) == ['perceive', 'lift', 'total']
    assert times['total']['median_ms'] == 2000.0
    assert times['lift']['median_ms'] == 2000.0
    assert times['lift']['p95_ms'] == pytest.approx(8300.0)
    assert times['lift']['count'] == 3


def test_the_interval_of_a_share_is_that_of_wilson():
    low, high = wilson_interval(64, 80)  # by hand: centre 0.7863, half width 0.0866
    assert (low, high) == pytest.approx((0.6996, 0.8730), abs=2e-3)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_stage_table_shows_what_ran_and_what_gave_up():
    from rich.console import Console

    console = Console(record=True, width=60)
    table = StageTable()
    table.begin(Stage.PERCEIVE, '', 0)
    table.begin(Stage.GENERATE, '', 1)
    table.finish({'perceive': 0.12, 'generate': 3.4}, Stage.GENERATE)
    console.print(table)
    text = console.export_text()
    assert '120 ms' in text
    assert '3400 ms' in text
    assert 'attempt 2' in text
    assert '✗' in text.split('generate')[0]
    assert 'place' not in text
