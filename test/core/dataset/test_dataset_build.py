import json
import multiprocessing
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from orbit_source import OrbitSource

from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.folder_lock import DatasetBusyError, locked_folder
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.statistics import kind_yields
from maskdexgrasp_core.dataset.verify import verify_dataset
from maskdexgrasp_core.dataset.writer import change_split
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.work_pool import WorkerLostError

HERE = BuildCfg(seed=3, workers=0)
SMALL = OrbitSource(per_category=1)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every table and mesh of a dataset."""
    return {path: (folder / path).read_bytes() for path in read_manifest(folder).files}


class Interruption:
    """Raises once that many units are finished, as Ctrl-C does."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.first = None

    def __call__(self, progress) -> None:
        self.first = self.first or progress
        if progress.done_units >= self.units:
            raise KeyboardInterrupt


def test_the_seed_decides_every_byte(tmp_path):
    for name, seed in (('one', 3), ('same', 3), ('other', 4)):
        build_dataset(tmp_path / name, SMALL, replace(HERE, seed=seed))
    assert contents(tmp_path / 'one') == contents(tmp_path / 'same')
    ours, theirs = (open_dataset(tmp_path / name).grasps for name in ('one', 'other'))
    assert (ours.translations[:20] != theirs.translations[:20]).any()


def test_what_is_left_of_another_build_never_enters_one(tmp_path):
    """A kill while the folder of a build is deleted may leave its units, but not its name."""
    build_dataset(tmp_path / 'whole', SMALL, HERE)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(
            tmp_path / 'mixed', SMALL, replace(HERE, seed=4), on_progress=Interruption(4)
        )
    (tmp_path / 'mixed' / 'building' / 'build.json').unlink()
    build_dataset(tmp_path / 'mixed', SMALL, HERE)
    assert contents(tmp_path / 'mixed') == contents(tmp_path / 'whole')


def test_an_interrupted_build_resumes_and_loses_nothing(tmp_path):
    build_dataset(tmp_path / 'whole', SMALL, HERE)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / 'cut', SMALL, HERE, on_progress=Interruption(4))
    assert not (tmp_path / 'cut' / 'manifest.json').exists()
    seen = []
    build_dataset(tmp_path / 'cut', SMALL, HERE, on_progress=seen.append)
    assert seen[0].resumed_units == seen[0].done_units == 4
    assert seen[-1].done_units == seen[-1].num_units == len(SMALL.units())
    assert contents(tmp_path / 'cut') == contents(tmp_path / 'whole')
    assert not (tmp_path / 'cut' / 'building').exists()
    assert verify_dataset(tmp_path / 'cut') == []


def test_a_damaged_unit_is_built_again(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / 'cut', SMALL, HERE, on_progress=Interruption(4))
    shard = sorted((tmp_path / 'cut' / 'building' / 'units').iterdir())[1]
    shard.write_bytes(shard.read_bytes()[:100])
    seen = []
    build_dataset(tmp_path / 'cut', SMALL, HERE, on_progress=seen.append)
    assert seen[0].resumed_units == 3
    build_dataset(tmp_path / 'whole', SMALL, HERE)
    assert contents(tmp_path / 'cut') == contents(tmp_path / 'whole')


def test_the_wanted_number_of_grasps_is_exact_and_of_the_first_units(tmp_path):
    cfg = replace(HERE, num_grasps=30)
    assert build_dataset(tmp_path / 'some', OrbitSource(), cfg).counts['grasps'] == 30
    build_dataset(tmp_path / 'all', OrbitSource(), HERE)
    first = open_dataset(tmp_path / 'all').grasps[:30].grasp_ids.tolist()
    assert open_dataset(tmp_path / 'some').grasps.grasp_ids.tolist() == first
    assert verify_dataset(tmp_path / 'some') == []


def test_fewer_grasps_than_wanted_are_all_of_them(tmp_path):
    manifest = build_dataset(tmp_path / 'set', SMALL, replace(HERE, num_grasps=9999))
    build_dataset(tmp_path / 'all', SMALL, HERE)
    assert manifest.counts == read_manifest(tmp_path / 'all').counts


def test_an_interrupted_build_may_go_on_with_another_number_of_grasps(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / 'set', SMALL, HERE, on_progress=Interruption(6))
    seen = []
    cfg = replace(HERE, num_grasps=12)
    manifest = build_dataset(tmp_path / 'set', SMALL, cfg, on_progress=seen.append)
    assert manifest.counts['grasps'] == 12
    assert len(seen) == 1, 'nothing had to be built'


def test_a_source_without_a_single_grasp_says_why(tmp_path):
    with pytest.raises(InvalidInputError, match='gave no grasp'):
        build_dataset(tmp_path / 'set', replace(SMALL, candidates=0), HERE)
    assert not (tmp_path / 'set' / 'manifest.json').exists()


def test_another_build_is_not_mixed_into_an_unfinished_one(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / 'set', SMALL, HERE, on_progress=Interruption(2))
    with pytest.raises(InvalidInputError, match='seed: 3 there, 5 asked'):
        build_dataset(tmp_path / 'set', SMALL, replace(HERE, seed=5))
    with pytest.raises(InvalidInputError, match='units_digest'):
        build_dataset(tmp_path / 'set', OrbitSource(per_category=2), HERE)
    with pytest.raises(InvalidInputError, match='options'):
        build_dataset(tmp_path / 'set', SMALL, replace(HERE, options={'objects': '9'}))


def test_a_refused_unit_is_named_and_the_others_are_kept(tmp_path):
    key = SMALL.units()[3].key
    bad = replace(SMALL, bad_unit=key)
    with pytest.raises(InvalidInputError, match=f'{key}.*its file is damaged'):
        build_dataset(tmp_path / 'set', bad, HERE)
    seen = []
    build_dataset(tmp_path / 'set', SMALL, HERE, on_progress=seen.append)
    assert seen[0].resumed_units == 3


def test_a_killed_worker_ends_the_build_and_workers_change_no_byte(tmp_path):
    cfg = replace(HERE, num_grasps=30)

    def kill_a_worker(progress) -> None:
        if progress.done_units == 3:
            multiprocessing.active_children()[0].kill()

    with pytest.raises(WorkerLostError, match='fewer workers'):
        build_dataset(tmp_path / 'set', replace(SMALL, pause_s=0.2), replace(cfg, workers=2),
                      on_progress=kill_a_worker)  # fmt: skip
    assert not multiprocessing.active_children()
    seen = []
    build_dataset(tmp_path / 'set', SMALL, cfg, on_progress=seen.append)
    assert seen[0].resumed_units >= 3
    build_dataset(tmp_path / 'whole', SMALL, cfg)
    assert contents(tmp_path / 'set') == contents(tmp_path / 'whole')


def test_a_finished_build_is_not_repeated_and_not_replaced(tmp_path):
    build_dataset(tmp_path / 'set', SMALL, HERE)
    before = contents(tmp_path / 'set')
    seen = []
    build_dataset(tmp_path / 'set', SMALL, HERE, on_progress=seen.append)
    assert seen == []
    with pytest.raises(InvalidInputError, match='dataset add'):
        build_dataset(tmp_path / 'set', SMALL, replace(HERE, seed=4))
    assert contents(tmp_path / 'set') == before


def test_what_a_kill_at_the_very_end_leaves_is_tidied_up(tmp_path):
    """The manifest is written, but the folder of the build and an old table are still there."""
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / 'set', SMALL, HERE, on_progress=Interruption(len(SMALL.units())))
    kept = tmp_path / 'building'
    (tmp_path / 'set' / 'building').rename(kept)
    build_dataset(tmp_path / 'set', SMALL, HERE)
    kept.rename(tmp_path / 'set' / 'building')
    stale = tmp_path / 'set' / 'grasps' / 'part-00007.parquet'
    stale.write_bytes(b'left over')
    build_dataset(tmp_path / 'set', SMALL, HERE)
    assert not (tmp_path / 'set' / 'building').exists()
    assert not stale.exists()
    assert verify_dataset(tmp_path / 'set') == []


def test_foreign_folders_and_files_are_left_alone(tmp_path):
    (tmp_path / 'thesis.tex').write_text('years of work')
    with pytest.raises(InvalidInputError, match='neither empty nor a dataset'):
        build_dataset(tmp_path, SMALL, HERE)
    with pytest.raises(InvalidInputError, match='is a file'):
        build_dataset(tmp_path / 'thesis.tex', SMALL, HERE)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


@dataclass(frozen=True, kw_only=True)
class PrefixedSource(OrbitSource):
    """The same objects, other ids of the grasps, and another colour if one is given."""

    color: str = ''

    def build(self, unit, seed):
        built = super().build(unit, seed)
        record = built.object_record
        if self.color:
            model = make_object(unit.category, 0, color_name=self.color)
            record = replace(record, model=model, color_name=self.color)
        grasps = [replace(grasp, grasp_id=f'more-{grasp.grasp_id}') for grasp in built.grasps]
        return replace(built, grasps=grasps, object_record=record)


def test_adding_keeps_what_was_there_and_divides_again(tmp_path):
    folder = tmp_path / 'set'
    build_dataset(folder, OrbitSource(per_category=3), HERE)
    change_split(folder, read_manifest(folder), SplitRule(seed=1, test_categories=('book',),
                                                          test_share=0.3))  # fmt: skip
    before = open_dataset(folder)
    manifest = build_dataset(
        folder, PrefixedSource(per_category=5), replace(HERE, seed=9), extend=True
    )
    after = open_dataset(folder)
    assert verify_dataset(folder) == []
    assert (
        after.grasps[: len(before.grasps)].grasp_ids.tolist() == before.grasps.grasp_ids.tolist()
    )
    assert len(after.grasps) > 2 * len(before.grasps)
    assert len(after.objects) == 15
    assert after.objects.rows['mug_0']['num_grasps'] > before.objects.rows['mug_0']['num_grasps']
    assert {after.splits[name] for name in after.objects if 'book' in name} == {'test-categories'}
    kept = [name for name in before.objects if before.splits[name] == 'test-instances']
    assert all(after.splits[name] == 'test-instances' for name in kept)
    assert [build.seed for build in manifest.builds] == [3, 9]
    again = build_dataset(
        folder, PrefixedSource(per_category=5), replace(HERE, seed=9), extend=True
    )
    assert again == manifest, 'the same grasps are not added twice'


def test_what_does_not_fit_to_a_dataset_is_not_added(tmp_path):
    folder = tmp_path / 'set'
    build_dataset(folder, SMALL, HERE)
    before = contents(folder)
    with pytest.raises(InvalidInputError, match='ids are not unique'):
        build_dataset(folder, SMALL, replace(HERE, seed=4), extend=True)
    (folder / 'building').rename(tmp_path / 'aside')
    with pytest.raises(InvalidInputError, match="another object 'mug_0'"):
        build_dataset(folder, PrefixedSource(per_category=1, color='red'),
                      replace(HERE, seed=5), extend=True)  # fmt: skip
    assert contents(folder) == before


@dataclass(frozen=True, kw_only=True)
class RenamedSource(OrbitSource):
    """Gives its objects an id that cannot name a file."""

    object_id: str = '../mug'

    def build(self, unit, seed):
        built = super().build(unit, seed)
        grasps = [replace(grasp, object_id=self.object_id) for grasp in built.grasps]
        record = replace(built.object_record, object_id=self.object_id)
        return replace(built, grasps=grasps, object_record=record)


def test_ids_that_would_leave_the_folder_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match='names a file'):
        build_dataset(tmp_path / 'set', RenamedSource(per_category=1), HERE)
    with pytest.raises(InvalidInputError, match="another object 'thing'"):
        build_dataset(tmp_path / 'two', RenamedSource(per_category=1, object_id='thing'), HERE)
    assert not list(tmp_path.glob('*.glb'))


def test_the_manifest_tells_yields_and_what_was_dropped(built_folder):
    manifest = read_manifest(built_folder)
    yields = kind_yields(manifest)
    assert sum(kind.grasps for kind in yields) == manifest.counts['grasps']
    units = OrbitSource().units()
    assert sum(kind.candidates for kind in yields) == sum(unit.num_candidates for unit in units)
    lost = sum(kind.candidates - kind.grasps for kind in yields)
    assert manifest.builds[0].dropped == {'slipped': lost}
    assert {(k.task, k.category) for k in yields} == {(u.task, u.category) for u in units}
    assert all(0.5 < kind.share <= 1 for kind in yields if kind.candidates >= 20)


def hold(folder: Path, locked) -> None:
    with locked_folder(folder):
        locked.set()
        time.sleep(60)


def test_a_second_builder_is_refused_with_the_name_of_the_first(tmp_path):
    context = multiprocessing.get_context('fork')
    locked = context.Event()
    first = context.Process(target=hold, args=(tmp_path, locked))
    first.start()
    try:
        assert locked.wait(20)
        with pytest.raises(
            DatasetBusyError, match=rf'process {first.pid} on {os.uname().nodename}'
        ):
            build_dataset(tmp_path, SMALL, HERE)
    finally:
        first.kill()
        first.join()
    build_dataset(tmp_path, SMALL, HERE)  # the system took the lock back
    assert verify_dataset(tmp_path) == []


def test_a_lock_leaves_no_trace(tmp_path):
    with locked_folder(tmp_path):
        assert json.loads((tmp_path / '.lock-owner.json').read_text())['pid'] == os.getpid()
    assert list(tmp_path.iterdir()) == []
