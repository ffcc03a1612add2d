"""The weights in the repository: they fit together, they fit the limits, and they grasp."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maskdexgrasp_core.cli.evaluate import DEFAULT_DATA
from maskdexgrasp_core.cli.evaluate_dataset import dataset_requests
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg
from maskdexgrasp_core.evaluation.generated_grasps import GenerationCfg, evaluate_request
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.checkpoint import WEIGHTS_FOLDER, load_network, read_header
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg

ROOT = Path(__file__).parents[3]
FILES = sorted(WEIGHTS_FOLDER.glob('*'))
MAX_MEGABYTES = 40


def test_the_model_ships_and_is_small():
    assert {'tokenizer.safetensors', 'transformer.safetensors'} <= {f.name for f in FILES}
    assert sum(f.stat().st_size for f in FILES) < MAX_MEGABYTES * 1e6


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_every_file_says_what_it_is(path):
    header = read_header(path)
    assert (header.kind, header.preset) == (path.stem, 'base')
    assert header.facts['loop']['seed'] == 0
    assert header.facts['epoch'] > 0
    if header.kind in ('tokenizer', 'transformer'):
        assert (header.hand, header.joint_names) == (SHADOW.name, SHADOW.joint_names)
        assert header.facts['split'] == 'train'


def test_the_transformer_belongs_to_the_tokenizer():
    tokenizer = read_header(WEIGHTS_FOLDER / 'tokenizer.safetensors')
    transformer = read_header(WEIGHTS_FOLDER / 'transformer.safetensors')
    assert transformer.needs['tokenizer'] == tokenizer.digest
    GraspModel.load()  # refuses files that do not belong together


def test_packing_keeps_what_a_network_says_in_half_the_bytes(tiny_weights, tmp_path):
    pack = runpy.run_path(str(ROOT / 'scripts/pack_weights.py'))['pack']
    for kind, cfg_type, build in (
        ('tokenizer', TokenizerCfg, GraspTokenizer),
        ('transformer', TransformerCfg, MaskedGraspTransformer),
    ):
        given, packed = tiny_weights / f'{kind}.safetensors', tmp_path / f'{kind}.safetensors'
        packed.write_bytes(pack(given))
        before, after = (
            load_network(path, kind=kind, cfg_type=cfg_type, build=build)[0].state_dict()
            for path in (given, packed)
        )
        for name, value in before.items():
            assert after[name].dtype == value.dtype
            torch.testing.assert_close(after[name], value, rtol=1e-3, atol=1e-4)
    GraspModel.load(tmp_path)
    assert packed.stat().st_size < 0.7 * given.stat().st_size


def test_its_grasps_of_an_unseen_can_hold_in_physics():
    torch.set_num_threads(1)
    (can,) = (
        request
        for request in dataset_requests(
            ROOT / DEFAULT_DATA, split='test-instances', number=0, seed=0
        )
        if request.category == 'can'
    )
    asked = replace(can, conditions=can.conditions[:1])
    generation = GenerationCfg(generator='model', num_grasps=6, seed=0)
    cfg = EvaluationCfg(protocols=(load_protocol('tdg'),), squeeze='balanced')
    outcomes = evaluate_request(asked, generation, cfg).outcomes
    assert len(outcomes) == 6
    assert sum(outcome.holds[0].success for outcome in outcomes) >= 4
