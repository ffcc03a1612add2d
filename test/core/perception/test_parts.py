from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.perception.parts import find_part
from maskdexgrasp_core.perception.pipeline import Perceiver
from maskdexgrasp_core.types import Command

PLACE = (0.5, 0.0)
PRECISION_MARGIN_M = 0.006


def share_on_part(points: np.ndarray, category: str, part: str, yaw: float) -> float:
    """Return the share of points nearer to the named part than to the others (+ 6 mm)."""
    pose = trimesh.transformations.rotation_matrix(yaw, [0, 0, 1])
    pose[:3, 3] = *PLACE, -0.10
    distances = {}
    for true in make_object(category, 0).parts:
        mesh = trimesh.util.concatenate(list(true.pieces)).apply_transform(pose)
        distances[true.name] = trimesh.proximity.closest_point(mesh, points)[1]
    others = np.min([d for n, d in distances.items() if n != part], axis=0)
    return float((distances[part] < others + PRECISION_MARGIN_M).mean())


@pytest.mark.parametrize(
    ('category', 'part', 'yaw'),
    [('mug', 'handle', 0.4), ('mug', 'rim', 0.4), ('hammer', 'handle', 0.9),
     ('hammer', 'head', 0.9), ('pan', 'handle', 2.0), ('screwdriver', 'handle', 1.2),
     ('knife', 'handle', 1.2), ('bottle', 'cap', 0.0), ('jar', 'lid', 0.0)],
)  # fmt: skip
def test_part_points_lie_on_the_true_part(
    render: Callable[..., tuple], category: str, part: str, yaw: float
) -> None:
    frame, _ = render((category, 0, 'red', *PLACE, yaw))
    text = f'pick up the {category} by its {part}'
    seen = Perceiver().perceive(frame, Command(command_id='c', text=text))
    assert seen.part == part
    assert len(seen.part_points) >= 12
    assert share_on_part(seen.part_points, category, part, yaw) > 0.8


def test_no_part_asked_gives_no_points() -> None:
    assert find_part(trimesh.creation.box((0.1, 0.1, 0.1)), '', -0.05).shape == (0, 3)


def test_ball_has_no_handle() -> None:
    ball = trimesh.creation.icosphere(radius=0.035)
    assert len(find_part(ball, 'handle', -0.035, category='ball')) == 0
