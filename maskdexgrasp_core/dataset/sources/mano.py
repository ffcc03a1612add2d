"""Joints of the MANO hand (Romero et al. 2017) from a file that the user has.

The file is not ours to ship: it needs a registration at https://mano.is.tue.mpg.de. We read
`MANO_RIGHT.pkl` as numbers and pose its joints. The skin is not made, but for the five
vertices that stand for fingertips.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskdexgrasp_core.dataset.sources.plain_pickle import load_plain_dict
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

FILE_NAME = 'MANO_RIGHT.pkl'
ENVIRONMENT_VARIABLE = 'MASKDEXGRASP_MANO'
_MAX_BYTES = 64 * 2**20
_NUM_JOINTS = 16
_NUM_SHAPES = 10
_TIPS = (745, 317, 444, 556, 673)
"""Vertices at the ends of thumb, index, middle, ring and little finger (778 vertices)."""
_TIP_ROWS = tuple(range(_NUM_JOINTS, _NUM_JOINTS + 5))
_ORDER = (
    0,
    *(13, 14, 15, _TIP_ROWS[0]),
    *(1, 2, 3, _TIP_ROWS[1]),
    *(4, 5, 6, _TIP_ROWS[2]),
    *(10, 11, 12, _TIP_ROWS[3]),
    *(7, 8, 9, _TIP_ROWS[4]),
)
"""Joints of the file (wrist, index, middle, little, ring, thumb), then tips, in the order of
`retargeting.human.KEYPOINTS`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ManoHand:
    """The numbers of a right MANO hand that its joints and fingertips depend on."""

    joints: Array
    """(16, 3) of the mean hand [m]."""
    joint_shapes: Array
    """(16, 3, 10) change of the joints with the shape parameters."""
    tips: Array
    """(5, 3) fingertip vertices of the mean hand [m]."""
    tip_shapes: Array
    """(5, 3, 10)."""
    tip_poses: Array
    """(5, 3, 135) change of the fingertips with the rotations of the 15 joints."""
    tip_weights: Array
    """(5, 16) how far each joint takes a fingertip along."""
    parents: tuple[int, ...]
    """Parent of each joint; of the wrist itself 0."""

    def keypoints(self, rotations: Array, shapes: Array) -> Array:
        """Return the 21 keypoints with the wrist at the origin, (B, 21, 3) [m].

        Args:
            rotations: Of the wrist and the 15 joints, each relative to its parent, (B, 16, 3, 3).
            shapes: Shape parameters, (B, 10).
        """
        rest = self.joints + np.einsum('jkc,bc->bjk', self.joint_shapes, shapes)
        turned, placed = rotations.copy(), rest.copy()
        for joint, parent in enumerate(self.parents[1:], start=1):
            turned[:, joint] = turned[:, parent] @ rotations[:, joint]
            bone = (rest[:, joint] - rest[:, parent])[..., None]
            placed[:, joint] = placed[:, parent] + (turned[:, parent] @ bone)[..., 0]
        bend = (rotations[:, 1:] - np.eye(3)).reshape(len(rotations), -1)
        skin = self.tips + np.einsum('jkc,bc->bjk', self.tip_shapes, shapes)
        skin += np.einsum('jkc,bc->bjk', self.tip_poses, bend)
        arms = skin[:, :, None] - rest[:, None]  # (B, 5, 16, 3) from every joint to every tip
        carried = np.einsum('bjkl,btjl->btjk', turned, arms) + placed[:, None]
        tips = np.einsum('tj,btjk->btk', self.tip_weights, carried)
        found = np.concatenate([placed, tips], axis=1)[:, list(_ORDER)]
        return np.asarray(found - found[:, :1])


def load_mano(path: Path) -> ManoHand:
    """Read `MANO_RIGHT.pkl`; nothing that the file asks for is run.

    Raises:
        InvalidInputError: If it is no such file; the message names the entry that is wrong.
    """
    entries = load_plain_dict(path, max_bytes=_MAX_BYTES)
    count = len(_entry(entries, path, 'v_template', (-1, 3)))
    if count <= max(_TIPS):
        raise InvalidInputError(f'{path}: v_template has {count} vertices, expected 778')
    template = _entry(entries, path, 'v_template', (count, 3))
    shapes = _entry(entries, path, 'shapedirs', (count, 3, _NUM_SHAPES))
    poses = _entry(entries, path, 'posedirs', (count, 3, 9 * (_NUM_JOINTS - 1)))
    weights = _entry(entries, path, 'weights', (count, _NUM_JOINTS))
    regressor = _entry(entries, path, 'J_regressor', (_NUM_JOINTS, count))
    tree = _entry(entries, path, 'kintree_table', (2, _NUM_JOINTS))
    parents = (0, *(int(parent) for parent in tree[0, 1:]))
    if any(parent >= joint for joint, parent in enumerate(parents) if joint):
        raise InvalidInputError(f'{path}: kintree_table puts a joint before its parent')
    tips = list(_TIPS)
    return ManoHand(
        joints=regressor @ template,
        joint_shapes=np.einsum('jv,vkc->jkc', regressor, shapes),
        tips=template[tips],
        tip_shapes=shapes[tips],
        tip_poses=poses[tips],
        tip_weights=weights[tips],
        parents=parents,
    )


def _entry(entries: dict[str, object], path: Path, name: str, shape: tuple[int, ...]) -> Array:
    if name not in entries:
        raise InvalidInputError(f'{path} has no entry {name!r}; is it a MANO model?')
    value = np.asarray(entries[name])
    fits = value.ndim == len(shape) and all(
        wanted in (-1, got) for wanted, got in zip(shape, value.shape, strict=True)
    )
    if not fits or value.dtype.kind not in 'iuf' or not np.isfinite(value).all():
        raise InvalidInputError(
            f'{path}: entry {name!r} has shape {value.shape}, expected finite numbers {shape}'
        )
    return value.astype(np.float64)


def find_mano(path: Path | None) -> Path:
    """Return the path of `MANO_RIGHT.pkl`.

    Args:
        path: The file or a folder that holds it, there or in `models/`; None: the environment
            variable `MASKDEXGRASP_MANO` says where.

    Raises:
        InvalidInputError: If there is no such file.
    """
    named = path or (Path(value) if (value := os.environ.get(ENVIRONMENT_VARIABLE)) else None)
    places = [named, named / FILE_NAME, named / 'models' / FILE_NAME] if named else []
    for place in places:
        if place.is_file():
            return place
    tried = f'it is not at {named}' if named else 'no path was given'
    raise InvalidInputError(
        f'OakShape stores MANO parameters, so it needs the file {FILE_NAME}: {tried}. Register at '
        f'https://mano.is.tue.mpg.de, download the models, and give the path by --mano '
        f'or the environment variable {ENVIRONMENT_VARIABLE}'
    )
