"""Shares by weeks → a drawing: a dot for each share, and a line for where the true one may lie.

What lives here: what a reader sees at which place. What must not: counting, and what a share is of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.pictures.drawing import Box, Drawing, Label, Line

_LEFT, _RIGHT, _TOP = 64.0, 24.0, 66.0
_TALL = 160.0  # from 0 to 100 %
_WEEK = 44.0
_DOT = 9.0
_TITLE = 56  # characters that have room


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One week."""

    first: date
    count: int  # of what the share is; 0: there is nothing to see
    share: float
    low: float
    high: float


def shares(points: Sequence[Point], *, title: str, below: str) -> Drawing:
    """A week without anything has its place and no dot. All words are the caller's."""
    width = _LEFT + _WEEK * len(points) + _RIGHT
    shapes: list[Box | Line | Label] = [
        Label(x=_LEFT - 40, y=32, text=textwrap.shorten(title, _TITLE, placeholder=" …"), size=18, bold=True),
        Label(x=_LEFT - 40, y=52, text=below, size=12.5, ink="faint"),
    ]
    for percent in (0, 50, 100):
        y = _height(percent / 100)
        shapes.append(Line(x1=_LEFT, y1=y, x2=width - _RIGHT, y2=y))
        shapes.append(Label(x=_LEFT - 8, y=y + 4, text=f"{percent} %", size=12, anchor="end", ink="faint"))
    for number, point in enumerate(points):
        shapes += _point(point, _LEFT + _WEEK * (number + 0.5), named=number % 2 == 0)
    about = "; ".join(_words(point) for point in points if point.count)
    return Drawing(
        width=max(width, 420.0), height=_TOP + _TALL + 52, title=title, about=about or "Nothing yet.",
        shapes=tuple(shapes),
    )  # fmt: skip


def _point(point: Point, x: float, *, named: bool) -> Iterator[Box | Label]:
    base = _TOP + _TALL
    if named:
        yield Label(x=x, y=base + 20, text=f"{point.first:%d %b}", size=12, anchor="middle", ink="faint")
    if point.count:
        top, bottom = _height(point.high), _height(point.low)
        yield Box(x=x - 1.5, y=top, width=3, height=bottom - top, ink="step2", radius=1.5)
        middle = _height(point.share) - _DOT / 2
        yield Box(x=x - _DOT / 2, y=middle, width=_DOT, height=_DOT, ink="step4", radius=_DOT / 2, hint=_words(point))
        yield Label(x=x, y=base + 36, text=str(point.count), size=12, anchor="middle")


def _height(share: float) -> float:
    return _TOP + _TALL * (1 - share)


def _words(point: Point) -> str:
    return f"week of {point.first:%d %B}: {point.share:.0%} of {point.count} ({point.low:.0%} to {point.high:.0%})"
