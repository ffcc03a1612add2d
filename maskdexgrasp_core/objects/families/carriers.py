"""Things that are carried by a handle: bag, basket, bucket, suitcase, watering can."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    COLORS,
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
    pick,
    posed,
    rounded_rectangle,
    slab,
    wall_loop,
)
from maskdexgrasp_core.objects.shapes import hollow_wall, hull, revolve, rounded_box, swept


def build_bag(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a filled bag that stands; one strap or two close ones arch over it along x."""
    wide, deep = rng.uniform(0.120, 0.175), rng.uniform(0.050, 0.080)
    height = rng.uniform(0.090, 0.135)
    taper, slim = rng.uniform(0.72, 1.12), rng.uniform(0.30, 0.60)
    waist = 0.45 * (1 + taper)
    levels = [(0.94, 0.0, 0.95), (1.0, 0.08, 1.0), (max(waist, taper), 0.6, 0.8),
              (taper, 1.0, slim)]  # fmt: skip
    outlines = [
        np.column_stack([rounded_rectangle((wide * x, deep * y), 0.016 * y),
                         np.full(12, height * z)])
        for x, z, y in levels
    ]  # fmt: skip
    body = [hull(np.concatenate(outlines[i : i + 2])) for i in range(3)]
    span = min(taper, 1.0) * wide * rng.uniform(0.58, 0.80)
    path = arch(span, rng.uniform(0.062, 0.095), height - 0.012, squareness=pick(rng, 2.0, 3.0))
    if pick(rng, True, False):
        straps = swept(path, width=rng.uniform(0.020, 0.028), thickness=0.010)
    else:
        gap = min(0.42 * slim * deep, 0.012)
        strap = swept(path, width=0.012, thickness=0.010)
        straps = (*posed(strap, (0, gap, 0)), *posed(strap, (0, -gap, 0)))
    paint = pick(rng, color, COLORS['brown'], COLORS['black'])
    return (
        make_part('body', body, color, density=170),
        make_part('handle', straps, paint, density=600),
    )


def build_basket(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build an open basket, round or square, with an arch over its middle along x."""
    wide, height = rng.uniform(0.120, 0.165), rng.uniform(0.055, 0.085)
    wall, foot = 0.006, rng.uniform(0.80, 0.96)
    if pick(rng, True, False):
        half = wide / 2
        shell = hollow_wall([(foot * half, foot * half - wall, 0.0), (half, half - wall, height)])
        floor = revolve([(foot * half - wall, 0.0), (foot * half - wall, 0.006)])
    else:
        deep = wide * rng.uniform(0.65, 0.85)
        shell = tuple(
            hull(np.array([
                [sx * scale * (wide / 2 - inner * wall), sy * scale * (deep / 2 - inner * wall), z]
                for scale, z in ((foot, 0.0), (1.0, height))
                for inner in (0, 1)
                for sx, sy in side
            ]))
            for side in (((1, 1), (1, -1)), ((-1, 1), (-1, -1)), ((1, 1), (-1, 1)),
                         ((1, -1), (-1, -1)))
        )  # fmt: skip
        floor = rounded_box((foot * wide - wall, foot * deep - wall, 0.006), (0, 0, 0.003))
    path = arch(wide - wall, rng.uniform(0.075, 0.100), 0.8 * height,
                squareness=pick(rng, 2.0, 2.5, 4.0))  # fmt: skip
    handle = bow_handle(path, rng, width=rng.uniform(0.014, 0.020), thickness=0.010)
    return (
        make_part('body', [*shell, floor], color, density=0.8 * WOOD),
        make_part('handle', handle, color, density=WOOD),
    )


def build_bucket(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small open bucket whose bail stands up along x, with a grip in its middle."""
    radius, height = rng.uniform(0.052, 0.070), rng.uniform(0.085, 0.125)
    foot, wall, lip = radius * rng.uniform(0.70, 0.85), 0.003, height - 0.010
    edge = foot + (radius - foot) * lip / height
    body = hollow_wall([(foot, foot - wall, 0.0), (edge, edge - wall, lip)])
    bottom = revolve([(foot - wall, 0.0), (foot - wall, 0.005)])
    rim = hollow_wall([(edge + 0.004, edge - wall, lip), (radius + 0.004, radius - wall, height)])
    rise = rng.uniform(0.070, 0.095)
    path = arch(2 * radius + 0.004, rise, lip, squareness=pick(rng, 2.0, 2.5, 3.5))
    thick = np.array([0.008, 0.007, 0.007, 0.016, 0.018, 0.016, 0.007, 0.007, 0.008])
    bail = swept(path, width=thick * rng.uniform(0.95, 1.15), thickness=thick)
    return (
        make_part('body', [*body, bottom], color, density=PLASTIC),
        make_part('rim', rim, color, density=PLASTIC),
        make_part('handle', bail, pick(rng, COLORS['silver'], COLORS['black'], color),
                  density=1.5 * PLASTIC),
    )  # fmt: skip


def build_suitcase(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small case or toolbox that stands, its handle on top along x."""
    wide, deep = rng.uniform(0.150, 0.215), rng.uniform(0.048, 0.090)
    height = rng.uniform(0.085, 0.140)
    corner = rng.uniform(0.006, 0.030)
    plate = slab(rounded_rectangle((wide, height), corner), -deep / 2, deep / 2, bevel=0.004)
    body = posed([plate], (0, 0, height / 2), axis=(1, 0, 0), angle_rad=np.pi / 2)
    span = min(rng.uniform(0.108, 0.135), wide - 2 * corner + 0.010)
    path = arch(span, rng.uniform(0.055, 0.070), height - 0.006, squareness=pick(rng, 3.0, 6.0))
    handle = bow_handle(path, rng, width=rng.uniform(0.016, 0.024), thickness=0.012)
    latches = [
        rounded_box((0.016, 0.004, 0.020), (sign * 0.33 * wide, -deep / 2 - 0.001, 0.72 * height))
        for sign in (-1, 1)
    ]
    paint = pick(rng, color, COLORS['black'])
    return (
        make_part('body', body, color, density=280),
        make_part('handle', handle, paint, density=PLASTIC),
        make_part('latch', latches, COLORS['silver'], density=0.5 * STEEL),
    )


def build_watering_can(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small watering can: a long spout at -x, a loop of a handle at +x."""
    radius, height = rng.uniform(0.038, 0.050), rng.uniform(0.075, 0.105)
    top = rng.uniform(0.70, 1.0) * radius
    body = revolve([(0.96 * radius, 0.0), (radius, 0.006), (top, height)],
                   stretch=(1.0, rng.uniform(0.75, 1.0)))  # fmt: skip
    collar = revolve([(0.6 * top, height - 0.002), (0.6 * top, height + 0.008)])
    reach = rng.uniform(0.060, 0.085)
    tip = height + rng.uniform(0.005, 0.040)
    line = np.array([[-0.85 * radius, 0, 0.22 * height], [-radius - 0.35 * reach, 0, 0.45 * tip],
                     [-radius - reach, 0, tip]])  # fmt: skip
    spout = [*swept(line, width=np.array([0.024, 0.016, 0.012]), thickness=0.015)]
    if pick(rng, True, False):
        rose = revolve([(0.008, -0.012), (0.017, 0.006), (0.016, 0.010)], sections=16)
        spout.extend(posed([rose], (-radius - reach, 0, tip), axis=(0, 1, 0), angle_rad=-0.8))
    ends = (rng.uniform(0.10, 0.22) * height, rng.uniform(0.85, 0.95) * height)
    loop = wall_loop([(0.97 * radius, 0.0), (top, height)], ends, rng.uniform(0.038, 0.046),
                     squareness=pick(rng, 2.0, 3.0, 5.0))  # fmt: skip
    handle = bow_handle(loop, rng, width=rng.uniform(0.014, 0.020), thickness=0.011)
    return (
        make_part('body', [body, collar], color, density=430),
        make_part('spout', spout, color, density=0.3 * PLASTIC),
        make_part('handle', handle, color, density=0.8 * PLASTIC),
    )


_CARRIED = {
    'handle-grasp': 'handle', 'lift': 'handle', 'lift-up': 'handle', 'hold': 'handle',
}  # fmt: skip

CARRIERS: dict[str, Family] = {
    'bag': Family(
        build=build_bag,
        mass_range_kg=(0.15, 0.60),
        affordances={**_CARRIED, 'support': 'body'},
        colors=('brown', 'black', 'red', 'blue', 'green', 'yellow', 'purple', 'pink'),
    ),
    'basket': Family(
        build=build_basket,
        mass_range_kg=(0.12, 0.40),
        affordances=_CARRIED,
        colors=('brown', 'white', 'yellow', 'green', 'blue', 'red'),
    ),
    'bucket': Family(
        build=build_bucket,
        mass_range_kg=(0.10, 0.35),
        affordances=_CARRIED,
        colors=('red', 'blue', 'green', 'yellow', 'orange', 'silver', 'white'),
    ),
    'suitcase': Family(
        build=build_suitcase,
        mass_range_kg=(0.30, 0.90),
        affordances={**_CARRIED, 'pull': 'handle'},
        colors=('brown', 'black', 'red', 'blue', 'green', 'orange', 'gray'),
    ),
    'watering_can': Family(
        build=build_watering_can,
        mass_range_kg=(0.20, 0.60),
        affordances={**_CARRIED, 'use': 'handle'},
        colors=('green', 'blue', 'red', 'yellow', 'silver', 'orange'),
    ),
}  # fmt: skip
"""Category -> family."""
