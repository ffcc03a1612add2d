"""How the later members of a family come to differ in size and proportion."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.objects.family import Build, Color
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import posed


def rescaled(
    build: Build,
    *,
    size: tuple[float, float],
    long: tuple[float, float] = (1.0, 1.0),
    tall: tuple[float, float] = (1.0, 1.0),
) -> Build:
    """Return a build whose members are larger or smaller than those of `build`.

    Args:
        build: Of the plain members.
        size: Bounds of the factor in all directions.
        long: Bounds of a further factor along x.
        tall: Bounds of a further factor along z.
    """

    def build_rescaled(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
        scale = rng.uniform(*size) * np.array([rng.uniform(*long), 1.0, rng.uniform(*tall)])
        x, y, z = (float(factor) for factor in scale)
        return tuple(
            replace(
                part,
                pieces=posed(part.pieces, scale=(x, y, z)),
                mass_kg=None if part.mass_kg is None else part.mass_kg * x * y * z,
            )
            for part in build(rng, color)
        )

    return build_rescaled
