"""One look for every composed picture: white ground, one typeface, the same margins."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PAPER = (255, 255, 255)
INK = (28, 33, 40)
QUIET_INK = (104, 112, 122)
ACCENT = (0, 114, 178)
GOOD = (0, 130, 95)
BAD = (196, 64, 24)
"""Blue, green and vermilion of the Okabe-Ito palette: told apart by colour-blind readers too."""


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans of `size` [px]; it comes with matplotlib, so it is always there."""
    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / name, size)


def fit(picture: NDArray[np.uint8], width: int, height: int) -> Image.Image:
    """Return the middle of an (H, W, 3) RGB picture, scaled to fill `width` x `height` [px]."""
    image = Image.fromarray(picture)
    scale = max(width / image.width, height / image.height)
    image = image.resize(
        (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
    )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def paste_rounded(page: Image.Image, image: Image.Image, at: tuple[int, int], radius: int) -> None:
    """Paste `image` with rounded, smooth corners."""
    mask = Image.new('L', (image.width * 4, image.height * 4), 0)
    box = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * 4, fill=255)
    page.paste(image, at, mask.resize(image.size, Image.Resampling.LANCZOS))


def clip_text(text: str, face: ImageFont.FreeTypeFont, width: int) -> str:
    """Return `text`, cut with an ellipsis where it would be wider than `width` [px]."""
    if face.getlength(text) <= width:
        return text
    while text and face.getlength(text + '…') > width:
        text = text[:-1]
    return text.rstrip() + '…'
