"""Balance of contact forces that are optimised together with the pose of the hand."""

import torch
from torch import Tensor
from torch.nn import functional


def friction_cone_forces(raw: Tensor, normals: Tensor, weights: Tensor, friction: float) -> Tensor:
    """Map free vectors smoothly into the friction cones.

    Args:
        raw: Unconstrained vectors, shape (B, K, 3).
        normals: Outward unit normals of the object at the contacts, shape (B, K, 3).
        weights: Of each contact, shape (B, K); 0 where a contact carries nothing.
        friction: Sliding friction coefficient, > 0.

    Returns:
        Forces on the object inside the cones, shape (B, K, 3); their normal components push
        into the object and add up to one.
    """
    along = (raw * normals).sum(-1, keepdim=True)
    pressure = functional.softplus(-along) * weights[..., None]
    pressure = pressure / pressure.sum(-2, keepdim=True).clamp_min(1e-6)
    sideways = raw - along * normals
    limit = friction * pressure
    slip = sideways.square().sum(-1, keepdim=True)
    tangential = sideways * limit / (limit.square() + slip + 1e-12).sqrt()
    return tangential - pressure * normals


def force_balance_energy(
    points: Tensor, forces: Tensor, center: Tensor, length_m: float, gravity_share: float = 0.0
) -> Tensor:
    """Return the squared norm of the resulting wrench.

    Args:
        points: Where the forces act, frame with z up, shape (B, K, 3) [m].
        forces: On the object, normal components adding up to one, shape (B, K, 3).
        center: Centre of mass of the object, shape (3,) [m].
        length_m: Turns torques into forces, > 0 [m].
        gravity_share: Weight of the object as a share of the sum of normal forces; 0 asks for
            balance among the contacts alone.

    Returns:
        Energy, shape (B,).
    """
    torque = torch.linalg.cross(points - center, forces).sum(-2) / length_m
    force = forces.sum(-2) - forces.new_tensor([0.0, 0.0, gravity_share])
    return force.square().sum(-1) + torque.square().sum(-1)
