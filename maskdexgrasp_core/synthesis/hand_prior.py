"""What a hand prefers: rest posture, even fingers, and where it grasps. Derived from its spec."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from maskdexgrasp_core.energies.total import PosturePrior
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.spec import HandSpec

_FINGERS = ('index', 'middle', 'ring', 'little')
_REST_SHARE = 0.3
_MIDDLE_PER_PROXIMAL = 1.0
_DISTAL_PER_MIDDLE = 0.7
_SIDEWAYS_WEIGHT = 4.0


class HandFrame(NamedTuple):
    """Directions and places of a hand in its root frame."""

    axes: Tensor
    """Columns: along the fingers, out of the palm, their cross product; shape (3, 3)."""
    index_side: float
    """1 if the third axis points to the index finger, -1 if to the little finger."""
    precision_center: Tensor
    """Middle between thumb and fingertips at rest, shape (3,) [m]."""
    power_center: Tensor
    """In front of the palm, shape (3,) [m]."""


def posture_prior(spec: HandSpec, dtype: torch.dtype) -> PosturePrior:
    """Return limits, rest posture and the coupling of finger joints.

    The rest bends every joint that has a bending direction a little. Joints that swing to both
    sides (abduction) are held near the open posture. The three bending joints of a finger are
    asked to share the bend as the links of tendon and linkage hands do (1 : 1 : 0.7).
    """
    lower = torch.as_tensor(spec.lower, dtype=dtype)
    upper = torch.as_tensor(spec.upper, dtype=dtype)
    opened = torch.as_tensor(spec.open_positions, dtype=dtype)
    sideways = (lower + upper).abs() < 0.5 * (upper - lower) * 0.5
    rest = torch.where(sideways, opened, opened + _REST_SHARE * (upper - opened))
    weights = torch.where(sideways, _SIDEWAYS_WEIGHT, 0.5).to(dtype)
    rows = []
    for part in _FINGERS:
        bending = [
            i
            for i, name in enumerate(spec.joint_names)
            if spec.part_of_link(spec.description.joints[name].child) == part and not sideways[i]
        ]
        if len(bending) >= 3:
            proximal, middle, distal = bending[-3:]
            row = torch.zeros(2, spec.num_joints, dtype=dtype)
            row[0, middle], row[0, proximal] = 1.0, -_MIDDLE_PER_PROXIMAL
            row[1, distal], row[1, middle] = 1.0, -_DISTAL_PER_MIDDLE
            rows.append(row)
    couplings = torch.cat(rows) if rows else torch.zeros(0, spec.num_joints, dtype=dtype)
    return PosturePrior(lower, upper, rest, weights, couplings)


def hand_frame(kinematics: HandKinematics, prior: PosturePrior) -> HandFrame:
    """Return the directions of a hand and the places where it holds things."""
    spec, dtype = kinematics.spec, prior.rest.dtype
    still = torch.zeros(2, 3, dtype=dtype)
    turned = torch.eye(3, dtype=dtype).expand(2, 3, 3)
    opened = torch.as_tensor(spec.open_positions, dtype=dtype)
    with torch.no_grad():
        posed = kinematics.forward(still, turned, torch.stack([opened, prior.rest]))
    palm_point = torch.as_tensor(spec.palm_point, dtype=dtype)
    palm = functional.normalize(torch.as_tensor(spec.palm_normal, dtype=dtype), dim=0)
    along = posed.fingertips[0, 1:].mean(0) - palm_point
    along = functional.normalize(along - (along @ palm) * palm, dim=0)
    third = torch.linalg.cross(along, palm)
    to_index = posed.fingertips[0, 1] - posed.fingertips[0, 4]
    rest_tips = posed.fingertips[1]
    return HandFrame(
        axes=torch.stack([along, palm, third], dim=1),
        index_side=1.0 if float(to_index @ third) > 0 else -1.0,
        precision_center=0.5 * rest_tips[0] + 0.25 * (rest_tips[1] + rest_tips[2]),
        power_center=palm_point + 0.035 * palm + 0.01 * along,
    )
