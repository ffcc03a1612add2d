"""The scripts of `benchmarks/`, a dataset of a few objects with splits, and untrained networks."""

import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[3] / 'benchmarks'))
sys.path.insert(0, str(Path(__file__).parents[1] / 'dataset'))

from orbit_source import OrbitSource

from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.writer import change_split
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.checkpoint import CheckpointHeader, checkpoint_to_bytes, read_header
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import transformer_preset


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


@pytest.fixture(scope='session')
def untrained(tmp_path_factory) -> Path:
    """Return a folder with weights of networks that were never trained."""
    folder = tmp_path_factory.mktemp('untrained')
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(tokenizer_preset('tiny'))
    transformer = MaskedGraspTransformer(transformer_preset('tiny'))
    for kind, network in (('tokenizer', tokenizer), ('transformer', transformer)):
        needs = {}
        if kind == 'transformer':
            digest = read_header(folder / 'tokenizer.safetensors').digest
            needs = {'tokenizer': digest, 'sentence_encoder': MiniLmEncoder.name}
        header = CheckpointHeader(
            kind=kind,
            preset='tiny',
            config=asdict(network.cfg),
            hand=SHADOW.name,
            joint_names=SHADOW.joint_names,
            needs=needs,
        )
        content = checkpoint_to_bytes(network.state_dict(), header)
        (folder / f'{kind}.safetensors').write_bytes(content)
    return folder
