import json

import numpy as np
import pytest
import trimesh
import typer
from PIL import Image
from typer.testing import CliRunner

from maskdexgrasp_core.cli.generate import generate
from maskdexgrasp_core.hands import FREEDOM, SHADOW

app = typer.Typer()
app.command()(generate)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def can(tmp_path):
    mesh = trimesh.creation.cylinder(radius=0.03, height=0.1, sections=32)
    mesh.export(tmp_path / 'can.obj')
    return tmp_path / 'can.obj'


def test_a_mesh_gives_grasps_numbers_and_a_picture(can, tmp_path):
    out, extra = tmp_path / 'out', tmp_path / 'grasps.json'
    done = run(
        '--object', can, '-t', 'hold the can', '-n', 2, '--budget-s', 20, '--seed', 4,
        '--out', out, '--json', extra,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads((out / 'grasps.json').read_text())
    assert content == json.loads(extra.read_text())
    assert content['seed'] == 4
    assert content['joint_names'] == list(SHADOW.joint_names)
    arrays = np.load(out / 'grasps.npz')
    count = len(content['grasps'])
    assert 1 <= count <= 2
    assert arrays['T_base_wrist'].shape == (count, 4, 4)
    assert arrays['joint_positions'].shape == (count, 22)
    assert content['grasps'][0]['score'] == pytest.approx(float(arrays['score'][0]))
    near = np.linalg.norm(arrays['T_base_wrist'][:, :3, 3] - [0.5, 0.0, -0.05], axis=1)
    assert (near < 0.25).all(), 'the wrist must be beside the can'
    picture = Image.open(out / 'grasps.png')
    assert picture.width > 600


def test_own_weights_and_settings_of_the_model_are_used(can, tiny_weights, tmp_path):
    done = run(
        '--object', can, '-n', 3, '--generator', 'model', '--weights', tiny_weights,
        '--set', 'finishing.ranking.enabled=false', '--set', 'finishing.num_steps=0',
        '--set', 'batch_size=3', '--out', tmp_path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / 'grasps.json').read_text())
    assert [grasp['score'] for grasp in content['grasps']] == [0.0] * 3
    assert content['dropped'] == {}


def test_a_cloud_in_millimetres_gives_grasps_of_the_real_hand(tmp_path):
    box = trimesh.creation.box(extents=(50.0, 60.0, 90.0))
    points, faces = trimesh.sample.sample_surface(box, 6000, seed=0)
    seen = box.face_normals[faces] @ [0.6, -0.3, 0.7] > 0
    np.save(tmp_path / 'view.npy', np.asarray(points)[seen])
    done = run(
        '--cloud', tmp_path / 'view.npy', '-n', 1, '--hand', 'freedom', '--out', tmp_path,
        '--camera', '600,-300,700', '--budget-s', 20,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert 'millimetres' in done.output
    content = json.loads((tmp_path / 'grasps.json').read_text())
    assert content['joint_names'] == list(FREEDOM.joint_names)


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('missing.obj', None),
        ('text.obj', 'this is no mesh'),
        ('flat.obj', 'v 0 0 0\nv 0.1 0 0\nv 0 0.1 0\nf 1 2 3\n'),
    ],
)
def test_a_mesh_that_cannot_be_used_ends_with_a_sentence(tmp_path, name, text):
    if text is not None:
        (tmp_path / name).write_text(text)
    done = run('--object', tmp_path / name, '--out', tmp_path / 'out')
    assert done.exit_code == 2
    assert name in done.output
    assert 'Traceback' not in done.output
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        ([], '--object'),
        (['--object', 'CAN', '--cloud', 'CAN'], '--object'),
        (['--object', 'CAN', '--text', ' '], 'EMPTY_TEXT'),
        (['--object', 'CAN', '--hand', 'claw'], 'known: freedom, shadow'),
        (['--object', 'CAN', '--generator', 'magic'], 'known: model, synthesis'),
        (['--object', 'CAN', '--generator', 'synthesis', '--weights', 'CAN'], 'has no weights'),
        (
            ['--object', 'CAN', '--generator', 'model', '--weights', 'no-folder'],
            'maskdexgrasp train tokenizer',
        ),
        (['--object', 'CAN', '--set', 'finishing.speed=3'], 'known: contact, energy'),
        (['--object', 'CAN', '--set', 'batch_size'], 'name=value'),
        (['--cloud', 'CAN'], '.npz'),
        (['--cloud', 'CAN', '--camera', '1,2'], 'x,y,z'),
    ],
)
def test_misuse_ends_with_what_is_possible(can, arguments, said):
    done = run(*[str(can) if argument == 'CAN' else argument for argument in arguments])
    assert done.exit_code == 2
    assert said in ' '.join(done.output.split())


@pytest.mark.parametrize(
    'points',
    [np.zeros((200, 3)), np.full((200, 3), np.nan), np.zeros((1, 3)), np.zeros(5)],
    ids=['one place', 'not finite', 'one point', 'not points'],
)
def test_a_cloud_that_cannot_be_used_ends_with_a_sentence(tmp_path, points):
    np.save(tmp_path / 'cloud.npy', points)
    done = run('--cloud', tmp_path / 'cloud.npy')
    assert done.exit_code == 2
    assert 'cloud.npy' in done.output
