"""The registry of categories and the one way to make a member of a family."""

import zlib
from dataclasses import replace

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.objects.families.appliances import APPLIANCES
from maskdexgrasp_core.objects.families.carriers import CARRIERS
from maskdexgrasp_core.objects.families.containers import CONTAINERS
from maskdexgrasp_core.objects.families.cookware import COOKWARE
from maskdexgrasp_core.objects.families.devices import DEVICES
from maskdexgrasp_core.objects.families.fittings import FITTINGS
from maskdexgrasp_core.objects.families.hand_tools import HAND_TOOLS
from maskdexgrasp_core.objects.families.solids import SOLIDS
from maskdexgrasp_core.objects.families.tableware import TABLEWARE
from maskdexgrasp_core.objects.families.tools import TOOLS
from maskdexgrasp_core.objects.families.varied_containers import VARIED_CONTAINERS
from maskdexgrasp_core.objects.families.varied_solids import VARIED_SOLIDS
from maskdexgrasp_core.objects.families.varied_tools import VARIED_TOOLS
from maskdexgrasp_core.objects.families.varied_vessels import VARIED_VESSELS
from maskdexgrasp_core.objects.families.vessels import VESSELS
from maskdexgrasp_core.objects.family import COLORS, Family
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.rest import grounding_offset, resting_rotation
from maskdexgrasp_core.types import Array

CATEGORIES: dict[str, Family] = {
    **VESSELS, **CONTAINERS, **TOOLS, **SOLIDS, **COOKWARE, **TABLEWARE, **CARRIERS, **FITTINGS,
    **DEVICES, **APPLIANCES, **HAND_TOOLS,
}  # fmt: skip
"""Category -> family; a new family is registered by its entry here."""

VARIED: dict[str, Family] = {
    **VARIED_VESSELS, **VARIED_CONTAINERS, **VARIED_TOOLS, **VARIED_SOLIDS
}  # fmt: skip
"""Category -> family of its members from seed `FIRST_VARIED_SEED` on, in more styles.

Scenes, tests and reported figures stand on the members before it, so these never change.
"""

FIRST_VARIED_SEED = 100


def family_of(category: str, seed: int) -> Family:
    """Return the family that a member belongs to: the varied one from a seed on, if there is one.

    Raises:
        UnknownNameError: If the category is not registered.
        InvalidInputError: If the seed is negative.
    """
    if category not in CATEGORIES:
        raise UnknownNameError('category', category, list(CATEGORIES))
    if seed < 0:
        raise InvalidInputError(f'seed of {category} must be >= 0, got {seed}')
    if seed >= FIRST_VARIED_SEED and category in VARIED:
        return VARIED[category]
    return CATEGORIES[category]


def make_object(
    category: str, seed: int, *, color_name: str | None = None, name: str | None = None
) -> ObjectModel:
    """Return the member of a family that `seed` decides; the same seed, the same object.

    Args:
        category: Key of `CATEGORIES`.
        seed: >= 0; decides size, style, weight, friction and colour.
        color_name: Word of `family.COLORS` instead of the drawn one; the shape stays.
        name: Unique name; None makes '<category>_<seed>'.

    Raises:
        UnknownNameError: If category or colour is not registered.
        InvalidInputError: If the seed is negative.
    """
    family = family_of(category, seed)
    rng = np.random.default_rng([zlib.crc32(category.encode()), seed])
    drawn_color = str(rng.choice(family.colors))
    friction = float(rng.uniform(*family.friction_range))
    color_name = color_name or drawn_color
    if color_name not in COLORS:
        raise UnknownNameError('colour', color_name, list(COLORS))
    parts = _weighed(family.build(rng, COLORS[color_name]), family.mass_range_kg)
    model = ObjectModel(
        name=name or f'{category}_{seed}',
        category=category,
        parts=parts,
        mass_kg=sum(part.mass_kg or 0.0 for part in parts),
        friction=friction,
        color_name=color_name,
        affordances=dict(family.affordances),
    )
    return rest_on_table(model)


def rest_on_table(model: ObjectModel) -> ObjectModel:
    """Return the model turned as little as needed to rest stably, with its origin as promised."""
    vertices = np.asarray(model.mesh.vertices)
    turn = resting_rotation(vertices, model.center_of_mass)
    turn[:3, 3] = grounding_offset(vertices @ turn[:3, :3].T)
    return replace(model, parts=tuple(_transformed(part, turn) for part in model.parts))


def _transformed(part: Part, transform: Array) -> Part:
    pieces = tuple(piece.copy().apply_transform(transform) for piece in part.pieces)
    return replace(part, pieces=pieces)


def _weighed(parts: tuple[Part, ...], mass_range_kg: tuple[float, float]) -> tuple[Part, ...]:
    """Scale the masses of all parts alike so that their sum lies in the range."""
    total = sum(part.mass_kg or 0.0 for part in parts)
    scale = float(np.clip(total, *mass_range_kg)) / total
    return tuple(replace(part, mass_kg=(part.mass_kg or 0.0) * scale) for part in parts)
