"""Where optimisation begins: open hands around an object that stands on a table."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import GraspScene, PosturePrior
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.synthesis.hand_prior import HandFrame


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A family of hand directions for an arm whose base is the origin of the base frame."""

    name: str
    share: float
    """Share of the starts, > 0."""
    pitch_deg: tuple[float, float]
    """How far the fingers point below the horizontal."""
    yaw_deg: float
    """Fingers point away from the robot to within this angle to either side."""
    roll_deg: tuple[float, float]
    """About the fingers: 0 is thumb up, 90 palm down."""


APPROACHES: tuple[Approach, ...] = (
    Approach(name='side', share=0.35, pitch_deg=(0.0, 25.0), yaw_deg=70.0, roll_deg=(-20.0, 30.0)),
    Approach(
        name='oblique', share=0.35, pitch_deg=(25.0, 60.0), yaw_deg=80.0, roll_deg=(-10.0, 130.0)
    ),
    Approach(
        name='top', share=0.3, pitch_deg=(60.0, 90.0), yaw_deg=80.0, roll_deg=(-180.0, 180.0)
    ),
)
"""From the robot's side, over the object, and from above."""


class StartingHand(NamedTuple):
    """What a start needs to know of the hand."""

    frame: HandFrame
    """Directions of the hand."""
    prior: PosturePrior
    """Limits and rest posture."""
    opened: Tensor
    """Open joint positions, shape (J,) [rad]."""


def sample_starts(
    num: int,
    hand: StartingHand,
    scene: GraspScene,
    generator: torch.Generator,
    approaches: tuple[Approach, ...] = APPROACHES,
) -> HandBatch:
    """Draw `num` open hands whose grasp centre lies inside the object or the asked part.

    Args:
        num: Number of starts.
        hand: What is known of the hand.
        scene: Object, table and asked part.
        generator: Of the randomness.
        approaches: Families of hand directions.
    """
    frame, prior, opened = hand
    dtype = prior.rest.dtype

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=dtype)

    targets = _targets(num, scene, generator)
    rotation = _rotations(frame, scene, uniform(num, 4), approaches)
    power = uniform(num, 1).square()
    center = (1 - power) * frame.precision_center + power * frame.power_center
    translation = targets - (rotation @ center[..., None])[..., 0]
    bend = 0.2 + 0.9 * uniform(num, 1)
    joints = opened + bend * (prior.rest - opened)
    joints = joints + 0.05 * torch.randn(joints.shape, generator=generator, dtype=dtype)
    joints = torch.minimum(torch.maximum(joints, prior.lower), prior.upper)
    return HandBatch(translation, rotation, joints)


def _targets(num: int, scene: GraspScene, generator: torch.Generator) -> Tensor:
    """Draw points inside the object, rather deep than shallow and rather near its centre."""
    inside = scene.surface.interior_points()
    depth = -scene.surface.distance(inside)
    preference = depth.clamp_min(0.0)
    if scene.part is None:
        spread = (inside - scene.center).norm(dim=1)
        preference = preference * torch.exp(-0.5 * (spread / 0.06).square())
    else:
        away = (scene.part(inside) - 0.004).clamp_min(0.0)
        preference = preference * torch.exp(-0.5 * (away / 0.008).square())
    preference = preference + 1e-12
    drawn = torch.multinomial(preference, num, replacement=True, generator=generator)
    jitter = torch.randn(num, 3, generator=generator, dtype=inside.dtype)
    return inside[drawn] + 0.004 * jitter


def _rotations(
    frame: HandFrame, scene: GraspScene, random: Tensor, approaches: tuple[Approach, ...]
) -> Tensor:
    """Return hand rotations (B, 3, 3) from four uniform numbers each, `random` (B, 4)."""
    shares = random.new_tensor([approach.share for approach in approaches])
    kind = torch.bucketize(random[:, 0].contiguous(), torch.cumsum(shares / shares.sum(), 0))
    kind = kind.clamp_max(len(approaches) - 1)
    pitch = _between(random.new_tensor([a.pitch_deg for a in approaches])[kind], random[:, 1])
    roll = _between(random.new_tensor([a.roll_deg for a in approaches])[kind], random[:, 2])
    limit = random.new_tensor([math.radians(a.yaw_deg) for a in approaches])[kind]
    away = math.atan2(float(scene.center[1]), float(scene.center[0]))
    yaw = away + limit * (2.0 * random[:, 3] - 1.0)
    ahead = torch.stack([yaw.cos(), yaw.sin(), torch.zeros_like(yaw)], -1)
    up = torch.zeros_like(ahead)
    up[:, 2] = 1.0
    cosine, sine = pitch.cos()[:, None], pitch.sin()[:, None]
    fingers = cosine * ahead - sine * up
    thumb_up = sine * ahead + cosine * up
    # With the thumb side up, third axis = index_side * up; the palm completes the frame.
    third = frame.index_side * thumb_up
    palm = torch.linalg.cross(third, fingers)
    turn = roll[:, None] * _roll_sign(frame)
    palm, third = turn.cos() * palm + turn.sin() * third, turn.cos() * third - turn.sin() * palm
    axes = torch.stack([fingers, palm, third], -1)
    return axes @ frame.axes.T


def _roll_sign(frame: HandFrame) -> float:
    """Return the sense of roll about the fingers that turns the palm down from thumb up."""
    return -frame.index_side


def _between(bounds: Tensor, share: Tensor) -> Tensor:
    """Interpolate (B, 2) bounds [deg] by (B,) shares, result in [rad]."""
    degrees = bounds[:, 0] + share * (bounds[:, 1] - bounds[:, 0])
    return torch.deg2rad(degrees)
