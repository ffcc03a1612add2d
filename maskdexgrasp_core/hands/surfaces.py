"""Places contact candidates on the pads of fingers and spheres inside links.

Both come from the collision shapes of the URDF, so that a changed radius there is enough.
"""

from collections.abc import Sequence

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.urdf import RobotDescription, Shape
from maskdexgrasp_core.hands.spec import ContactCandidate, Sphere, Vector
from maskdexgrasp_core.types import Array


def _vector(values: Array) -> Vector:
    x, y, z = (round(float(v), 7) + 0.0 for v in values)
    return (x, y, z)


def inner_spheres(
    shapes: Sequence[Shape], *, max_radius: float, spacing: float = 1.35
) -> tuple[Sphere, ...]:
    """Fill shapes with balls that touch their walls from the inside.

    Args:
        shapes: Collision shapes.
        max_radius: Boxes and cylinders thicker than twice this get several layers [m].
        spacing: Largest distance of neighbours in radii; at 1.35 the hollows between two of
            them are 0.27 radii deep.

    Returns:
        Spheres in the order of the shapes; none sticks out of its shape.
    """
    spheres = []
    for shape in shapes:
        half, radius = _inner_box(shape, max_radius)
        counts = np.ceil(2 * half / (spacing * radius) - 1e-9).astype(int) + 1
        axes = [
            np.linspace(-h, h, n) if h > 0 else [0.0] for h, n in zip(half, counts, strict=True)
        ]
        grid = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1).reshape(-1, 3)
        centers = grid @ shape.T_link_shape[:3, :3].T + shape.T_link_shape[:3, 3]
        spheres += [Sphere(link=shape.link, center=_vector(c), radius=radius) for c in centers]
    return tuple(spheres)


def _inner_box(shape: Shape, max_radius: float) -> tuple[Array, float]:
    """Return half extents of the box of sphere centres, and the radius [m]."""
    if shape.kind == 'sphere':
        return np.zeros(3), shape.size[0]
    if shape.kind == 'capsule':
        return np.array([0.0, 0.0, shape.size[1] / 2]), shape.size[0]
    if shape.kind == 'cylinder':
        radius = min(shape.size[0], shape.size[1] / 2, max_radius)
        across = (shape.size[0] - radius) / np.sqrt(2.0)  # square within the round section
        return np.array([across, across, shape.size[1] / 2 - radius]), radius
    half = np.array(shape.size) / 2
    radius = min(float(half.min()), max_radius)
    return np.where(half - radius < 1e-9, 0.0, half - radius), radius


def finger_pads(
    description: RobotDescription,
    link: str,
    part: str,
    flexion_axis: Vector,
    *,
    fractions: Sequence[float],
    with_tip: bool = False,
    side_fractions: Sequence[float] = (),
) -> tuple[ContactCandidate, ...]:
    """Put candidates on the palmar side of a link that is a capsule.

    The pad is the side that moves ahead when the finger bends: flexion axis x finger axis.

    Args:
        description: The robot that holds the link.
        link: Name of the link.
        part: One of `PARTS`.
        flexion_axis: Axis of positive flexion in the link frame.
        fractions: Places along the capsule's axis, 0 at the base and 1 at the far end.
        with_tip: Adds points on the far cap, 35 and 70 degrees towards the tip.
        side_fractions: Places with two more points each, 40 degrees to either side.

    Raises:
        InvalidInputError: If the link has no capsule.
    """
    capsules = [s for s in description.collisions if s.link == link and s.kind == 'capsule']
    if not capsules:
        raise InvalidInputError(f'link {link!r} has no capsule to put pads on')
    pose, (radius, length) = capsules[0].T_link_shape, capsules[0].size
    along, middle = pose[:3, 2], pose[:3, 3]
    side = np.array(flexion_axis) / np.linalg.norm(flexion_axis)
    palmar = np.cross(side, along)
    palmar /= np.linalg.norm(palmar)
    places = [(f, palmar) for f in fractions]
    places += [
        (f, np.cos(0.7) * palmar + sign * np.sin(0.7) * side)
        for f in side_fractions
        for sign in (-1.0, 1.0)
    ]
    if with_tip:
        places += [(1.0, np.cos(a) * palmar + np.sin(a) * along) for a in (0.61, 1.22)]
    return tuple(
        ContactCandidate(
            link=link,
            position=_vector(middle + (f - 0.5) * length * along + radius * normal),
            normal=_vector(normal),
            part=part,
        )
        for f, normal in places
    )


def palm_pads(link: str, points: Sequence[Vector], normal: Vector) -> tuple[ContactCandidate, ...]:
    """Put candidates at given points of the palm, all with the same normal."""
    return tuple(
        ContactCandidate(link=link, position=p, normal=normal, part='palm') for p in points
    )
