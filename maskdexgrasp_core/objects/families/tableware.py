"""Things of the table and the kitchen board: plate, goblet, mill, board, rolling pin."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    CERAMIC,
    COLORS,
    WOOD,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import pick, posed, rounded_rectangle, slab, turned
from maskdexgrasp_core.objects.shapes import hollow_wall, revolve, revolve_x, swept


def build_plate(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a plate: a flat body on its foot and a rim that rises, narrow to broad."""
    radius, height = rng.uniform(0.070, 0.100), rng.uniform(0.020, 0.038)
    foot, thick = radius * rng.uniform(0.55, 0.75), rng.uniform(0.005, 0.007)
    middle = foot + 0.5 * (radius - foot)
    knee = thick + (height - thick) * rng.uniform(0.25, 0.60)
    edges = [(foot, thick), (middle, knee), (radius, height)]
    slope = np.arctan2(height - knee, radius - middle)
    across = thick / float(np.sin(slope))  # what makes the rim as thick as the body
    rim = hollow_wall([(r, r - across, z) for r, z in edges], segments=12)
    body = revolve([(0.93 * foot, 0.0), (foot, thick)])
    return (
        make_part('body', [body], color, density=CERAMIC),
        make_part('rim', rim, color, density=CERAMIC),
    )


def build_goblet(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a stemmed glass: a hollow body on a stem and a round base."""
    radius, wall = rng.uniform(0.030, 0.042), 0.003
    deep, stem = rng.uniform(0.055, 0.085), rng.uniform(0.055, 0.080)
    kind = pick(rng, 'wine', 'flute', 'coupe')
    mouth = {'wine': 0.82, 'flute': 1.0, 'coupe': 1.15}[kind] * radius
    belly = {'wine': 1.0, 'flute': 0.85, 'coupe': 0.9}[kind] * radius
    deep *= {'wine': 1.0, 'flute': 1.15, 'coupe': 0.75}[kind]
    low = stem + 0.006
    body = hollow_wall([(0.35 * radius, 0.2 * radius, low),
                        (belly, belly - wall, low + 0.4 * deep),
                        (mouth, mouth - wall, low + deep)], segments=10)  # fmt: skip
    cone = revolve([(0.010, low - 0.003), (0.42 * radius, low + 0.006)])
    base_radius = rng.uniform(0.030, 0.036)
    base = turned([(base_radius, 0.0), (base_radius, 0.003), (0.010, 0.008)])
    slim = rng.uniform(0.0055, 0.0085)
    bead = slim * pick(rng, 1.0, 1.0, 1.7)
    column = turned([(1.2 * slim, 0.006), (slim, 0.35 * stem), (bead, 0.55 * stem),
                     (slim, 0.75 * stem), (1.2 * slim, stem + 0.004)])  # fmt: skip
    return (
        make_part('body', [*body, cone], color, density=CERAMIC),
        make_part('stem', column, color, density=CERAMIC),
        make_part('base', base, color, density=1.2 * CERAMIC),
    )


def build_pepper_mill(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a pepper mill: a turned body whose head is twisted to grind."""
    radius, height = rng.uniform(0.022, 0.030), rng.uniform(0.085, 0.150)
    shape = pick(rng, (1.0, 0.72, 0.95), (1.0, 0.95, 0.9), (1.0, 0.62, 0.70), (0.9, 1.0, 0.85))
    body = turned([(0.97 * radius, 0.0), (shape[0] * radius, 0.006), (shape[1] * radius,
                   0.55 * height), (shape[2] * radius, height)])  # fmt: skip
    neck = revolve([(0.6 * shape[2] * radius, height - 0.002),
                    (0.6 * shape[2] * radius, height + 0.003)])  # fmt: skip
    wide, tall = max(0.018, rng.uniform(0.80, 1.05) * radius), rng.uniform(0.028, 0.042)
    outline = pick(
        rng,
        [(0.7, 0.0), (1.0, 0.3), (0.95, 0.65), (0.5, 1.0)],
        [(0.95, 0.0), (1.0, 0.12), (1.0, 0.9), (0.9, 1.0)],
        [(0.75, 0.0), (1.0, 0.55), (0.85, 0.8), (0.45, 1.0)],
    )
    head = turned([(wide * share, height + 0.002 + tall * z) for share, z in outline])
    button = revolve([(0.006, height + tall), (0.004, height + tall + 0.008)], sections=12)
    return (
        make_part('body', [*body, neck], color, density=WOOD),
        make_part('head', [*head, button], pick(rng, color, COLORS['silver']), density=WOOD),
    )


def build_cutting_board(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a flat board with a handle at +x."""
    length, width = rng.uniform(0.120, 0.150), rng.uniform(0.085, 0.130)
    thick = rng.uniform(0.011, 0.018)
    corner = pick(rng, 0.004, 0.020, 0.45 * width)
    if pick(rng, True, True, False):
        body = slab(rounded_rectangle((length, width), corner), 0.0, thick, bevel=0.002)
    else:
        body = revolve([(length / 2 - 0.002, 0.0), (length / 2, 0.002),
                        (length / 2, thick - 0.002), (length / 2 - 0.002, thick)])  # fmt: skip
    reach, slim = rng.uniform(0.075, 0.095), rng.uniform(0.026, 0.034)
    steps = np.linspace(-0.012, reach, 4)
    path = np.stack([length / 2 + steps, 0 * steps, 0 * steps + thick / 2], axis=1)
    width_along = slim * np.array([1.25, 0.9, 1.0, pick(rng, 0.9, 1.3)])
    handle = swept(path, width=width_along, thickness=thick)
    return (
        make_part('body', [body], color, density=WOOD),
        make_part('handle', handle, color, density=WOOD),
    )


def build_rolling_pin(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a rolling pin that lies along x, a handle at each end; some are one tapered piece."""
    radius, length = rng.uniform(0.018, 0.026), rng.uniform(0.095, 0.120)
    slim, reach = radius * rng.uniform(0.55, 0.72), rng.uniform(0.050, 0.062)
    half = length / 2
    belly = pick(rng, 0.97, 0.90)
    body = revolve_x([(belly * radius, -half), (radius, -0.3 * half), (radius, 0.3 * half),
                      (belly * radius, half)])  # fmt: skip
    outline = pick(
        rng,
        [(0.75, 0.0), (1.0, 0.4), (1.05, 0.7), (0.75, 1.0)],
        [(1.0, 0.0), (1.0, 0.9), (0.8, 1.0)],
        [(1.15, 0.0), (0.85, 0.5), (1.1, 0.85), (0.8, 1.0)],
    )
    right = [
        revolve_x([(slim * outline[i][0], half - 0.002 + reach * outline[i][1])
                   for i in (leg, leg + 1)], sections=16)
        for leg in range(len(outline) - 1)
    ]  # fmt: skip
    left = posed(right, angle_rad=np.pi)
    paint = pick(rng, color, COLORS['brown'], COLORS['black'])
    return (
        make_part('body', [body], color, density=WOOD),
        make_part('handle', [*right, *left], paint, density=WOOD),
    )


TABLEWARE: dict[str, Family] = {
    'plate': Family(
        build=build_plate,
        mass_range_kg=(0.15, 0.45),
        affordances={'lift': 'rim', 'hold': 'rim', 'lift-up': 'rim', 'support': 'body'},
        colors=('white', 'blue', 'green', 'red', 'yellow', 'gray', 'orange'),
    ),
    'goblet': Family(
        build=build_goblet,
        mass_range_kg=(0.12, 0.30),
        affordances={'wrap-grasp': 'body', 'hold': 'stem', 'lift': 'stem', 'use': 'stem',
                     'lift-up': 'body'},
        colors=('white', 'silver', 'yellow', 'green', 'blue', 'purple'),
    ),
    'pepper_mill': Family(
        build=build_pepper_mill,
        mass_range_kg=(0.10, 0.30),
        affordances={'twist': 'head', 'wrap-grasp': 'body', 'hold': 'body', 'lift': 'body'},
        colors=('brown', 'black', 'white', 'red', 'silver'),
    ),
    'cutting_board': Family(
        build=build_cutting_board,
        mass_range_kg=(0.12, 0.40),
        affordances={'handle-grasp': 'handle', 'lift': 'handle', 'lift-up': 'handle',
                     'hold': 'handle', 'support': 'body'},
        colors=('brown', 'orange', 'white', 'green', 'black'),
    ),
    'rolling_pin': Family(
        build=build_rolling_pin,
        mass_range_kg=(0.12, 0.40),
        affordances={'handle-grasp': 'handle', 'use': 'handle', 'wrap-grasp': 'body',
                     'hold': 'body', 'lift': 'body', 'lift-up': 'body'},
        colors=('brown', 'white', 'orange', 'blue'),
    ),
}  # fmt: skip
"""Category -> family."""
