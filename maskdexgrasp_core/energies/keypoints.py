"""Energies that make the hand follow keypoints of a human hand."""

from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError

FINGERTIP_WEIGHTS = (30.0, 10.0, 1.2, 1.0, 0.2)
"""w of Eq. (11), thumb to little finger."""


def fingertip_energy(fingertips: Tensor, targets: Tensor) -> Tensor:
    """Average the weighted distances of the five fingertips to their targets: Eq. (11).

    Args:
        fingertips: Thumb, index, middle, ring, little, shape (B, 5, 3) [m].
        targets: Fingertips of the human hand in the same frame and order, (B, 5, 3) [m].

    Returns:
        Energy, shape (B,) [m].

    Raises:
        InvalidInputError: If there are not five fingertips.
    """
    if fingertips.shape[-2:] != (5, 3) or targets.shape[-2:] != (5, 3):
        raise InvalidInputError(
            f'expected (B, 5, 3) fingertips and targets, got {tuple(fingertips.shape)} and '
            f'{tuple(targets.shape)}'
        )
    weights = fingertips.new_tensor(FINGERTIP_WEIGHTS)
    return (_distances(fingertips, targets) * weights).sum(-1) / 5.0


def retargeting_energy(keypoints: Tensor, targets: Tensor) -> Tensor:
    """Sum the distances between keypoints of the hand and human joints: Eq. (9).

    Args:
        keypoints: f_k(g) of the robot hand, shape (B, N, 3) [m].
        targets: J_k of the human hand in the same order and frame, shape (B, N, 3) [m].

    Returns:
        Energy, shape (B,) [m].
    """
    return _distances(keypoints, targets).sum(-1)


def _distances(points: Tensor, targets: Tensor) -> Tensor:
    return (points - targets).square().sum(-1).clamp_min(1e-16).sqrt()
