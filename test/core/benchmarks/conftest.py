"""The scripts of `benchmarks/`, and a dataset of a few objects with splits."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / 'benchmarks'))
sys.path.insert(0, str(Path(__file__).parents[1] / 'dataset'))

from orbit_source import OrbitSource

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.writer import change_split


@pytest.fixture(scope='session')
def cache_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('cache')


@pytest.fixture(autouse=True)
def _own_cache(cache_home, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(cache_home))


@pytest.fixture(scope='session')
def orbits(tmp_path_factory) -> Path:
    """Return a dataset: two mugs and two books to train on, one of each and bottles to test."""
    folder = tmp_path_factory.mktemp('datasets') / 'orbits'
    build_dataset(folder, OrbitSource(per_category=3), BuildCfg(seed=3, workers=0))
    rule = SplitRule(seed=0, test_categories=('bottle',), test_share=0.3)
    change_split(folder, read_manifest(folder), rule)
    return folder
