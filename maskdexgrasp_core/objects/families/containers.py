"""Closed containers: bottle, jar, can and spray bottle. Densities include the contents."""

import numpy as np

from maskdexgrasp_core.objects.family import COLORS, PLASTIC, Color, Family, make_part
from maskdexgrasp_core.objects.model import Part
from maskdexgrasp_core.objects.shapes import hull, revolve, ring, rounded_box, swept


def build_bottle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a drinking bottle, half full: body with shoulder, neck and screw cap."""
    radius, height = rng.uniform(0.030, 0.034), rng.uniform(0.185, 0.215)
    shoulder, neck = 0.68 * height, rng.uniform(0.012, 0.015)
    neck_start, cap_start = 0.84 * height, height - 0.024
    body = revolve([(0.92 * radius, 0.0), (radius, 0.005), (radius, shoulder)])
    rise = neck_start - shoulder
    upper = revolve(
        [
            (radius, shoulder),
            (0.85 * radius, shoulder + 0.45 * rise),
            (1.1 * neck, neck_start),
        ]
    )
    throat = revolve([(neck, neck_start - 0.004), (neck, cap_start)])
    cap = revolve([(neck + 0.003, cap_start), (neck + 0.003, height - 0.002), (neck, height)])
    return (
        make_part('body', [body, upper], color, density=480),
        make_part('neck', [throat], color, density=480),
        make_part('cap', [cap], COLORS['white'], density=0.5 * PLASTIC),
    )


def build_jar(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a jam jar with a coloured screw lid."""
    radius, height = rng.uniform(0.031, 0.035), rng.uniform(0.090, 0.105)
    lid_start = height - 0.017
    glass = revolve(
        [(0.93 * radius, 0.0), (radius, 0.005), (radius, lid_start - 0.010),
         (0.90 * radius, lid_start)]
    )  # fmt: skip
    edge = 0.95 * radius
    lid = revolve([(edge, lid_start), (edge, height - 0.002), (edge - 0.002, height)])
    return (
        make_part('body', [glass], color, density=920),
        make_part('lid', [lid], COLORS['silver'], density=300),
    )


def build_can(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a full drink or soup can with seamed ends."""
    radius, height = rng.uniform(0.0315, 0.0335), rng.uniform(0.108, 0.122)
    body = revolve([(radius, 0.006), (radius, height - 0.006)])
    bottom = revolve([(0.86 * radius, 0.0), (radius, 0.006)])
    lid = revolve([(radius, height - 0.006), (0.88 * radius, height)])
    return (
        make_part('body', [body], color, density=930),
        make_part('bottom', [bottom], COLORS['silver'], density=930),
        make_part('lid', [lid], COLORS['silver'], density=930),
    )


def build_spray_bottle(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a trigger sprayer: oval body, neck to grip, head whose nozzle points along +x."""
    radius, body_top = rng.uniform(0.034, 0.038), rng.uniform(0.125, 0.145)
    flat = (1.0, 0.76)
    shoulder = 0.78 * body_top
    body = revolve([(0.95 * radius, 0.0), (radius, 0.004), (radius, shoulder)], stretch=flat)
    taper = hull(
        np.concatenate([ring(radius, shoulder, stretch=flat), ring(0.016, body_top + 0.004)])
    )
    neck_top = body_top + 0.040
    neck = revolve([(0.015, body_top), (0.014, neck_top)])
    head = rounded_box((0.075, 0.026, 0.028), (0.010, 0, neck_top + 0.010), bevel=0.006)
    nozzle = rounded_box((0.016, 0.018, 0.018), (0.053, 0, neck_top + 0.012))
    path = np.array(
        [[0.034, 0, neck_top], [0.037, 0, neck_top - 0.022], [0.046, 0, neck_top - 0.044]]
    )
    trigger = swept(path, width=0.014, thickness=0.008)
    white = COLORS['white']
    return (
        make_part('body', [body, taper], color, density=560),
        make_part('neck', [neck], white, density=0.5 * PLASTIC),
        make_part('head', [head], white, density=0.4 * PLASTIC),
        make_part('nozzle', [nozzle], COLORS['red'], density=0.4 * PLASTIC),
        make_part('trigger', trigger, COLORS['red'], density=PLASTIC),
    )


CONTAINERS: dict[str, Family] = {
    'bottle': Family(
        build=build_bottle,
        mass_range_kg=(0.20, 0.50),
        affordances={
            'wrap-grasp': 'body', 'lift': 'body', 'hold': 'body', 'use': 'body', 'twist': 'cap',
        },
    ),
    'jar': Family(
        build=build_jar,
        mass_range_kg=(0.25, 0.40),
        affordances={'wrap-grasp': 'body', 'lift': 'body', 'hold': 'body', 'twist': 'lid'},
        colors=('red', 'orange', 'yellow', 'purple', 'green', 'brown'),
    ),
    'can': Family(
        build=build_can,
        mass_range_kg=(0.33, 0.40),
        affordances={'wrap-grasp': 'body', 'lift': 'body', 'hold': 'body', 'lift-up': 'body'},
    ),
    'spray_bottle': Family(
        build=build_spray_bottle,
        mass_range_kg=(0.25, 0.50),
        affordances={
            'press': 'trigger', 'use': 'neck', 'wrap-grasp': 'body', 'hold': 'body',
            'lift': 'body',
        },
    ),
}  # fmt: skip
"""Category -> family."""
