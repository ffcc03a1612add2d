"""Things that are worked where they are mounted: taps, levers, drawers, locks, bulbs."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    COLORS,
    STEEL,
    WOOD,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import (
    Pieces,
    arch,
    knob,
    pick,
    posed,
    rounded_rectangle,
    slab,
    turned,
)
from maskdexgrasp_core.objects.shapes import revolve, revolve_x, rounded_box, swept

_METAL = COLORS['silver']


def _lever(rng: np.random.Generator, length: float, rise: float) -> Pieces:
    """Return a lever along +x from the origin that ends `rise` [m] higher, tapered or paddled."""
    steps = np.linspace(0, 1, 5)
    bow = pick(rng, 0.0, 0.012, -0.008)
    z = rise * steps + bow * np.sin(np.pi * steps)
    path = np.stack([length * steps, 0 * steps, z], axis=1)
    widths = pick(
        rng, [1.0, 1.0, 1.0, 1.0, 0.9], [0.9, 0.8, 0.95, 1.15, 1.0], [1.15, 1.1, 1.0, 0.85, 0.7]
    )
    width = rng.uniform(0.018, 0.024) * np.array(widths)
    return swept(path, width=width, thickness=rng.uniform(0.012, 0.016), sections=pick(rng, 8, 12))


def build_faucet(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a tap on its base: spout towards -x, a long lever on top or at the side."""
    radius, height = rng.uniform(0.0155, 0.020), rng.uniform(0.085, 0.130)
    foot = rng.uniform(0.034, 0.042)
    base = turned([(foot, 0.0), (foot, 0.008), (1.15 * radius, 0.018)])
    column = revolve([(1.1 * radius, 0.010), (radius, 0.5 * height), (radius, height)])
    reach, drop = rng.uniform(0.065, 0.095), rng.uniform(0.006, 0.020)
    steps = np.linspace(0, 1, 5)
    start = rng.uniform(0.55, 0.75) * height
    bow = rng.uniform(0.010, 0.045) * np.sin(0.9 * np.pi * steps)
    path = np.stack([-reach * steps, 0 * steps, start - drop * steps**3 + bow], axis=1)
    spout = swept(path, width=np.linspace(1.5, 1.15, 5) * radius, thickness=1.2 * radius)
    length = rng.uniform(0.085, 0.110)
    lever = _lever(rng, length, rng.uniform(0.010, 0.035))
    if pick(rng, True, False):
        cap = revolve([(radius, height - 0.001), (1.1 * radius, height + 0.006),
                       (0.8 * radius, height + 0.016)])  # fmt: skip
        arm = posed(lever, (-0.4 * radius, 0, height + 0.010))
    else:
        cap = revolve_x([(0.8 * radius, 0.0), (0.7 * radius, radius + 0.020)], sections=16)
        cap = posed([cap], (0, 0, 0.8 * height), angle_rad=np.pi / 2)[0]
        upright = posed(lever, axis=(0, 1, 0), angle_rad=-np.pi / 2 + 0.15)
        arm = posed(upright, (0, radius + 0.018, 0.8 * height - 0.006))
    return (
        make_part('base', base, color, density=STEEL),
        make_part('body', [column, cap], color, density=0.35 * STEEL),
        make_part('spout', spout, color, density=0.25 * STEEL),
        make_part('lever', arm, pick(rng, color, COLORS['black']), density=0.25 * STEEL),
    )


def build_door_handle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a door handle on a piece of door: plate at +x, lever along +y or -y."""
    thick, wide = rng.uniform(0.036, 0.046), rng.uniform(0.075, 0.100)
    height = rng.uniform(0.110, 0.150)
    door = rounded_box((thick, wide, height), (0, 0, height / 2))
    face, axis_z = thick / 2, rng.uniform(0.50, 0.62) * height
    if pick(rng, True, False):
        plate = rounded_box((0.006, 0.038, 0.72 * height), (face + 0.002, 0, axis_z), bevel=0.0015)
    else:
        plate = posed([revolve_x([(0.025, -0.002), (0.025, 0.004), (0.020, 0.008)])],
                      (face, 0, axis_z))[0]  # fmt: skip
    stand = rng.uniform(0.050, 0.062)
    spindle = posed([revolve_x([(0.010, 0.0), (0.009, stand)], sections=12)], (face, 0, axis_z))
    flat = posed(_lever(rng, rng.uniform(0.095, 0.115), rng.uniform(-0.004, 0.008)),
                 (-0.008, 0, 0))  # fmt: skip
    upright = posed(flat, axis=(1, 0, 0), angle_rad=np.pi / 2)
    side = pick(rng, 1, -1)
    lever = posed(upright, (face + stand, 0, axis_z), angle_rad=side * np.pi / 2)
    return (
        make_part('base', [door, plate], COLORS[pick(rng, 'brown', 'white', 'gray')],
                  density=0.8 * WOOD),
        make_part('lever', [*lever, *spindle], color, density=0.2 * STEEL),
    )  # fmt: skip


def build_valve(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a ball valve on a piece of pipe along y; its lever on top points to +x or along it."""
    pipe, length = rng.uniform(0.016, 0.022), rng.uniform(0.085, 0.125)
    ball, nut = 1.35 * pipe, 1.25 * pipe
    half = length / 2
    run = [revolve_x([(pipe, -half), (pipe, half)], sections=16)]
    run += [
        revolve_x([(nut, sign * half - 0.010), (nut, sign * half + 0.010)], sections=8)
        for sign in (-1, 1)
    ]
    house = revolve_x([(0.75 * ball, -0.020), (ball, -0.010), (ball, 0.010),
                       (0.75 * ball, 0.020)], sections=16)  # fmt: skip
    stem = revolve([(0.010, 0.5 * ball), (0.009, ball + 0.020)], sections=12)
    arm = posed(_lever(rng, rng.uniform(0.095, 0.125), rng.uniform(0.0, 0.020)),
                (-0.010, 0, ball + 0.018))  # fmt: skip
    arm = posed(arm, angle_rad=pick(rng, 0.0, 0.0, np.pi / 2, np.pi / 4))
    metal = pick(rng, _METAL, COLORS['yellow'], COLORS['gray'])
    return (
        make_part('lever', arm, color, density=0.15 * STEEL),
        make_part('body', [*posed([*run, house], angle_rad=np.pi / 2), stem], metal,
                  density=0.35 * STEEL),
    )  # fmt: skip


def build_drawer(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a drawer: an open box behind a front at +x with one knob."""
    deep, wide = rng.uniform(0.095, 0.150), rng.uniform(0.095, 0.150)
    height, wall = rng.uniform(0.050, 0.080), rng.uniform(0.006, 0.009)
    inner = height - rng.uniform(0.008, 0.020)
    floor = rounded_box((deep, wide, wall), (0, 0, wall / 2))
    sides = [
        rounded_box((deep, wall, inner), (0, sign * (wide - wall) / 2, inner / 2))
        for sign in (-1, 1)
    ]
    back = rounded_box((wall, wide, inner), (-(deep - wall) / 2, 0, inner / 2))
    face = rng.uniform(0.010, 0.014)
    front = rounded_box((face, wide + 0.012, height), (deep / 2 + face / 2 - 0.002, 0, height / 2),
                        bevel=pick(rng, 0.001, 0.004))  # fmt: skip
    radius = rng.uniform(0.014, min(0.021, 0.36 * height))
    grip = posed(knob(rng, radius, rng.uniform(0.031, 0.040)), axis=(0, 1, 0),
                 angle_rad=np.pi / 2)  # fmt: skip
    paint = pick(rng, COLORS['silver'], COLORS['black'], COLORS['white'])
    place = (deep / 2 + face - 0.003, 0, height * rng.uniform(0.45, 0.55))
    return (
        make_part('body', [floor, *sides, back], color, density=WOOD),
        make_part('front', [front], color, density=WOOD),
        make_part('knob', posed(grip, place), paint, density=0.3 * STEEL),
    )


def build_padlock(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a large padlock that stands, its shackle on top in the xz plane."""
    wide, deep = rng.uniform(0.052, 0.068), rng.uniform(0.024, 0.032)
    height = rng.uniform(0.042, 0.062)
    if pick(rng, True, False):
        body = slab(rounded_rectangle((wide, deep), rng.uniform(0.002, 0.010)), 0.0, height,
                    bevel=0.003)  # fmt: skip
    else:
        plate = revolve([(wide / 2, -deep / 2), (wide / 2, deep / 2)], sections=24)
        body = posed([plate], (0, 0, wide / 2), axis=(1, 0, 0), angle_rad=np.pi / 2)[0]
        height = 0.86 * wide
    rod = rng.uniform(0.0095, 0.012)
    path = arch(0.68 * wide, rng.uniform(0.040, 0.058), height - 0.008,
                squareness=pick(rng, 2.5, 3.5))  # fmt: skip
    shackle = swept(path, width=rod, thickness=rod)
    return (
        make_part('body', [body], color, density=0.30 * STEEL),
        make_part('shackle', shackle, _METAL, density=0.9 * STEEL),
    )


def build_light_bulb(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a large bulb on its side: glass body at +x, screw base at -x."""
    radius, screw = rng.uniform(0.028, 0.035), rng.uniform(0.0125, 0.015)
    kind = pick(rng, 'pear', 'globe', 'candle', 'reflector')
    outline = {
        'pear': [(0.50, 0.0), (0.72, 0.35), (1.0, 0.85), (1.0, 1.15), (0.72, 1.6), (0.3, 1.8)],
        'globe': [(0.45, 0.0), (0.85, 0.3), (1.1, 0.85), (1.1, 1.2), (0.8, 1.75), (0.3, 2.0)],
        'candle': [(0.50, 0.0), (0.78, 0.6), (0.82, 1.1), (0.55, 1.9), (0.2, 2.3)],
        'reflector': [(0.50, 0.0), (0.65, 0.6), (1.1, 1.4), (1.1, 1.7), (0.9, 1.8)],
    }[kind]
    start = 0.026
    points = [(radius * share, start + radius * x) for share, x in outline]
    glass = [revolve_x(points[i : i + 2]) for i in range(len(points) - 1)]
    base = [revolve_x([(0.5 * screw, 0.0), (screw, 0.006), (screw, start + 0.002)])]
    collar = revolve_x([(screw, start - 0.006), (0.5 * radius, start + 0.001)])
    return (
        make_part('body', [*glass, collar], color, density=320),
        make_part('base', base, _METAL, density=0.25 * STEEL),
    )


FITTINGS: dict[str, Family] = {
    'faucet': Family(
        build=build_faucet,
        mass_range_kg=(0.45, 1.00),
        affordances={'lever': 'lever', 'pull': 'lever', 'wrap-grasp': 'body', 'hold': 'body'},
        colors=('silver', 'gray', 'yellow', 'black', 'white'),
    ),
    'door_handle': Family(
        build=build_door_handle,
        mass_range_kg=(0.30, 0.70),
        affordances={'lever': 'lever', 'pull': 'lever', 'use': 'lever', 'handle-grasp': 'lever'},
        colors=('silver', 'gray', 'yellow', 'black'),
    ),
    'valve': Family(
        build=build_valve,
        mass_range_kg=(0.35, 0.80),
        affordances={'lever': 'lever', 'use': 'lever', 'hold': 'body', 'lift': 'body'},
        colors=('red', 'blue', 'yellow', 'green', 'black'),
    ),
    'drawer': Family(
        build=build_drawer,
        mass_range_kg=(0.20, 0.60),
        affordances={'pull': 'knob', 'use': 'knob', 'support': 'body', 'lift': 'body'},
        colors=('brown', 'white', 'gray', 'red', 'blue', 'green'),
    ),
    'padlock': Family(
        build=build_padlock,
        mass_range_kg=(0.15, 0.45),
        affordances={'pull': 'shackle', 'lift': 'shackle', 'hold': 'body', 'lift-up': 'shackle'},
        colors=('yellow', 'silver', 'black', 'red', 'blue'),
    ),
    'light_bulb': Family(
        build=build_light_bulb,
        mass_range_kg=(0.04, 0.12),
        affordances={'twist': 'body', 'hold': 'body', 'lift': 'body', 'wrap-grasp': 'body'},
        colors=('white', 'yellow', 'orange'),
    ),
}  # fmt: skip
"""Category -> family."""
