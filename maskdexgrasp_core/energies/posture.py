"""Energies of the joint positions alone."""

from torch import Tensor


def joint_limit_energy(joint_positions: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Sum by how much joints leave their range: the hinge of Eq. (12), MaskDexGrasp.

    Args:
        joint_positions: Shape (B, J) [rad].
        lower: Shape (J,) [rad].
        upper: Shape (J,) [rad].

    Returns:
        Energy, shape (B,) [rad].
    """
    above = (joint_positions - upper).clamp_min(0.0)
    below = (lower - joint_positions).clamp_min(0.0)
    return (above + below).sum(-1)


def regularisation_energy(joint_positions: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Return the hinge on the limits plus the norm of the joint positions: Eq. (12).

    Args:
        joint_positions: Shape (B, J) [rad].
        lower: Shape (J,) [rad].
        upper: Shape (J,) [rad].

    Returns:
        Energy, shape (B,) [rad].
    """
    norm = joint_positions.square().sum(-1).clamp_min(1e-12).sqrt()
    return joint_limit_energy(joint_positions, lower, upper) + norm


def posture_energy(joint_positions: Tensor, rest: Tensor, weights: Tensor) -> Tensor:
    """Average the weighted squared distance to a rest posture.

    Args:
        joint_positions: Shape (B, J) [rad].
        rest: Preferred positions, shape (J,) or (B, J) [rad].
        weights: Of each joint, shape (J,).

    Returns:
        Energy, shape (B,) [rad^2].
    """
    return ((joint_positions - rest).square() * weights).mean(-1)


def coupling_energy(joint_positions: Tensor, couplings: Tensor) -> Tensor:
    """Average how far the joints of a finger are from bending together.

    A hand with one motor a finger bends its joints in fixed ratios; grasps that do so too are
    kept when they are transferred to it.

    Args:
        joint_positions: Shape (B, J) [rad].
        couplings: Rows that vanish on coupled positions, such as q_middle - 0.7 q_proximal,
            shape (M, J).

    Returns:
        Energy, shape (B,) [rad^2]; zero without couplings.
    """
    if couplings.shape[0] == 0:
        return joint_positions.new_zeros(joint_positions.shape[0])
    return (joint_positions @ couplings.T).square().mean(-1)
