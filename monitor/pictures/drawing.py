"""A picture as shapes, and the shapes as SVG.

What lives here: boxes, lines and labels at places in points, in inks that have a meaning. What must not: what a picture
shows (`charts`), pixels (`raster`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

Anchor = Literal["start", "middle", "end"]
Ink = Literal["text", "faint", "paper", "rule", "step0", "step1", "step2", "step3", "step4", "on-step"]

# By day and by night. The steps are one hue from pale to full, so that order survives print and colour blindness.
DAY: dict[Ink, str] = {
    "paper": "#ffffff", "text": "#1d2733", "faint": "#5d6b7a", "rule": "#d8dee5", "on-step": "#ffffff",
    "step0": "#f1f5f9", "step1": "#c6dbef", "step2": "#7fb2dc", "step3": "#3a7fb8", "step4": "#164e83",
}  # fmt: skip
NIGHT: dict[Ink, str] = {
    "paper": "#12181f", "text": "#e4eaf1", "faint": "#93a1b0", "rule": "#2b3743", "on-step": "#0d1319",
    "step0": "#1a222b", "step1": "#234766", "step2": "#2f6f9f", "step3": "#62a6d6", "step4": "#a9d4f2",
}  # fmt: skip
DARK_STEPS: frozenset[Ink] = frozenset({"step3", "step4"})  # by day: what stands on them is written in "on-step"
TYPEFACES = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A filled rectangle. `hint` is what a reader is told who points at it."""

    x: float
    y: float
    width: float
    height: float
    ink: Ink
    radius: float = 0
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    ink: Ink = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float = 13
    anchor: Anchor = "start"
    ink: Ink = "text"
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture. `about` says in words what it shows, for those who cannot see it."""

    width: float
    height: float
    title: str
    about: str
    shapes: tuple[Box | Line | Label, ...]


def to_svg(drawing: Drawing) -> str:
    """An SVG that needs nothing from elsewhere and follows the reader's day and night colours."""
    width, height = _number(drawing.width), _number(drawing.height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            f' role="img" aria-labelledby="title about" font-family="{escape(TYPEFACES)}">',
            f'<title id="title">{escape(drawing.title)}</title>',
            f'<desc id="about">{escape(drawing.about)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            *(_element(shape) for shape in drawing.shapes),
            "</svg>\n",
        ]
    )


def _rules(inks: dict[Ink, str]) -> str:
    return "".join(f".{ink}{{fill:{colour}}}" for ink, colour in inks.items()) + f"line{{stroke:{inks['rule']}}}"


def _element(shape: Box | Line | Label) -> str:
    match shape:
        case Box():
            hint = f"<title>{escape(shape.hint)}</title>" if shape.hint else ""
            places = _attributes(x=shape.x, y=shape.y, width=shape.width, height=shape.height, rx=shape.radius)
            return f'<rect class="{shape.ink}"{places}>{hint}</rect>'
        case Line():
            return f"<line{_attributes(x1=shape.x1, y1=shape.y1, x2=shape.x2, y2=shape.y2)}/>"
        case Label():
            weight = ' font-weight="600"' if shape.bold else ""
            return (
                f'<text class="{shape.ink}"{_attributes(x=shape.x, y=shape.y)} font-size="{_number(shape.size)}"'
                f' text-anchor="{shape.anchor}"{weight}>{escape(shape.text)}</text>'
            )


STYLE = f"{_rules(DAY)}@media (prefers-color-scheme:dark){{{_rules(NIGHT)}}}"  # the same in each picture


def _attributes(**values: float) -> str:
    return "".join(_attribute_pairs(values))


def _attribute_pairs(values: dict[str, float]) -> Iterator[str]:
    for name, value in values.items():
        if value or name != "rx":
            yield f' {name}="{_number(value)}"'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
