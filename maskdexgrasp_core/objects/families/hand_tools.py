"""Flat tools that lie along x: scissors, wrench, crowbar, pliers."""

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
from maskdexgrasp_core.objects.outlines import Pieces, pick, posed, rounded_rectangle, slab
from maskdexgrasp_core.objects.shapes import hollow_wall, hull, revolve, swept
from maskdexgrasp_core.types import Array

_METAL = COLORS['silver']


def _plate(corners: list[tuple[float, float]], low: float, high: float) -> Array:
    """Return the corners (2 N, 3) of a convex outline in xy between two heights [m]."""
    outline = np.asarray(corners)
    return np.concatenate([np.column_stack([outline, np.full(len(outline), z)])
                           for z in (low, high)])  # fmt: skip


def build_scissors(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build closed scissors that lie flat: blades to +x, two rings at -x."""
    blade, broad = rng.uniform(0.060, 0.105), rng.uniform(0.012, 0.018)
    reach, spread = rng.uniform(0.048, 0.062), rng.uniform(0.0265, 0.031)
    tall = rng.uniform(0.010, 0.015)
    thick, radius = rng.uniform(0.0055, 0.008), rng.uniform(0.0165, 0.0195)
    ring = hollow_wall([(radius + thick, radius, 0.0), (radius + thick, radius, tall)],
                       segments=10)  # fmt: skip
    handles: list[trimesh.Trimesh] = []
    blades: list[trimesh.Trimesh] = []
    long = pick(rng, (1.25, 1.25), (1.5, 1.2), (1.0, 1.0))
    for index, sign in enumerate((1, -1)):
        center = -reach - 0.3 * radius * long[index]
        handles += posed(ring, (center, sign * spread, 0), scale=(long[index], 1.0, 1.0))
        path = np.array([[0.012, -sign * 0.004, tall / 2], [-0.45 * reach, sign * 0.30 * spread,
                         tall / 2], [center + long[index] * radius + 0.004, sign * 0.75 * spread,
                         tall / 2]])  # fmt: skip
        handles += swept(path, width=0.8 * tall, thickness=np.array([0.010, 0.010, 0.009]),
                         side=(0, 0, 1))  # fmt: skip
        low = tall / 2 + (0.0 if sign > 0 else -0.0025)
        outline = [(-0.006, -0.35 * sign * broad), (0.010, -0.55 * sign * broad),
                   (blade, 0.10 * sign * broad), (0.7 * blade, 0.42 * sign * broad),
                   (0.0, 0.5 * sign * broad)]  # fmt: skip
        blades.append(hull(_plate(outline, low, low + 0.0025)))
    screw = posed([revolve([(0.005, 0.0), (0.0045, 0.008)], sections=12)],
                  (0.004, 0, tall / 2 - 0.004))  # fmt: skip
    return (
        make_part('handle', handles, color, density=PLASTIC),
        make_part('blade', [*blades, *screw], _METAL, density=STEEL),
    )


def _jaw(rng: np.random.Generator, radius: float, mouth: float, tall: float) -> Pieces:
    """Return an open-end head about the origin whose mouth opens to +x: a root and two jaws."""
    root = [
        (-radius, -0.45 * radius),
        (-0.45 * radius, -radius),
        (-0.1 * radius, -radius),
        (-0.1 * radius, radius),
        (-0.45 * radius, radius),
        (-radius, 0.45 * radius),
    ]
    jaws = []
    tip = rng.uniform(0.80, 1.05) * radius
    for sign in (-1, 1):
        jaws.append(
            [
                (-0.11 * radius, sign * mouth / 2),
                (tip, sign * mouth / 2),
                (tip, sign * 0.62 * radius),
                (0.35 * radius, sign * radius),
                (-0.11 * radius, sign * radius),
            ]
        )
    return tuple(hull(_plate(outline, -tall / 2, tall / 2)) for outline in (root, *jaws))


def build_wrench(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a wrench: an open end at +x, and a ring, an open end or a plain end at -x."""
    length, width = rng.uniform(0.110, 0.150), rng.uniform(0.019, 0.027)
    tall = rng.uniform(0.0105, 0.0145)
    waist = pick(rng, [1.0, 1.0, 1.0, 1.0], [1.15, 0.92, 0.92, 1.15], [1.2, 1.05, 0.95, 0.85])
    path = np.linspace([-length / 2, 0, 0], [length / 2, 0, 0], 4)
    handle = swept(path, width=width * np.array(waist), thickness=0.85 * tall,
                   sections=pick(rng, 8, 4))  # fmt: skip
    radius = rng.uniform(0.019, 0.026)
    tilt = pick(rng, 0.0, 0.26)
    head = [*posed(_jaw(rng, radius, rng.uniform(0.60, 0.85) * radius, tall),
                   (length / 2 + 0.8 * radius, 0, 0), angle_rad=tilt)]  # fmt: skip
    end = pick(rng, 'ring', 'open', 'plain')
    if end == 'open':
        small = 0.85 * radius
        head += posed(_jaw(rng, small, 0.65 * small, tall), (-length / 2 - 0.8 * small, 0, 0),
                      angle_rad=np.pi + tilt)  # fmt: skip
    elif end == 'ring':
        eye = 0.80 * radius
        head += posed(hollow_wall([(eye, 0.58 * eye, -tall / 2), (eye, 0.58 * eye, tall / 2)],
                                  segments=8), (-length / 2 - 0.85 * eye, 0, 0))  # fmt: skip
    paint = pick(rng, color, _METAL)
    return (
        make_part('handle', handle, paint, density=0.8 * STEEL),
        make_part('head', head, _METAL, density=0.8 * STEEL),
    )


def build_crowbar(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a short crowbar on its side: a straight handle, a hook at +x, a chisel at -x."""
    length, girth = rng.uniform(0.120, 0.155), rng.uniform(0.0155, 0.021)
    path = np.linspace([0.0, 0, 0], [length, 0, 0], 4)
    handle = swept(path, width=girth, thickness=girth, sections=pick(rng, 8, 12))
    bend, radius = rng.uniform(1.7, 2.7), rng.uniform(0.018, 0.026)
    turn = np.linspace(0, bend, 5)
    curve = np.stack([length + radius * np.sin(turn), radius * (1 - np.cos(turn)), 0 * turn],
                     axis=1)  # fmt: skip
    claw = curve[-1] + rng.uniform(0.012, 0.024) * np.array([np.cos(bend), np.sin(bend), 0])
    hook = swept(np.vstack([curve, claw]), width=girth * np.array([1, 1, 1, 1.1, 1.3, 1.5]),
                 thickness=girth * np.array([1, 1, 0.95, 0.8, 0.6, 0.25]),
                 side=(0, 0, 1))  # fmt: skip
    chisel = swept(np.array([[0.002, 0, 0], [-0.022, 0.003, 0], [-0.040, 0.010, 0]]),
                   width=girth * np.array([1.0, 1.25, 1.5]),
                   thickness=girth * np.array([1.0, 0.6, 0.2]), side=(0, 0, 1))  # fmt: skip
    return (
        make_part('handle', handle, color, density=STEEL),
        make_part('hook', hook, color, density=STEEL),
        make_part('tip', chisel, pick(rng, color, _METAL), density=STEEL),
    )


def build_pliers(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build pliers that lie flat: jaws to +x, two bowed handles to -x."""
    reach, apart = rng.uniform(0.095, 0.125), rng.uniform(0.030, 0.044)
    girth = rng.uniform(0.012, 0.016)
    steps = np.array([0.0, 0.16, 0.38, 0.62, 0.84, 1.0])
    bow = np.array(pick(rng, [0.16, 0.62, 0.95, 1.0, 0.92, 0.85],
                        [0.16, 0.5, 0.78, 0.92, 1.0, 1.0],
                        [0.16, 0.75, 1.0, 0.95, 0.82, 0.95]))  # fmt: skip
    handles: list[trimesh.Trimesh] = []
    for sign in (-1, 1):
        path = np.stack([-reach * steps, sign * apart / 2 * bow, 0 * steps], axis=1)
        width = girth * np.array([0.85, 0.95, 1.0, 1.0, 1.05, 0.9])
        handles += swept(path, width=width, thickness=girth, side=(0, 0, 1))
    jaw, broad = rng.uniform(0.035, 0.065), rng.uniform(0.018, 0.026)
    slim = pick(rng, 0.9, 0.55, 0.25)
    tall = 0.85 * girth
    half = [
        hull(
            _plate(
                [
                    (0.004, 0.0006),
                    (jaw, 0.0006),
                    (jaw, slim * broad / 2),
                    (0.35 * jaw, broad / 2),
                    (0.004, broad / 2),
                ],
                -tall / 2,
                tall / 2,
            )
        )
    ]
    joint = revolve([(0.5 * broad, -0.5 * girth), (0.5 * broad, 0.5 * girth)], sections=16)
    mirrored = posed(half, axis=(1, 0, 0), angle_rad=np.pi)
    root = slab(rounded_rectangle((0.026, 0.9 * broad), 0.004), -tall / 2, tall / 2)
    return (
        make_part('handle', handles, color, density=1.4 * PLASTIC),
        make_part('head', [*half, *mirrored, joint, root], _METAL, density=STEEL),
    )


_BY_HANDLE = {'handle-grasp': 'handle', 'use': 'handle', 'lift': 'handle', 'hold': 'handle'}

HAND_TOOLS: dict[str, Family] = {
    'scissors': Family(
        build=build_scissors,
        mass_range_kg=(0.06, 0.18),
        affordances=_BY_HANDLE,
        colors=('black', 'red', 'orange', 'blue', 'green', 'purple', 'gray'),
    ),
    'wrench': Family(
        build=build_wrench,
        mass_range_kg=(0.15, 0.45),
        affordances={**_BY_HANDLE, 'lever': 'handle'},
        colors=('silver', 'gray', 'red', 'blue', 'black'),
    ),
    'crowbar': Family(
        build=build_crowbar,
        mass_range_kg=(0.30, 0.70),
        affordances={**_BY_HANDLE, 'lever': 'handle', 'pull': 'handle'},
        colors=('red', 'blue', 'black', 'yellow', 'gray'),
    ),
    'pliers': Family(
        build=build_pliers,
        mass_range_kg=(0.15, 0.35),
        affordances=_BY_HANDLE,
        colors=('red', 'blue', 'orange', 'yellow', 'green', 'black'),
    ),
}  # fmt: skip
"""Category -> family."""
