import subprocess
import sys
from pathlib import Path

import pytest
from orbit_source import OrbitSource

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.work_pool import WorkerLostError

SOURCE = OrbitSource(per_category=1)
SEED = 6


@pytest.fixture(scope='module')
def cluster(tmp_path_factory):
    """Run a Ray cluster of this machine alone, and give its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('RAY_USAGE_STATS_ENABLED', '0')
        patch.setenv('PYTHONPATH', str(Path(__file__).parent))  # every node must find the source
        patch.setenv('HOME', str(tmp_path_factory.mktemp('home')))  # it keeps its token there
        ray = pytest.importorskip('ray')
        context = ray.init(
            address='local', num_cpus=2, include_dashboard=False, log_to_driver=False,
            object_store_memory=100_000_000,
        )  # fmt: skip
        yield context.address_info['gcs_address']
        ray.shutdown()


def contents(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in read_manifest(folder).files}


def test_the_command_joins_a_cluster_and_builds_the_same_bytes_as_one_process(cluster, tmp_path):
    line = [
        sys.executable, '-m', 'maskdexgrasp_core.cli.dataset', 'build', str(tmp_path / 'set'),
        '--source', 'orbit_source:make_orbits', '--objects', '1', '--seed', str(SEED),
        '--ray', cluster,
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    build_dataset(tmp_path / 'here', SOURCE, BuildCfg(seed=SEED, workers=0))
    assert contents(tmp_path / 'set') == contents(tmp_path / 'here')


def test_a_refused_unit_is_named_by_the_cluster_too(cluster, tmp_path):
    key = SOURCE.units()[2].key
    cfg = BuildCfg(seed=SEED, workers=1, ray_address=cluster)
    with pytest.raises(InvalidInputError, match=key):
        build_dataset(tmp_path / 'set', OrbitSource(per_category=1, bad_unit=key), cfg)


def test_a_lost_worker_of_the_cluster_is_said_so_and_finished_units_are_kept(cluster, tmp_path):
    key = SOURCE.units()[3].key
    cfg = BuildCfg(seed=SEED, workers=1, ray_address=cluster)
    with pytest.raises(WorkerLostError, match=r'lost .* fewer workers'):
        build_dataset(tmp_path / 'set', OrbitSource(per_category=1, deadly_unit=key), cfg)
    seen = []
    build_dataset(
        tmp_path / 'set', SOURCE, BuildCfg(seed=SEED, workers=0), on_progress=seen.append
    )
    assert seen[0].resumed_units == 3
