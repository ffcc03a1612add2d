"""Networks that turn points into a feature."""

import itertools
from collections.abc import Sequence

from torch import Tensor, nn

from maskdexgrasp_core.model.processes import SharedBatchNorm


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers of the given widths, input first, with GELU between them."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.GELU()]
    return nn.Sequential(*layers[:-1])


class PointNet(nn.Module):
    """The same layers for every point, then the maximum over the points (Qi et al. 2017).

    Without the transforms of input and features of the original: hands and objects come in a
    frame that is upright already.

    Args:
        channels: Numbers of each point C.
        widths: Of the layers; the last is the length F of the feature.
    """

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise([channels, *widths]):
            layers += [nn.Linear(before, after), SharedBatchNorm(after), nn.ReLU()]
        self._layers = nn.Sequential(*layers[:-1])

    def forward(self, points: Tensor) -> Tensor:
        """Return features (B, F) of points (B, N, C); their order does not matter."""
        features: Tensor = self._layers(points.flatten(0, 1))
        return features.unflatten(0, points.shape[:2]).amax(dim=1)


class OrderedPoints(nn.Module):
    """One perceptron over the coordinates of points that are the same ones at every call.

    Args:
        num_points: Points N.
        widths: Of the layers; the last is the length F of the feature.
    """

    def __init__(self, num_points: int, widths: Sequence[int]) -> None:
        super().__init__()
        self._normalise = SharedBatchNorm(3 * num_points, affine=False)
        self._layers = nn.Sequential(perceptron([3 * num_points, *widths]), nn.GELU())

    def forward(self, points: Tensor) -> Tensor:
        """Return features (B, F) of points (B, N, 3)."""
        features: Tensor = self._layers(self._normalise(points.flatten(1)))
        return features
