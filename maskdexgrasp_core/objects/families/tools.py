"""Tools, lying on the table along x unless they stand: hammer to spatula."""

import numpy as np

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
from maskdexgrasp_core.objects.shapes import hull, moved, revolve, revolve_x, rounded_box, swept

_METAL = COLORS['silver']


def build_hammer(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a claw hammer on its side; the head is at +x and carries most of the weight."""
    length, girth = rng.uniform(0.22, 0.27), rng.uniform(0.013, 0.015)
    grip_end = 0.5 * length
    grip = revolve_x(
        [(0.8 * girth, 0.0), (girth, 0.008), (1.05 * girth, 0.5 * grip_end), (girth, grip_end)],
        sections=12, stretch=(1.0, 0.85),
    )  # fmt: skip
    shaft = revolve_x([(0.8 * girth, grip_end - 0.004), (0.7 * girth, length)], sections=12)
    size = rng.uniform(0.022, 0.025)
    eye = rounded_box((size, 0.034, size), (length, 0, 0))
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    face_along = [(0.55 * size, 0.012), (0.5 * size, 0.030), (0.62 * size, 0.034),
                  (0.62 * size, 0.046)]  # fmt: skip
    face = [
        hull(revolve_x(face_along[i : i + 2]).vertices @ turn + [length, 0, 0]) for i in (0, 2)
    ]
    claw_path = np.array([[0.0, 0.012, 0], [-0.004, 0.034, 0], [-0.016, 0.052, 0]])
    claw = swept(
        claw_path + np.array([length, 0, 0]), width=0.9 * size,
        thickness=np.array([size, 0.011, 0.004]), side=(0, 0, 1),
    )  # fmt: skip
    return (
        make_part('handle', [grip, shaft], color, density=WOOD),
        make_part('head', [eye, *face, *claw], _METAL, density=0.85 * STEEL),
    )


def build_screwdriver(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a screwdriver: a fat eight-sided handle that does not roll far, blade along +x."""
    girth, grip = rng.uniform(0.0125, 0.015), rng.uniform(0.09, 0.105)
    blade, thin = rng.uniform(0.08, 0.11), rng.uniform(0.0028, 0.0035)
    handle = revolve_x(
        [(0.75 * girth, 0.0), (girth, 0.010), (girth, grip - 0.025), (0.8 * girth, grip - 0.012)],
        sections=8,
    )
    collar = revolve_x([(0.62 * girth, grip - 0.014), (0.62 * girth, grip)])
    shaft = revolve_x([(thin, grip - 0.005), (thin, grip + blade - 0.010)], sections=12)
    tip = rounded_box((0.012, 0.007, 0.002), (grip + blade - 0.005, 0, 0), bevel=0.0003)
    return (
        make_part('handle', [handle, collar], color, density=0.9 * PLASTIC),
        make_part('shaft', [shaft], _METAL, density=STEEL),
        make_part('tip', [tip], _METAL, density=STEEL),
    )


def build_knife(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a kitchen knife that lies flat, blade along +x."""
    grip, blade = rng.uniform(0.105, 0.120), rng.uniform(0.10, 0.13)
    depth, thick = rng.uniform(0.020, 0.025), rng.uniform(0.016, 0.019)
    path = np.linspace([0.0, 0, 0], [grip, 0, 0], 4)
    handle = swept(path, width=np.array([0.9, 1.05, 0.95, 0.8]) * depth, thickness=thick)
    back = depth / 2
    outline = np.array(
        [[grip - 0.004, back], [grip + blade * 0.75, back], [grip + blade, 0.1 * back],
         [grip + blade * 0.8, -0.75 * back], [grip - 0.004, -1.2 * back]]
    )  # fmt: skip
    half = 0.001
    plate = [np.column_stack([outline, np.full(5, z)]) for z in (-half, half)]
    return (
        make_part('handle', handle, color, density=1.2 * PLASTIC),
        make_part('blade', [hull(np.concatenate(plate))], _METAL, density=STEEL),
    )


def build_power_drill(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a compact cordless drill that stands on its battery, chuck along +x."""
    grip, slim = rng.uniform(0.085, 0.095), rng.uniform(0.016, 0.018)
    base, axis = 0.035, 0.035 + grip + 0.018
    black = COLORS['black']
    battery = rounded_box((0.095, 0.064, base), (0.012, 0, base / 2), bevel=0.005)
    handle_path = np.array([[0.006, 0, base - 0.003], [-0.012, 0, base + grip]])
    handle = swept(handle_path, width=2 * slim, thickness=2.2 * slim, sections=12)
    motor = moved(
        revolve_x([(0.022, -0.062), (0.027, -0.050), (0.027, 0.030), (0.022, 0.045)]),
        (0, 0, axis),
    )
    chuck = moved(revolve_x([(0.020, 0.044), (0.020, 0.062), (0.011, 0.082)]), (0, 0, axis))
    bit = moved(revolve_x([(0.003, 0.080), (0.002, 0.110)], sections=12), (0, 0, axis))
    trigger = rounded_box((0.014, 0.014, 0.026), (0.016, 0, axis - 0.034))
    return (
        make_part('body', [motor], color, density=1500),
        make_part('handle', handle, color, density=0.8 * PLASTIC),
        make_part('battery', [battery], black, density=1500),
        make_part('trigger', [trigger], black, density=PLASTIC),
        make_part('chuck', [chuck], COLORS['gray'], density=0.5 * STEEL),
        make_part('bit', [bit], _METAL, density=STEEL),
    )


def build_flashlight(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a torch that lies on its flats, lamp at +x."""
    girth, length = rng.uniform(0.0165, 0.0185), rng.uniform(0.13, 0.16)
    wide = girth + rng.uniform(0.003, 0.005)
    tube = revolve_x([(0.9 * girth, 0.0), (girth, 0.004), (girth, length - 0.040)])
    cone = revolve_x([(girth, length - 0.042), (wide, length - 0.026)], sections=12)
    head = revolve_x([(wide, length - 0.026), (wide, length)], sections=12)
    lens = revolve_x([(0.85 * wide, length - 0.001), (0.85 * wide, length + 0.001)])
    switch = rounded_box((0.018, 0.010, 0.005), (length - 0.060, 0, girth), bevel=0.0015)
    return (
        make_part('body', [tube], color, density=0.5 * ALUMINIUM),
        make_part('head', [cone, head], color, density=0.4 * ALUMINIUM),
        make_part('lens', [lens], (0.85, 0.92, 0.97), density=PLASTIC),
        make_part('switch', [switch], COLORS['gray'], density=PLASTIC),
    )


def build_marker(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a felt pen with its cap on, cap at +x."""
    girth, length = rng.uniform(0.0075, 0.009), rng.uniform(0.125, 0.14)
    joint = 0.64 * length
    barrel = revolve_x([(0.85 * girth, 0.0), (0.95 * girth, 0.003), (0.95 * girth, joint)])
    cap = revolve_x([(girth, joint), (girth, length - 0.003), (0.85 * girth, length)])
    clip = rounded_box((0.034, 0.005, 0.004), (joint + 0.020, 0, girth), bevel=0.001)
    return (
        make_part('cap', [cap, clip], color, density=0.7 * PLASTIC),
        make_part('body', [barrel], COLORS['white'], density=0.7 * PLASTIC),
    )


def _utensil_handle(length: float, rng: np.random.Generator) -> tuple:
    path = np.linspace([0.0, 0, 0], [length, 0, 0.004], 4)
    width = np.array([0.017, 0.019, 0.014, 0.010]) * rng.uniform(0.95, 1.1)
    return swept(path, width=width, thickness=np.array([0.011, 0.012, 0.010, 0.007]))


def build_spoon(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a wooden cooking spoon, scoop at +x."""
    grip, scoop = rng.uniform(0.17, 0.20), rng.uniform(0.060, 0.068)
    width = 0.7 * scoop
    center = grip + 0.45 * scoop
    rings = [(0.62, -0.006), (0.9, 0.0), (1.0, 0.008)]
    outline = [(scale * width / 2, z) for scale, z in rings]
    bowl = moved(revolve(outline, stretch=(scoop / width, 1.0)), (center, 0, 0))
    return (
        make_part('handle', _utensil_handle(grip + 0.004, rng), color, density=WOOD),
        make_part('head', [bowl], color, density=WOOD),
    )


def build_spatula(rng: np.random.Generator, color: Color) -> tuple[Part, ...]:
    """Build a kitchen turner, blade at +x."""
    grip, blade = rng.uniform(0.17, 0.20), rng.uniform(0.085, 0.10)
    width = rng.uniform(0.060, 0.070)
    outline = np.array(
        [[grip - 0.008, 0.007], [grip + 0.022, width / 2], [grip + blade, width / 2],
         [grip + blade, -width / 2], [grip + 0.022, -width / 2], [grip - 0.008, -0.007]]
    )  # fmt: skip
    plate = [np.column_stack([outline, np.full(6, z)]) for z in (0.0, 0.0035)]
    return (
        make_part('handle', _utensil_handle(grip, rng), color, density=PLASTIC),
        make_part('head', [hull(np.concatenate(plate))], COLORS['black'], density=PLASTIC),
    )


_TOOL_USE = {'handle-grasp': 'handle', 'use': 'handle', 'lift': 'handle', 'hold': 'handle'}

TOOLS: dict[str, Family] = {
    'hammer': Family(
        build=build_hammer,
        mass_range_kg=(0.30, 0.50),
        affordances={**_TOOL_USE, 'lever': 'handle', 'lift-up': 'handle'},
        colors=('brown', 'yellow', 'red', 'blue', 'black'),
    ),
    'screwdriver': Family(
        build=build_screwdriver,
        mass_range_kg=(0.06, 0.11),
        affordances={**_TOOL_USE, 'twist': 'handle'},
    ),
    'knife': Family(
        build=build_knife,
        mass_range_kg=(0.06, 0.12),
        affordances=_TOOL_USE,
        colors=('black', 'brown', 'red', 'blue', 'white'),
    ),
    'power_drill': Family(
        build=build_power_drill,
        mass_range_kg=(0.70, 1.00),
        affordances={**_TOOL_USE, 'twist': 'chuck'},
        colors=('yellow', 'green', 'red', 'blue', 'orange'),
    ),
    'flashlight': Family(
        build=build_flashlight,
        mass_range_kg=(0.12, 0.25),
        affordances={
            'use': 'body', 'lift': 'body', 'hold': 'body', 'wrap-grasp': 'body',
            'twist': 'head',
        },
    ),
    'marker': Family(
        build=build_marker,
        mass_range_kg=(0.015, 0.030),
        affordances={'use': 'body', 'lift': 'body', 'hold': 'body', 'pull': 'cap'},
        colors=('red', 'blue', 'green', 'black', 'orange', 'purple'),
    ),
    'spoon': Family(
        build=build_spoon,
        mass_range_kg=(0.03, 0.06),
        affordances=_TOOL_USE,
        colors=('brown',),
    ),
    'spatula': Family(
        build=build_spatula,
        mass_range_kg=(0.05, 0.10),
        affordances=_TOOL_USE,
    ),
}  # fmt: skip
"""Category -> family."""
