"""The ledger: which company is named with which agency, as a table, as pictures, and with the reports behind each.

What must not live here: the counting (`story.ledger`) and the drawing (`pictures`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from monitor.desk.pages import page
from monitor.desk.rooms.drawings import drawing
from monitor.desk.views import local_day
from monitor.desk.visit import Reader, Visit
from monitor.model import Document, Naming
from monitor.pictures.charts import MOST_COLUMNS, MOST_ROWS, fullest, heat_map, step_of, timeline
from monitor.pictures.drawing import Drawing, Ink
from monitor.story import ledger as counting
from monitor.story.ledger import Cell, Evidence
from monitor.story.mentions import sentence_of
from storage import entries, mentions

router = APIRouter(tags=["companies"])

PERIODS = (7, 30, 90, 365)  # days, that a page offers
_AT_ONCE = 200  # entries that are read together

Days = Annotated[int, Query(ge=1, le=3_660, description="How many days to look back.")]
Kind = Annotated[str, Query(max_length=200, description="A kind of names that a pack has under `who`.")]
Name = Annotated[str, Query(max_length=200, description="Only pairs with this name.")]
Whole = Annotated[bool, Query(description="What names a part of somebody counts for the whole too.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which pairs are wanted."""

    days: int
    rows: str
    columns: str
    name: str
    whole: bool


def _asked(
    days: Days = 90, rows: Kind = "companies", columns: Kind = "agencies", name: Name = "", whole: Whole = False
) -> Asked:
    return Asked(days=days, rows=rows, columns=columns, name=name.strip(), whole=whole)


Wanted = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """How many stories began in the week of a Monday."""

    monday: date
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two that are named together, with the first report that shows it, and the latest."""

    row: str
    column: str
    stories: int
    outlets: int
    first_at: datetime
    first_story: int
    first_outlet: str
    first_title: str
    first_link: str
    first_sentence: str  # "" where the report has been reworded since
    latest_at: datetime
    latest_story: int
    latest_outlet: str
    latest_title: str
    latest_link: str
    latest_sentence: str
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Companies:
    """Who is named with whom, the fullest first."""

    asked: Asked
    since: date
    until: date
    kinds: tuple[str, ...]  # that can be asked for; empty: no pack says who is who
    rows: tuple[PairRow, ...]

    @property
    def across(self) -> Sequence[str]:
        return fullest(self.rows, "column", MOST_COLUMNS)

    @property
    def down(self) -> Sequence[str]:
        shown = set(self.across)
        found = {row.row for row in self.rows if row.column in shown}
        return [name for name in fullest(self.rows, "row", MOST_ROWS) if name in found]

    @property
    def stories(self) -> Mapping[tuple[str, str], int]:
        return {(row.row, row.column): row.stories for row in self.rows}

    @property
    def left_out(self) -> int:
        """Pairs that the map has no place for."""
        across, down = set(self.across), set(self.down)
        return sum(row.column not in across or row.row not in down for row in self.rows)

    def step(self, stories: int) -> Ink:
        return step_of(stories)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingReport:
    """One report that names both."""

    at: datetime
    story: int
    outlet: str
    title: str
    link: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPage:
    """Every report that names two together, the latest first."""

    asked: Asked
    row: str
    column: str
    stories: int
    rows: tuple[NamingReport, ...]


def companies(visit: Reader, asked: Wanted) -> Companies:
    """Who is named with whom in the stories that matched: how often, since when, and where to see it."""
    kinds = _kinds(visit)
    _check(asked, kinds)
    with visit.desk.database.read() as connection:
        cells = _cells(connection, visit, asked)
        said = _sentences(connection, [end for cell in cells for end in (cell.first, cell.latest)])
    rows = tuple(_row(cell, said, visit) for cell in cells)
    since, until = _period(visit, asked)
    return Companies(asked=asked, since=since, until=until, kinds=kinds, rows=rows)


def pair(visit: Reader, asked: Wanted, row: Name, column: Name) -> PairPage:
    """The reports behind one pair, each with the sentence that names both."""
    _check(asked, _kinds(visit))
    with visit.desk.database.read() as connection:
        shown = _evidence(connection, visit, asked).get((row, column), [])
        if not shown:
            raise HTTPException(404, f"no report of these {asked.days} days names {row or '“”'} with {column or '“”'}")
        said = _sentences(connection, shown)
    reports = tuple(_report(one, said, visit) for one in reversed(shown))
    return PairPage(asked=asked, row=row, column=column, stories=len({one.story for one in reports}), rows=reports)


def map_of(visit: Reader, asked: Wanted) -> Drawing:
    """A heat map of who is named with whom."""
    _check(asked, _kinds(visit))
    with visit.desk.database.read() as connection:
        cells = _cells(connection, visit, asked)
    return heat_map(cells, rows=asked.rows, columns=asked.columns, period=_period_words(visit, asked))


def weeks_of(visit: Reader, asked: Wanted) -> Drawing:
    """Who is named with whom, week by week."""
    _check(asked, _kinds(visit))
    with visit.desk.database.read() as connection:
        cells = _cells(connection, visit, asked)
    since, until = _period(visit, asked)
    return timeline(
        cells, rows=asked.rows, columns=asked.columns, since=since, until=until, period=_period_words(visit, asked)
    )  # fmt: skip


page(router, "/companies", template="companies.html", name="companies")(companies)
page(router, "/companies/pair", template="pair.html", name="pair")(pair)
drawing(router, "/companies/map", name="companies-map")(map_of)
drawing(router, "/companies/weeks", name="companies-weeks")(weeks_of)


# ---- what is counted -------------------------------------------------------------------------------------------------


def _kinds(visit: Visit) -> tuple[str, ...]:
    packs = visit.desk.settings.now().packs
    return tuple(dict.fromkeys(entity.kind for pack in packs for entity in pack.who))


def _check(asked: Asked, kinds: Sequence[str]) -> None:
    """A kind that is mistyped would look like one that no story names."""
    for parameter, kind in (("rows", asked.rows), ("columns", asked.columns)):
        if kinds and kind not in kinds:
            raise HTTPException(422, f"{parameter}: no pack has {kind!r}; expected one of {', '.join(kinds)}")


def _cells(connection: Connection, visit: Visit, asked: Asked) -> tuple[Cell, ...]:
    cells = counting.cells(
        _namings(connection, visit, asked), rows=asked.rows, columns=asked.columns, wholes=_wholes(visit, asked)
    )
    wanted = asked.name.casefold()
    return tuple(cell for cell in cells if not wanted or wanted in (cell.row.casefold(), cell.column.casefold()))


def _evidence(connection: Connection, visit: Visit, asked: Asked) -> Mapping[tuple[str, str], Sequence[Evidence]]:
    return counting.evidence(
        _namings(connection, visit, asked), rows=asked.rows, columns=asked.columns, wholes=_wholes(visit, asked)
    )


def _namings(connection: Connection, visit: Visit, asked: Asked) -> Iterator[Naming]:
    kinds = {asked.rows, asked.columns}
    return mentions.namings(connection, since=visit.now - timedelta(days=asked.days), kinds=kinds)


def _wholes(visit: Visit, asked: Asked) -> Mapping[str, str]:
    packs = visit.desk.settings.now().packs if asked.whole else ()
    return {one.name: one.part_of for pack in packs for one in pack.who}


def _period(visit: Visit, asked: Asked) -> tuple[date, date]:
    return local_day(visit.now - timedelta(days=asked.days), visit.zone), local_day(visit.now, visit.zone)


def _period_words(visit: Visit, asked: Asked) -> str:
    first, last = _period(visit, asked)
    return f"from {first:%d %B %Y} to {last:%d %B %Y}"


# ---- how it is told --------------------------------------------------------------------------------------------------


def _sentences(connection: Connection, shown: Sequence[Evidence]) -> Mapping[int, Document]:
    """The documents in which the sentences stand."""
    ids = sorted({one.naming.entry for one in shown})
    found: dict[int, Document] = {}
    for batch in (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)):
        found |= {entry: document for entry, (document, _) in entries.documents(connection, batch).items()}
    return found


def _row(cell: Cell, documents: Mapping[int, Document], visit: Visit) -> PairRow:
    ends = {"first": cell.first, "latest": cell.latest}
    told = {
        f"{end}_{name}": value
        for end, one in ends.items()
        for name, value in asdict(_report(one, documents, visit)).items()
    }
    weeks = tuple(Week(monday=monday, stories=count) for monday, count in cell.weeks)
    return PairRow(
        row=cell.row, column=cell.column, stories=cell.stories, outlets=cell.outlets, weeks=weeks, **told
    )  # fmt: skip


def _report(one: Evidence, documents: Mapping[int, Document], visit: Visit) -> NamingReport:
    naming = one.naming
    return NamingReport(
        at=naming.at,
        story=naming.story,
        outlet=visit.desk.outlets.name(naming.outlet),
        title=naming.title,
        link=naming.link,
        sentence=sentence_of(documents[naming.entry], one.mention),
    )
