"""Hand poses in two dimensions, as Fig. 8 of the paper draws them."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from maskdexgrasp_core.dataset.grasp_table import GraspTable
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.shadow import SHADOW

_REACH_M = 0.1
"""A wrist this far away counts as much as a turn by 60 degrees or a joint's whole range."""
_PERPLEXITY = 30.0
_MIN_GRASPS = 10
_MAX_STATE = 2**32


def pose_features(grasps: GraspTable) -> NDArray[np.float64]:
    """Return what makes hand poses alike, (N, 3 + 9 + 22), each about one in size.

    Position of the wrist, its rotation matrix, and every joint within its range.
    """
    poses = grasps.Ts_object_wrist
    joints = (grasps.joint_positions - SHADOW.lower) / (SHADOW.upper - SHADOW.lower)
    place = poses[:, :3, 3] / _REACH_M
    return np.hstack([place, poses[:, :3, :3].reshape(len(poses), 9), joints])


def embed_poses(grasps: GraspTable, *, seed: int) -> NDArray[np.float64]:
    """Return the t-SNE of hand poses, (N, 2): near poses stay near. The seed decides all of it.

    Raises:
        InvalidInputError: If there are fewer than ten grasps.
    """
    if len(grasps) < _MIN_GRASPS:
        raise InvalidInputError(f't-SNE needs {_MIN_GRASPS} grasps, got {len(grasps)}')
    perplexity = min(_PERPLEXITY, (len(grasps) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init='pca', random_state=seed % _MAX_STATE, n_jobs=1)
    return np.asarray(tsne.fit_transform(pose_features(grasps)), dtype=np.float64)
