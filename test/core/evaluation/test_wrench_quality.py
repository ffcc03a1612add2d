"""Q1: known values, invariances, and a second way to compute it that shares no code."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.wrench_quality import (
    WrenchCfg,
    contact_wrenches,
    inscribed_radius,
    q1,
    valid_q1,
)

ORIGIN = np.zeros(3)
AXES = np.vstack([np.eye(3), -np.eye(3)])
seeds = st.integers(0, 2**32 - 1)


def ellipsoid_contacts(count, seed):
    """Return points and normals spread over an ellipsoid of 6, 6 and 12 cm."""
    normals = np.random.default_rng(seed).normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    radii = np.array([0.03, 0.03, 0.06])
    points = normals * radii**2
    return points / np.linalg.norm(normals * radii, axis=1, keepdims=True), normals


def whole_hull_radius(wrenches):
    """Return the published definition to the letter: all wrenches and zero, every facet."""
    try:
        hull = ConvexHull(np.vstack([wrenches, np.zeros(6)]))
    except QhullError:
        return 0.0
    offsets = hull.equations[:, 6] / np.linalg.norm(hull.equations[:, :6], axis=1)
    return min(1.0, np.abs(offsets).min())


def nearest_plane_through_six(wrenches):
    """Return the distance of the nearest plane through six wrenches that has none beyond it."""
    sixes = wrenches[np.array(list(itertools.combinations(range(len(wrenches)), 6)))]
    sixes = sixes[np.abs(np.linalg.det(sixes)) > 1e-9]
    planes = np.linalg.solve(sixes, np.ones((len(sixes), 6, 1)))[..., 0]
    facets = planes[(planes @ wrenches.T).max(axis=1) < 1.0 + 1e-9]
    return 1.0 / np.linalg.norm(facets, axis=1).max()


def facet_in_direction(wrenches, direction):
    """Return the normal of the facet that a ray from the origin leaves through, by an LP.

    The polar of the hull is {y: w . y <= 1}; its corner furthest along the ray is the facet.
    """
    found = linprog(-direction, A_ub=wrenches, b_ub=np.ones(len(wrenches)), bounds=(None, None))
    return found.x if found.status == 0 else None


def radius_by_linear_programs(wrenches, num_starts=40):
    """Walk over facets, each time along the normal of the last: the distance only falls."""
    least = np.inf
    for direction in np.random.default_rng(0).normal(size=(num_starts, 6)):
        before = np.inf
        while True:
            corner = facet_in_direction(wrenches, direction)
            if corner is None:  # the ray never leaves: the origin is not inside
                return 0.0
            distance = 1.0 / np.linalg.norm(corner)
            if distance > before - 1e-12:
                break
            before, direction = distance, corner * distance
        least = min(least, before)
    return least


def test_radius_of_known_bodies():
    aside = np.array([1.0, 0, 0, 0, 0, 0])
    corners = np.array(np.meshgrid(*[(-1.0, 1.0)] * 6)).reshape(6, -1).T
    assert inscribed_radius(corners) == pytest.approx(1.0, abs=1e-6)
    assert inscribed_radius(np.vstack([np.eye(6), -np.eye(6)])) == pytest.approx(6**-0.5, abs=1e-6)
    assert inscribed_radius(corners + 0.25 * aside) == pytest.approx(0.75, abs=1e-6)
    assert inscribed_radius(corners + 1.5 * aside) == 0.0


def test_antipodal_point_contacts_cannot_resist_a_twist_about_their_line():
    points = np.array([[0.04, 0, 0], [-0.04, 0, 0]])
    assert q1(points, points / 0.04, ORIGIN) == 0.0


def test_cube_held_at_its_six_faces_is_weakest_against_a_twist_about_a_diagonal():
    # A twist b needs max over the faces of (b x n) along an edge of the octagon of tangents:
    # least for b along (1, 1, 1), where it is sqrt(2/3). Opposite faces leave no shift to help.
    lever = 10.0 * 0.03
    assert q1(0.03 * AXES, AXES, ORIGIN) == pytest.approx(lever * np.sqrt(2 / 3), abs=1e-6)


def test_large_cube_is_weakest_against_a_push_with_a_slight_twist():
    # One face meets a push along x with its force of 1. The octagons of the others let a twist
    # about x come along for nothing, up to sqrt(2) - 1 over the lever.
    lever = 10.0 * 0.5
    expected = 1.0 / np.hypot(1.0, (np.sqrt(2) - 1) / lever)
    assert q1(0.5 * AXES, AXES, ORIGIN) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('tilt', [0.0, 0.3])
def test_three_contacts_round_a_rod_equal_the_search_of_every_plane(tilt):
    angles = np.radians([0.0, 120.0, 240.0])
    normals = np.stack([np.cos(angles), np.sin(angles), [0.0, tilt, -tilt]], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    cfg = WrenchCfg(num_edges=6)
    wrenches = contact_wrenches(0.03 * normals, normals, ORIGIN, cfg)
    value = q1(0.03 * normals, normals, ORIGIN, cfg)
    assert value > 0.05
    assert value == pytest.approx(nearest_plane_through_six(wrenches), abs=1e-6)


def test_q1_ends_at_one():
    points, normals = ellipsoid_contacts(40, 1)
    cfg = WrenchCfg(torque_weight_per_m=300.0)
    assert inscribed_radius(contact_wrenches(points, normals, ORIGIN, cfg)) > 1.01
    assert q1(points, normals, ORIGIN, cfg) == 1.0


def test_grasps_that_cannot_hold_have_zero():
    none = np.zeros((0, 3))
    assert q1(none, none, ORIGIN) == 0.0
    assert q1(AXES[:1], AXES[:1], ORIGIN) == 0.0
    points, normals = ellipsoid_contacts(30, 0)
    above = normals[:, 2] > 0.75  # pushes down only, even with friction
    assert above.sum() >= 4
    assert q1(points[above], normals[above], ORIGIN) == 0.0


def test_more_friction_and_more_contacts_never_make_it_worse():
    points, normals = ellipsoid_contacts(6, 3)
    values = [q1(points, normals, ORIGIN, WrenchCfg(friction=mu)) for mu in (0.2, 0.5, 1.0)]
    assert values == sorted(values)
    assert values[0] < values[-1]
    wrenches = contact_wrenches(points, normals, ORIGIN)
    assert inscribed_radius(wrenches[:-8]) <= inscribed_radius(wrenches) + 1e-7


@settings(max_examples=25, deadline=None)
@given(count=st.integers(3, 9), seed=seeds)
def test_order_frame_and_sign_of_normals_do_not_matter(count, seed):
    points, normals = ellipsoid_contacts(count, seed)
    rng = np.random.default_rng(seed)
    value = q1(points, normals, ORIGIN)
    order = rng.permutation(count)
    assert q1(points[order], normals[order], ORIGIN) == pytest.approx(value, abs=1e-6)
    assert q1(points, -normals, ORIGIN) == pytest.approx(value, abs=1e-6)
    turn, shift = Rotation.random(rng=rng), rng.uniform(-1, 1, 3)
    moved = turn.apply(points) + shift
    assert q1(moved, turn.apply(normals), shift) == pytest.approx(value, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(2, 12), seed=seeds, on_box=st.booleans())
def test_growing_hull_equals_the_published_definition(count, seed, on_box):
    points, normals = ellipsoid_contacts(count, seed)
    if on_box:  # normals along axes make many wrenches coplanar
        rng = np.random.default_rng(seed)
        normals = AXES[rng.integers(6, size=count)]
        points = 0.03 * (normals + 0.5 * rng.uniform(-1, 1, (count, 3)))
    wrenches = contact_wrenches(points, normals, ORIGIN)
    value = min(inscribed_radius(wrenches), 1.0)
    assert value == pytest.approx(whole_hull_radius(wrenches), abs=2e-6)


@pytest.mark.parametrize('seed', range(6))
def test_hull_and_linear_programs_agree(seed):
    points, normals = ellipsoid_contacts(3 + seed, seed)
    wrenches = contact_wrenches(points, normals, ORIGIN)
    value = inscribed_radius(wrenches)
    assert radius_by_linear_programs(wrenches) == pytest.approx(value, abs=1e-6)


def test_valid_q1_is_zero_from_five_millimetres_on():
    values = valid_q1(np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.005, 0.0049]))
    assert values.tolist() == [0.1, 0.0, 0.3]


def test_wrong_input_is_refused():
    bad = AXES.copy()
    bad[2, 1] = np.nan
    for points, normals, center in (
        (bad, AXES, ORIGIN),
        (AXES, bad, ORIGIN),
        (AXES, AXES, ORIGIN * np.nan),
        (AXES, 2 * AXES, ORIGIN),
        (AXES, AXES[:3], ORIGIN),
        (AXES, AXES, np.zeros(2)),
    ):
        with pytest.raises(InvalidInputError):
            q1(points, normals, center)
    for wrenches in (np.full((9, 6), np.nan), np.zeros((9, 5))):
        with pytest.raises(InvalidInputError):
            inscribed_radius(wrenches)
    with pytest.raises(InvalidInputError):
        WrenchCfg(friction=0.0)
    with pytest.raises(InvalidInputError):
        valid_q1(np.array([np.nan]), np.array([0.0]))
