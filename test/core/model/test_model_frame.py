import math

import numpy as np
import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.frame import model_frame, yaw_transforms


def test_the_origin_lies_on_the_table_below_the_middle_of_the_box():
    points = np.array([[0.4, 0.1, 0.3], [0.6, -0.1, 0.2], [0.41, 0.1, 0.9]])
    T_base_model = model_frame(points, 0.05)
    np.testing.assert_allclose(T_base_model[:3, 3], [0.5, 0.0, 0.05], atol=1e-12)
    np.testing.assert_array_equal(T_base_model[:3, :3], np.eye(3))


@pytest.mark.parametrize('points', [np.zeros((0, 3)), np.zeros((5, 2)), np.full((3, 3), np.nan)])
def test_a_cloud_without_a_place_is_refused(points):
    with pytest.raises(InvalidInputError):
        model_frame(points, 0.0)


def test_yaw_turns_x_towards_y():
    turned = yaw_transforms(torch.tensor([math.pi / 2])) @ torch.tensor([1.0, 0.0, 0.5, 1.0])
    torch.testing.assert_close(turned, torch.tensor([[0.0, 1.0, 0.5, 1.0]]), atol=1e-6, rtol=0)
