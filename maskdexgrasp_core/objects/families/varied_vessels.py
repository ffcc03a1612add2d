"""More ways to shape the vessels: sizes, silhouettes and handles that the first members lack."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.objects.families.vessels import VESSELS
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
    bow_handle,
    knob,
    pick,
    posed,
    silhouette,
    wall_loop,
)
from maskdexgrasp_core.objects.shapes import hollow_wall, revolve, swept


def build_mug(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a mug: straight, conical, bulged or waisted, with a ring, ear or D for a handle."""
    radius, height = rng.uniform(0.033, 0.046), rng.uniform(0.072, 0.118)
    wall, base = rng.uniform(0.003, 0.0055), 0.006
    kind = pick(rng, 'straight', 'flared', 'tapered', 'bulged', 'waisted')
    lip = height - 0.007
    outline = [
        (radius * share, z) for share, z in silhouette(kind, lip, depth=rng.uniform(0.10, 0.25))
    ]
    segments = 12 if len(outline) == 2 else 10
    body = hollow_wall([(r, r - wall, z) for r, z in outline], segments=segments)
    bottom = revolve([(outline[0][0] - wall, 0.0), (outline[0][0] - wall, base)])
    edge = outline[-1][0]
    rim = hollow_wall([(edge, edge - wall, lip), (edge - 0.001, edge - wall, height)],
                      segments=segments)  # fmt: skip
    low, high = rng.uniform(0.08, 0.20) * height, rng.uniform(0.80, 0.90) * height
    loop = wall_loop(outline, (low, high), rng.uniform(0.033, 0.042),
                     squareness=pick(rng, 2.0, 2.6, 5.0))  # fmt: skip
    handle = bow_handle(loop, rng, width=rng.uniform(0.009, 0.017),
                        thickness=rng.uniform(0.0075, 0.0105))  # fmt: skip
    paint = pick(rng, color, color, color, COLORS['white'])
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, paint, density=CERAMIC),
        make_part('handle', handle, paint, density=CERAMIC),
    )


def build_cup(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a tumbler or a small beaker of any silhouette."""
    radius, height = rng.uniform(0.029, 0.043), rng.uniform(0.065, 0.150)
    kind = pick(rng, 'straight', 'flared', 'flared', 'bulged', 'waisted')
    wall, lip = rng.uniform(0.0022, 0.0045), height - 0.010
    outline = [
        (radius * share, z) for share, z in silhouette(kind, lip, depth=rng.uniform(0.12, 0.32))
    ]
    segments = pick(rng, 12, 12, 6) if len(outline) == 2 else 12
    body = hollow_wall([(r, r - wall, z) for r, z in outline], segments=segments)
    bottom = revolve([(outline[0][0] - wall, 0.0),
                      (outline[0][0] - wall, 0.008)])  # fmt: skip
    edge = outline[-1][0]
    flare = 0.001 if kind == 'flared' else 0.0
    rim = hollow_wall([(edge, edge - wall, lip), (edge + flare, edge + flare - wall, height)],
                      segments=segments)  # fmt: skip
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, pick(rng, color, color, COLORS['white']), density=CERAMIC),
    )


def build_bowl(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a bowl, shallow to deep, round-bellied or conical."""
    radius, height = rng.uniform(0.050, 0.085), rng.uniform(0.036, 0.078)
    wall, lip = rng.uniform(0.003, 0.005), height - 0.010
    foot = radius * rng.uniform(0.40, 0.65)
    power = pick(rng, 0.5, 0.65, 1.0)
    levels = np.array([0.0, 0.3, 1.0]) if power < 1 else np.array([0.0, 1.0])
    outer = foot + (radius - foot) * (1 - (1 - levels * lip / height) ** 2) ** power
    segments = pick(rng, 12, 14)
    body = hollow_wall([(r, r - wall, float(z)) for r, z in zip(outer, levels * lip, strict=True)],
                       segments=segments)  # fmt: skip
    bottom = revolve([(foot - wall, 0.0), (foot - wall, 0.005)])
    edge = float(outer[-1])
    turn_out = edge + pick(rng, 0.001, 0.005)
    rim = hollow_wall([(edge, edge - wall, lip), (turn_out, turn_out - wall, height)],
                      segments=segments)  # fmt: skip
    return (
        make_part('body', [*body, bottom], color, density=CERAMIC),
        make_part('rim', rim, pick(rng, color, color, COLORS['white']), density=CERAMIC),
    )


def build_pan(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a pan or a saucepan: flat to deep, its handle straight or bowed."""
    radius, height = rng.uniform(0.050, 0.080), rng.uniform(0.026, 0.068)
    wall, foot = 0.003, radius * rng.uniform(0.78, 0.98)
    length, rise = rng.uniform(0.100, 0.130), rng.uniform(-0.004, 0.036)
    body = hollow_wall([(foot, foot - wall, 0.0), (radius, radius - wall, height)], segments=14)
    bottom = revolve([(foot - wall, 0.0), (foot - wall, 0.005)], sections=28)
    steps = np.linspace(0, 1, 5)
    bow = pick(rng, 0.0, 0.010, -0.006) * np.sin(np.pi * steps)
    path = np.stack([radius - 0.005 + length * steps, 0 * steps,
                     height - 0.010 + rise * steps + bow], axis=1)  # fmt: skip
    along = pick(rng, [0.7, 0.9, 1.0, 1.05, 0.9], [0.8, 0.8, 0.8, 0.8, 0.8],
                 [1.0, 0.8, 0.85, 1.1, 1.1])  # fmt: skip
    handle = swept(path, width=rng.uniform(0.019, 0.026) * np.array(along),
                   thickness=rng.uniform(0.012, 0.018), sections=pick(rng, 8, 12))  # fmt: skip
    paint, density = pick(
        rng, (COLORS['black'], PLASTIC), (COLORS['brown'], WOOD), (color, 0.1 * STEEL)
    )
    return (
        make_part('body', [*body, bottom], color, density=ALUMINIUM),
        make_part('handle', handle, paint, density=density),
    )


def build_teapot(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a teapot, squat to tall, round to conical, with a knob that two fingers can hold."""
    radius, height = rng.uniform(0.042, 0.056), rng.uniform(0.065, 0.105)
    kind = pick(rng, 'bulged', 'bulged', 'tapered', 'straight')
    depth = rng.uniform(0.25, 0.45)
    shape = [(1 - depth * (2 * s - 1) ** 2, s * height) for s in np.linspace(0, 1, 7)]
    shape = shape if kind == 'bulged' else silhouette(kind, height, depth=depth)
    outline = [(radius * float(share), float(z)) for share, z in shape]
    body = revolve(outline)
    top = outline[-1][0]
    lid = revolve([(0.9 * top, height - 0.001), (0.6 * top, height + rng.uniform(0.005, 0.014))])
    cover = lid.bounds[1][2]
    grip = posed(knob(rng, rng.uniform(0.012, 0.017), rng.uniform(0.028, 0.036)),
                 (0, 0, cover - 0.001))  # fmt: skip
    loop = wall_loop(outline, (0.14 * height, rng.uniform(0.82, 0.92) * height),
                     rng.uniform(0.036, 0.044), squareness=pick(rng, 2.0, 3.0, 5.0))  # fmt: skip
    handle = bow_handle(loop, rng, width=rng.uniform(0.011, 0.016), thickness=0.010)
    out = radius + rng.uniform(0.022, 0.042)
    line = np.array([[-0.78 * radius, 0, 0.35 * height], [-0.6 * out - 0.4 * radius, 0,
                     0.50 * height], [-out, 0, rng.uniform(0.85, 1.05) * height]])  # fmt: skip
    spout = swept(line, width=np.array([0.026, 0.018, 0.013]), thickness=0.016)
    hollow = 0.36 * CERAMIC
    return (
        make_part('body', [body], color, density=hollow),
        make_part('lid', [lid, *grip], pick(rng, color, COLORS['white']), density=0.6 * CERAMIC),
        make_part('handle', handle, color, density=CERAMIC),
        make_part('spout', spout, color, density=0.5 * CERAMIC),
    )


VARIED_VESSELS: dict[str, Family] = {
    'mug': replace(VESSELS['mug'], build=build_mug, mass_range_kg=(0.16, 0.45)),
    'cup': replace(VESSELS['cup'], build=build_cup, mass_range_kg=(0.08, 0.32)),
    'bowl': replace(VESSELS['bowl'], build=build_bowl, mass_range_kg=(0.14, 0.42)),
    'pan': replace(VESSELS['pan'], build=build_pan),
    'teapot': replace(VESSELS['teapot'], build=build_teapot, mass_range_kg=(0.28, 0.70)),
}
"""Category -> family of its later members."""
