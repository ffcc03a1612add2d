"""Compact things: box, ball, book, camera, banana, apple."""

import numpy as np

from maskdexgrasp_core.objects.family import (
    COLORS,
    FRUIT,
    PAPER,
    PLASTIC,
    WOOD,
    Color,
    Family,
    make_part,
)
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.shapes import moved, revolve, revolve_x, rounded_box, swept


def build_box(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build an upright packet, such as tea or rice."""
    depth, width = rng.uniform(0.038, 0.048), rng.uniform(0.055, 0.065)
    height = rng.uniform(0.13, 0.16)
    flap = 0.006
    body = rounded_box((depth, width, height - flap), (0, 0, (height - flap) / 2), bevel=0.001)
    lid = rounded_box((depth, width, flap), (0, 0, height - flap / 2), bevel=0.001)
    return (
        make_part('body', [body], color, density=600),
        make_part('lid', [lid], COLORS['white'], density=600),
    )


def build_ball(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a toy ball; a flat spot of 5 mm lets it rest, as a soft ball's own weight does."""
    radius = rng.uniform(0.033, 0.037)
    rest = 0.005 / radius
    latitudes = np.linspace(-np.pi / 2 + rest, np.pi / 2 - rest, 15)
    profile = [(radius * np.cos(a), radius * (1 + np.sin(a))) for a in latitudes]
    return (make_part('body', [revolve(profile, sections=32)], color, density=450),)


def build_book(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a closed paperback that lies flat, spine at -x."""
    length, width = rng.uniform(0.17, 0.19), rng.uniform(0.11, 0.13)
    thick, board = rng.uniform(0.018, 0.028), 0.002
    low = rounded_box((width, length, board), (0, 0, board / 2), bevel=0.0005)
    high = rounded_box((width, length, board), (0, 0, thick - board / 2), bevel=0.0005)
    spine = rounded_box((board, length, thick), (-width / 2 + board / 2, 0, thick / 2), bevel=5e-4)
    pages = rounded_box(
        (width - 0.006, length - 0.006, thick - 2 * board), (-0.001, 0, thick / 2), bevel=0.0005
    )
    return (
        make_part('cover', [low, high], color, density=PAPER),
        make_part('spine', [spine], color, density=PAPER),
        make_part('pages', [pages], COLORS['white'], density=PAPER),
    )


def build_camera(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a compact camera that stands on its base, lens along +x, grip at -y."""
    width, height = rng.uniform(0.100, 0.115), rng.uniform(0.062, 0.070)
    deep = rng.uniform(0.032, 0.036)
    body = rounded_box((deep, width, height), (0, 0, height / 2), bevel=0.004)
    grip = rounded_box(
        (0.016, 0.024, 0.86 * height), (deep / 2 + 0.006, -width / 2 + 0.014, height / 2),
        bevel=0.005,
    )  # fmt: skip
    front = deep / 2
    rings = [(0.027, front - 0.002), (0.026, front + 0.012)], [(0.023, front + 0.012),
             (0.022, front + 0.024)]  # fmt: skip
    lens = [moved(revolve_x(pair), (0, 0.010, 0.48 * height)) for pair in rings]
    glass = moved(
        revolve_x([(0.017, front + 0.0235), (0.017, front + 0.0245)]), (0, 0.010, 0.48 * height)
    )
    shutter = moved(revolve([(0.007, 0), (0.006, 0.005)]), (0.004, -width / 2 + 0.018, height))
    hump = rounded_box((0.028, 0.030, 0.010), (0, 0.010, height + 0.003), bevel=0.003)
    dark, tint = COLORS['gray'], (0.15, 0.18, 0.30)
    return (
        make_part('body', [body, hump], color, density=1000),
        make_part('grip', [grip], (0.2, 0.2, 0.2), density=1000),
        make_part('lens', lens, dark, density=1200),
        make_part('glass', [glass], tint, density=1200),
        make_part('shutter', [shutter], COLORS['silver'], density=PLASTIC),
    )


def build_banana(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a banana that lies on its side, bent about z."""
    bend, radius = rng.uniform(1.5, 1.9), rng.uniform(0.095, 0.110)
    angles = np.linspace(-bend / 2, bend / 2, 9)
    path = radius * np.stack([np.sin(angles), np.cos(angles), 0 * angles], axis=1)
    fat = rng.uniform(0.031, 0.036) * np.array([0.42, 0.8, 0.95, 1, 1, 1, 0.93, 0.72, 0.36])
    body = swept(path, width=fat, thickness=fat, side=(0, 0, 1), sections=12)
    along = np.array([np.cos(bend / 2), -np.sin(bend / 2), 0])
    stalk_path = np.stack([path[-1] - 0.002 * along, path[-1] + 0.022 * along])
    stalk = swept(stalk_path, width=0.011, thickness=0.011, side=(0, 0, 1))
    return (
        make_part('body', body, color, density=FRUIT),
        make_part('stem', stalk, COLORS['brown'], density=FRUIT),
    )


def build_apple(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build an apple with its stalk."""
    radius = rng.uniform(0.034, 0.038)
    latitudes = np.linspace(-1.15, 1.15, 11)
    profile = [
        (radius * np.cos(a) ** 0.8 * (1 + 0.06 * np.sin(a)), 0.95 * radius * (0.913 + np.sin(a)))
        for a in latitudes
    ]
    top = profile[-1][1]
    stem = revolve([(0.002, top - 0.004), (0.0025, top + 0.012)], sections=12)
    return (
        make_part('body', [revolve(profile)], color, density=0.85 * FRUIT),
        make_part('stem', [stem], COLORS['brown'], density=WOOD),
    )


_WHOLE = {'wrap-grasp': 'body', 'lift': 'body', 'hold': 'body', 'lift-up': 'body'}

SOLIDS: dict[str, Family] = {
    'box': Family(
        build=build_box,
        mass_range_kg=(0.15, 0.35),
        affordances=_WHOLE,
    ),
    'ball': Family(build=build_ball, mass_range_kg=(0.06, 0.10), affordances=_WHOLE),
    'book': Family(
        build=build_book,
        mass_range_kg=(0.20, 0.45),
        affordances={'lift': 'cover', 'hold': 'cover', 'support': 'cover'},
    ),
    'camera': Family(
        build=build_camera,
        mass_range_kg=(0.20, 0.35),
        affordances={'hold': 'body', 'use': 'body', 'lift': 'body', 'twist': 'lens'},
        colors=('black', 'silver', 'white', 'red'),
    ),
    'banana': Family(
        build=build_banana, mass_range_kg=(0.10, 0.18), affordances=_WHOLE, colors=('yellow',)
    ),
    'apple': Family(
        build=build_apple,
        mass_range_kg=(0.12, 0.20),
        affordances=_WHOLE,
        colors=('red', 'green', 'yellow'),
    ),
}  # fmt: skip
"""Category -> family."""
