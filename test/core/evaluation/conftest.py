import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.hands import HandKinematics


@pytest.fixture(scope='session')
def solid():
    return load_hand_solid('shadow')


@pytest.fixture(scope='session')
def open_hand(solid):
    """Return pose (1, 4, 4) and joints (1, 22) of an open hand at the origin."""
    return np.eye(4)[None], solid.spec.open_positions[None].copy()


@pytest.fixture(scope='session')
def pad_of(solid):
    """Return a pad (3,) of a finger's last link in the open hand, and the direction out of it.

    It is the third, far from the link before.
    """
    spec = solid.spec
    points = HandKinematics(spec, torch.float64).forward(
        torch.zeros(1, 3, dtype=torch.float64),
        torch.eye(3, dtype=torch.float64)[None],
        torch.tensor(spec.open_positions)[None],
    )
    links = [candidate.link for candidate in spec.contact_candidates]

    def pad(link):
        index = links.index(link) + 2
        return points.contact_points[0, index].numpy(), points.contact_normals[0, index].numpy()

    return pad


@pytest.fixture(scope='session')
def ball():
    def make(center, radius=0.008):
        mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
        mesh.apply_translation(center)
        return mesh

    return make
