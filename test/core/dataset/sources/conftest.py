"""Small releases in the real formats, written by `test/data/human_release.py`."""

import functools
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from maskdexgrasp_core.dataset.sources.human_grasps import ConversionCfg
from maskdexgrasp_core.evaluation.hold_check import HoldChecker
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.retargeting.human import HumanFitCfg

_SCRIPT = Path(__file__).parents[3] / 'data' / 'human_release.py'


@pytest.fixture(scope='session')
def release() -> SimpleNamespace:
    """The functions of the script that writes releases."""
    return SimpleNamespace(**runpy.run_path(str(_SCRIPT), run_name='human_release'))


@pytest.fixture(scope='session')
def affordpose_root(release, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('affordpose')
    release.write_affordpose(root)
    return root


@pytest.fixture(scope='session')
def oakink_root(release, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('oakink')
    release.write_oakshape(root)
    return root


@pytest.fixture(scope='session')
def mano_path(release, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('mano') / 'MANO_RIGHT.pkl'
    release.write_mano(path)
    return path


@pytest.fixture(scope='session')
def make_check():
    return functools.partial(HoldChecker, protocol=load_protocol('tdg'))


@pytest.fixture(scope='session')
def quick() -> ConversionCfg:
    """Few steps and wide limits, where a test is not about the grasps."""
    fit = HumanFitCfg(start_steps=10, refine_steps=10)
    return ConversionCfg(fit=fit, max_fingertip_error_m=0.1, max_penetration_m=0.1)
