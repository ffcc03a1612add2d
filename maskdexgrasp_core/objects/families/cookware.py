"""Things to cook and pour with: pot, kettle, pitcher, jug, ladle."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    ALUMINIUM,
    CERAMIC,
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
    half_loop,
    knob,
    pick,
    posed,
    rounded_rectangle,
    silhouette,
    slab,
    wall_loop,
)
from maskdexgrasp_core.objects.shapes import hollow_wall, hull, revolve, ring, swept


def build_pot(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a pot with its lid on: a knob on top and a lug at +x and at -x."""
    radius, height, wall = rng.uniform(0.046, 0.066), rng.uniform(0.050, 0.090), 0.003
    shape = silhouette(
        pick(rng, 'straight', 'flared', 'bulged'), height, depth=rng.uniform(0.10, 0.22)
    )
    outline = [(radius * share, z) for share, z in shape]
    body = hollow_wall([(r, r - wall, z) for r, z in outline], segments=12)
    bottom = revolve([(outline[0][0] - wall, 0.0), (outline[0][0] - wall, 0.005)])
    edge = outline[-1][0]
    dome = height + rng.uniform(0.008, 0.020)
    lid = revolve([(edge, height - 0.001), (edge, height + 0.004), (0.35 * edge, dome)])
    top = knob(rng, rng.uniform(0.013, 0.019), rng.uniform(0.030, 0.038))
    span, clearance = rng.uniform(0.062, 0.080), rng.uniform(0.034, 0.040)
    at = 0.80 * height
    wall_at = float(np.interp(at, [z for _, z in outline], [r for r, _ in outline]))
    start = float(np.sqrt(wall_at**2 - (span / 2) ** 2)) - 0.002
    lug = half_loop(span, wall_at - start + clearance, squareness=pick(rng, 2.0, 3.0, 5.0), legs=6)
    flat = np.stack([lug[:, 0] + start, lug[:, 2], 0 * lug[:, 0] + at], axis=1)
    right = swept(flat, width=rng.uniform(0.010, 0.015), thickness=0.010, side=(0, 0, 1))
    left = posed(right, angle_rad=np.pi)
    grip, metal = pick(rng, (COLORS['black'], PLASTIC), (color, 0.5 * ALUMINIUM)), 0.8 * ALUMINIUM
    return (
        make_part('body', [*body, bottom], color, density=metal),
        make_part('lid', [lid], COLORS['silver'], density=0.3 * metal),
        make_part('knob', posed(top, (0, 0, dome - 0.001)), grip[0], density=PLASTIC),
        make_part('handle', [*right, *left], grip[0], density=grip[1]),
    )


def build_kettle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a closed kettle, spout at -x; its handle goes over the top or stands at +x."""
    radius, height = rng.uniform(0.052, 0.066), rng.uniform(0.085, 0.125)
    shoulder = rng.uniform(0.45, 0.7)
    outline = [(0.88 * radius, 0.0), (radius, 0.2 * height), (radius, shoulder * height),
               (0.55 * radius, height)]  # fmt: skip
    body = revolve(outline)
    lid = revolve([(0.5 * radius, height - 0.001), (0.42 * radius, height + 0.006)])
    top = posed(knob(rng, rng.uniform(0.012, 0.016), rng.uniform(0.024, 0.029)),
                (0, 0, height + 0.005))  # fmt: skip
    reach = radius + rng.uniform(0.020, 0.038)
    slope = np.linspace([-0.82 * radius, 0, 0.45 * height], [-reach, 0, 0.98 * height], 3)
    spout = swept(slope, width=np.array([0.034, 0.026, 0.018]), thickness=0.018)
    if pick(rng, True, False):
        path = arch(1.55 * radius, rng.uniform(0.108, 0.125), 0.72 * height)
    else:
        path = wall_loop(outline, (0.12 * height, 0.84 * height), rng.uniform(0.036, 0.046),
                         squareness=3.0)  # fmt: skip
    handle = bow_handle(path, rng, width=rng.uniform(0.015, 0.022), thickness=0.012)
    return (
        make_part('body', [body], color, density=420),
        make_part('lid', [lid], color, density=0.4 * STEEL),
        make_part('knob', top, COLORS['black'], density=PLASTIC),
        make_part('handle', handle, COLORS['black'], density=PLASTIC),
        make_part('spout', spout, color, density=0.2 * STEEL),
    )


def build_pitcher(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a tall open pitcher, lip at -x, handle at +x."""
    radius, height = rng.uniform(0.040, 0.052), rng.uniform(0.130, 0.190)
    wall = rng.uniform(0.003, 0.005)
    kind = pick(rng, 'straight', 'flared', 'tapered', 'bulged', 'waisted')
    lip = height - 0.012
    outline = [(radius * share, z) for share, z in silhouette(kind, lip, depth=0.18)]
    body = hollow_wall([(r, r - wall, z) for r, z in outline], segments=10)
    bottom = revolve([(outline[0][0] - wall, 0.0), (outline[0][0] - wall, 0.007)])
    edge = outline[-1][0]
    rim = hollow_wall([(edge, edge - wall, lip), (edge + 0.002, edge - wall, height)], segments=10)
    pour = hull(np.array([[-edge - 0.016, 0, height], [-edge - 0.012, 0, height - 0.004],
                          *[[-edge + 0.004, y, z] for y in (-0.014, 0.014)
                            for z in (height - 0.024, height)]]))  # fmt: skip
    ends = (rng.uniform(0.14, 0.24) * height, rng.uniform(0.78, 0.88) * height)
    loop = wall_loop(outline, ends, rng.uniform(0.036, 0.044),
                     squareness=pick(rng, 2.0, 3.0, 5.0))  # fmt: skip
    handle = bow_handle(loop, rng, width=rng.uniform(0.013, 0.019), thickness=0.011)
    return (
        make_part('body', [*body, bottom], color, density=0.8 * CERAMIC),
        make_part('rim', [*rim, pour], color, density=0.8 * CERAMIC),
        make_part('handle', handle, color, density=0.8 * CERAMIC),
    )


def build_jug(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a detergent or milk jug: a flat body whose handle at +x bridges a hole."""
    wide, deep = rng.uniform(0.104, 0.126), rng.uniform(0.052, 0.070)
    half, top = rng.uniform(0.065, 0.090), rng.uniform(0.095, 0.115)
    foot = slab(rounded_rectangle((wide, deep), rng.uniform(0.010, 0.026)), 0.0, half, bevel=0.004)
    slim = wide - rng.uniform(0.058, 0.066)
    left = -wide / 2
    shoulder, cap_radius = half + top, rng.uniform(0.015, 0.021)
    axis_x = left + slim / 2 + 0.004
    outline = rounded_rectangle((slim, deep), 0.012)
    levels = [(0.96, half), (0.90, half + 0.7 * top)]
    corners = [np.insert(scale * outline, 2, z, axis=1) for scale, z in levels]
    chest = hull(np.concatenate([
        *[at + np.array([left + slim / 2, 0, 0]) for at in corners],
        ring(cap_radius, shoulder) + np.array([axis_x, 0, 0]),
    ]))  # fmt: skip
    neck = posed([revolve([(cap_radius - 0.002, 0.0), (cap_radius - 0.002, 0.012)])],
                 (axis_x, 0, shoulder - 0.002))  # fmt: skip
    cap = revolve([(cap_radius + 0.002, 0.0), (cap_radius + 0.002, 0.022), (cap_radius, 0.025)],
                  sections=pick(rng, 24, 12))  # fmt: skip
    path = np.array([
        [wide / 2 - 0.010, 0, half - 0.012], [wide / 2 - 0.009, 0, half + 0.25 * top],
        [wide / 2 - 0.013, 0, half + 0.62 * top], [wide / 2 - 0.030, 0, half + 0.85 * top],
        [axis_x + 0.006, 0, half + 0.90 * top],
    ])  # fmt: skip
    handle = swept(path, width=rng.uniform(0.020, 0.028), thickness=0.017)
    return (
        make_part('body', [foot, chest], color, density=520),
        make_part('neck', neck, color, density=PLASTIC),
        make_part('cap', posed([cap], (axis_x, 0, shoulder + 0.008)), COLORS['white'],
                  density=0.6 * PLASTIC),
        make_part('handle', handle, color, density=300),
    )  # fmt: skip


def build_ladle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a ladle: a hollow cup at +x on a handle that rises."""
    radius, deep = rng.uniform(0.026, 0.034), rng.uniform(0.022, 0.032)
    length, rise = rng.uniform(0.150, 0.180), rng.uniform(0.010, 0.040)
    wall = 0.0025
    cup = hollow_wall([(0.55 * radius, 0.4 * radius, 0.0), (0.9 * radius, 0.9 * radius - wall,
                       0.45 * deep), (radius, radius - wall, deep)], segments=8)  # fmt: skip
    bottom = revolve([(0.5 * radius, 0.0), (0.52 * radius, 0.003)])
    steps = np.linspace(0, 1, 6)[:, None]
    bend = rise * np.array([0.0, 0.35, 0.65, 0.85, 0.97, 1.0])[:, None] * [0, 0, 1.0]
    path = [-radius + 0.002, 0, deep - 0.005] - steps * [length, 0, 0] + bend
    width = np.array([0.011, 0.012, 0.015, 0.019, 0.021, 0.018]) * rng.uniform(0.9, 1.2)
    handle = swept(path, width=width, thickness=rng.uniform(0.010, 0.013))
    wooden = pick(rng, True, False)
    paint, density = (COLORS['brown'], WOOD) if wooden else (color, PLASTIC)
    return (
        make_part('handle', handle, paint, density=density),
        make_part('head', [*cup, bottom], paint if wooden else COLORS['silver'], density=density),
    )


_BY_HANDLE = {'handle-grasp': 'handle', 'lift': 'handle', 'use': 'handle', 'lift-up': 'handle'}

COOKWARE: dict[str, Family] = {
    'pot': Family(
        build=build_pot,
        mass_range_kg=(0.35, 0.80),
        affordances={'handle-grasp': 'handle', 'lift': 'handle', 'pull': 'knob',
                     'support': 'body'},
        colors=('silver', 'gray', 'red', 'blue', 'black', 'orange'),
    ),
    'kettle': Family(
        build=build_kettle,
        mass_range_kg=(0.45, 0.90),
        affordances={**_BY_HANDLE, 'hold': 'handle'},
        colors=('silver', 'red', 'blue', 'green', 'white', 'black'),
    ),
    'pitcher': Family(
        build=build_pitcher,
        mass_range_kg=(0.35, 0.90),
        affordances={**_BY_HANDLE, 'wrap-grasp': 'body', 'hold': 'body'},
    ),
    'jug': Family(
        build=build_jug,
        mass_range_kg=(0.40, 1.10),
        affordances={**_BY_HANDLE, 'twist': 'cap', 'wrap-grasp': 'body', 'hold': 'handle'},
    ),
    'ladle': Family(
        build=build_ladle,
        mass_range_kg=(0.05, 0.16),
        affordances={'handle-grasp': 'handle', 'use': 'handle', 'lift': 'handle',
                     'hold': 'handle'},
        colors=('black', 'red', 'blue', 'green', 'silver'),
    ),
}  # fmt: skip
"""Category -> family."""
