"""Counts → drawings: a grid of names by days, and bars by steps. All words are the caller's.

What lives here: what a reader sees at which place. What must not: counting (`counting`), SVG and pixels.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.pictures.drawing import Box, Drawing, Ink, Label, Line

_MARGIN = 24.0
_HEAD = 62.0  # title, and a line below it
_NAMES = 190.0
_TOTALS = 44.0
_ROW = 24.0
_STRIP = 640.0  # width of the days, at most
_DAY = 26.0  # of one day, at most
_BARS = 360.0
_STEPS: tuple[tuple[int, Ink, str], ...] = (
    (1, "step1", "1"),
    (2, "step2", "2–4"),
    (5, "step3", "5–9"),
    (10, "step4", "10 or more"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A name, and a count for each day or in all."""

    name: str
    counts: tuple[int, ...]


def day_grid(rows: Sequence[Row], days: Sequence[date], *, title: str, below: str, about: str, unit: str) -> Drawing:
    """A square for each name and day, the fuller the darker, with the sum at the end. `unit`: "stories"."""
    day = min(_DAY, _STRIP / max(len(days), 1))
    left, top = _MARGIN + _NAMES, _HEAD + 24
    right, bottom = left + day * len(days), top + _ROW * len(rows)
    shapes: list[Box | Line | Label] = [*_title(title, below), *_dates(days, left, day, top - 8)]
    for number, row in enumerate(rows):
        y = top + _ROW * number
        shapes += _named(row.name, left - 10, y)
        shapes.append(Line(x1=_MARGIN, y1=y + _ROW, x2=right + _TOTALS, y2=y + _ROW))
        shapes += _squares(row, days, left, y, day)
        shapes.append(Label(x=right + 10, y=y + 17, text=f"{sum(row.counts):,}", size=12, ink="faint"))
    shapes += _key(bottom + 30, unit)
    width = max(right + _TOTALS + _MARGIN, 560.0)
    return Drawing(width=width, height=bottom + 52, title=title, about=about, shapes=tuple(shapes))


def bars(rows: Sequence[Row], *, title: str, below: str, about: str) -> Drawing:
    """A bar for each name, as long as its count."""
    left, top = _MARGIN + _NAMES, _HEAD + 10
    most = max((sum(row.counts) for row in rows), default=0)
    shapes: list[Box | Line | Label] = [*_title(title, below)]
    for number, row in enumerate(rows):
        y, count = top + _ROW * number, sum(row.counts)
        length = max(3.0, _BARS * count / most) if count else 0.0
        shapes += _named(row.name, left - 10, y)
        if count:
            shapes.append(Box(x=left, y=y + 5, width=length, height=_ROW - 9, ink="step3", radius=2))
        shapes.append(Label(x=left + length + 8, y=y + 17, text=f"{count:,}", size=12, ink="faint"))
    height = top + _ROW * len(rows) + 16
    return Drawing(
        width=left + _BARS + _TOTALS + _MARGIN, height=height, title=title, about=about, shapes=tuple(shapes)
    )  # fmt: skip


def _title(title: str, below: str) -> Iterator[Label]:
    yield Label(x=_MARGIN, y=32, text=title, size=18, bold=True)
    yield Label(x=_MARGIN, y=52, text=below, size=12.5, ink="faint")


def _named(name: str, x: float, y: float) -> Iterator[Label]:
    yield Label(x=x, y=y + 17, text=textwrap.shorten(name, 30, placeholder=" …"), size=12.5, anchor="end")


def _squares(row: Row, days: Sequence[date], left: float, y: float, day: float) -> Iterator[Box]:
    gap = min(2.0, day / 6)
    for number, (on, count) in enumerate(zip(days, row.counts, strict=True)):
        if count:
            yield Box(
                x=left + day * number + gap / 2, y=y + 4, width=day - gap, height=_ROW - 8, ink=_ink(count),
                radius=min(2.0, day / 4), hint=f"{row.name}, {on:%d %B %Y}: {count:,}",
            )  # fmt: skip


def _dates(days: Sequence[date], left: float, day: float, y: float) -> Iterator[Label]:
    """The first day, each Monday where there is room, and the name of the month with each."""
    free = left
    for number, on in enumerate(days):
        x = left + day * number
        if (number == 0 or on.weekday() == 0) and x >= free:
            yield Label(x=x, y=y, text=f"{on.day} {on:%b}", size=11.5, ink="faint")
            free = x + 46


def _key(y: float, unit: str) -> Iterator[Box | Label]:
    x = _MARGIN
    for _, ink, words in _STEPS:
        yield Box(x=x, y=y - 11, width=14, height=14, ink=ink, radius=3)
        yield Label(x=x + 20, y=y, text=words, size=12, ink="faint")
        x += 40 + 7 * len(words)
    yield Label(x=x, y=y, text=f"{unit} on a day", size=12, ink="faint")


def _ink(count: int) -> Ink:
    return next(ink for least, ink, _ in reversed(_STEPS) if count >= least)
