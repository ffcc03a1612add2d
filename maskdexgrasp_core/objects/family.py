"""What a family of household objects declares, and the colours and materials it uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import trimesh

from maskdexgrasp_core.objects.model import Part

Color = tuple[float, float, float]
Build = Callable[[np.random.Generator, Color], tuple[Part, ...]]
"""Draws the sizes and returns the parts, roughly in their stable pose, with masses; the colour
given is that of the first part."""

COLORS: dict[str, Color] = {
    'red': (0.80, 0.12, 0.10),
    'blue': (0.12, 0.28, 0.75),
    'green': (0.13, 0.55, 0.22),
    'yellow': (0.93, 0.78, 0.13),
    'orange': (0.93, 0.47, 0.08),
    'purple': (0.45, 0.20, 0.60),
    'pink': (0.92, 0.50, 0.62),
    'white': (0.92, 0.92, 0.90),
    'gray': (0.50, 0.50, 0.52),
    'black': (0.09, 0.09, 0.10),
    'brown': (0.45, 0.28, 0.15),
    'silver': (0.72, 0.73, 0.75),
}
"""Word -> RGB in 0..1."""

PAINT = ('red', 'blue', 'green', 'yellow', 'orange', 'purple', 'white', 'black')
"""Colours of things that come in any colour."""

CERAMIC, STEEL, ALUMINIUM, PLASTIC, WOOD, PAPER, FRUIT = 2300, 7800, 2700, 1050, 650, 800, 950
"""Densities [kg/m3]."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One category of objects: how to build a member, and what is true of all of them."""

    build: Build
    mass_range_kg: tuple[float, float]
    """Real weights; a member outside is scaled to the nearer end, its centre of mass kept."""
    affordances: dict[str, str]
    """Task -> name of the part that serves it."""
    colors: tuple[str, ...] = PAINT
    """Words of `COLORS` that the first part may have."""
    friction_range: tuple[float, float] = field(default=(0.6, 0.8))
    """Sliding friction with a finger pad."""


def make_part(
    name: str, pieces: Sequence[trimesh.Trimesh], color: Color, *, density: float
) -> Part:
    """Return a part whose mass follows from `density` [kg/m3] and the volumes of its pieces."""
    volume = float(sum(piece.volume for piece in pieces))
    return Part(name=name, pieces=tuple(pieces), color=color, mass_kg=density * volume)
