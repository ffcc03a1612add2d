"""`maskdexgrasp evaluate` on a small dataset of real grasps, on files, and on nonsense."""

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
import typer
from PIL import Image
from typer.testing import CliRunner

from maskdexgrasp_core.cli.evaluate import evaluate
from maskdexgrasp_core.cli.evaluate_dataset import dataset_items, dataset_requests
from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.reader import open_dataset
from maskdexgrasp_core.dataset.sources.procedural.source import ProceduralSource
from maskdexgrasp_core.dataset.writer import change_split
from maskdexgrasp_core.evaluation.protocols import PROTOCOLS
from maskdexgrasp_core.hands import FREEDOM, SHADOW
from maskdexgrasp_core.objects.shapes import revolve

app = typer.Typer()
app.command()(evaluate)
QUICK = ('--protocol', 'tdg-quick', '--workers', 1)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


class TwoEasyUnits(ProceduralSource):
    """A can to lift and a hammer to hold by its handle, from the real source."""

    def units(self):
        easy = {'can_100-lift', 'hammer_100-handle-grasp'}
        return [unit for unit in super().units() if unit.key in easy]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data') / 'easy'
    source = TwoEasyUnits(num_objects=61, num_grasps=8)
    build_dataset(folder, source, BuildCfg(seed=0, workers=0))
    change_split(
        folder,
        read_manifest(folder),
        SplitRule(seed=0, test_categories=('can',), test_share=0.0),
    )
    return folder


@pytest.fixture
def rod_file(tmp_path):
    """Return what writes an npz of grasps of a rod, changed by keyword."""
    rod = revolve([(0.026, -0.09), (0.026, 0.09)])

    def write(name='rod.npz', **changes):
        arrays = {
            'T_object_wrist': np.tile(np.eye(4), (3, 1, 1)),
            'joint_positions': np.tile(SHADOW.open_positions, (3, 1)),
            'vertices': np.asarray(rod.vertices),
            'faces': np.asarray(rod.faces),
        } | changes
        arrays['T_object_wrist'][:, 0, 3] = 0.4
        kept = {key: value for key, value in arrays.items() if value is not None}
        np.savez(tmp_path / name, **kept)
        return tmp_path / name

    return write


def test_grasps_of_a_dataset_hold_and_everything_is_written(data, tmp_path):
    done = run('--grasps', data, *QUICK, '--seed', 3, '--json', tmp_path / 'r.json',
               '--out', tmp_path / 'out')  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / 'r.json').read_text())
    metrics = report['metrics']
    assert report['counts']['grasps'] == 8
    assert report['counts']['objects'] == 2
    assert metrics['suc_all'] >= 0.75
    assert metrics['suc_any'] == 1.0
    assert metrics['pen_cm'] < 0.5
    assert metrics['part_share'] > 0.6
    assert {'q1', 'h_mean', 'h_std', 'text_agreement'} <= set(metrics)
    assert set(report['tasks']) == {'lift', 'handle-grasp'}
    assert report['squeeze'] == 'stored'
    assert report['seed'] == 3
    assert report['protocols']['tdg-quick']['numbers']['friction'] == 0.6
    with (tmp_path / 'out' / 'grasps.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['grasp'] for row in rows] == sorted(open_dataset(data).grasps.grasp_ids.tolist())
    assert sum(row['held_tdg-quick'] == '111111' for row in rows) == 8 * metrics['suc_all']
    assert json.loads((tmp_path / 'out' / 'report.json').read_text()) == report
    if 'no picture' not in done.output:
        assert Image.open(tmp_path / 'out' / 'grasps.png').width > 1000
    assert 'Pen [cm]' in done.output


def test_a_sample_depends_on_its_seed_alone(data):
    keys = []
    for seed in (1, 1, 2):
        items = dataset_items(data, split='', sample=4, seed=seed)
        keys.append(sorted(grasp.key for item in items for grasp in item.grasps))
    assert len(set(keys[0])) == 4
    assert keys[0] == keys[1] != keys[2]


def test_conditions_are_tasks_of_objects_with_one_of_their_sentences(data):
    (request,) = dataset_requests(data, split='train', number=0, seed=0)
    (condition,) = request.conditions
    grasps = open_dataset(data).select(split='train').grasps
    assert request.object_id == 'hammer_100'
    assert (condition.task, condition.part) == ('handle-grasp', 'handle')
    assert condition.text in {text for texts in grasps.texts for text in texts}
    both = dataset_requests(data, split='', number=0, seed=4)
    one = dataset_requests(data, split='', number=1, seed=4)
    assert sum(len(each.conditions) for each in both) == 2
    assert sum(len(each.conditions) for each in one) == 1


def test_a_split_chooses_the_objects(data, tmp_path):
    path = tmp_path / 'r.json'
    done = run('--grasps', data, '--split', 'test-categories', *QUICK, '--json', path)
    assert done.exit_code == 0, done.output
    assert set(json.loads(path.read_text())['categories']) == {'can'}


def test_finer_steps_and_longer_holds_are_recorded(data, tmp_path):
    path = tmp_path / 'r.json'
    done = run('--grasps', data, '--sample', 1, '--step-scale', 0.5, '--hold-scale', 0.2,
               '--protocol', 'tdg', '--workers', 1, '--json', path)  # fmt: skip
    assert done.exit_code == 0, done.output
    numbers = json.loads(path.read_text())['protocols']['tdg']['numbers']
    assert numbers['timestep_s'] == PROTOCOLS['tdg'].timestep_s / 2
    assert numbers['hold_s'] == pytest.approx(0.2)


@pytest.mark.parametrize('view', ['whole', 'single'])
def test_a_generator_answers_conditions_of_a_split(data, tmp_path, view):
    path = tmp_path / 'r.json'
    done = run('--generator', 'synthesis', '--split', 'test-categories', '--data', data, '--view',
               view, '--num-grasps', 2, *QUICK, '--json', path)  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads(path.read_text())
    assert report['counts']['conditions'] == 1
    assert report['generation']['view'] == view
    assert report['squeeze'] == 'stored'
    assert 0.0 <= report['metrics']['suc_first'] <= report['metrics']['suc_best'] <= 1.0
    assert report['metrics']['seconds_per_condition'] > 0.0


def test_the_raw_output_of_own_weights_is_measured(data, tiny_weights, tmp_path):
    path = tmp_path / 'r.json'
    done = run(
        '--generator', 'model', '--weights', tiny_weights, '--split', 'test-categories', '--data',
        data, '--view', 'single', '--completion', 'visible', '--num-grasps', 2, '--set',
        'finishing.num_steps=0', '--set', 'finishing.ranking.enabled=false', '--set',
        'batch_size=4', *QUICK, '--json', path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads(path.read_text())
    assert report['counts']['grasps'] == 2
    generation = report['generation']
    assert (generation['generator'], generation['completion']) == ('model', 'visible')
    assert generation['weights'] == str(tiny_weights)
    assert generation['settings']['finishing']['num_steps'] == 0
    assert generation['settings']['batch_size'] == 4


def test_files_of_grasps_are_read_with_their_object(rod_file, tmp_path):
    path = tmp_path / 'r.json'
    joints = np.tile(SHADOW.open_positions, (3, 1))
    joints[1] = np.nan
    done = run('--grasps', rod_file(joint_positions=joints), *QUICK, '--json', path)
    assert done.exit_code == 0, done.output
    report = json.loads(path.read_text())
    assert report['counts']['grasps'] == 3
    assert report['counts']['refused'] == {'joint_positions is not finite': 1}
    assert report['metrics']['suc_any'] == 0.0
    assert report['squeeze'] == 'balanced'


def test_a_mesh_may_be_given_beside_the_file(rod_file, tmp_path):
    trimesh.creation.cylinder(radius=0.02, height=0.1).export(tmp_path / 'rod.stl')
    path = rod_file(vertices=None, faces=None)
    assert run('--grasps', path, *QUICK, '--object', tmp_path / 'rod.stl').exit_code == 0
    without = run('--grasps', path, *QUICK)
    assert without.exit_code == 2
    assert '--object' in without.output


def test_what_generate_wrote_is_taken_in_the_order_of_its_joints(rod_file, tmp_path):
    rod_file('grasps.npz')
    names = list(reversed(SHADOW.joint_names))
    grasp = {
        'T_base_wrist': np.eye(4).tolist(),
        'joint_positions': list(reversed(SHADOW.open_positions.tolist())),
    }
    content = {'joint_names': names, 'grasps': [grasp], 'text': 'hold the rod'}
    path = tmp_path / 'grasps.json'
    path.write_text(json.dumps(content))
    report = tmp_path / 'r.json'
    done = run('--grasps', path, *QUICK, '--json', report)
    assert done.exit_code == 0, done.output
    assert json.loads(report.read_text())['counts'] == {
        'grasps': 1, 'measured': 1, 'refused': {}, 'objects': 1, 'categories': 1, 'conditions': 1,
    }  # fmt: skip
    path.write_text(json.dumps(content | {'joint_names': list(FREEDOM.joint_names)}))
    other = run('--grasps', path, *QUICK)
    assert other.exit_code == 2
    assert 'another hand' in other.output


def test_pickles_are_not_loaded(tmp_path):
    path = tmp_path / 'core-mug.npy'
    np.save(path, np.array([{'qpos': {}}], dtype=object), allow_pickle=True)
    done = run('--grasps', path)
    assert done.exit_code == 2
    assert 'convert them to .npz' in ' '.join(done.output.split())


def damaged_files(folder, rod_file):
    """Return sentence that is expected -> file of grasps that nobody can evaluate."""
    whole = rod_file('whole.npz').read_bytes()
    joints = np.tile(SHADOW.open_positions, (3, 1))
    one = {'T_base_wrist': np.eye(4).tolist(), 'joint_positions': SHADOW.open_positions.tolist()}
    names = list(SHADOW.joint_names)

    def raw(name, content):
        (folder / name).write_bytes(content)
        return folder / name

    def zipped(name, members):
        with zipfile.ZipFile(folder / name, 'w') as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return folder / name

    def written(name, **content):
        (folder / name).write_text(json.dumps({'joint_names': names, 'grasps': [one]} | content))
        return folder / name

    middle = len(whole) // 2
    flipped = bytearray(whole)
    flipped[200] ^= 255  # in the first array, behind its header
    return [
        ('not a readable .npz', raw('cut.npz', whole[:middle])),
        ('not a readable .npz', raw('empty.npz', b'')),
        ('Bad CRC', raw('flipped.npz', bytes(flipped))),
        ('not a readable .npz', raw('text.npz', b'hello')),
        ('not a readable .npz', raw('array.npz', whole[whole.index(b'\x93NUMPY') :])),
        ("'words.txt' in it is no array", zipped('words.npz', {'words.txt': 'hello'})),
        ('not a readable .npz', zipped('head.npz', {'T_object_wrist.npy': b'\x93NUMPY'})),
        ('has no joint_positions', rod_file('half.npz', joint_positions=None)),
        ('joint_positions (22,)', rod_file('flat.npz', joint_positions=np.zeros(22))),
        ('joint_positions ()', rod_file('number.npz', joint_positions=np.float64(1))),
        ('instead of numbers', rod_file('words2.npz', joint_positions=np.array(['a']))),
        ('instead of numbers', rod_file('complex.npz', joint_positions=joints * 1j)),
        ('another hand', rod_file('hand.npz', joint_names=np.array(['a', 'b']))),
        ('differ from the joints', rod_file('squeeze.npz', squeeze_positions=np.zeros((3, 4)))),
        ('text is ndarray', rod_file('texts.npz', text=np.array(['hold', 'lift']))),
        ('expected (V, 3)', rod_file('flat2.npz', vertices=np.zeros((9, 2)))),
        ('vertices are not finite', rod_file('nan.npz', vertices=np.full((2, 3), np.nan))),
        ('numbers of vertices', rod_file('faces.npz', faces=np.array([[0, 1, 99999]]))),
        ('expected (V, 3)', rod_file('no_faces.npz', faces=np.zeros((0, 3), int))),
        ('no volume', rod_file('plane.npz', vertices=np.eye(3), faces=np.array([[0, 1, 2]]))),
        ('is not a grasps.json', raw('cut.json', b'{"grasps": [')),
        ('is not a grasps.json', raw('list.json', b'[1, 2]')),
        ('is not a grasps.json', raw('bytes.json', b'\xff\xfe\x00')),
        ('is not a grasps.json', raw('deep.json', b'[' * 100_000)),
        ('is not a grasps.json', written('keys.json', grasps=[{'T_base_wrist': 1}])),
        ('T_base_wrist (0,)', written('none.json', grasps=[])),
        ('no array of numbers', written('ragged.json', grasps=[one, one | {
            'T_base_wrist': [[1.0]]}])),
        ('instead of numbers', written('huge.json', grasps=[one | {
            'joint_positions': [10**400] * 22}])),
        ('another hand', written('hand.json', joint_names=7)),
        ('text is dict', written('sentence.json', text={})),
    ]  # fmt: skip


def test_files_that_cannot_be_read_end_with_a_sentence(rod_file, tmp_path):
    for sentence, path in damaged_files(tmp_path, rod_file):
        done = run('--grasps', path, *QUICK)
        assert done.exit_code == 2, (path, done.output, done.exception)
        output = ' '.join(done.output.split())
        assert sentence in output, (path, output)
        assert path.name in output or path.stem in output


def test_nothing_in_a_file_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / 'sprung',))

    path = tmp_path / 'trap.npz'
    np.savez(path, T_object_wrist=np.array([Trap()], dtype=object), joint_positions=np.zeros(1))
    done = run('--grasps', path)
    assert done.exit_code == 2
    assert 'not a readable .npz' in ' '.join(done.output.split())
    assert not (tmp_path / 'sprung').exists()


def test_misuse_ends_with_a_sentence(data, rod_file, tmp_path):
    empty = rod_file(
        'none.npz', T_object_wrist=np.zeros((0, 4, 4)), joint_positions=np.zeros((0, 22))
    )
    cases = {
        'either --grasps': [],
        'does not exist': ['--grasps', tmp_path / 'nowhere'],
        'N > 0': ['--grasps', empty],
        'unknown protocol': ['--grasps', data, '--protocol', 'tgd'],
        'unknown squeeze rule': ['--grasps', data, '--squeeze', 'hard'],
        'unknown split': ['--grasps', data, '--split', 'tests'],
        'has no grasps in the split': ['--grasps', data, '--split', 'test-instances'],
        'a file has no splits': ['--grasps', rod_file(), '--split', 'train'],
        'came without': ['--grasps', rod_file(), '--squeeze', 'stored', '--workers', 1],
        'unknown generator': ['--generator', 'oracle', '--data', data],
        'has no weights': ['--generator', 'synthesis', '--data', data, '--weights', tmp_path],
        'maskdexgrasp train tokenizer': ['--generator', 'model', '--weights', tmp_path],
        'unknown setting': ['--generator', 'synthesis', '--data', data, '--set', 'steps=3'],
        'unknown shape completion': [
            '--generator',
            'synthesis',
            '--data',
            data,
            '--view',
            'single',
            '--completion',
            'magic',
        ],
        'belong to --generator': ['--grasps', data, '--set', 'batch_size=4'],
        'name a dataset': ['--generator', 'synthesis', '--data', tmp_path / 'nowhere'],
        'whole or single': ['--generator', 'synthesis', '--data', data, '--view', 'two'],
        'at most 1': ['--grasps', data, '--step-scale', '1.5'],
    }
    for sentence, arguments in cases.items():
        done = run(*arguments)
        assert done.exit_code == 2, (sentence, done.output)
        assert sentence in ' '.join(done.output.split()), done.output
        assert 'Traceback' not in done.output
