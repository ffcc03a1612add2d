"""A tree of coordinate frames: the newest transform of every frame to its parent.

Serves fixed cameras; it does not interpolate between stamps.
"""

import threading
from dataclasses import dataclass

import numpy as np

from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_core.types import Array


class TransformError(MaskDexGraspError, LookupError):
    """Two frames are not connected, or one is not known."""


@dataclass(frozen=True, kw_only=True)
class _Edge:
    parent: str
    T_parent_child: Array


class TransformTree:
    """Collects transforms between parents and children and chains them; safe between threads."""

    def __init__(self) -> None:
        self._edges: dict[str, _Edge] = {}
        self._lock = threading.Lock()

    def set_transform(self, parent: str, child: str, T_parent_child: Array) -> None:
        """Take the newest pose (4, 4) of `child` in `parent`.

        Raises:
            TransformError: If the frame is its own parent or the pose is not finite.
        """
        parent, child = parent.lstrip('/'), child.lstrip('/')
        if parent == child or not parent or not child:
            raise TransformError(f'transform from {parent!r} to {child!r} makes no tree')
        if not np.all(np.isfinite(T_parent_child)):
            raise TransformError(f'transform from {parent} to {child} is not finite')
        with self._lock:
            self._edges[child] = _Edge(parent=parent, T_parent_child=T_parent_child)

    def lookup(self, target: str, source: str) -> Array:
        """Return `T_target_source` (4, 4): the pose of `source` in `target`.

        Raises:
            TransformError: If a frame is not known or no chain connects the two.
        """
        target, source = target.lstrip('/'), source.lstrip('/')
        if target == source:
            return np.eye(4)
        with self._lock:
            source_chain = self._poses_in_ancestors(source)
            target_chain = self._poses_in_ancestors(target)
        for ancestor, T_ancestor_source in source_chain.items():
            if ancestor in target_chain:
                return np.linalg.inv(target_chain[ancestor]) @ T_ancestor_source
        known = sorted({*self._edges, *(edge.parent for edge in self._edges.values())})
        raise TransformError(
            f'no transform from {source!r} to {target!r}; known frames: '
            f'{", ".join(known[:20]) or "none"}'
        )

    def _poses_in_ancestors(self, frame: str) -> dict[str, Array]:
        """Return ancestor -> pose of `frame` in it, from the frame itself to its root."""
        pose = np.eye(4)
        chain = {frame: pose}
        while frame in self._edges:
            edge = self._edges[frame]
            if edge.parent in chain:
                raise TransformError(f'the transforms above {frame!r} form a loop')
            pose = edge.T_parent_child @ pose
            frame = edge.parent
            chain[frame] = pose
        return chain
