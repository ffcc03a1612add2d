"""Things with a bow or a grip to hold: hair dryer, iron, headphones, dumbbell, tape, brush."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    COLORS,
    PAPER,
    PLASTIC,
    STEEL,
    WOOD,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import (
    arch,
    bow_handle,
    half_loop,
    pick,
    posed,
    slab,
    turned,
)
from maskdexgrasp_core.objects.shapes import (
    hollow_wall,
    hull,
    revolve,
    revolve_x,
    rounded_box,
    swept,
)


def build_hair_dryer(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a hair dryer on its side: barrel along x, nozzle at +x, handle towards -y."""
    radius, length = rng.uniform(0.028, 0.036), rng.uniform(0.105, 0.145)
    front = radius * rng.uniform(0.66, 0.95)
    back = radius * pick(rng, 0.75, 0.95)
    half = length / 2
    body = revolve_x([(back, -half), (radius, -half + 0.018), (radius, -0.1 * half),
                      (front, half)])  # fmt: skip
    tip = rng.uniform(0.024, 0.040)
    flare = pick(rng, (1.0, 0.85), (0.80, 1.15), (1.10, 1.35))
    mouth = [(0.9 * front, half - 0.002), (flare[0] * front, half + 0.5 * tip),
             (flare[1] * front, half + tip)]  # fmt: skip
    nozzle = [revolve_x(mouth[i : i + 2], sections=pick(rng, 24, 16)) for i in range(2)]
    reach, slant = rng.uniform(0.092, 0.112), rng.uniform(-0.025, 0.010)
    root = -rng.uniform(0.10, 0.45) * half
    steps = np.linspace(0, 1, 5)
    path = np.stack([root + slant * steps**2, -0.7 * radius - reach * steps, 0 * steps], axis=1)
    girth = rng.uniform(0.026, 0.034) * np.array([1.05, 0.92, 1.0, 1.05, 0.95])
    handle = swept(path, width=0.85 * girth, thickness=girth, side=(0, 0, 1), sections=12)
    paint = pick(rng, color, COLORS['black'], COLORS['white'])
    return (
        make_part('body', [body], color, density=600),
        make_part('handle', handle, paint, density=600),
        make_part('nozzle', nozzle, COLORS['black'], density=0.4 * PLASTIC),
    )


def build_iron(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a travel iron, tip at +x, on its sole; the handle runs along x over the body."""
    length, wide = rng.uniform(0.145, 0.200), rng.uniform(0.072, 0.092)
    x = length * np.array([-0.5, -0.44, -0.1, 0.2, 0.38, 0.5])
    y = wide / 2 * np.array([0.72, 0.95, 1.0, 0.80, 0.45, 0.04])
    outline = np.concatenate([np.stack([x, y], axis=1), np.stack([x, -y], axis=1)])
    tall = rng.uniform(0.034, 0.048)
    sole = slab(outline, 0.0, 0.010)
    upper = 0.88 * outline, outline * [0.70, 0.55] - [0.05 * length, 0]
    shell = hull(np.concatenate([np.column_stack([o, np.full(12, z)])
                                 for o, z in zip(upper, (0.009, tall), strict=True)]))  # fmt: skip
    span = min(rng.uniform(0.100, 0.118), 0.68 * length)
    path = arch(span, rng.uniform(0.046, 0.058), tall - 0.006, squareness=pick(rng, 3.0, 5.0))
    path = path - [0.05 * length, 0, 0]
    if pick(rng, True, False):
        path = path[:-1]  # open towards the tip
    handle = bow_handle(path, rng, width=rng.uniform(0.022, 0.028), thickness=0.017)
    paint = pick(rng, color, COLORS['black'], COLORS['white'])
    return (
        make_part('body', [shell], color, density=900),
        make_part('base', [sole], COLORS['silver'], density=0.7 * STEEL),
        make_part('handle', handle, paint, density=PLASTIC),
    )


def build_headphones(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build headphones that lie on their turned cups; the band arches towards +y."""
    apart, radius = rng.uniform(0.062, 0.074), rng.uniform(0.030, 0.040)
    tall, oval = rng.uniform(0.024, 0.032), pick(rng, 1.0, 0.85)
    cushion = turned([(0.92 * radius, 0.0), (radius, 0.35 * tall), (radius, 0.6 * tall),
                      (0.80 * radius, tall)], stretch=(oval, 1.0))  # fmt: skip
    cups = [piece for sign in (-1, 1) for piece in posed(cushion, (sign * apart, 0, 0))]
    bow = half_loop(2 * apart, rng.uniform(0.085, 0.115), squareness=pick(rng, 2.0, 2.6), legs=10)
    path = np.stack([-bow[:, 2], bow[:, 0], 0 * bow[:, 0] + 0.48 * tall], axis=1)
    width = min(rng.uniform(0.018, 0.026), 0.78 * tall)
    thick = rng.uniform(0.010, 0.014) * (1 + pick(rng, 0.0, 0.4) * np.sin(
        np.linspace(0, np.pi, 11)))  # fmt: skip
    band = swept(path, width=width, thickness=thick, side=(0, 0, 1))
    paint = pick(rng, color, COLORS['black'], COLORS['silver'])
    return (
        make_part('band', band, paint, density=0.9 * PLASTIC),
        make_part('cup', cups, color, density=0.5 * PLASTIC),
    )


def build_dumbbell(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a light dumbbell along x: round, many-sided or ball weights on a bar."""
    grip, girth = rng.uniform(0.098, 0.112), rng.uniform(0.0125, 0.016)
    radius, thick = rng.uniform(0.026, 0.038), rng.uniform(0.026, 0.044)
    half = grip / 2
    swell = pick(rng, 1.0, 1.15)
    handle = [
        revolve_x([(girth, sign * half), (swell * girth, 0.0)], sections=16) for sign in (-1, 1)
    ]
    outline = pick(
        rng,
        [(0.90, 0.0), (1.0, 0.12), (1.0, 0.88), (0.90, 1.0)],
        [(0.60, 0.0), (0.92, 0.25), (1.0, 0.5), (0.92, 0.75), (0.60, 1.0)],
        [(1.0, 0.0), (1.0, 0.5), (0.7, 0.55), (0.7, 1.0)],
    )
    sections = pick(rng, 24, 12, 8)
    right = [
        revolve_x([(radius * outline[i][0], half - 0.001 + thick * outline[i][1])
                   for i in (leg, leg + 1)], sections=sections)
        for leg in range(len(outline) - 1)
    ]  # fmt: skip
    left = posed(right, angle_rad=np.pi)
    paint = pick(rng, COLORS['silver'], COLORS['black'], color)
    return (
        make_part('weight', [*right, *left], color, density=0.35 * STEEL),
        make_part('handle', handle, paint, density=0.35 * STEEL),
    )


def build_tape(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a roll of tape that lies flat, hollow, from narrow and wide to tall and thick."""
    inner, thick = rng.uniform(0.024, 0.038), rng.uniform(0.006, 0.020)
    tall, core = rng.uniform(0.016, 0.052), 0.003
    roll = hollow_wall([(inner + core + thick, inner + core - 0.0005, 0.0),
                        (inner + core + thick, inner + core - 0.0005, tall)])  # fmt: skip
    spool = hollow_wall([(inner + core, inner, 0.0), (inner + core, inner, tall)])
    return (
        make_part('body', roll, color, density=1.1 * PAPER),
        make_part('core', spool, COLORS['brown'], density=PAPER),
    )


def build_brush(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a brush that lies along x, bristles at +x: for hair, paint or dishes."""
    grip, girth = rng.uniform(0.095, 0.130), rng.uniform(0.013, 0.018)
    steps = np.linspace(0, grip, 5)
    path = np.stack([steps, 0 * steps, 0 * steps], axis=1)
    swell = pick(rng, [0.8, 1.15, 1.2, 0.95, 0.7], [1.0, 1.0, 1.0, 1.0, 0.85],
                 [1.2, 1.0, 0.85, 0.9, 0.8])  # fmt: skip
    width = 1.25 * girth * np.array(swell)
    handle = swept(path, width=width, thickness=girth * np.minimum(swell, 1.0))
    kind = pick(rng, 'hair', 'paint', 'dish')
    dark = pick(rng, COLORS['black'], COLORS['brown'], COLORS['white'])
    if kind == 'paint':
        wide, long = rng.uniform(0.030, 0.060), rng.uniform(0.035, 0.055)
        ferrule = hull(np.array([[x, sy * y, sz * z] for sy in (-1, 1) for sz in (-1, 1)
                                 for x, y, z in ((grip - 0.006, 0.4 * girth, 0.4 * girth),
                                                 (grip + 0.020, wide / 2, 0.007),
                                                 (grip + 0.036, wide / 2, 0.007))]))  # fmt: skip
        hairs = rounded_box((long, 0.96 * wide, 0.012), (grip + 0.034 + long / 2, 0, 0))
        head = (make_part('head', [ferrule], COLORS['silver'], density=0.2 * STEEL),
                make_part('bristles', [hairs], dark, density=300))  # fmt: skip
    else:
        long = rng.uniform(0.075, 0.100) if kind == 'hair' else rng.uniform(0.048, 0.062)
        wide = long * (rng.uniform(0.45, 0.75) if kind == 'hair' else 1.0)
        middle = (grip - 0.008 + long / 2, 0, 0)
        pad = revolve([(0.92, -0.005), (1.0, 0.0), (0.92, 0.005)])
        pad = posed([pad], middle, scale=(long / 2, wide / 2, 1.0))[0]
        deep = rng.uniform(0.014, 0.024)
        hairs = revolve([(0.84, -0.003 - deep), (0.80, -0.003)])
        hairs = posed([hairs], middle, scale=(long / 2, wide / 2, 1.0))[0]
        head = (make_part('head', [pad], color, density=PLASTIC),
                make_part('bristles', [hairs], dark, density=300))  # fmt: skip
    return (make_part('handle', handle, color, density=pick(rng, WOOD, PLASTIC)), *head)


_BY_HANDLE = {'handle-grasp': 'handle', 'use': 'handle', 'lift': 'handle', 'hold': 'handle'}

APPLIANCES: dict[str, Family] = {
    'hair_dryer': Family(
        build=build_hair_dryer,
        mass_range_kg=(0.25, 0.60),
        affordances={**_BY_HANDLE, 'wrap-grasp': 'body', 'twist': 'nozzle'},
        colors=('black', 'white', 'red', 'blue', 'purple', 'pink', 'gray'),
    ),
    'iron': Family(
        build=build_iron,
        mass_range_kg=(0.60, 1.10),
        affordances={**_BY_HANDLE, 'lift-up': 'handle'},
        colors=('blue', 'white', 'green', 'purple', 'red', 'orange'),
    ),
    'headphones': Family(
        build=build_headphones,
        mass_range_kg=(0.12, 0.35),
        affordances={'hold': 'band', 'lift': 'band', 'use': 'band', 'lift-up': 'band'},
        colors=('black', 'white', 'red', 'blue', 'gray', 'pink'),
    ),
    'dumbbell': Family(
        build=build_dumbbell,
        mass_range_kg=(0.50, 1.20),
        affordances={**_BY_HANDLE, 'lift-up': 'handle'},
        colors=('black', 'gray', 'blue', 'pink', 'green', 'purple'),
    ),
    'tape': Family(
        build=build_tape,
        mass_range_kg=(0.05, 0.25),
        affordances={'hold': 'body', 'lift': 'body', 'wrap-grasp': 'body', 'lift-up': 'body'},
        colors=('yellow', 'brown', 'gray', 'blue', 'red', 'green', 'white'),
    ),
    'brush': Family(
        build=build_brush,
        mass_range_kg=(0.04, 0.15),
        affordances=_BY_HANDLE,
        colors=('brown', 'red', 'blue', 'green', 'black', 'pink', 'yellow'),
    ),
}  # fmt: skip
"""Category -> family."""
