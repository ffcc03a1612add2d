"""What an object is: convex pieces grouped into named parts, with mass and friction."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class Part:
    """A named part, such as 'handle', made of convex pieces."""

    name: str
    pieces: tuple[trimesh.Trimesh, ...]
    """Convex and watertight, in the object frame [m]."""
    color: tuple[float, float, float]
    """RGB in 0..1."""
    mass_kg: float | None = None
    """None: a share by volume of the object's mass. Either all parts give it or none does."""

    @property
    def volume(self) -> float:
        """Sum of the volumes of the pieces [m3]."""
        return float(sum(piece.volume for piece in self.pieces))


@dataclass(frozen=True, kw_only=True)
class ObjectModel:
    """A rigid object. Its frame has z up in the stable pose it stands or lies in.

    The origin is the middle of the bounding box's footprint, at the height of the table, so
    that placing it on a table at height h is a translation by h in z and a turn about z.

    Raises:
        InvalidInputError: If the masses of the parts do not add up to `mass_kg`.
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

    def __post_init__(self) -> None:
        given = [part.mass_kg for part in self.parts if part.mass_kg is not None]
        if given and (
            len(given) < len(self.parts) or not np.isclose(sum(given), self.mass_kg, rtol=1e-6)
        ):
            raise InvalidInputError(
                f'{self.name}: part masses {given} kg must cover all {len(self.parts)} parts '
                f'and add up to {self.mass_kg} kg'
            )

    @property
    def mesh(self) -> trimesh.Trimesh:
        """All pieces in one mesh, not merged, object frame [m]."""
        pieces = [piece for part in self.parts for piece in part.pieces]
        return cast(trimesh.Trimesh, trimesh.util.concatenate(pieces))

    @property
    def solid(self) -> trimesh.Trimesh:
        """All pieces united into one closed surface without inner faces, object frame [m]."""
        pieces = [piece for part in self.parts for piece in part.pieces]
        if len(pieces) == 1:
            return pieces[0]
        return trimesh.boolean.union(pieces, engine='manifold')

    @property
    def piece_masses_kg(self) -> tuple[tuple[float, ...], ...]:
        """Mass of every piece [kg], nested like `parts` and their `pieces`."""
        total = sum(part.volume for part in self.parts)
        return tuple(
            tuple(
                (self.mass_kg * piece.volume / total)
                if part.mass_kg is None
                else (part.mass_kg * piece.volume / part.volume)
                for piece in part.pieces
            )
            for part in self.parts
        )

    @property
    def center_of_mass(self) -> Array:
        """(3,) centre of mass in the object frame [m], from the masses of the pieces."""
        centers = [piece.center_mass for part in self.parts for piece in part.pieces]
        masses = [mass for masses in self.piece_masses_kg for mass in masses]
        return np.average(np.asarray(centers, dtype=float), axis=0, weights=masses)

    def part(self, name: str) -> Part:
        """Return the part called `name`.

        Raises:
            InvalidInputError: If the object has no such part.
        """
        for part in self.parts:
            if part.name == name:
                return part
        known = ', '.join(part.name for part in self.parts)
        raise InvalidInputError(f'{self.name} has no part {name!r}; it has: {known}')
