"""The strip of a run: what the camera saw, what was meant, how it is held, and the lift."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.viewer.typography import (
    ACCENT,
    BAD,
    GOOD,
    INK,
    PAPER,
    QUIET_INK,
    clip_text,
    fit,
    font,
    paste_rounded,
)

_PANEL = (467, 350)
"""Four panels make a page of 2000 px."""
_MARGIN = 36
_GAP = 20
_CORNER = 10
_HEADING = 92
_CAPTION = 84
_DIM = 0.45
"""Share of the picture's own colour that stays outside of the segment."""
_ROOM = 2.6
"""The crop is this much larger than the object."""
_SMALLEST_CROP = 0.35
"""Least part of the picture's sides that is shown."""


@dataclass(frozen=True, kw_only=True)
class StripPanel:
    """One picture with its caption."""

    picture: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    title: str
    note: str = ''
    """Smaller line below the title."""


def compose_strip(
    panels: Sequence[StripPanel], *, sentence: str, verdict: str, good: bool
) -> Image.Image:
    """Return the panels side by side under the sentence that was said; four are 2000 px wide.

    Args:
        panels: Left to right, at least one.
        sentence: What the user asked for.
        verdict: How it ended, at the upper right.
        good: Colours the verdict.

    Raises:
        InvalidInputError: If there is no panel.
    """
    if not panels:
        raise InvalidInputError('a strip needs at least one panel')
    width, height = _PANEL
    page_width = 2 * _MARGIN + len(panels) * (width + _GAP) - _GAP
    page_width = max(page_width, 2 * _MARGIN + 2 * width)
    page = Image.new('RGB', (page_width, _HEADING + height + _CAPTION), PAPER)
    draw = ImageDraw.Draw(page)
    ending = font(24, bold=True)
    room = page_width - 3 * _MARGIN - round(ending.getlength(verdict))
    text = clip_text(f'“{sentence}”', font(32), room)
    draw.text((_MARGIN, 46), text, INK, font(32), anchor='lm')
    right = page_width - _MARGIN
    draw.text((right, 47), verdict, GOOD if good else BAD, ending, anchor='rm')
    for index, panel in enumerate(panels):
        left = _MARGIN + index * (width + _GAP)
        paste_rounded(page, fit(panel.picture, width, height), (left, _HEADING), _CORNER)
        top = _HEADING + height + 24
        number = font(21, bold=True)
        draw.text((left + 2, top), str(index + 1), ACCENT, number, anchor='lm')
        title = clip_text(panel.title, number, width - 30)
        draw.text((left + 26, top), title, INK, number, anchor='lm')
        note = clip_text(panel.note, font(17), width - 30)
        draw.text((left + 26, top + 28), note, QUIET_INK, font(17), anchor='lm')
    return page


def highlight_points(
    picture: NDArray[np.uint8],
    points: Array,
    intrinsics: Array,
    T_base_camera: Array,
    *,
    color: tuple[int, int, int] = ACCENT,
) -> NDArray[np.uint8]:
    """Return the picture round the object: its points lit, everything else faded.

    Args:
        picture: (H, W, 3) RGB of the camera.
        points: (N, 3) visible points of the object, base frame [m].
        intrinsics: (3, 3) pinhole matrix [px].
        T_base_camera: (4, 4) pose of the optical frame.
        color: RGB of the outline.

    Returns:
        (h, w, 3) RGB, a part of the picture in its proportions.
    """
    mask = _mask_of_points(points, intrinsics, T_base_camera, picture.shape[:2])
    gray = picture.mean(axis=2, keepdims=True)
    faded = 255 - (255 - (0.35 * picture + 0.65 * gray)) * _DIM
    shown = np.where(mask[..., None], picture, faded)
    outline = _grown(mask, 3) & ~mask
    shown[outline] = color
    return _around(shown.astype(np.uint8), mask)


def colors_of_points(
    picture: NDArray[np.uint8], points: Array, intrinsics: Array, T_base_camera: Array
) -> NDArray[np.uint8]:
    """Return (M, 3) RGB at the points (N, 3) [m] that lie in the (H, W, 3) picture."""
    rows, columns = _pixels(points, intrinsics, T_base_camera, picture.shape[:2])
    return np.asarray(picture[rows, columns])


def _around(picture: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the part of the picture in the middle of which the mask lies."""
    if not mask.any():
        return picture
    size, where = np.array(mask.shape), np.argwhere(mask)
    low, high = where.min(0), where.max(0)
    share = np.clip(_ROOM * (high - low) / size, _SMALLEST_CROP, 1.0).max()
    window = np.round(share * size).astype(int)
    row, column = np.clip((low + high - window) // 2, 0, size - window)
    return picture[row : row + window[0], column : column + window[1]]


def _mask_of_points(
    points: Array, intrinsics: Array, T_base_camera: Array, size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return (H, W) of the pixels that the points cover, small holes closed."""
    mask = np.zeros(size, dtype=bool)
    mask[_pixels(points, intrinsics, T_base_camera, size)] = True
    closed = ndimage.binary_closing(mask, ndimage.generate_binary_structure(2, 1), iterations=5)
    return np.asarray(ndimage.binary_fill_holes(_grown(closed | mask, 1)))


def _grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    return np.asarray(ndimage.binary_dilation(mask, iterations=pixels))


def _pixels(
    points: Array, intrinsics: Array, T_base_camera: Array, size: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the points that lie in the picture."""
    in_camera = (points - T_base_camera[:3, 3]) @ T_base_camera[:3, :3]
    in_camera = in_camera[in_camera[:, 2] > 0]
    projected = (in_camera @ intrinsics.T)[:, :2] / in_camera[:, 2:]
    columns, rows = np.round(projected).astype(np.int64).T
    inside = (columns >= 0) & (columns < size[1]) & (rows >= 0) & (rows < size[0])
    return rows[inside], columns[inside]
