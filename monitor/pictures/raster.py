"""A drawing → PNG. The only room that knows an imaging library."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from font_roboto import Roboto, RobotoMedium  # type: ignore[import-untyped]  # it publishes no types
from PIL import Image, ImageDraw, ImageFont

from monitor.pictures.drawing import DAY, Anchor, Box, Drawing, Label, Line

SCALE = 2  # pixels to a point: sharp on the screens of today, and in print
_ANCHORS: dict[Anchor, str] = {"start": "ls", "middle": "ms", "end": "rs"}


def to_png(drawing: Drawing) -> bytes:
    """The drawing in its colours of the day."""
    size = (round(drawing.width * SCALE), round(drawing.height * SCALE))
    image = Image.new("RGB", size, DAY["paper"])
    canvas = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _draw(canvas, shape)
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw(canvas: ImageDraw.ImageDraw, shape: Box | Line | Label) -> None:
    match shape:
        case Box():
            left, top = shape.x * SCALE, shape.y * SCALE
            # Pillow counts the last row and column in; the narrowest box is a pixel wide.
            right, bottom = left + max(1, shape.width * SCALE) - 1, top + max(1, shape.height * SCALE) - 1
            corners = (left, top, right, bottom)
            canvas.rounded_rectangle(corners, radius=shape.radius * SCALE, fill=DAY[shape.ink])
        case Line():
            ends = (shape.x1 * SCALE, shape.y1 * SCALE, shape.x2 * SCALE, shape.y2 * SCALE)
            canvas.line(ends, fill=DAY[shape.ink], width=SCALE)
        case Label():
            font = _font(round(shape.size * SCALE), shape.bold)
            place = (shape.x * SCALE, shape.y * SCALE)
            canvas.text(place, shape.text, font=font, fill=DAY[shape.ink], anchor=_ANCHORS[shape.anchor])


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(RobotoMedium if bold else Roboto, size)
