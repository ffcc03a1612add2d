"""Points in two dimensions, coloured by what they belong to."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError

_COLORS = (
    '#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#f0e442', '#000000',
    '#7f7f7f', '#8c564b', '#bcbd22',
)  # fmt: skip
"""The Okabe-Ito palette, then three more: eleven tasks."""
_SIZE_IN = 6.0


def save_embedding(
    points: NDArray[np.float64], panels: Mapping[str, NDArray[np.str_]], path: Path
) -> None:
    """Draw the same points once for each panel, side by side, coloured by its labels.

    Args:
        points: (N, 2).
        panels: Title -> labels (N,).
        path: Picture file; the suffix names the format.

    Raises:
        InvalidInputError: If the counts differ, there is no panel, or the format is unknown.
    """
    if not panels or any(len(labels) != len(points) for labels in panels.values()):
        raise InvalidInputError('every panel needs one label for each point')
    figure = Figure(figsize=(_SIZE_IN * len(panels), _SIZE_IN), layout='constrained')
    for axes, (title, labels) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        names, counts = np.unique(labels, return_counts=True)
        for index, name in enumerate(names[np.argsort(-counts)]):
            mine = points[labels == name]
            color = _COLORS[index % len(_COLORS)]
            axes.scatter(*mine.T, s=5, c=color, alpha=0.6, linewidths=0, label=name)
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.legend(markerscale=3, fontsize='small', frameon=False, loc='best')
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InvalidInputError(f'{path.name}: {error}') from error
