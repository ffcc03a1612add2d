"""Open vessels, really hollow: mug, cup, bowl, pan and teapot."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    ALUMINIUM,
    CERAMIC,
    COLORS,
    PLASTIC,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.shapes import hollow_wall, revolve, swept
from maskdexgrasp_core.types import Array


def _loop(attach_x: float, low: float, high: float, reach: float, *, legs: int = 8) -> Array:
    """Return (legs + 1, 3) points of a half ellipse in the xz plane, from `high` to `low`."""
    angles = np.linspace(np.pi / 2, -np.pi / 2, legs + 1)
    bulge = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.7
    return np.stack(
        [
            attach_x + reach * bulge,
            np.zeros(legs + 1),
            (low + high) / 2 + (high - low) / 2 * np.sin(angles),
        ],
        axis=1,
    )


def build_mug(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a straight mug; its handle points along +x and leaves room for a 16 mm finger."""
    radius, height = rng.uniform(0.036, 0.042), rng.uniform(0.088, 0.102)
    wall, base = rng.uniform(0.0035, 0.0045), 0.006
    lip = height - 0.006
    body = hollow_wall([(radius, radius - wall, 0.0), (radius, radius - wall, lip)])
    bottom = revolve([(radius - wall, 0.0), (radius - wall, base)])
    rim = hollow_wall([(radius, radius - wall, lip), (radius - 0.001, radius - wall, height)])
    loop = _loop(radius - 0.002, 0.2 * height, 0.84 * height, rng.uniform(0.034, 0.038))
    handle = swept(loop, width=rng.uniform(0.012, 0.015), thickness=0.009)
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, color, density=CERAMIC),
        make_part('handle', handle, color, density=CERAMIC),
    )


def build_cup(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a tumbler without handle that widens to the top."""
    low, height = rng.uniform(0.026, 0.030), rng.uniform(0.090, 0.120)
    top, wall = low + rng.uniform(0.006, 0.009), 0.003
    lip = height - 0.008
    mid = low + (top - low) * lip / height
    body = hollow_wall([(low, low - wall, 0.0), (mid, mid - wall, lip)])
    bottom = revolve([(low - wall, 0.0), (low - wall, 0.008)])
    rim = hollow_wall([(mid, mid - wall, lip), (top, top - wall, height)])
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, color, density=CERAMIC),
    )


def build_bowl(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a round bowl on a flat foot."""
    radius, height = rng.uniform(0.060, 0.072), rng.uniform(0.050, 0.062)
    wall, foot, lip = 0.004, 0.5 * radius, height - 0.008
    levels = np.array([0.0, 0.3, 1.0]) * lip
    outer = foot + (radius - foot) * np.sqrt(1 - (1 - levels / height) ** 2)
    body = hollow_wall([(r, r - wall, float(z)) for r, z in zip(outer, levels, strict=True)])
    bottom = revolve([(foot - wall, 0.0), (foot - wall, 0.005)])
    edge = float(outer[-1])
    rim = hollow_wall([(edge, edge - wall, lip), (radius, radius - wall, height)])
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, color, density=CERAMIC),
    )


def build_pan(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small frying pan; its handle points along +x and rises a little."""
    radius, height, wall = rng.uniform(0.070, 0.080), rng.uniform(0.035, 0.042), 0.003
    foot, length = 0.86 * radius, rng.uniform(0.13, 0.15)
    body = hollow_wall([(foot, foot - wall, 0.0), (radius, radius - wall, height)], segments=16)
    bottom = revolve([(foot - wall, 0.0), (foot - wall, 0.005)], sections=32)
    start = np.array([radius - 0.005, 0.0, height - 0.012])
    steps = np.linspace(0, 1, 4)[:, None]
    path = start + steps * np.array([length, 0, 0.030])
    handle = swept(path, width=np.array([0.016, 0.020, 0.024, 0.020]), thickness=0.016)
    return (
        make_part('body', [*body, bottom], color, density=ALUMINIUM),
        make_part('handle', handle, COLORS['black'], density=PLASTIC),
    )


def build_teapot(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small teapot: round body with lid and knob, handle at +x, spout at -x."""
    radius, height = rng.uniform(0.046, 0.052), rng.uniform(0.075, 0.085)
    levels = np.linspace(0, 1, 7)
    outline = [
        (radius * (0.7 + 0.3 * float(np.sin(np.pi * (0.1 + 0.8 * s)))), height * float(s))
        for s in levels
    ]
    body = revolve(outline)
    lid = revolve([(0.6 * radius, height - 0.001), (0.45 * radius, height + 0.008)])
    knob = revolve([(0.006, height + 0.006), (0.010, height + 0.014), (0.008, height + 0.020)])
    loop = _loop(0.93 * radius, 0.15 * height, 0.88 * height, rng.uniform(0.034, 0.040))
    handle = swept(loop, width=0.013, thickness=0.010)
    spout_path = np.array(
        [
            [-0.80 * radius, 0, 0.35 * height],
            [-1.35 * radius, 0, 0.55 * height],
            [-1.65 * radius, 0, 0.95 * height],
        ]
    )
    spout = swept(spout_path, width=np.array([0.026, 0.018, 0.013]), thickness=0.016)
    hollow = 0.36 * CERAMIC  # the body is one solid piece for contacts, but clay is a shell
    return (
        make_part('body', [body], color, density=hollow),
        make_part('lid', [lid, knob], color, density=CERAMIC),
        make_part('handle', handle, color, density=CERAMIC),
        make_part('spout', spout, color, density=0.5 * CERAMIC),
    )


VESSELS: dict[str, Family] = {
    'mug': Family(
        build=build_mug,
        mass_range_kg=(0.25, 0.35),
        affordances={
            'handle-grasp': 'handle', 'wrap-grasp': 'body', 'lift': 'handle', 'use': 'handle',
            'hold': 'body', 'lift-up': 'handle', 'support': 'body',
        },
    ),
    'cup': Family(
        build=build_cup,
        mass_range_kg=(0.12, 0.25),
        affordances={'wrap-grasp': 'body', 'lift': 'body', 'use': 'body', 'hold': 'body'},
    ),
    'bowl': Family(
        build=build_bowl,
        mass_range_kg=(0.20, 0.30),
        affordances={'lift': 'rim', 'support': 'body', 'hold': 'rim', 'lift-up': 'rim'},
    ),
    'pan': Family(
        build=build_pan,
        mass_range_kg=(0.25, 0.45),
        affordances={
            'handle-grasp': 'handle', 'lift': 'handle', 'use': 'handle', 'hold': 'handle',
            'lift-up': 'handle',
        },
        colors=('silver', 'gray', 'red', 'black'),
    ),
    'teapot': Family(
        build=build_teapot,
        mass_range_kg=(0.35, 0.60),
        affordances={
            'handle-grasp': 'handle', 'use': 'handle', 'lift': 'handle', 'pull': 'lid',
            'lift-up': 'handle',
        },
    ),
}  # fmt: skip
"""Category -> family."""
