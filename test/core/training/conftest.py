"""A dataset of nine objects and a hundred grasps, and what is seen of them, made once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'dataset'))
sys.path.insert(0, str(Path(__file__).parent))

from orbit_source import OrbitSource

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset


@pytest.fixture(scope='session')
def cache_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('cache')


@pytest.fixture(autouse=True)
def _own_cache(cache_home, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(cache_home))


@pytest.fixture(scope='session')
def grasps_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('datasets') / 'orbits'
    build_dataset(folder, OrbitSource(per_category=3), BuildCfg(seed=3, workers=0))
    return folder
