"""`maskdexgrasp edit` on what `generate` wrote, with small networks that were never trained."""

import json
import shutil

import numpy as np
import pytest
import trimesh
import typer
from PIL import Image
from typer.testing import CliRunner

from maskdexgrasp_core.cli.edit import edit
from maskdexgrasp_core.cli.generate import generate
from maskdexgrasp_core.cli.grasps_file import grasps_of, read_grasps_file
from maskdexgrasp_core.hands import FREEDOM, SHADOW
from maskdexgrasp_core.model.part_points import PART_JOINTS

app = typer.Typer()
app.command()(generate)
app.command()(edit)
ANYTHING_GOES = (
    '--set', 'finishing.ranking.enabled=false', '--set', 'finishing.num_steps=5',
    '--set', 'batch_size=4',
)  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp('generated')
    mesh = trimesh.creation.cylinder(radius=0.03, height=0.1, sections=32)
    mesh.export(folder / 'can.obj')
    done = run('generate', '--object', folder / 'can.obj', '-t', 'hold the can', '-n', 2,
               '--set', 'batch_size=32', '--set', 'max_batches=2', '--out', folder)  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def copied(generated, tmp_path):
    """Return a folder of grasps that a test may spoil."""
    return shutil.copytree(generated, tmp_path / 'given')


def with_arrays(folder, **changes):
    """Change arrays of the NPZ; None leaves one out. JSON would win over it: it goes."""
    arrays = dict(np.load(folder / 'grasps.npz')) | changes
    np.savez(folder / 'grasps.npz', **{k: v for k, v in arrays.items() if v is not None})
    return folder / 'grasps.npz'


def test_both_files_hold_where_servos_aim(copied):
    found = []
    for name in ('grasps.json', 'grasps.npz'):
        path = copied / name
        _, joints, squeezes = grasps_of(read_grasps_file(path), path)
        assert squeezes.shape == joints.shape == (2, 22)
        assert np.abs(squeezes - joints).max() > 0.02
        found.append(squeezes)
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    without = with_arrays(copied, squeeze_positions=None)
    assert grasps_of(read_grasps_file(without), without)[2] is None


def test_the_named_finger_changes_and_everything_else_stays(generated, tiny_weights, tmp_path):
    arguments = ('edit', generated, '--grasp', 2, '--part', 'little', '--weights', tiny_weights,
                 '-n', 3, '--seed', 5, *ANYTHING_GOES)  # fmt: skip
    done = run(*arguments, '--out', tmp_path, '--json', tmp_path / 'extra.json')
    assert done.exit_code == 0, done.output
    assert 'kept parts moved [mm]' in ' '.join(done.output.split())
    content = json.loads((tmp_path / 'grasps.json').read_text())
    assert content == json.loads((tmp_path / 'extra.json').read_text())
    assert content['text'] == 'hold the can'
    assert content['edit']['grasp'] == 2
    assert content['edit']['parts'] == ['little']
    before = json.loads((generated / 'grasps.json').read_text())['grasps'][1]
    assert content['edit']['before']['score'] == before['score']
    edited = list(PART_JOINTS['little'])
    for grasp in content['grasps']:
        np.testing.assert_allclose(grasp['T_base_wrist'], before['T_base_wrist'], atol=1e-5)
        change = np.abs(np.subtract(grasp['joint_positions'], before['joint_positions']))
        assert change[edited].max() > 0.05
        assert np.delete(change, edited).max() < 1e-4
        assert grasp['scores']['kept_parts_moved_m'] < 1e-4
        assert grasp['scores']['edited_parts_moved_m'] > 0.002
    assert content['dropped'].get('near-duplicate', 0) + len(content['grasps']) == 4
    if 'no picture' not in done.output:
        assert Image.open(tmp_path / 'grasps.png').width > 760  # two tiles at least
    again = run(*arguments, '--out', tmp_path / 'again')
    assert again.exit_code == 0, again.output
    repeated = json.loads((tmp_path / 'again' / 'grasps.json').read_text())
    assert repeated['grasps'] == content['grasps']


def test_an_edit_can_be_edited_again_with_another_sentence_and_task(
    generated, tiny_weights, tmp_path
):
    first, second = tmp_path / 'first', tmp_path / 'second'
    shared = ('--weights', tiny_weights, '-n', 1, *ANYTHING_GOES)
    done = run('edit', generated / 'grasps.npz', '--part', 'index', '--part', 'thumb',
               '-t', 'open the lid of the can', '--task', 'twist', *shared,
               '--out', first)  # fmt: skip
    assert done.exit_code == 0, done.output
    done = run('edit', first, '--part', 'palm', '--out', second, *shared)
    assert done.exit_code == 0, done.output
    contents = [json.loads((out / 'grasps.json').read_text()) for out in (first, second)]
    for content in contents:
        assert (content['text'], content['task']) == ('open the lid of the can', 'twist')
        assert (content['label'], content['part']) == ('can', 'lid')
    for grasp in contents[1]['grasps']:
        assert grasp['scores']['kept_parts_moved_m'] < 0.005


def test_where_no_candidate_passes_the_reasons_are_told(copied, tiny_weights, tmp_path):
    poses = np.load(copied / 'grasps.npz')['T_base_wrist']
    poses[:, 2, 3] += 0.5
    done = run('edit', with_arrays(copied, T_base_wrist=poses), '--part', 'ring', '--weights',
               tiny_weights, '--set', 'batch_size=4', '--out', tmp_path / 'out')  # fmt: skip
    assert done.exit_code == 1
    assert 'NO_GRASP_FOUND dropped: 4 ' in ' '.join(done.output.split())
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['--part', 'tail'], "'tail', known: palm, thumb, index, middle, ring, little"),
        ([], '--part'),
        (['--part', 'thumb', '--grasp', 3], 'has the grasps 1 to 2, not 3'),
        (['--part', 'thumb', '--grasp', 0], '--grasp'),
        (['--part', 'thumb', '--task', 'juggle'], 'UNKNOWN_TASK'),
        (['--part', 'thumb', '--text', 'can ' * 300], 'TEXT_TOO_LONG'),
        (['--part', 'thumb', '--weights', 'nowhere'], 'NO_WEIGHTS'),
        (['--part', 'thumb', '--set', 'speed=3'], 'known: batch_size'),
    ],
)
def test_misuse_ends_with_what_is_possible(generated, tmp_path, arguments, said):
    done = run('edit', generated, *arguments, '--out', tmp_path / 'out')
    assert done.exit_code == 2, done.output
    assert said in ' '.join(done.output.split())
    assert not (tmp_path / 'out').exists()


def test_damaged_weights_are_refused_with_the_cure(generated, tiny_weights, tmp_path):
    weights = shutil.copytree(tiny_weights, tmp_path / 'weights')
    file = weights / 'transformer.safetensors'
    content = bytearray(file.read_bytes())
    content[-2] ^= 0x10
    file.write_bytes(content)
    done = run('edit', generated, '--part', 'thumb', '--weights', weights)
    assert done.exit_code == 2
    output = ' '.join(done.output.split())
    assert 'NO_WEIGHTS' in output
    assert 'damaged' in output
    assert 'maskdexgrasp train transformer' in output


def test_files_that_cannot_be_edited_end_with_a_sentence(copied, tmp_path):
    arrays = dict(np.load(copied / 'grasps.npz'))
    whole = (copied / 'grasps.npz').read_bytes()
    far, mirrored, bent = (arrays[k].copy() for k in ('T_base_wrist',) * 2 + ('joint_positions',))
    far[0, 0, 3] = np.nan
    mirrored[0, 0, :3] *= -1.0
    bent[0, 3] = 7.0
    cases = {
        'not finite': {'T_base_wrist': far},
        'holds no rotation': {'T_base_wrist': mirrored},
        f'joint {SHADOW.joint_names[3]} is more than 0.1 rad outside its limits': {
            'joint_positions': bent
        },
        'another hand': {'joint_names': np.array(FREEDOM.joint_names)},
        'does not hold its object': {'faces': None},
        'keep grasps.npz beside it': {'points': None},
        'expected (N, 3)': {'points': np.zeros((9, 2))},
        'in metres': {'vertices': 1000.0 * arrays['vertices']},
        'has no T_base_wrist': {'T_base_wrist': None, 'T_object_wrist': arrays['T_base_wrist']},
        'text is ndarray': {'text': np.array(['a', 'b'])},
        'EMPTY_TEXT': {'text': None},
        '0 scores of 2 grasps': {'score': np.zeros(0)},
    }
    for sentence, changes in cases.items():
        refused(with_arrays(copied, **changes), sentence)
        (copied / 'grasps.npz').write_bytes(whole)
    (copied / 'grasps.npz').write_bytes(whole[: len(whole) // 2])
    refused(copied / 'grasps.npz', 'not a readable .npz')
    refused(copied, 'not a readable .npz')
    (copied / 'grasps.npz').unlink()
    refused(copied / 'grasps.json', 'keep grasps.npz beside it')
    refused(tmp_path / 'nothing.npz', 'does not exist')


def refused(path, sentence):
    done = run('edit', path, '--part', 'thumb', '--weights', 'nowhere')
    output = ' '.join(done.output.split())
    assert done.exit_code == 2, (sentence, output, done.exception)
    assert sentence in output, (sentence, output)
