import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from maskdexgrasp_core.cli.dataset import app
from maskdexgrasp_core.cli.dataset_progress import build_line, seconds_left, share_done
from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.dataset.builder import BuildProgress
from maskdexgrasp_core.dataset.embedding import embed_poses, pose_features
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.dataset.source_registry import SourceRequest, load_source
from maskdexgrasp_core.dataset.verify import verify_dataset
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert not isinstance(done.exception, Exception) or done.exit_code in (1, 2, 130), done.output
    return done


def plain(done) -> str:
    return ' '.join(done.output.split())


def test_a_built_dataset_reports_its_yield_and_remembers_its_command(tmp_path):
    folder = tmp_path / 'set'
    line = ('build', folder, '--source', 'orbit_source:make_orbits', '--objects', 1,
            '--grasps', 25, '--seed', 2, '--workers', 1)  # fmt: skip
    done = run(*line)
    assert done.exit_code == 0, done.output
    assert '25 grasps, 100 sentences' in plain(done)
    assert 'yield' in done.output
    assert verify_dataset(folder) == []
    entry = read_manifest(folder).builds[0]
    assert (entry.seed, entry.num_grasps, entry.source) == (2, 25, 'procedural')
    again = run(*line)
    assert again.exit_code == 0
    assert 'are there already' in plain(again)
    other = run('build', folder, '--source', 'orbit_source:make_orbits', '--seed', 3)
    assert other.exit_code == 2
    assert 'dataset add' in plain(other)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        (['build', '{}', '--source', 'orbits'], "unknown source 'orbits'"),
        (['build', '{}', '--source', 'nowhere:make'], 'cannot be imported'),
        (['add', '{}', '--source', 'affordpose'], 'give --root'),
        (['add', '{}', '--source', 'affordpose', '--root', '/nowhere'], 'no folder /nowhere'),
        (['stats', '{}'], 'not a dataset'),
        (['show', '{}'], 'not a dataset'),
        (['split', '{}'], 'not a dataset'),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_an_exit_code(tmp_path, line, message):
    done = run(*[word.format(tmp_path / 'set') for word in line])
    assert done.exit_code == 2, done.output
    assert message in plain(done)
    assert 'Traceback' not in done.output


def test_stats_print_the_table_and_write_it(built_folder, tmp_path):
    file = tmp_path / 'stats.json'
    done = run('stats', built_folder, '--json', file)
    assert done.exit_code == 0, done.output
    content = json.loads(file.read_text())
    data = open_dataset(built_folder)
    assert content['total'] == {
        'grasps': len(data.grasps),
        'objects': 12,
        'categories': 3,
        'tasks': len(set(data.grasps.tasks.tolist())),
        'texts': 4 * len(data.grasps),
    }
    assert sum(content['tasks'].values()) == len(data.grasps)
    assert sum(content['categories'].values()) == len(data.grasps)
    assert sum(row['grasps'] for row in content['splits'].values()) == len(data.grasps)
    assert content['held_all'] == content['checked'] == len(data.grasps)
    assert content['means']['q1'] == pytest.approx(float(data.grasps.q1s.mean()), abs=1e-6)
    assert 0.5 < content['part_share_by_task']['lift'] < 1
    above = data.grasps.table_gaps_m >= 0
    assert content['clear_of_table'] == pytest.approx(float(above.mean()))
    lifts = data.grasps.tasks == 'lift'
    assert content['clear_of_table_by_task']['lift'] == pytest.approx(float(above[lifts].mean()))
    assert 'clear of the table' in plain(done)
    assert f'{len(data.grasps):,}' in done.output
    for name in ('procedural', 'test-categories', 'mug', 'wrap-grasp'):
        assert name in done.output


def test_stats_without_a_physics_check_have_no_numbers_of_it(tmp_path, built_folder):
    from maskdexgrasp_core.dataset.columns import grasps_to_table
    from maskdexgrasp_core.dataset.grasp_table import GraspColumns, GraspTable
    from maskdexgrasp_core.dataset.statistics import compute_figures

    data = open_dataset(built_folder)
    bare = [replace(grasp, checks=None) for grasp in data.grasps[:20]]
    table = GraspTable(GraspColumns((), grasps_to_table(bare)))
    figures = compute_figures(replace(data, grasps=table))
    assert figures.checked == figures.held_all == 0
    assert np.isnan(figures.means['penetration_cm'])
    assert np.isnan(figures.clear_of_table)
    unknown = [replace(g, checks=replace(g.checks, table_gap_m=np.nan)) for g in data.grasps[:9]]
    no_table = compute_figures(replace(data, grasps=GraspTable.from_records(unknown)))
    assert no_table.checked == 9
    assert np.isnan(no_table.clear_of_table), 'no table is no share of zero'


def test_the_embedding_is_drawn_and_repeats(built_folder, tmp_path):
    picture = tmp_path / 'tsne.png'
    done = run('stats', built_folder, '--tsne', picture, '--sample', 60)
    assert done.exit_code == 0, done.output
    assert Image.open(picture).width > 1000
    grasps = open_dataset(built_folder).grasps.sample(60, seed=0)
    points = embed_poses(grasps, seed=0)
    assert points.shape == (60, 2)
    assert np.isfinite(points).all()
    assert (points == embed_poses(grasps, seed=0)).all()
    features = pose_features(grasps)
    assert features.shape == (60, 34)
    assert np.abs(features).max() < 5, 'no feature drowns the others'
    with pytest.raises(InvalidInputError, match='10 grasps'):
        embed_poses(grasps[:9], seed=0)


def test_near_hand_poses_stay_near_in_the_embedding(built_folder):
    grasps = open_dataset(built_folder).grasps.sample(80, seed=1)
    twice = grasps[np.repeat(np.arange(80), 2)]
    points = embed_poses(twice, seed=0)
    apart = np.linalg.norm(points[0::2] - points[1::2], axis=1)
    others = np.linalg.norm(points[0::2] - np.roll(points[0::2], 1, axis=0), axis=1)
    assert np.median(apart) < 0.05 * np.median(others)


def test_show_draws_three_views_of_what_was_asked(built_folder, tmp_path):
    out = tmp_path / 'mugs.png'
    done = run('show', built_folder, '-n', 2, '--category', 'mug', '--task', 'lift', '--out', out)
    assert done.exit_code == 0, done.output
    page = Image.open(out)
    assert page.width > page.height
    tiles = np.asarray(page)[100:280, 40:800]
    assert len(np.unique(tiles.reshape(-1, 3), axis=0)) > 500, 'a picture, not a plain ground'
    assert run('show', built_folder, '--category', 'kettle').exit_code == 2
    both = run('show', built_folder, '--category', 'bottle', '--split', 'train', '--out', out)
    assert both.exit_code == 2
    assert 'no grasp' in plain(both)


def test_verify_ends_with_its_verdict(built_folder, tmp_path):
    done = run('verify', built_folder)
    assert done.exit_code == 0
    assert 'ok' in done.output
    folder = shutil.copytree(built_folder, tmp_path / 'set')
    (folder / 'objects' / 'mug_0.glb').unlink()
    done = run('verify', folder)
    assert done.exit_code == 1
    assert 'objects/mug_0.glb: missing' in done.output
    assert run('verify', tmp_path / 'nowhere').exit_code == 1


def test_split_divides_objects_the_same_way_every_time(built_folder, tmp_path):
    splits = []
    for name, seed in (('one', 5), ('two', 5), ('three', 6)):
        folder = shutil.copytree(built_folder, tmp_path / name)
        done = run('split', folder, '--seed', seed, '--test-categories', 'mug, book',
                   '--test-share', 0.25)  # fmt: skip
        assert done.exit_code == 0, done.output
        assert 'test-instances' in done.output
        assert verify_dataset(folder) == []
        splits.append(open_dataset(folder).splits)
    assert splits[0] == splits[1] != splits[2]
    unseen = [name for name, split in splits[0].items() if split == 'test-instances']
    assert len(unseen) == 1
    assert unseen[0].startswith('bottle')
    assert {split for name, split in splits[0].items() if name.startswith('mug')} == {
        'test-categories'
    }


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--test-categories', 'sofa'], "unknown category 'sofa'"),
        (['--test-categories', 'mug,book,bottle'], 'none is left to train on'),
        (['--test-share', '1.5'], 'test share'),
        (['--test-share', 'nan'], 'test share'),
    ],
)
def test_splits_that_make_no_sense_change_nothing(built_folder, tmp_path, options, message):
    folder = shutil.copytree(built_folder, tmp_path / 'set')
    before = read_manifest(folder)
    done = run('split', folder, *options)
    assert done.exit_code == 2
    assert message in plain(done)
    assert read_manifest(folder) == before
    assert verify_dataset(folder) == []


def progress(**changes) -> BuildProgress:
    first = BuildProgress(
        done_units=30, num_units=100, grasps=300, candidates=600, resumed_units=10,
        resumed_grasps=100, wanted_grasps=0, elapsed_s=40.0,
    )  # fmt: skip
    return replace(first, **changes)


def test_the_time_left_counts_only_what_this_process_did():
    assert seconds_left(progress()) == pytest.approx(70 * 40 / 20)
    assert build_line(progress()) == '30/100 units, 300 grasps, 5.0/s, yield 50%, 2:20 left'


def test_wanted_grasps_may_end_a_build_before_its_units():
    halfway = progress(wanted_grasps=500)
    assert share_done(halfway) == pytest.approx(0.6)
    assert seconds_left(halfway) == pytest.approx(0.4 * 40 / (0.6 - 0.2))
    assert share_done(progress(wanted_grasps=300)) == 1.0


def test_a_build_that_has_done_nothing_does_not_guess():
    first = progress(done_units=10, grasps=100, elapsed_s=0.0)
    assert seconds_left(first) is None
    assert 'left' not in build_line(first)
    assert 'yield -' in build_line(progress(grasps=0, candidates=0))


def test_sources_are_made_by_name():
    source = load_source('procedural', SourceRequest(num_objects=2, num_grasps=10, seed=1))
    assert source.name == 'procedural'
    assert source.units()
    with pytest.raises(UnknownNameError, match='oakshape'):
        load_source('acronym', SourceRequest())
    with pytest.raises(InvalidInputError, match='not a GraspSource'):
        load_source('builtins:str', SourceRequest())
