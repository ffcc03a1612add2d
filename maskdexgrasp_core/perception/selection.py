"""Which cluster the sentence means, from colour, size, place and shape."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2hsv

from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.perception.category_shapes import CATEGORY_SHAPES
from maskdexgrasp_core.perception.clusters import Cluster, refuse
from maskdexgrasp_core.perception.descriptors import describe
from maskdexgrasp_core.perception.sentence import SentenceQuery, parse_sentence
from maskdexgrasp_core.types import Array, ObservedCloud

Indices = NDArray[np.int64]
"""Which clusters are left, ascending."""
Narrowing = Callable[[Indices], Indices]
"""Keeps some of the clusters that are left, or raises `TEXT_MATCHES_NOTHING`."""

_MIN_COLOR_SHARE = 0.18
_COLOR_RATIO = 0.5
_MAX_DEVIATION = 3.0
"""Deviation from a category, in its usual spreads, beyond which a cluster is not of it."""
_MAX_SINGLE_DEVIATION = 6.0
"""One descriptor counts at most this much, so that one broken measure does not decide."""
_MARGIN = 0.35
"""A cluster fits a category if no other category fits better by more than this."""
_KIN = {'mug': ('cup',), 'cup': ('mug',), 'ball': ('apple',)}
"""A mug whose handle is hidden looks like a cup; colour, size or place may then decide."""
_RATIO = 1.3
"""If none does, those compete whose deviation is at most this times the best."""
_SIZE_TIE = 0.04
_PLACE_TIE_M = 0.012


class ClusterSelector(Protocol):
    """Chooses the cluster that a sentence means: `RuleSelector`, `LearnedSelector`."""

    def select(
        self,
        clusters: Sequence[Cluster],
        table_heights: Sequence[float],
        text: str,
        camera_position: Array,
    ) -> int:
        """Return its index; arguments and errors are those of `select_cluster`."""


class RuleSelector:
    """Chooses by the words of `vocabulary` and the shapes of `category_shapes`."""

    def select(
        self,
        clusters: Sequence[Cluster],
        table_heights: Sequence[float],
        text: str,
        camera_position: Array,
    ) -> int:
        """Return the index of the cluster that the sentence means; see `select_cluster`."""
        return select_cluster(clusters, table_heights, parse_sentence(text), camera_position)


def select_cluster(
    clusters: Sequence[Cluster],
    table_heights: Sequence[float],
    query: SentenceQuery,
    camera_position: Array,
    *,
    described: Narrowing | None = None,
) -> int:
    """Return the index of the cluster that the sentence means.

    A single cluster is taken whatever the category (shape alone cannot refute it), but not
    against its colour. Among several, category and colour select, then size, then place; the
    robot's left is +y, near is small x.

    Args:
        clusters: At least one.
        table_heights: z of the table under each [m].
        query: From `parse_sentence`.
        camera_position: (3,) [m].
        described: Keeps those that the sentence's words for the thing itself fit, in place of
            the rules by category.

    Raises:
        StageError: `TEXT_MATCHES_NOTHING` or `TEXT_IS_AMBIGUOUS`.
    """
    left: Indices = np.arange(len(clusters))
    if query.color:
        left = _of_color(clusters, left, query.color)
    if described is not None and len(clusters) > 1:
        left = described(left)
    elif query.category and len(clusters) > 1:
        left = _of_category(clusters, left, table_heights, query, camera_position)
    if query.size and len(left) > 1:
        left = _of_size(clusters, left, table_heights, query.size)
    if query.position and len(left) > 1:
        left = _at_place(clusters, left, query.position)
    if len(left) > 1:
        raise refuse(Code.TEXT_IS_AMBIGUOUS, _ambiguity(clusters, left, query))
    return int(left[0])


def color_share(colors: NDArray[np.uint8], color: str) -> float:
    """Return the share of RGB values (N, 3) that people call by this colour word."""
    hue, saturation, value = rgb2hsv(colors / 255.0).T
    degrees = 360 * hue
    if color in ('black', 'white', 'gray'):
        pale = saturation < (0.25 if color != 'black' else 1.1)
        bounds = {'black': (0.0, 0.22), 'gray': (0.25, 0.78), 'white': (0.62, 1.01)}[color]
        return float((pale & (value >= bounds[0]) & (value < bounds[1])).mean())
    low, high, least_value, most_value = {
        'red': (-18, 18, 0.2, 1.0),
        'orange': (14, 42, 0.55, 1.0),
        'brown': (8, 45, 0.12, 0.62),
        'yellow': (40, 70, 0.35, 1.0),
        'green': (70, 170, 0.15, 1.0),
        'blue': (170, 255, 0.15, 1.0),
        'purple': (255, 310, 0.15, 1.0),
        'pink': (305, 360, 0.5, 1.0),
    }[color]
    turned = (degrees - low) % 360
    hit = (turned <= high - low) & (saturation > 0.28)
    return float((hit & (value >= least_value) & (value <= most_value)).mean())


def _of_color(clusters: Sequence[Cluster], left: Indices, color: str) -> Indices:
    """Keep clusters that show the colour."""
    known = [clusters[i].colors for i in left]
    if any(c is None for c in known):
        reason = f'the sentence asks for {color}, but the cloud carries no colours'
        raise refuse(Code.TEXT_MATCHES_NOTHING, reason)
    shares = np.array([color_share(c, color) for c in known if c is not None])
    if shares.max() < _MIN_COLOR_SHARE:
        reason = (
            f'none of {len(left)} objects is {color}: at most {100 * shares.max():.0f} % '
            f'of the points of one, {100 * _MIN_COLOR_SHARE:.0f} % needed'
        )
        raise refuse(Code.TEXT_MATCHES_NOTHING, reason)
    return np.asarray(left[shares >= max(_MIN_COLOR_SHARE, _COLOR_RATIO * shares.max())])


def category_deviations(cloud: ObservedCloud, table_height: float) -> dict[str, float]:
    """Return how far a cluster is from the usual shape of each category, in usual spreads.

    Args:
        cloud: Visible points of the cluster, base frame.
        table_height: z of the table [m].
    """
    measured = describe(cloud, table_height).vector()
    deviations = {}
    for category, shape in CATEGORY_SHAPES.items():
        usual, spread = np.array(shape, dtype=np.float64)
        off = np.minimum(np.abs(measured - usual) / spread, _MAX_SINGLE_DEVIATION)
        deviations[category] = float(np.sqrt(np.mean(off**2)))
    return deviations


def _of_category(
    clusters: Sequence[Cluster],
    left: Indices,
    table_heights: Sequence[float],
    query: SentenceQuery,
    camera_position: Array,
) -> Indices:
    """Keep clusters shaped like the category, those that fit no other category better first."""
    if query.category not in CATEGORY_SHAPES:
        return left
    told_apart = bool(query.color or query.size or query.position)
    kin = _KIN.get(query.category, ()) if told_apart else ()
    named, margin = [], []
    for i in left:
        cloud = ObservedCloud(
            points=clusters[i].points, colors=None, camera_position=camera_position
        )
        deviations = category_deviations(cloud, table_heights[i])
        named.append(deviations[query.category])
        rivals = [d for name, d in deviations.items() if name not in kin]
        margin.append(deviations[query.category] - min(rivals))
    deviation, behind = np.array(named), np.array(margin)
    if deviation.min() > _MAX_DEVIATION:
        reason = (
            f'none of {len(left)} objects has the shape of a {query.category}: the best is '
            f'{deviation.min():.1f} usual spreads away, at most {_MAX_DEVIATION}'
        )
        raise refuse(Code.TEXT_MATCHES_NOTHING, reason)
    fits_best = behind <= _MARGIN
    if (fits_best & (deviation <= _MAX_DEVIATION)).any():
        return np.asarray(left[fits_best & (deviation <= _MAX_DEVIATION)])
    return np.asarray(left[deviation <= min(_MAX_DEVIATION, _RATIO * deviation.min())])


def _of_size(
    clusters: Sequence[Cluster], left: Indices, table_heights: Sequence[float], size: str
) -> Indices:
    """Keep the extreme cluster, and those that tie with it."""
    extents = np.array([np.linalg.norm(clusters[i].extent[:2]) for i in left])
    tops = np.array([np.percentile(clusters[i].points[:, 2], 99) - table_heights[i] for i in left])
    measure = {
        'largest': np.hypot(extents, tops),
        'smallest': -np.hypot(extents, tops),
        'tallest': tops,
        'shortest': -tops,
        'longest': np.hypot(extents, tops),
    }[size]
    return np.asarray(left[measure >= measure.max() - _SIZE_TIE * np.abs(measure).max()])


def _at_place(clusters: Sequence[Cluster], left: Indices, position: str) -> Indices:
    """Keep the outermost cluster, and those that tie with it."""
    centres = np.array([clusters[i].centre[:2] for i in left])
    distance = np.linalg.norm(centres, axis=1)
    middle = (centres.min(axis=0) + centres.max(axis=0)) / 2
    measure = {
        'left': centres[:, 1],
        'right': -centres[:, 1],
        'nearest': -distance,
        'farthest': distance,
        'middle': -np.linalg.norm(centres - middle, axis=1),
    }[position]
    return np.asarray(left[measure >= measure.max() - _PLACE_TIE_M])


def _ambiguity(clusters: Sequence[Cluster], left: Indices, query: SentenceQuery) -> str:
    """Say which objects compete and what would tell them apart."""
    places = ', '.join('({:.2f}, {:.2f})'.format(*clusters[i].centre[:2]) for i in left)
    missing = [
        word
        for word, said in (
            ('a colour', query.color),
            ('a size (largest, smallest, tallest)', query.size),
            ('a place (left, right, nearest, farthest)', query.position),
            ('a category', query.category),
        )
        if not said
    ]
    return (
        f'{len(left)} objects fit "{query.label}", at x, y = {places} m; '
        f'add {" or ".join(missing) or "another word"}'
    )
