"""What may be added is known before hours are spent, and a source may have any name."""

import json
from dataclasses import dataclass, replace

import pytest
from orbit_source import OrbitSource

from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.holdings import Holdings
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.dataset.sources.procedural.source import ProceduralSource
from maskdexgrasp_core.dataset.verify import verify_dataset
from maskdexgrasp_core.errors import InvalidInputError

HERE = BuildCfg(seed=3, workers=0)
SMALL = OrbitSource(per_category=1)


@dataclass(frozen=True, kw_only=True)
class CompleteSource(OrbitSource):
    """Says that it has no other grasps of its objects and tasks."""

    def units(self):
        return [replace(unit, complete=True) for unit in super().units()]


@dataclass(frozen=True, kw_only=True)
class NamedSource(OrbitSource):
    """Calls itself otherwise than its records, or as they do."""

    name: str = 'mine'
    said: str = 'mine'

    def build(self, unit, seed):
        built = super().build(unit, seed)
        grasps = [replace(grasp, source=self.said) for grasp in built.grasps]
        record = replace(built.object_record, source=self.said)
        return replace(built, grasps=grasps, object_record=record)


def units_until_refusal(folder, source, **changes) -> int:
    """Return how many units were finished when the addition was refused."""
    seen = []
    with pytest.raises(InvalidInputError, match=changes.pop('match')):
        build_dataset(
            folder, source, replace(HERE, **changes), extend=True, on_progress=seen.append
        )
    return seen[-1].done_units if seen else 0


def test_units_that_are_there_are_refused_before_anything_is_built(tmp_path):
    source = CompleteSource(per_category=1)
    build_dataset(tmp_path, source, HERE)
    message = f'has grasps of {len(source.units())} of the {len(source.units())} units already'
    assert units_until_refusal(tmp_path, source, seed=4, match=message) == 0
    assert not (tmp_path / 'building').exists()
    more = CompleteSource(per_category=2)
    assert units_until_refusal(tmp_path, more, seed=4, match='another --seed') == 0
    assert verify_dataset(tmp_path) == []


def test_ids_that_are_there_are_found_with_the_first_unit(tmp_path):
    build_dataset(tmp_path, SMALL, HERE)
    assert units_until_refusal(tmp_path, SMALL, seed=4, match='ids are not unique') == 0
    # What was refused at once is not in the way of another addition.
    other = replace(NamedSource(per_category=1, categories=('camera',)), said='mine')
    build_dataset(tmp_path, other, replace(HERE, seed=5), extend=True)
    assert verify_dataset(tmp_path) == []


def test_the_units_of_the_procedural_source_depend_on_its_seed():
    first, again, other = (
        ProceduralSource(num_objects=61, seed=seed).units() for seed in (0, 0, 1)
    )
    there = Holdings(kinds=frozenset(('procedural', u.object_id, u.task) for u in first))
    with pytest.raises(InvalidInputError, match='another --seed'):
        there.check_units('procedural', again)
    there.check_units('procedural', other)
    there.check_units('mine', again)
    whole = [replace(unit, task='') for unit in first]
    with pytest.raises(InvalidInputError, match=f'of {len(whole)} of the {len(whole)} units'):
        there.check_units('procedural', whole)


def test_a_source_may_have_a_name_of_its_own(tmp_path):
    build_dataset(tmp_path, NamedSource(per_category=1), HERE)
    assert verify_dataset(tmp_path) == []
    assert set(open_dataset(tmp_path).select(source='mine').grasps.sources.tolist()) == {'mine'}


def test_records_that_name_another_source_are_refused_at_once(tmp_path):
    source = NamedSource(per_category=1, said='procedural')
    with pytest.raises(InvalidInputError, match="'procedural', but the name of the source is 'm"):
        build_dataset(tmp_path, source, HERE)
    assert not (tmp_path / 'manifest.json').exists()


class Stop(KeyboardInterrupt):
    """Ends a build after its first unit."""


def interrupt(progress) -> None:
    if progress.done_units == 1:
        raise Stop


@pytest.mark.parametrize('version', ['0.0.9', ''])
def test_a_build_that_another_version_began_is_not_resumed(tmp_path, version):
    with pytest.raises(Stop):
        build_dataset(tmp_path, SMALL, HERE, on_progress=interrupt)
    recipe_file = tmp_path / 'building' / 'build.json'
    recipe = json.loads(recipe_file.read_text())
    assert recipe['code_version']
    recipe_file.write_text(json.dumps(recipe | {'code_version': version}))
    message = rf'code_version: {version or "none"} there.*with the version {version or "that"}'
    with pytest.raises(InvalidInputError, match=message):
        build_dataset(tmp_path, SMALL, HERE)
    recipe_file.write_text(json.dumps(recipe))
    build_dataset(tmp_path, SMALL, HERE)
    assert read_manifest(tmp_path).builds[0].code_version == recipe['code_version']


def test_a_build_without_a_finished_unit_is_not_in_the_way(tmp_path):
    def stop_at_once(progress) -> None:
        raise Stop

    with pytest.raises(Stop):
        build_dataset(tmp_path, SMALL, HERE, on_progress=stop_at_once)
    build_dataset(tmp_path, SMALL, replace(HERE, seed=4))
    assert read_manifest(tmp_path).builds[0].seed == 4
