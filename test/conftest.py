"""Settings of every test: one thread, and a ROS 2 graph of its own that leaves no trace."""

import itertools
import os

import pytest

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before torch is imported, here or in a child

NUM_DOMAINS = 102
"""Domains 0 to 101 keep clear of the ephemeral ports of every common system."""
_domains = itertools.count(os.getpid())


@pytest.fixture(autouse=True)
def ros_environment(monkeypatch, tmp_path_factory):
    """Give each test its own domain, shared memory only, and a folder for logs."""
    from maskdexgrasp_ros.topics import LOCAL_TRANSPORT

    for name, value in LOCAL_TRANSPORT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv('ROS_DOMAIN_ID', str(next(_domains) % NUM_DOMAINS))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path_factory.getbasetemp() / 'ros_log'))


@pytest.fixture
def ros_context():
    """Initialise rclpy for one test and take it down again."""
    rclpy = pytest.importorskip('rclpy')
    rclpy.init(args=[])
    yield
    rclpy.try_shutdown()


@pytest.fixture(scope='session')
def tiny_weights(tmp_path_factory):
    """Return a folder of weights of the generator `model`, small and not trained."""
    from dataclasses import asdict

    import torch

    from maskdexgrasp_core.hands.hand_batch import HandBatch
    from maskdexgrasp_core.hands.shadow import SHADOW
    from maskdexgrasp_core.model.checkpoint import (
        CheckpointHeader,
        checkpoint_to_bytes,
        read_header,
    )
    from maskdexgrasp_core.model.tokenizer import GraspTokenizer
    from maskdexgrasp_core.model.tokenizer_cfg import tokenizer_preset
    from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
    from maskdexgrasp_core.model.transformer_cfg import transformer_preset

    folder = tmp_path_factory.mktemp('weights')
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(tokenizer_preset('tiny'))
    spread = torch.rand(256, SHADOW.num_joints)
    joints = torch.tensor(SHADOW.lower).float().lerp(torch.tensor(SHADOW.upper).float(), spread)
    turns = torch.linalg.qr(torch.randn(256, 3, 3)).Q
    turns = turns * turns.det()[:, None, None]
    tokenizer(HandBatch(0.1 * torch.randn(256, 3), turns, joints))  # fills the codebooks
    needs = {}
    for kind, network in (
        ('tokenizer', tokenizer),
        ('transformer', MaskedGraspTransformer(transformer_preset('tiny'))),
    ):
        header = CheckpointHeader(
            kind=kind, preset='tiny', config=asdict(network.cfg), hand=SHADOW.name,
            joint_names=SHADOW.joint_names, needs=needs,
        )  # fmt: skip
        path = folder / f'{kind}.safetensors'
        path.write_bytes(checkpoint_to_bytes(network.state_dict(), header))
        needs = {'tokenizer': read_header(path).digest, 'sentence_encoder': 'all-minilm-l6-v2'}
    return folder
