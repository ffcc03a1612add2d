"""What codes of a chained tokenizer look like: palm poses, and fingers in their frame."""

from typing import NamedTuple

from torch import Tensor


class CodeShapes(NamedTuple):
    """Skin of the hand for every code.

    Symbols: L tokens of the palm, F fingers, K codes, P points of a part.
    """

    palm_motions: Tensor
    """Pose of the hand's root after a token of the palm in its frame before it, (L, K, 4, 4)."""
    finger_points: Tensor
    """(F, K, P, 3) [m] in the frame of the root."""
    finger_normals: Tensor
    """Outward there, (F, K, P, 3)."""
    palm_points: Tensor
    """Of the palm, and of fingers in their mean pose: what a palm alone says of the whole hand,
    (2 * P, 3) [m] in the frame of the root."""
    palm_normals: Tensor
    """(2 * P, 3)."""
