"""Cells of the ledger → drawings: a heat map, and a timeline by weeks; and rows of counts, as bars by days.

What lives here: what a reader sees at which place. What must not: counting (`ledger`), SVG and pixels.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

from monitor.pictures.drawing import DARK_STEPS, Box, Drawing, Ink, Label, Line
from monitor.story.ledger import Cell

MOST_ROWS = 25
MOST_COLUMNS = 12
MOST_PAIRS = 20
_STEPS: tuple[tuple[int, Ink, str], ...] = (
    (1, "step1", "1 story"), (2, "step2", "2–4"), (5, "step3", "5–9"), (10, "step4", "10 or more"),
)  # fmt: skip

_MARGIN = 24.0
_HEAD = 88.0  # the title, and in two lines what is shown
_FOOT = 60.0  # the key
_NAMES = 210.0  # width of the names at the left
_ROW = 26.0
_COLUMN = 84.0
_GAP = 2.0
_HEADING_LINE = 14.0
_WEEK = 12.0  # at most, with its gap
_DAYS_WIDTH = 544.0  # of a mail's sheet
_DAYS_MARGIN = 18.0
_DAYS_HEAD = 42.0
_DAYS_ROW = 78.0
_DAYS_BAR = 34.0  # the tallest
_STRIP = 620.0  # width of a timeline's weeks, at most


def heat_map(cells: Sequence[Cell], *, rows: str, columns: str, period: str) -> Drawing:
    """Who is named with whom, the fullest first; what finds no place is counted below.

    `period`: as in "Stories from 1 August to 9 September".
    """
    across = fullest(cells, "column", MOST_COLUMNS)
    down = [row for row in fullest(cells, "row", MOST_ROWS) if any(c.row == row and c.column in across for c in cells)]
    headings = [textwrap.wrap(name, 13)[:3] for name in across]
    top = _HEAD + _HEADING_LINE * max((len(lines) for lines in headings), default=0) + 6
    left = _MARGIN + _NAMES
    width = max(left + _COLUMN * len(across) + _MARGIN, 560.0)
    bottom = top + _ROW * len(down)
    shapes: list[Box | Line | Label] = []
    for number, lines in enumerate(headings):
        shapes += _heading(lines, left + _COLUMN * (number + 0.5), top - 8)
    for number, name in enumerate(down):
        shapes.append(_name(name, left - 10, top + _ROW * number))
        shapes.append(Line(x1=_MARGIN, y1=top + _ROW * (number + 1), x2=width - _MARGIN, y2=top + _ROW * (number + 1)))
    found = {(cell.row, cell.column): cell for cell in cells}
    for y, row in enumerate(down):
        for x, column in enumerate(across):
            if cell := found.get((row, column)):
                shapes += _field(cell, left + _COLUMN * x, top + _ROW * y)
    title = f"{rows.capitalize()} and {columns} in the news"
    shown = sum(cell.row in down and cell.column in across for cell in cells)
    shapes += [*_title(title, period), *_key(bottom + 30, len(cells) - shown)]
    about = "; ".join(f"{cell.row} with {cell.column}: {cell.stories}" for cell in cells[:20])
    return Drawing(width=width, height=bottom + _FOOT, title=title, about=about or "Nothing yet.", shapes=tuple(shapes))


def timeline(cells: Sequence[Cell], *, rows: str, columns: str, since: date, until: date, period: str) -> Drawing:
    """In which weeks stories began that name two together, for the pairs that are named most."""
    weeks = list(_mondays(since, until))
    pairs = cells[:MOST_PAIRS]
    week = min(_WEEK, _STRIP / max(len(weeks), 1))
    left, top = _MARGIN + _NAMES + 80, _HEAD + 22
    bottom = top + _ROW * len(pairs)
    width = max(left + week * len(weeks) + 60 + _MARGIN, 560.0)
    shapes: list[Box | Line | Label] = [*_months(weeks, left, week, top - 8)]
    for number, cell in enumerate(pairs):
        y = top + _ROW * number
        shapes.append(_name(f"{cell.row} · {cell.column}", left - 10, y))
        shapes.append(Line(x1=_MARGIN, y1=y + _ROW, x2=width - _MARGIN, y2=y + _ROW))
        counts = dict(cell.weeks)
        for place, monday in enumerate(weeks):
            if count := counts.get(monday, 0):
                hint = f"{cell.row} and {cell.column}, week of {monday:%d %B %Y}: {_stories(count)}"
                shapes.append(_square(left + week * place, y, week, step_of(count), hint))
        total = Label(x=left + week * len(weeks) + 10, y=y + 18, text=str(cell.stories), ink="faint")
        shapes.append(total)
    title = f"{rows.capitalize()} and {columns}, week by week"
    shapes += [*_title(title, period), *_key(bottom + 30, len(cells) - len(pairs))]
    about = "; ".join(f"{cell.row} with {cell.column}: {_stories(cell.stories)}" for cell in pairs)
    return Drawing(width=width, height=bottom + _FOOT, title=title, about=about or "Nothing yet.", shapes=tuple(shapes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A row of counts by days, and what stands at its ends."""

    name: str
    counts: tuple[int, ...]
    total: str


def days(rows: Sequence[Bars], *, title: str, about: str, first: str, last: str) -> Drawing:
    """Rows of bars, one above the other and to one scale, each with its name over it; all words are the caller's.

    `first` and `last` name the first and the last day. A day without anything is a dot: it is a day all the same.
    """
    most = max((count for row in rows for count in row.counts), default=0)
    bottom = _DAYS_HEAD + _DAYS_ROW * len(rows)
    right = _DAYS_WIDTH - _DAYS_MARGIN
    shapes: list[Box | Line | Label] = [Label(x=_DAYS_MARGIN, y=32, text=title, size=17, bold=True)]
    for number, row in enumerate(rows):
        shapes += _bars(row, _DAYS_HEAD + _DAYS_ROW * number, most)
    shapes.append(Label(x=_DAYS_MARGIN, y=bottom + 10, text=first, size=14, ink="faint"))
    shapes.append(Label(x=right, y=bottom + 10, text=last, size=14, anchor="end", ink="faint"))
    return Drawing(width=_DAYS_WIDTH, height=bottom + 26, title=title, about=about, shapes=tuple(shapes))


def _bars(row: Bars, top: float, most: int) -> Iterator[Box | Line | Label]:
    base, right = top + _DAYS_ROW - 16, _DAYS_WIDTH - _DAYS_MARGIN
    yield Label(x=_DAYS_MARGIN, y=top + 18, text=textwrap.shorten(row.name, 46, placeholder=" …"), size=15)
    yield Label(x=right, y=top + 18, text=row.total, size=14, anchor="end", ink="faint")
    day = (right - _DAYS_MARGIN) / max(len(row.counts), 1)
    for place, count in enumerate(row.counts):
        height = max(4.0, _DAYS_BAR * count / most) if count else 1.5
        ink: Ink = "step3" if count else "rule"
        x, radius = _DAYS_MARGIN + day * place + 1.5, min(1.5, height / 2)
        yield Box(x=x, y=base - height, width=day - 3, height=height, ink=ink, radius=radius)


class Pair(Protocol):
    """Two that are named together, by names, and in how many stories."""

    @property
    def row(self) -> str: ...
    @property
    def column(self) -> str: ...
    @property
    def stories(self) -> int: ...


def fullest(pairs: Sequence[Pair], side: Literal["row", "column"], most: int) -> list[str]:
    """The names of one side by the number of stories, the first `most` of them."""
    totals: Counter[str] = Counter()
    for pair in pairs:
        totals[pair.row if side == "row" else pair.column] += pair.stories
    return [name for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:most]]


def _title(title: str, period: str) -> Iterator[Label]:
    yield Label(x=_MARGIN, y=34, text=title, size=19, bold=True)
    yield Label(x=_MARGIN, y=55, text=f"Stories {period}", size=12.5, ink="faint")
    yield Label(x=_MARGIN, y=71, text="that name both in one sentence, or in headline and lead", size=12.5, ink="faint")


def _name(name: str, x: float, y: float) -> Label:
    return Label(x=x, y=y + 18, text=textwrap.shorten(name, 40, placeholder=" …"), anchor="end")


def _heading(lines: Sequence[str], x: float, baseline: float) -> Iterator[Label]:
    for number, line in enumerate(reversed(lines)):
        yield Label(x=x, y=baseline - _HEADING_LINE * number, text=line, size=12, anchor="middle")


def _field(cell: Cell, x: float, y: float) -> Iterator[Box | Label]:
    ink = step_of(cell.stories)
    hint = f"{cell.row} and {cell.column}: {_stories(cell.stories)}, first {cell.first.naming.at:%d %B %Y}"
    yield Box(
        x=x + _GAP, y=y + _GAP, width=_COLUMN - 2 * _GAP, height=_ROW - 2 * _GAP, ink=ink, radius=3, hint=hint
    )  # fmt: skip
    number: Ink = "on-step" if ink in DARK_STEPS else "text"
    yield Label(x=x + _COLUMN / 2, y=y + 18, text=str(cell.stories), anchor="middle", ink=number)


def _square(x: float, y: float, week: float, ink: Ink, hint: str = "") -> Box:
    gap = min(_GAP, week / 6)
    return Box(x=x + gap / 2, y=y + 6, width=week - gap, height=_ROW - 12, ink=ink, radius=min(2, week / 4), hint=hint)


def _key(y: float, left_out: int) -> Iterator[Box | Label]:
    x = _MARGIN
    for _, ink, words in _STEPS:
        yield Box(x=x, y=y - 11, width=14, height=14, ink=ink, radius=3)
        yield Label(x=x + 20, y=y, text=words, size=12, ink="faint")
        x += 40 + 7 * len(words)
    if left_out:
        more = f"and {left_out:,} more pairs, in the table"
        yield Label(x=x + 8, y=y, text=more, size=12, ink="faint")


def step_of(stories: int) -> Ink:
    """How full a field is drawn."""
    return next(ink for least, ink, _ in reversed(_STEPS) if stories >= least)


def _stories(count: int) -> str:
    return f"{count} {'story' if count == 1 else 'stories'}"


def _mondays(since: date, until: date) -> Iterator[date]:
    monday = since - timedelta(days=since.weekday())
    while monday <= until:
        yield monday
        monday += timedelta(days=7)


def _months(weeks: Sequence[date], left: float, week: float, y: float) -> Iterator[Label]:
    """The name of a month over its first week, where there is room for it."""
    free = left
    for place, monday in enumerate(weeks):
        begins = place == 0 or monday.month != weeks[place - 1].month
        x = left + week * place
        if begins and x >= free:
            text = f"{monday:%b %Y}" if place == 0 or monday.month == 1 else f"{monday:%b}"
            yield Label(x=x, y=y, text=text, size=12, ink="faint")
            free = x + 8 * len(text)
