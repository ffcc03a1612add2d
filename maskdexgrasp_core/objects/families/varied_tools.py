"""More ways to shape tools and small things: other grips, heads, lengths and proportions."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.objects.families.tools import TOOLS, build_marker, build_power_drill
from maskdexgrasp_core.objects.family import (
    ALUMINIUM,
    COLORS,
    PLASTIC,
    STEEL,
    WOOD,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import Pieces, pick, posed
from maskdexgrasp_core.objects.shapes import hull, revolve_x, rounded_box, swept
from maskdexgrasp_core.objects.variation import rescaled

_METAL = COLORS['silver']
_GRIPS = (
    (1.0, 1.0, 1.0, 1.0, 0.92),
    (0.85, 1.1, 1.15, 1.0, 0.8),
    (1.2, 0.95, 1.1, 0.95, 0.85),
    (1.25, 1.1, 0.95, 0.85, 0.75),
    (0.85, 0.95, 1.05, 1.15, 1.0),
)
"""How wide a grip is from its end to its head, by style."""


def _grip(
    rng: np.random.Generator, length: float, width: float, thick: float, *, rise: float = 0.0
) -> Pieces:
    """Return a grip along x from 0 to `length` [m] that ends `rise` [m] higher."""
    steps = np.linspace(0, 1, 5)
    path = np.stack([length * steps, 0 * steps, rise * steps**2], axis=1)
    style = np.array(pick(rng, *_GRIPS))
    return swept(path, width=width * style, thickness=thick * style.clip(0.85, 1.1),
                 sections=pick(rng, 8, 12))  # fmt: skip


def build_hammer(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a hammer on its side: claw, ball, mallet or sledge head at +x."""
    length, girth = rng.uniform(0.170, 0.225), rng.uniform(0.024, 0.032)
    handle = _grip(rng, length, girth, 0.85 * girth)
    kind = pick(rng, 'claw', 'ball', 'mallet', 'sledge')
    size = rng.uniform(0.020, 0.026)
    wide = {'mallet': 1.9, 'sledge': 1.25}.get(kind, 1.0) * size
    reach = {'mallet': 0.036, 'sledge': 0.036}.get(kind, 0.044) * rng.uniform(0.85, 1.1)
    eye = rounded_box((wide, 0.032, wide), (length, 0, 0), bevel=0.003)
    face = revolve_x([(0.5 * wide, 0.010), (0.62 * wide, 0.6 * reach), (0.60 * wide, reach)],
                     sections=pick(rng, 16, 8))  # fmt: skip
    head = [eye, *posed([face], (length, 0, 0), angle_rad=np.pi / 2)]
    if kind == 'claw':
        path = np.array([[0.0, -0.012, 0], [-0.004, -0.032, 0], [-0.016, -0.050, 0]])
        claw = swept(path, width=0.9 * size, thickness=np.array([size, 0.011, 0.004]),
                     side=(0, 0, 1))  # fmt: skip
        head += posed(claw, (length, 0, 0))
    elif kind == 'ball':
        peen = revolve_x([(0.36 * size, 0.010), (0.5 * size, 0.026), (0.42 * size, 0.036),
                          (0.2 * size, 0.041)], sections=16)  # fmt: skip
        head += posed([peen], (length, 0, 0), angle_rad=-np.pi / 2)
    else:
        head += posed([face], (length, 0, 0), angle_rad=-np.pi / 2)
    soft = kind == 'mallet'
    return (
        make_part('handle', handle, color, density=WOOD),
        make_part('head', head, COLORS[pick(rng, 'black', 'brown')] if soft else _METAL,
                  density=1100 if soft else 0.75 * STEEL),
    )  # fmt: skip


def build_screwdriver(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a screwdriver: stubby to long, its handle turned, many-sided or a ball."""
    girth, grip = rng.uniform(0.012, 0.018), rng.uniform(0.060, 0.110)
    blade, thin = rng.uniform(0.045, 0.115), rng.uniform(0.0028, 0.0045)
    outline = pick(
        rng,
        [(0.75, 0.0), (1.0, 0.10), (1.0, 0.75), (0.78, 0.88), (0.70, 1.0)],
        [(0.80, 0.0), (1.10, 0.25), (0.85, 0.70), (0.95, 0.9), (0.75, 1.0)],
        [(0.95, 0.0), (1.0, 0.05), (0.85, 0.6), (0.70, 1.0)],
    )
    sections = pick(rng, 8, 8, 12)
    points = [(girth * share, grip * x) for share, x in outline]
    handle = [revolve_x(points[i : i + 2], sections=sections) for i in range(len(points) - 1)]
    shaft = revolve_x([(thin, grip - 0.005), (thin, grip + blade - 0.010)], sections=12)
    if pick(rng, True, False):
        tip = rounded_box((0.012, 0.008, 0.002), (grip + blade - 0.005, 0, 0), bevel=0.0003)
    else:
        tip = revolve_x([(thin, grip + blade - 0.011), (0.001, grip + blade)], sections=8)
    return (
        make_part('handle', handle, color, density=0.9 * PLASTIC),
        make_part('shaft', [shaft], _METAL, density=STEEL),
        make_part('tip', [tip], _METAL, density=STEEL),
    )


def build_knife(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a knife that lies flat: chef's, cleaver, paring or bread knife."""
    grip = rng.uniform(0.090, 0.118)
    depth, thick = rng.uniform(0.019, 0.028), rng.uniform(0.014, 0.020)
    kind = pick(rng, 'chef', 'cleaver', 'paring', 'bread')
    blade, heel, tip = {
        'chef': (rng.uniform(0.100, 0.125), 1.6, 0.1),
        'cleaver': (rng.uniform(0.085, 0.115), 2.3, 2.1),
        'paring': (rng.uniform(0.060, 0.080), 0.9, 0.1),
        'bread': (rng.uniform(0.105, 0.125), 1.15, 0.9),
    }[kind]
    back, end = depth / 2, grip + blade
    low = back - heel * depth
    outline = np.array([[grip - 0.004, back], [grip + 0.8 * blade, back],
                        [end, back - 0.2 * depth], [end - 0.02 * blade, back - tip * depth],
                        [grip + 0.7 * blade, back - 0.9 * heel * depth],
                        [grip + 0.004, low]])  # fmt: skip
    plate = [np.column_stack([outline, np.full(6, z)]) for z in (-0.001, 0.001)]
    return (
        make_part('handle', _grip(rng, grip, depth, thick), color, density=1.2 * PLASTIC),
        make_part('blade', [hull(np.concatenate(plate))], _METAL, density=STEEL),
    )


def build_flashlight(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a torch that lies on its flats: slim or fat, head flared, straight or long."""
    girth, length = rng.uniform(0.0125, 0.0215), rng.uniform(0.085, 0.145)
    wide = girth * rng.uniform(1.12, 1.65)
    head_length, cone = rng.uniform(0.026, 0.046), rng.uniform(0.006, 0.022)
    tube = revolve_x([(0.88 * girth, 0.0), (girth, 0.004), (girth, length)],
                     sections=pick(rng, 24, 12, 8))  # fmt: skip
    start = length + cone
    neck = revolve_x([(girth, length - 0.002), (wide, start)], sections=12)
    head = revolve_x([(wide, start), (wide, start + head_length)], sections=12)
    end = start + head_length
    lens = revolve_x([(0.85 * wide, end - 0.001), (0.85 * wide, end + 0.001)])
    switch = rounded_box((0.020, 0.011, 0.006), (0.72 * length, 0, girth), bevel=0.0015)
    return (
        make_part('body', [tube], color, density=0.5 * ALUMINIUM),
        make_part('head', [neck, head], pick(rng, color, COLORS['black'], _METAL),
                  density=0.4 * ALUMINIUM),
        make_part('lens', [lens], (0.85, 0.92, 0.97), density=PLASTIC),
        make_part('switch', [switch], COLORS['gray'], density=PLASTIC),
    )  # fmt: skip


def build_spoon(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a spoon, from a short scoop to a long stirrer; its head hollowed, oval or round."""
    grip, scoop = rng.uniform(0.105, 0.180), rng.uniform(0.048, 0.070)
    width = scoop * rng.uniform(0.62, 0.95)
    handle = _grip(rng, grip + 0.006, rng.uniform(0.015, 0.021), rng.uniform(0.010, 0.014),
                   rise=rng.uniform(0.0, 0.012))  # fmt: skip
    deep = rng.uniform(0.009, 0.018)
    floor = hull(np.concatenate([_oval(scoop * s, width * s, z)
                                 for s, z in ((0.55, 0.0), (0.80, 0.003))]))  # fmt: skip
    walls = []
    for index in range(8):
        corners = [
            np.roll(_oval(scoop * s, width * s, z), -2 * index, axis=0)[:3]
            for s, z in ((0.80, 0.0), (0.62, 0.003), (1.0, deep), (0.90, deep))
        ]
        walls.append(hull(np.concatenate(corners)))
    head = posed([floor, *walls], (grip + 0.46 * scoop, 0, rng.uniform(-0.006, 0.0)))
    paint, density = pick(rng, (color, WOOD), (COLORS['black'], PLASTIC), (_METAL, 0.4 * STEEL))
    return (
        make_part('handle', handle, paint, density=density),
        make_part('head', head, paint, density=density),
    )


def _oval(length: float, width: float, height: float) -> np.ndarray:
    """Return a sixteen-cornered ellipse (16, 3) at a height [m]."""
    angles = np.arange(16) * np.pi / 8
    return np.stack([length / 2 * np.cos(angles), width / 2 * np.sin(angles), 0 * angles + height],
                    axis=1)  # fmt: skip


def build_spatula(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a turner or a scraper: blade square, round or slim, level or bent up."""
    grip, blade = rng.uniform(0.120, 0.165), rng.uniform(0.060, 0.085)
    width = rng.uniform(0.042, 0.075)
    handle = _grip(rng, grip, rng.uniform(0.016, 0.023), rng.uniform(0.011, 0.015),
                   rise=rng.uniform(0.0, 0.018))  # fmt: skip
    tip = pick(rng, 1.0, 0.7, 1.15)
    outline = np.array(
        [
            [-0.010, 0.008],
            [0.022, width / 2],
            [blade, tip * width / 2],
            [blade + 0.1 * width, 0.3 * width],
            [blade + 0.1 * width, -0.3 * width],
            [blade, -tip * width / 2],
            [0.022, -width / 2],
            [-0.010, -0.008],
        ]
    )
    thick = rng.uniform(0.003, 0.006)
    plate = [np.column_stack([outline, np.full(8, z)]) for z in (-thick / 2, thick / 2)]
    rise = handle[-1].bounds[1][2] - rng.uniform(0.006, 0.010)
    head = posed([hull(np.concatenate(plate))], (grip, 0, rise), axis=(0, 1, 0),
                 angle_rad=rng.uniform(0.0, 0.20))  # fmt: skip
    paint = pick(rng, color, COLORS['black'], COLORS['brown'], _METAL)
    return (
        make_part('handle', handle, color, density=PLASTIC),
        make_part('head', head, paint, density=PLASTIC),
    )


VARIED_TOOLS: dict[str, Family] = {
    'hammer': replace(TOOLS['hammer'], build=build_hammer, mass_range_kg=(0.22, 0.60)),
    'screwdriver': replace(
        TOOLS['screwdriver'], build=build_screwdriver, mass_range_kg=(0.04, 0.16)
    ),
    'knife': replace(TOOLS['knife'], build=build_knife, mass_range_kg=(0.05, 0.20)),
    'power_drill': replace(
        TOOLS['power_drill'],
        build=rescaled(build_power_drill, size=(0.88, 1.06), long=(0.88, 1.12)),
        mass_range_kg=(0.55, 1.10),
    ),
    'flashlight': replace(TOOLS['flashlight'], build=build_flashlight, mass_range_kg=(0.08, 0.30)),
    'marker': replace(
        TOOLS['marker'],
        build=rescaled(build_marker, size=(0.90, 1.40), long=(0.65, 0.95)),
        mass_range_kg=(0.012, 0.050),
    ),
    'spoon': replace(
        TOOLS['spoon'], build=build_spoon, colors=('brown', 'red', 'blue', 'green', 'yellow')
    ),
    'spatula': replace(TOOLS['spatula'], build=build_spatula),
}
"""Category -> family of its later members."""
