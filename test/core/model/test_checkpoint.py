"""Files of weights: what is written is read, and nothing else is."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.checkpoint import (
    CheckpointHeader,
    MissingWeightsError,
    checkpoint_to_bytes,
    load_network,
    read_checkpoint,
    read_header,
    shipped_weights,
)
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg, tokenizer_preset

TENSORS = {
    'weight': torch.arange(6.0).reshape(2, 3),
    'half': torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    'steps': torch.tensor(7),
    'empty': torch.zeros(0, 4),
}
HEADER = CheckpointHeader(
    kind='tokenizer',
    preset='tiny',
    config={'levels': [2, 1], 'decay': 0.5},
    hand=SHADOW.name,
    joint_names=SHADOW.joint_names,
    needs={'other': 'abc'},
    facts={'seed': 3, 'figures': {'val/error': float('nan')}},
)


def written(folder: Path, header: CheckpointHeader = HEADER) -> Path:
    path = folder / 'weights.safetensors'
    path.write_bytes(checkpoint_to_bytes(TENSORS, header))
    return path


def forged(path: Path, **changes) -> Path:
    """Change the header of a file and leave the rest as it is."""
    with safe_open(path, framework='pt') as file:
        content = json.loads(file.metadata()['maskdexgrasp'])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    path.write_bytes(save(tensors, {'maskdexgrasp': json.dumps({**content, **changes})}))
    return path


def test_tensors_and_header_come_back(tmp_path):
    path = written(tmp_path)
    read = read_checkpoint(path, kind='tokenizer', preset='tiny')
    assert read.tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read.tensors[name].dtype == tensor.dtype
        assert torch.equal(read.tensors[name], tensor)
    assert read.header == read_header(path)
    assert read.header.config == HEADER.config
    assert read.header.joint_names == SHADOW.joint_names
    assert len(read.header.digest) == 64
    assert written(tmp_path).read_bytes() == path.read_bytes()


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(MissingWeightsError, match='maskdexgrasp train'):
        read_checkpoint(tmp_path / 'none.safetensors', kind='tokenizer')
    with pytest.raises(MissingWeightsError, match='maskdexgrasp train no-such-network'):
        shipped_weights('no-such-network')


@pytest.mark.parametrize('place', [0.3, 0.999])
def test_damage_is_found(tmp_path, place):
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(InvalidInputError):
        read_checkpoint(path, kind='tokenizer')


@pytest.mark.parametrize('length', [0, 5, 300])
def test_a_cut_file_is_refused(tmp_path, length):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InvalidInputError, match='not a file of our weights'):
        read_checkpoint(path, kind='tokenizer')


def test_a_changed_header_is_found(tmp_path):
    path = forged(written(tmp_path), config={'levels': [4, 1], 'decay': 0.5})
    with pytest.raises(InvalidInputError, match='digest'):
        read_checkpoint(path, kind='tokenizer')


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'kind': 'transformer'}, 'holds a transformer, expected a tokenizer'),
        ({'preset': 'base'}, "preset 'base', expected 'tiny'"),
        ({'hand': 'claw'}, "trained for hand 'claw'"),
        ({'joint_names': SHADOW.joint_names[::-1]}, 'trained for hand'),
        ({'format_version': 99}, 'has format 99'),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(tmp_path, changes, reason):
    path = written(tmp_path, replace(HEADER, **changes))
    with pytest.raises(InvalidInputError, match=reason):
        read_checkpoint(path, kind='tokenizer', preset='tiny')


def tokenizer_file(folder: Path, network: GraspTokenizer, **changes) -> Path:
    header = replace(HEADER, config={**asdict(network.cfg), **changes})
    path = folder / 'tokenizer.safetensors'
    path.write_bytes(checkpoint_to_bytes(network.state_dict(), header))
    return path


def test_a_network_is_built_from_its_file_alone(tmp_path):
    torch.manual_seed(0)
    cfg = replace(tokenizer_preset('tiny'), levels=(3, 1, 1, 1, 1, 1))
    network = GraspTokenizer(cfg)
    generator = torch.Generator().manual_seed(1)
    hands = HandBatch(
        torch.randn(5, 3, generator=generator) / 10,
        torch.linalg.qr(torch.randn(5, 3, 3, generator=generator)).Q,
        torch.rand(5, 22, generator=generator) * 0.5,
    )
    network(hands)  # the codebooks start from the first batch
    read, header = load_network(
        tokenizer_file(tmp_path, network),
        kind='tokenizer',
        cfg_type=TokenizerCfg,
        build=GraspTokenizer,
    )
    assert read.cfg == cfg
    assert header.preset == 'tiny'
    assert not read.training
    assert torch.equal(read.encode(hands), network.encode(hands))


@pytest.mark.parametrize(
    'changes', [{'no_such_setting': 1}, {'points_per_part': 'many'}, {'decoder_widths': [32]}]
)
def test_settings_of_another_version_are_refused(tmp_path, changes):
    path = tokenizer_file(tmp_path, GraspTokenizer(tokenizer_preset('tiny')), **changes)
    with pytest.raises(InvalidInputError, match=r'settings in|does not fit'):
        load_network(path, kind='tokenizer', cfg_type=TokenizerCfg, build=GraspTokenizer)
