"""Thin walls: whole where the network is unsure or samples miss them, and nothing else grows."""

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.perception.completion.meshing import mesh_of_samples
from maskdexgrasp_core.perception.completion.thin_walls import (
    ThinWallsCfg,
    valley_slope,
    with_thin_walls,
)

STEPS = np.array([0.004, 0.002, 0.002])
CFG = ThinWallsCfg()
SIZE = 0.02


def places(shape: tuple[int, int, int] = (16, 30, 30)) -> np.ndarray:
    """Return samples around the origin (X, Y, Z, 3) [m]."""
    axes = [step * (np.arange(n) - (n - 1) / 2) for step, n in zip(STEPS, shape, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)


def plate(normal: list[float], half_thickness: float) -> np.ndarray:
    """Return the distance to a round plate through the origin [m]."""
    along = places() @ unit(normal)
    across = np.linalg.norm(places() - along[..., None] * unit(normal), axis=-1)
    return np.maximum(np.abs(along) - half_thickness, across - SIZE)


def unit(vector: list[float]) -> np.ndarray:
    return np.array(vector) / np.linalg.norm(vector)


@pytest.mark.parametrize('normal', [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.3, 0.1]])
def test_a_suspected_wall_becomes_one_closed_plate(normal: list[float]) -> None:
    suspected = plate(normal, 0.001) + 0.0005
    walled = with_thin_walls(suspected, STEPS, CFG)
    mesh = mesh_of_samples(walled, origin=places()[0, 0, 0], steps=STEPS)
    assert mesh.is_watertight
    assert mesh.body_count == 1
    assert mesh.area / 2 == pytest.approx(np.pi * SIZE**2, rel=0.4)
    assert np.abs(mesh.vertices @ unit(normal)).max() < 0.0045  # within a step of its middle


def test_a_wall_between_two_samples_is_not_lost() -> None:
    missed = plate([1.0, 0.0, 0.0], 0.001)
    assert (missed > 0).all()  # samples lie 2 mm from its middle
    assert (with_thin_walls(missed, STEPS, CFG)[7:9, 15, 15] < 0).all()


@pytest.mark.parametrize('normal', [[1.0, 0.0, 0.0], [0.3, 0.5, -0.8]])
def test_a_surface_with_one_side_stays_where_it_is(normal: list[float]) -> None:
    field = places() @ unit(normal) - 0.003
    np.testing.assert_allclose(with_thin_walls(field, STEPS, CFG), field, atol=1e-12)


def test_an_edge_of_a_block_stays_where_it_is() -> None:
    field = np.max(places(), axis=-1)
    np.testing.assert_allclose(with_thin_walls(field, STEPS, CFG), field, atol=1e-12)


def test_a_round_body_keeps_its_size() -> None:
    ball = np.linalg.norm(places(), axis=-1) - SIZE
    mesh = mesh_of_samples(with_thin_walls(ball, STEPS, CFG), origin=np.zeros(3), steps=STEPS)
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * SIZE**3, rel=0.05)


def test_slope_is_one_inside_of_a_wall_and_zero_beside_it_and_between_two() -> None:
    x = np.abs(places((17, 30, 30))[..., 0])
    slope = valley_slope(x, STEPS, reach_m=0.004)
    np.testing.assert_allclose(slope[8], 1.0)
    np.testing.assert_allclose(np.delete(slope, 8, axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(valley_slope(-x, STEPS, reach_m=0.004), 0.0, atol=1e-12)


def test_the_reach_is_a_length_whatever_the_steps() -> None:
    y = np.abs(places((17, 31, 30))[..., 1])  # two samples of 2 mm
    slope = valley_slope(y, STEPS, reach_m=0.004)[8, 13:18, 15]
    np.testing.assert_allclose(slope, [0.0, 0.0, 1.0, 0.0, 0.0], atol=1e-12)


def test_nothing_is_lowered_by_zero() -> None:
    field = plate([1.0, 0.0, 0.0], 0.001)
    np.testing.assert_array_equal(
        with_thin_walls(field, STEPS, ThinWallsCfg(lowered_m=0.0)), field
    )


@pytest.mark.parametrize('changes', [{'reach_m': 0.0}, {'lowered_m': -0.001}, {'full_slope': 0.0}])
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        ThinWallsCfg(**changes)
