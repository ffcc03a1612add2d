"""More ways to shape closed containers and packets: round or square, slim or squat."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.objects.families.containers import CONTAINERS
from maskdexgrasp_core.objects.family import COLORS, PLASTIC, Color, Family, make_part
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import (
    Pieces,
    pick,
    rounded_rectangle,
    silhouette,
    slab,
    turned,
)
from maskdexgrasp_core.objects.shapes import hull, revolve, ring, rounded_box, swept


def _belly(rng: np.random.Generator, radius: float, height: float) -> tuple[Pieces, float]:
    """Return a container's lower part and half its narrow width at the top [m]."""
    kind = pick(rng, 'round', 'round', 'square', 'flat')
    if kind == 'round':
        shape = silhouette(
            pick(rng, 'straight', 'straight', 'tapered', 'bulged', 'waisted', 'flared'),
            height, depth=rng.uniform(0.08, 0.20),
        )  # fmt: skip
        body = turned([(radius * share, z) for share, z in shape])
        return body, radius * shape[-1][0]
    deep = radius * (1.0 if kind == 'square' else rng.uniform(0.62, 0.80))
    outline = rounded_rectangle((2 * radius, 2 * deep), rng.uniform(0.15, 0.55) * deep)
    return (slab(outline, 0.0, height, bevel=0.003),), deep


def build_bottle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a bottle: round, square or flat, slim or squat, with a long or a short neck."""
    radius, height = rng.uniform(0.027, 0.040), rng.uniform(0.080, 0.150)
    belly, top = _belly(rng, radius, height)
    neck, rise = rng.uniform(0.011, 0.0165), rng.uniform(0.015, 0.055)
    neck_start = height + rise
    round_out = rng.uniform(0.55, 0.95)
    middle = neck + round_out * (top - neck)
    upper = hull(np.concatenate([
        np.asarray(belly[-1].vertices)[np.asarray(belly[-1].vertices)[:, 2] > height - 1e-6],
        ring(middle, height + 0.45 * rise), ring(1.05 * neck, neck_start),
    ]))  # fmt: skip
    long = rng.uniform(0.006, 0.040)
    throat = revolve([(neck, neck_start - 0.004), (neck, neck_start + long + 0.002)])
    wide, tall = neck + rng.uniform(0.002, 0.006), rng.uniform(0.019, 0.032)
    cap_z = neck_start + long
    cap = revolve([(wide, cap_z), (wide, cap_z + 0.9 * tall), (0.85 * wide, cap_z + tall)],
                  sections=pick(rng, 24, 12))  # fmt: skip
    paint = COLORS[pick(rng, 'white', 'black', 'red', 'blue', 'silver')]
    return (
        make_part('body', [*belly, upper], color, density=480),
        make_part('neck', [throat], color, density=480),
        make_part('cap', [cap], paint, density=0.5 * PLASTIC),
    )


def build_jar(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a jar, low or tall, round or square, with a broad lid."""
    radius, height = rng.uniform(0.026, 0.042), rng.uniform(0.045, 0.110)
    belly, top = _belly(rng, radius, height)
    edge = top * rng.uniform(0.86, 0.99)
    shoulder = revolve([(edge, height - 0.001), (0.93 * edge, height + rng.uniform(0.003, 0.010))])
    start, tall = shoulder.bounds[1][2], rng.uniform(0.015, 0.026)
    lid = revolve([(edge, start - 0.001), (edge, start + 0.85 * tall),
                   (0.94 * edge, start + tall)], sections=pick(rng, 24, 12, 32))  # fmt: skip
    paint = COLORS[pick(rng, 'silver', 'white', 'red', 'green', 'yellow', 'black')]
    return (
        make_part('body', [*belly, shoulder], color, density=880),
        make_part('lid', [lid], paint, density=330),
    )


def build_can(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a can: slim and tall as a drink, flat as fish, broad as soup, round or oval."""
    radius, height = pick(
        rng,
        (rng.uniform(0.026, 0.034), rng.uniform(0.110, 0.160)),
        (rng.uniform(0.034, 0.043), rng.uniform(0.038, 0.060)),
        (rng.uniform(0.033, 0.041), rng.uniform(0.080, 0.115)),
    )
    flat = (1.0, pick(rng, 1.0, 1.0, 1.0, 0.68))
    chamfer = rng.uniform(0.003, 0.008)
    body = revolve([(radius, chamfer), (radius, height - chamfer)], stretch=flat)
    bottom = revolve([(0.88 * radius, 0.0), (radius, chamfer)], stretch=flat)
    lid = revolve([(radius, height - chamfer), (0.90 * radius, height)], stretch=flat)
    metal = COLORS[pick(rng, 'silver', 'silver', 'yellow')]
    return (
        make_part('body', [body], color, density=930),
        make_part('bottom', [bottom], metal, density=930),
        make_part('lid', [lid], metal, density=930),
    )


def build_spray_bottle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a sprayer: body of any outline; the trigger under its head is long enough to pinch."""
    radius, body_top = rng.uniform(0.031, 0.040), rng.uniform(0.095, 0.140)
    shoulder = rng.uniform(0.62, 0.85) * body_top
    belly, _ = _belly(rng, radius, shoulder)
    rest = np.asarray(belly[-1].vertices)
    taper = hull(np.concatenate([rest[rest[:, 2] > shoulder - 1e-6], ring(0.016, body_top)]))
    neck_top = body_top + rng.uniform(0.030, 0.044)
    neck = revolve([(0.015, body_top - 0.004), (0.0135, neck_top)])
    long, tall = rng.uniform(0.062, 0.085), rng.uniform(0.022, 0.030)
    head_z = neck_top + 0.4 * tall
    head = rounded_box((long, 0.026, tall), (0.14 * long, 0, head_z), bevel=pick(rng, 3e-3, 9e-3))
    front = 0.64 * long
    nozzle = rounded_box((0.018, 0.018, 0.018), (front + 0.006, 0, head_z + 0.001))
    lean, drop = rng.uniform(0.006, 0.018), rng.uniform(0.048, 0.060)
    path = np.array([[front - 0.016, 0, neck_top], [front - 0.013, 0, neck_top - 0.5 * drop],
                     [front - 0.013 + lean, 0, neck_top - drop]])  # fmt: skip
    trigger = swept(path, width=rng.uniform(0.015, 0.019), thickness=0.011)
    white = COLORS[pick(rng, 'white', 'black', 'gray')]
    accent = COLORS[pick(rng, 'red', 'blue', 'orange', 'white')]
    return (
        make_part('body', [*belly, taper], color, density=560),
        make_part('neck', [neck], white, density=0.5 * PLASTIC),
        make_part('head', [head], white, density=0.4 * PLASTIC),
        make_part('nozzle', [nozzle], accent, density=0.4 * PLASTIC),
        make_part('trigger', trigger, accent, density=PLASTIC),
    )


VARIED_CONTAINERS: dict[str, Family] = {
    'bottle': replace(CONTAINERS['bottle'], build=build_bottle, mass_range_kg=(0.12, 0.60)),
    'jar': replace(CONTAINERS['jar'], build=build_jar, mass_range_kg=(0.10, 0.55)),
    'can': replace(CONTAINERS['can'], build=build_can, mass_range_kg=(0.14, 0.50)),
    'spray_bottle': replace(
        CONTAINERS['spray_bottle'], build=build_spray_bottle, mass_range_kg=(0.18, 0.55)
    ),
}
"""Category -> family of its later members."""
