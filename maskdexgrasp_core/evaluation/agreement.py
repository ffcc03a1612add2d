"""Whether a grasp touches the part that it was asked to touch.

A contact is on the asked part when that part is the nearest of the object's, or no more than
`TOLERANCE_M` further away than the nearest: where a lid meets a body both have the contact. The
share of a grasp is that of its contacts; a grasp without contact has the share 0.

A grasp agrees with a sentence when the sentence names a part of the object and at least half of
the contacts are on it. A sentence that names none says nothing, and is not counted.
"""

import re
from collections.abc import Iterable

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.raycasting import make_scene, to_tensor
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.perception.vocabulary import PARTS
from maskdexgrasp_core.types import Array

TOLERANCE_M = 0.002
"""About the width of the gap and overlap of neighbouring parts, and half that of a soft pad."""
MIN_TEXT_SHARE = 0.5
_OWNER = r"(?:its|the|their|\w+'s) "
_OPENINGS = (rf'(?:by|at|on|onto|from|around|along|near|with) {_OWNER}', _OWNER)
_RULED_OUT = re.compile(
    r'\b(?:not|without|never|avoid\w*|away from|instead of|rather than)\b(?: \w+)? '
    r"(?:its|the|their|\w+'s) \w+"
)


class PartSurfaces:
    """The surfaces of an object's parts, for finding the nearest."""

    def __init__(self, model: ObjectModel) -> None:
        self.names: tuple[str, ...] = tuple(part.name for part in model.parts)
        self._object = model.name
        self._scenes = [make_scene(part.pieces) for part in model.parts]

    def distances(self, points: Array) -> Array:
        """Return unsigned distances of points (C, 3) [m] to each of P parts, (P, C) [m]."""
        query = to_tensor(points)
        found = [scene.compute_distance(query, nthreads=1).numpy() for scene in self._scenes]
        return np.stack(found).astype(float)

    def share_on(
        self, part: str | Iterable[str], points: Array, *, tolerance_m: float = TOLERANCE_M
    ) -> float:
        """Return the share of contacts on a part, or on any of several, in 0..1.

        Args:
            part: Names of parts of this object.
            points: Contacts, object frame, (C, 3) [m].
            tolerance_m: How much nearer another part may be [m].

        Raises:
            InvalidInputError: If a part is unknown or none is given, or a point is not finite.
        """
        asked = {part} if isinstance(part, str) else set(part)
        if not asked or asked - set(self.names):
            known = ', '.join(self.names)
            raise InvalidInputError(f'{self._object} has no parts {sorted(asked)}; known: {known}')
        points = np.asarray(points, dtype=float).reshape(-1, 3)
        if not np.isfinite(points).all():
            raise InvalidInputError('contacts must be finite numbers')
        if len(points) == 0:
            return 0.0
        distances = self.distances(points)
        mine = distances[[name in asked for name in self.names]].min(axis=0)
        return float((mine <= distances.min(axis=0) + tolerance_m).mean())

    def share_if_asked(self, part: str, points: Array) -> float:
        """Return `share_on` of a part, NaN where that says nothing.

        That is where no part is asked (''), the object has only one, or nothing touches it.
        """
        if not part or len(self.names) < 2 or len(points) == 0:
            return float('nan')
        return self.share_on(part, points)


def named_parts(text: str, part_names: Iterable[str]) -> tuple[str, ...]:
    """Return which parts of an object a sentence names, () when none.

    'by its spine' counts before 'the spine', and the object's own word before another word of
    `vocabulary.PARTS` ('the shaft' for a part called handle); of several the first in the
    sentence counts. A word without preposition or article ('grip the mug') and one that is ruled
    out ('not the rim') name no part.

    Args:
        text: An English sentence.
        part_names: Names of the object's parts.
    """
    words = _RULED_OUT.sub(' ', ' '.join(re.findall(r"[a-z']+", text.lower())))
    own = {name.replace('_', ' '): (name,) for name in part_names}
    synonyms: dict[str, tuple[str, ...]] = {}
    for group in PARTS.values():
        meant = tuple(part for word, (part,) in own.items() if word in group)
        synonyms.update({word: meant for word in group if meant and word not in own})
    for opening in _OPENINGS:
        for table in (own, synonyms):
            hits = [
                (match.start(), parts)
                for word, parts in table.items()
                for match in re.finditer(rf'\b{opening}(?:\w+ )?{word}s?\b', words)
            ]
            if hits:
                return min(hits)[1]
    return ()


def agrees_with_text(text: str, surfaces: PartSurfaces, points: Array) -> bool | None:
    """Return whether contacts (C, 3) [m] are where the sentence says; None if it names no part."""
    parts = named_parts(text, surfaces.names)
    if not parts:
        return None
    return surfaces.share_on(parts, points) >= MIN_TEXT_SHARE
