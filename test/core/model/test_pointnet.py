import torch

from maskdexgrasp_core.model.pointnet import OrderedPoints, PointNet, perceptron


def test_a_pointnet_does_not_see_the_order_of_points():
    torch.manual_seed(0)
    network = PointNet(3, [16, 32]).eval()
    points = torch.randn(4, 50, 3)
    features = network(points)
    assert features.shape == (4, 32)
    torch.testing.assert_close(network(points[:, torch.randperm(50)]), features)


def test_ordered_points_can_tell_points_apart():
    torch.manual_seed(0)
    network = OrderedPoints(10, [16]).eval()
    points = torch.randn(4, 10, 3)
    assert not torch.allclose(network(points.flip(1)), network(points))


def test_a_perceptron_ends_without_a_bend():
    layers = perceptron([3, 5, 2])
    assert [type(layer).__name__ for layer in layers] == ['Linear', 'GELU', 'Linear']
