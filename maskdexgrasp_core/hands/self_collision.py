"""Finds which spheres of a hand can meet each other."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from maskdexgrasp_core.hands.kinematics import HandKinematics

_NUM_SAMPLES = 512
_PAIRS_PER_LINKS = 6
_ALWAYS = 0.5
"""Pairs that overlap in more than this share of postures are built that way."""


def find_self_pairs(kinematics: 'HandKinematics') -> Tensor:
    """Return sphere pairs (P, 2) that collide in some posture within the joint limits.

    Random postures tell which pairs of different, not adjacent links meet; of each two links the
    few pairs that overlap most often are kept. The result is the same at every call.
    """
    spec = kinematics.spec
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(_NUM_SAMPLES, spec.num_joints, generator=generator, dtype=kinematics.dtype)
    joints = kinematics.lower + draws * (kinematics.upper - kinematics.lower)
    joints[0] = torch.tensor(spec.open_positions, dtype=kinematics.dtype)
    identity = torch.eye(3, dtype=kinematics.dtype).expand(_NUM_SAMPLES, 3, 3)
    origin = torch.zeros(_NUM_SAMPLES, 3, dtype=kinematics.dtype)
    centers = kinematics.forward(origin, identity, joints).sphere_centers
    pairs = _candidate_pairs(kinematics)
    reach = kinematics.sphere_radii[pairs].sum(dim=1)
    gaps = (centers[:, pairs[:, 0]] - centers[:, pairs[:, 1]]).norm(dim=-1) - reach
    often = (gaps < 0).to(kinematics.dtype).mean(dim=0)
    meets = (often > 0) & (often < _ALWAYS) & (gaps[0] > 0)
    order = torch.argsort(often, descending=True, stable=True)
    links = [sphere.link for sphere in spec.spheres]
    kept, counts = [], dict[tuple[str, str], int]()
    for index in order[meets[order]].tolist():
        first, second = pairs[index].tolist()
        key = (links[first], links[second])
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= _PAIRS_PER_LINKS:
            kept.append((first, second))
    return torch.tensor(sorted(kept), dtype=torch.int64).reshape(-1, 2)


def _candidate_pairs(kinematics: 'HandKinematics') -> Tensor:
    """Return pairs (K, 2) of spheres on links of different parts that no joint connects."""
    spec = kinematics.spec
    joined = {frozenset((j.parent, j.child)) for j in spec.description.joints.values()}
    joined |= {frozenset(pair) for pair in spec.nested_links}
    links = [sphere.link for sphere in spec.spheres]
    parts = [spec.part_of_link(link) for link in links]
    indices = torch.triu_indices(len(links), len(links), offset=1).T
    allowed = [
        parts[a] != parts[b] and frozenset((links[a], links[b])) not in joined
        for a, b in indices.tolist()
    ]
    return indices[torch.tensor(allowed)]
