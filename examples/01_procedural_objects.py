"""Draws one member of every object family: python examples/01_procedural_objects.py out.png."""

import sys

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

from maskdexgrasp_core.objects import CATEGORIES, ObjectModel, make_object

LIGHT = np.array([0.4, -0.5, 0.77])


def draw(axes, model: ObjectModel) -> None:
    """Paint every piece with its part's colour, shaded by the angle to the light."""
    for part in model.parts:
        for piece in part.pieces:
            shade = 0.55 + 0.45 * np.clip(piece.face_normals @ LIGHT, 0, 1)
            colors = np.clip(shade[:, None] * np.asarray(part.color), 0, 1)
            axes.add_collection3d(
                Poly3DCollection(piece.triangles, facecolors=colors, edgecolors=colors, lw=0.3)
            )
    low, high = model.mesh.bounds
    middle, half = (low + high) / 2, np.ptp(model.mesh.bounds, axis=0).max() / 2
    axes.set(
        xlim=middle[0] + np.array([-half, half]),
        ylim=middle[1] + np.array([-half, half]),
        zlim=middle[2] + np.array([-half, half]),
    )
    axes.set_box_aspect((1, 1, 1), zoom=1.4)
    axes.set_axis_off()
    axes.view_init(elev=28, azim=-60)
    axes.set_title(f'{model.color_name} {model.category}  {model.mass_kg:.2f} kg', fontsize=9)


def main(path: str, seed: int) -> None:
    """Save a gallery of all categories to `path`."""
    columns = 6
    rows = -(-len(CATEGORIES) // columns)
    figure = plt.figure(figsize=(2.6 * columns, 2.6 * rows))
    for index, category in enumerate(CATEGORIES):
        axes = figure.add_subplot(rows, columns, index + 1, projection='3d')
        draw(axes, make_object(category, seed))
    figure.tight_layout()
    figure.savefig(path, dpi=80)


if __name__ == '__main__':
    main(
        sys.argv[1] if len(sys.argv) > 1 else 'objects.png',
        int(sys.argv[2]) if len(sys.argv) > 2 else 0,
    )
