"""How many stories a day there were in the last month, by watch: as a picture, and as a row of blocks in plain text.

What lives here: counts → what a reader is shown of them. What must not: counting, and shapes (`pictures`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from alerts.cleaning import clean, shortened
from alerts.languages.language import Language
from monitor.pictures.charts import Bars, days
from monitor.pictures.drawing import Drawing, to_svg

DAYS = 30
MOST_WATCHES = 6  # each with a row of its own; the others share one
_NAME_LENGTH = 60
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Stories a day by watch: `DAYS` counts each, of which the last is of the day `last`."""

    last: date
    rows: Mapping[str, tuple[int, ...]]

    @property
    def first(self) -> date:
        return self.last - timedelta(days=DAYS - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the month, as a page prints it."""

    watch: str
    total: str  # "42 stories"
    blocks: str  # "▁▂█···"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The month as a page prints it. `source` and `text` of the picture hold nothing that is loaded from elsewhere."""

    title: str
    rows: tuple[Row, ...]
    source: str
    about: str
    width: int
    height: int


def month_of(history: History, key: str, language: Language, *, alone: bool) -> tuple[Month, str]:
    """The month for the message of that key, and its picture as a mail carries it, a PNG in base64.

    `alone`: for a page that is a file by itself, which holds its picture in itself, as SVG.
    """
    drawing = drawing_of(history, language)
    rows = tuple(
        Row(watch=bars.name, total=bars.total, blocks=blocks(bars.counts, _most(history)))
        for bars in _rows(history, language)
    )
    month = Month(
        title=drawing.title, rows=rows, source=f"cid:{picture_id(key)}", about=drawing.about,
        width=round(drawing.width), height=round(drawing.height),
    )  # fmt: skip
    if alone:
        svg = base64.b64encode(to_svg(drawing).encode()).decode("ascii")
        return replace(month, source=f"data:image/svg+xml;base64,{svg}"), ""
    from monitor.pictures.raster import to_png  # an imaging library; most rounds of the program write no digest

    return month, base64.b64encode(to_png(drawing)).decode("ascii")


def picture_id(key: str) -> str:
    """The content id of the picture in the message of that key."""
    return f"{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}@picture.tipsheet"


def drawing_of(history: History, language: Language) -> Drawing:
    """The month as shapes. What it shows is said in words as well, for those who cannot see it."""
    rows = _rows(history, language)
    title = language.words("Stories a day, the last %(days)s days", days=DAYS)
    said = "; ".join(f"{row.name}: {row.total}" for row in rows) or language.words("No watch is set up.")
    first, last = language.dated("d MMM", history.first), language.dated("d MMM", history.last)
    return days(rows, title=title, about=said, first=first, last=last)


def blocks(counts: tuple[int, ...], most: int) -> str:
    """ "·▁█": a dot for none, a full block for the most."""
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round(top * count / most)] if count else "·" for count in counts)


def _most(history: History) -> int:
    return max((count for counts in history.rows.values() for count in counts), default=0)


def _rows(history: History, language: Language) -> tuple[Bars, ...]:
    """The watches with most stories, by their names; the others in one row."""
    ranked = sorted(history.rows, key=lambda name: (-sum(history.rows[name]), name))
    kept = ranked if len(ranked) <= MOST_WATCHES else ranked[: MOST_WATCHES - 1]
    rows = [_bars(shortened(clean(name), _NAME_LENGTH), history.rows[name], language) for name in sorted(kept)]
    if rest := ranked[len(kept) :]:
        name = language.counted("%(n)s more watch", "%(n)s more watches", len(rest))
        rows.append(_bars(name, tuple(map(sum, zip(*(history.rows[one] for one in rest), strict=True))), language))
    return tuple(rows)


def _bars(name: str, counts: tuple[int, ...], language: Language) -> Bars:
    total = language.counted("%(n)s story", "%(n)s stories", sum(counts))
    return Bars(name=name, counts=counts, total=total)
