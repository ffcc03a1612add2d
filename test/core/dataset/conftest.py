"""A dataset of a hundred grasps, built once for all tests that only read it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # worker processes import orbit_source, too

from orbit_source import OrbitSource

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.writer import change_split

RULE = SplitRule(seed=0, test_categories=('bottle',), test_share=0.3)


@pytest.fixture(scope='session')
def built_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('datasets') / 'orbits'
    build_dataset(folder, OrbitSource(), BuildCfg(seed=3, workers=0))
    change_split(folder, read_manifest(folder), RULE)
    return folder
