"""What an object is: convex pieces grouped into named parts, with mass and friction."""

from dataclasses import dataclass, field

import trimesh


@dataclass(frozen=True, kw_only=True)
class Part:
    """A named part, such as 'handle', made of convex pieces."""

    name: str
    pieces: tuple[trimesh.Trimesh, ...]
    """Convex and watertight, in the object frame [m]."""
    color: tuple[float, float, float]
    """RGB in 0..1."""


@dataclass(frozen=True, kw_only=True)
class ObjectModel:
    """A rigid object. Its frame has z up in the stable pose it stands or lies in.

    The origin is the middle of the bounding box's footprint, at the height of the table, so
    that placing it on a table at height h is a translation by h in z and a turn about z.
    """

    name: str
    """Unique within a scene, e.g. 'mug_3'."""
    category: str
    parts: tuple[Part, ...]
    mass_kg: float
    friction: float
    """Sliding friction coefficient with the fingers, at most 0.8."""
    color_name: str = ''
    """Word for the colour of the main part, e.g. 'red'."""
    affordances: dict[str, str] = field(default_factory=dict)
    """Task -> name of the part that serves it."""

    @property
    def mesh(self) -> trimesh.Trimesh:
        """All pieces in one mesh, not merged, object frame [m]."""
        return trimesh.util.concatenate([p for part in self.parts for p in part.pieces])
