"""More sizes and proportions of compact things."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.objects.families.solids import (
    SOLIDS,
    build_apple,
    build_ball,
    build_banana,
    build_book,
    build_camera,
)
from maskdexgrasp_core.objects.family import COLORS, Color, Family, make_part
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import pick
from maskdexgrasp_core.objects.shapes import rounded_box
from maskdexgrasp_core.objects.variation import rescaled


def build_box(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a packet or a gift box: upright, square or flat, its lid low or high."""
    depth, width, height = pick(
        rng,
        (rng.uniform(0.032, 0.055), rng.uniform(0.055, 0.085), rng.uniform(0.110, 0.180)),
        (rng.uniform(0.050, 0.080), rng.uniform(0.050, 0.080), rng.uniform(0.055, 0.100)),
        (rng.uniform(0.070, 0.095), rng.uniform(0.110, 0.170), rng.uniform(0.035, 0.060)),
    )
    share = rng.uniform(0.15, 0.32)
    lid_height = max(share * height, 0.016)
    over, bevel = pick(rng, 0.0, 0.002), pick(rng, 0.001, 0.004)
    body = rounded_box((depth, width, height - lid_height), (0, 0, (height - lid_height) / 2),
                       bevel=bevel)  # fmt: skip
    lid = rounded_box((depth + over, width + over, lid_height), (0, 0, height - lid_height / 2),
                      bevel=bevel)  # fmt: skip
    paint = pick(rng, color, COLORS['white'], COLORS['brown'], COLORS['black'])
    return (
        make_part('body', [body], color, density=520),
        make_part('lid', [lid], paint, density=520),
    )


VARIED_SOLIDS: dict[str, Family] = {
    'box': replace(
        SOLIDS['box'],
        build=build_box,
        mass_range_kg=(0.10, 0.45),
        affordances={**SOLIDS['box'].affordances, 'pull': 'lid'},
    ),
    'ball': replace(
        SOLIDS['ball'], build=rescaled(build_ball, size=(0.70, 1.30)), mass_range_kg=(0.03, 0.16)
    ),
    'book': replace(
        SOLIDS['book'],
        build=rescaled(build_book, size=(0.70, 1.10), long=(0.75, 1.20), tall=(0.70, 1.60)),
        mass_range_kg=(0.10, 0.60),
    ),
    'camera': replace(
        SOLIDS['camera'],
        build=rescaled(build_camera, size=(0.86, 1.10), long=(0.90, 1.25), tall=(0.90, 1.15)),
        mass_range_kg=(0.16, 0.45),
    ),
    'banana': replace(
        SOLIDS['banana'], build=rescaled(build_banana, size=(0.80, 1.10), long=(0.85, 1.15))
    ),
    'apple': replace(
        SOLIDS['apple'],
        build=rescaled(build_apple, size=(0.80, 1.15), tall=(0.85, 1.12)),
        mass_range_kg=(0.08, 0.25),
    ),
}
"""Category -> family of its later members."""
