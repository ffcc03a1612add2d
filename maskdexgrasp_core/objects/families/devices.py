"""Things with a button or a screen: dispenser, buzzer, clock, stapler, mouse, phone, laptop."""

import numpy as np
import trimesh

from maskdexgrasp_core.objects.family import (
    COLORS,
    PLASTIC,
    STEEL,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.outlines import (
    pick,
    posed,
    rounded_rectangle,
    silhouette,
    slab,
    turned,
)
from maskdexgrasp_core.objects.shapes import hull, revolve, revolve_x, ring, rounded_box, swept

_DARK = (0.2, 0.2, 0.22)


def build_soap_dispenser(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a soap dispenser: round, oval or square body, and a pump head with a spout to +x."""
    radius, height = rng.uniform(0.030, 0.038), rng.uniform(0.085, 0.130)
    kind = pick(rng, 'round', 'oval', 'square')
    if kind == 'square':
        outline = rounded_rectangle((1.9 * radius, 1.9 * radius), 0.010)
        body = [slab(outline, 0.0, height, bevel=0.004)]
    else:
        flat = (1.0, 1.0 if kind == 'round' else rng.uniform(0.68, 0.80))
        shape = silhouette(pick(rng, 'straight', 'tapered', 'bulged', 'flared'), height, depth=0.2)
        body = [*turned([(radius * share, z) for share, z in shape], stretch=flat)]
    top = body[-1].bounds[1][:2].min()
    shoulder = revolve([(0.92 * top, height - 0.001), (0.017, height + rng.uniform(0.006, 0.018))])
    collar_z = shoulder.bounds[1][2]
    collar = revolve([(0.017, collar_z - 0.002), (0.016, collar_z + 0.010)])
    stem = revolve([(0.006, collar_z + 0.008), (0.006, collar_z + 0.026)], sections=12)
    base_z = collar_z + 0.024
    cap_radius, cap_height = rng.uniform(0.0155, 0.020), rng.uniform(0.019, 0.026)
    cap = revolve([(0.9 * cap_radius, base_z), (cap_radius, base_z + 0.004),
                   (cap_radius * pick(rng, 1.0, 0.85), base_z + cap_height)])  # fmt: skip
    reach, drop = rng.uniform(0.034, 0.048), rng.uniform(0.000, 0.010)
    path = np.array([[0.006, 0, base_z + 0.60 * cap_height],
                     [0.75 * reach, 0, base_z + 0.55 * cap_height],
                     [reach, 0, base_z + 0.45 * cap_height - drop]])  # fmt: skip
    spout = swept(path, width=np.array([0.015, 0.012, 0.010]), thickness=0.010)
    white = pick(rng, COLORS['white'], COLORS['silver'], COLORS['black'])
    return (
        make_part('body', [*body, shoulder], color, density=700),
        make_part('neck', [collar, stem], white, density=0.5 * PLASTIC),
        make_part('head', [cap, *spout], white, density=0.5 * PLASTIC),
    )


def build_buzzer(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a buzzer or a desk bell: a base and a large button that stands up from it."""
    radius, height = rng.uniform(0.034, 0.044), rng.uniform(0.026, 0.042)
    if pick(rng, True, False):
        base = [slab(rounded_rectangle((2 * radius, 2 * radius), 0.008), 0.0, height, bevel=0.002)]
    else:
        base = [*turned([(radius, 0.0), (radius, 0.5 * height), (0.88 * radius, height)])]
    wide, tall = rng.uniform(0.021, 0.82 * radius - 0.003), rng.uniform(0.031, 0.042)
    outline = pick(
        rng,
        [(1.0, 0.0), (1.0, 0.72), (0.85, 0.9), (0.45, 1.0)],
        [(1.0, 0.0), (1.0, 0.85), (0.9, 1.0)],
        [(0.72, 0.0), (0.72, 0.35), (1.0, 0.45), (1.0, 0.88), (0.7, 1.0)],
    )
    button = turned([(wide * share, height - 0.001 + tall * z) for share, z in outline])
    dark = pick(rng, COLORS['black'], COLORS['white'], COLORS['gray'])
    return (
        make_part('button', button, color, density=0.5 * PLASTIC),
        make_part('base', base, dark, density=1.1 * PLASTIC),
    )


def build_alarm_clock(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build an alarm clock, dial at +x, round on two feet or square; its button is on top."""
    half, deep = rng.uniform(0.036, 0.048), rng.uniform(0.034, 0.050)
    feet: list[trimesh.Trimesh] = []
    if pick(rng, True, False):
        body = posed([revolve_x([(0.94 * half, -deep / 2), (half, -0.3 * deep),
                                 (half, deep / 2)])], (0, 0, half + 0.008))  # fmt: skip
        feet = [
            rounded_box((0.8 * deep, 0.012, 0.026), (0, sign * 0.55 * half, 0.013))
            for sign in (-1, 1)
        ]
        top, dial = 2 * half + 0.007, revolve_x([(0.86 * half, 0), (0.86 * half, 0.002)])
        dial = posed([dial], (deep / 2 - 0.001, 0, half + 0.008))[0]
    else:
        wide, tall = 2 * half * rng.uniform(0.95, 1.3), 2 * half * rng.uniform(0.72, 0.95)
        body = (rounded_box((deep, wide, tall), (0, 0, tall / 2), bevel=0.006),)
        top = tall - 0.001
        dial = rounded_box((0.002, 0.82 * wide, 0.7 * tall), (deep / 2, 0, tall / 2), bevel=4e-4)
    size = rng.uniform(0.020, 0.028), rng.uniform(0.030, 0.052)
    tall = rng.uniform(0.030, 0.040)
    if pick(rng, True, False):
        button = rounded_box((size[0], size[1], tall), (0, 0, tall / 2), bevel=0.004)
    else:
        button = revolve([(0.85 * size[0], 0.0), (0.85 * size[0], 0.7 * tall),
                          (0.6 * size[0], tall)])  # fmt: skip
    paint = pick(rng, COLORS['red'], COLORS['silver'], COLORS['yellow'], COLORS['black'])
    return (
        make_part('body', [*body, *feet], color, density=650),
        make_part('dial', [dial], COLORS['white'], density=PLASTIC),
        make_part('button', posed([button], (0, 0, top)), paint, density=0.4 * PLASTIC),
    )


def build_stapler(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a stapler along x: a flat base, a hinge at -x and the arm that is pressed."""
    length, width = rng.uniform(0.105, 0.150), rng.uniform(0.024, 0.034)
    thick, tall = rng.uniform(0.008, 0.012), rng.uniform(0.020, 0.028)
    base = slab(rounded_rectangle((length, 1.1 * width), 0.3 * width), 0.0, thick, bevel=0.002)
    hinge = rounded_box((0.024, 0.8 * width, 0.024), (-length / 2 + 0.016, 0, thick + 0.008))
    nose = pick(rng, 0.95, 0.75)
    x = np.linspace(-length / 2 + 0.004, length / 2 - 0.004, 5)
    low = np.array([0.0, 0.0, 0.0, 0.0, 0.002])
    high = tall * np.array([0.72, 0.95, 1.0, 0.92, 0.55])
    half = width / 2 * np.array([0.85, 1.0, 1.0, nose, 0.8 * nose])
    frames = [
        np.array([[x[i], sign * half[i] * side, z] for sign in (-1, 1)
                  for side, z in ((1.0, low[i]), (1.0, 0.7 * high[i]), (0.7, high[i]))])
        for i in range(5)
    ]  # fmt: skip
    arm = [hull(np.concatenate(frames[i : i + 2])) for i in range(4)]
    lifted = posed(arm, (0, 0, thick + 0.014), axis=(0, 1, 0), angle_rad=-rng.uniform(0.05, 0.14))
    return (
        make_part('arm', lifted, color, density=0.9 * PLASTIC),
        make_part('base', [base, hinge], pick(rng, color, COLORS['black'], COLORS['gray']),
                  density=0.35 * STEEL),
    )  # fmt: skip


def build_mouse(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a computer mouse; the front half of its shell, at +x, is the button."""
    long, wide = rng.uniform(0.048, 0.060), rng.uniform(0.028, 0.035)
    tall, skirt = rng.uniform(0.030, 0.042), 0.009
    shape = [(0.93, 0.0), (1.0, 0.25), (0.93, 0.6), (0.68, 0.88), (0.35, 1.0)]
    split, gap = rng.uniform(-0.05, 0.15) * long, 0.0006
    arch_at = -pick(rng, 0.0, 0.12) * long

    def shell(low: float, keep: int) -> trimesh.Trimesh:
        """Hull of the rings above `low`, cut at the split: keep = 1 front, -1 back, 0 all."""
        points = []
        for share, z in [(0.98, low / tall), *[level for level in shape if level[1] > low / tall]]:
            oval = ring(share * wide, z * tall, sections=32, stretch=(long / wide, 1.0))
            if keep:
                oval[:, 0] = np.where(keep * (oval[:, 0] - split) < gap, split + keep * gap,
                                      oval[:, 0])  # fmt: skip
            oval[:, 0] += arch_at * z
            points.append(oval)
        return hull(np.concatenate(points))

    foot = revolve([(0.93 * wide, 0.0), (wide, skirt)], stretch=(long / wide, 1.0))
    wheel = posed([revolve_x([(0.008, -0.004), (0.008, 0.004)], sections=16)],
                  (split + 0.45 * long, 0, 0.80 * tall), angle_rad=np.pi / 2)  # fmt: skip
    paint = pick(rng, color, color, _DARK)
    return (
        make_part('body', [foot, shell(skirt, -1)], color, density=480),
        make_part('button', [shell(skirt, 1)], paint, density=480),
        make_part('wheel', wheel, COLORS['gray'], density=PLASTIC),
    )


def build_phone(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a phone that lies on its back along x, from slim and large to small and thick."""
    long, wide = rng.uniform(0.115, 0.160), rng.uniform(0.054, 0.076)
    thick = rng.uniform(0.009, 0.020)
    corner = rng.uniform(0.004, 0.014)
    body = slab(rounded_rectangle((long, wide), corner), 0.0, thick, bevel=0.0015)
    share = pick(rng, 0.95, 0.88, 0.55)
    shift = pick(rng, 0.0, 1.0) * (0.95 - share) * long / 2
    screen = rounded_box((share * long, 0.90 * wide, 0.0012), (shift, 0, thick), bevel=0.0004)
    parts = [
        make_part('body', [body], color, density=1500),
        make_part('screen', [screen], (0.07, 0.08, 0.12), density=2000),
    ]
    if share < 0.6:
        rest = 0.90 * long * (1 - share) / 2
        keys = [
            rounded_box((0.22 * rest, 0.22 * wide, 0.0016),
                        (shift - share * long / 2 - rest * (0.25 + 0.28 * i), y * wide, thick),
                        bevel=0.0005)
            for i in range(3)
            for y in (-0.28, 0.0, 0.28)
        ]  # fmt: skip
        parts.append(make_part('keys', keys, COLORS['gray'], density=PLASTIC))
    return tuple(parts)


def build_laptop(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a small open laptop: base on the table, screen leaning back at -x."""
    deep, wide = rng.uniform(0.120, 0.150), rng.uniform(0.175, 0.225)
    thick, lid = rng.uniform(0.014, 0.022), rng.uniform(0.009, 0.013)
    base = rounded_box((deep, wide, thick), (0, 0, thick / 2), bevel=rng.uniform(0.001, 0.005))
    keys = rounded_box((0.48 * deep, 0.88 * wide, 0.002), (-0.12 * deep, 0, thick), bevel=0.0005)
    tall = deep * rng.uniform(0.85, 0.98)
    lean = rng.uniform(0.10, 0.45)
    panel = rounded_box((lid, wide, tall), (0, 0, tall / 2), bevel=0.003)
    glass = rounded_box((0.0015, 0.90 * wide, 0.82 * tall), (lid / 2, 0, 0.53 * tall), bevel=5e-4)
    hinge = (-deep / 2 + lid / 2, 0, thick - 0.002)
    panel, glass = posed([panel, glass], hinge, axis=(0, 1, 0), angle_rad=-lean)
    return (
        make_part('base', [base], color, density=1500),
        make_part('keys', [keys], (0.15, 0.15, 0.17), density=PLASTIC),
        make_part('screen', [panel], color, density=900),
        make_part('display', [glass], (0.10, 0.16, 0.30), density=900),
    )


DEVICES: dict[str, Family] = {
    'soap_dispenser': Family(
        build=build_soap_dispenser,
        mass_range_kg=(0.15, 0.50),
        affordances={'press': 'head', 'use': 'head', 'wrap-grasp': 'body', 'hold': 'body',
                     'lift': 'body'},
    ),
    'buzzer': Family(
        build=build_buzzer,
        mass_range_kg=(0.08, 0.25),
        affordances={'press': 'button', 'use': 'button', 'hold': 'base', 'lift': 'base'},
        colors=('red', 'blue', 'green', 'yellow', 'orange'),
    ),
    'alarm_clock': Family(
        build=build_alarm_clock,
        mass_range_kg=(0.12, 0.35),
        affordances={'press': 'button', 'hold': 'body', 'lift': 'body'},
    ),
    'stapler': Family(
        build=build_stapler,
        mass_range_kg=(0.12, 0.30),
        affordances={'press': 'arm', 'use': 'arm', 'hold': 'arm', 'lift': 'arm'},
        colors=('black', 'red', 'blue', 'gray', 'green'),
    ),
    'mouse': Family(
        build=build_mouse,
        mass_range_kg=(0.07, 0.14),
        affordances={'press': 'button', 'use': 'body', 'hold': 'body', 'lift': 'body'},
        colors=('black', 'white', 'gray', 'red', 'blue', 'purple'),
    ),
    'phone': Family(
        build=build_phone,
        mass_range_kg=(0.12, 0.25),
        affordances={'use': 'body', 'hold': 'body', 'lift': 'body', 'support': 'body'},
        colors=('black', 'white', 'gray', 'silver', 'blue', 'red'),
    ),
    'laptop': Family(
        build=build_laptop,
        mass_range_kg=(0.60, 1.10),
        affordances={'support': 'base', 'hold': 'base', 'lift-up': 'base', 'pull': 'screen'},
        colors=('silver', 'gray', 'black', 'white'),
    ),
}  # fmt: skip
"""Category -> family."""
