"""What is known of a hand before it moves: joints, parts, pads and the spheres inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.urdf import Mimic, RobotDescription
from maskdexgrasp_core.types import Array

Vector = tuple[float, float, float]

PARTS: tuple[str, ...] = ('palm', 'thumb', 'index', 'middle', 'ring', 'little')
"""The six parts of a hand (MaskDexGrasp: one token each), in this order everywhere."""


def check_parts(parts: Sequence[str]) -> None:
    """Refuse names that are not of `PARTS`, and none at all.

    Raises:
        InvalidInputError: Names the ones that are known.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        got = f'the unknown {unknown[0][:40]!r}' if unknown else 'none'
        raise InvalidInputError(f'parts to edit: got {got}, known: {", ".join(PARTS)}')


@dataclass(frozen=True, kw_only=True)
class ContactCandidate:
    """A point of the skin that may carry a contact."""

    link: str
    position: Vector
    """In the link frame [m]."""
    normal: Vector
    """Unit vector out of the finger, link frame."""
    part: str
    """One of `PARTS`."""


@dataclass(frozen=True, kw_only=True)
class Sphere:
    """A ball inside a link; together they fill the hand."""

    link: str
    center: Vector
    """In the link frame [m]."""
    radius: float
    """[m]"""


@dataclass(frozen=True, kw_only=True)
class HandSpec:
    """A hand. Joint limits and coupled joints come from its URDF, the only place they stand."""

    name: str
    urdf: str
    """Path below the share folder."""
    root_link: str
    joint_names: tuple[str, ...]
    """The J independent joints (motors), in the order of every joint vector."""
    parts: dict[str, tuple[str, ...]]
    """Part -> its links; `palm` first, every link with a shape in exactly one part."""
    fingertip_links: tuple[str, ...]
    """Thumb, index, middle, ring, little."""
    palm_point: Vector
    """Middle of the palm's skin in the root frame [m]."""
    palm_normal: Vector
    """Unit vector out of the palm, root frame."""
    contact_candidates: tuple[ContactCandidate, ...]
    spheres: tuple[Sphere, ...]
    open_positions: Array
    """(J,) [rad]: fingers open, thumb opposed."""
    nested_links: tuple[tuple[str, str], ...] = ()
    """Pairs of links, besides those that a joint connects, whose shapes overlap by design;
    contact between them means nothing."""

    def __post_init__(self) -> None:
        if self.open_positions.shape != (self.num_joints,):
            got = self.open_positions.shape
            raise InvalidInputError(f'open_positions: got {got}, expected ({self.num_joints},)')
        if tuple(self.parts) != PARTS:
            raise InvalidInputError(f'parts: got {tuple(self.parts)}, expected {PARTS}')

    @property
    def num_joints(self) -> int:
        """Number of independent joints J."""
        return len(self.joint_names)

    @cached_property
    def description(self) -> RobotDescription:
        """The parsed URDF."""
        return RobotDescription(self.urdf)

    @cached_property
    def lower(self) -> Array:
        """Lower joint limits (J,) [rad]."""
        return self.description.limits(self.joint_names)[0]

    @cached_property
    def upper(self) -> Array:
        """Upper joint limits (J,) [rad]."""
        return self.description.limits(self.joint_names)[1]

    @cached_property
    def efforts(self) -> Array:
        """Largest joint torques (J,) [N m]."""
        return np.array([self.description.joints[n].effort for n in self.joint_names])

    @cached_property
    def mimic(self) -> dict[str, Mimic]:
        """Coupled joint -> the rule it follows."""
        joints = self.description.joints.values()
        return {j.name: j.mimic for j in joints if j.mimic is not None}

    def part_of_link(self, link: str) -> str:
        """Return the part that `link` belongs to.

        Raises:
            InvalidInputError: If it belongs to none.
        """
        for part, links in self.parts.items():
            if link in links:
                return part
        raise InvalidInputError(f'link {link!r} is in no part of {self.name}')
