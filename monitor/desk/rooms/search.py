"""The archive, searched in the watch language.

What must not live here: what a query finds (`pipeline.search`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from monitor.desk.cards import Marks
from monitor.desk.judgeable import Judgeable, Said, people
from monitor.desk.pages import Plain, page
from monitor.desk.rooms.day import midnight
from monitor.desk.streams import AS_STREAM, MOST, SuffixWanted, stream_answer
from monitor.desk.visit import Reader, Visit
from monitor.errors import QueryError
from monitor.model import Filters, VerdictKind
from monitor.pipeline import search
from monitor.pipeline.search import Found, Hit
from monitor.story.report import LONGEST_SENTENCE, sentence_of, title_marks
from monitor.watches.matching import CompiledWatch

router = APIRouter(tags=["search"])

LONGEST = 5_000  # code points of a query
_TOGETHER = 200  # entries of a whole result that are read at once


def _given(value: object) -> object:
    """A field of a form that was left empty asks for nothing."""
    return None if value == "" else value


Asked = Annotated[str, Query(max_length=LONGEST, description="In the watch language; empty: every entry.")]
WatchWanted = Annotated[str, Query(description="Only entries that this watch matched.")]
OutletWanted = Annotated[str, Query(description="Only entries of this outlet: its domain.")]
VerdictWanted = Annotated[
    VerdictKind | None, BeforeValidator(_given), Query(description="Only of stories judged so; open: not judged.")
]
Since = Annotated[date | None, BeforeValidator(_given), Query(description="From this day on, where the reader lives.")]
Until = Annotated[date | None, BeforeValidator(_given), Query(description="Up to and with this day.")]
Before = Annotated[
    Annotated[int, Field(ge=1)] | None,
    BeforeValidator(_given),
    Query(description="The next page: what `resume_before` said."),
]

# What a reader may try who has never written a query; each shows one thing that the language can.
EXAMPLES = (
    ("deportation AND (palantir OR clearview)", "both, and either"),
    ('"facial recognition" NEAR/10 border', "within ten words"),
    ("title:raid AND NOT title:police", "in the headline only"),
    ("first200(contract*) AND {ICE}", "early in the text; a prefix; capitals count"),
)


class Example(NamedTuple):
    """A query to try."""

    query: str
    shows: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry(Judgeable):
    """One entry that was found."""

    entry: int
    title: str
    title_marks: Marks
    outlet: str
    link: str
    published: datetime | None
    first_seen: datetime
    sentence: str  # that holds most of what was asked
    marks: Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of what was found, the newest first."""

    query: str
    fault: str  # why it cannot be read, with a caret under the spot; "" for none
    watch: str
    outlet: str
    verdict: VerdictKind | None
    since: date | None
    until: date | None
    rows: tuple[FoundEntry, ...]
    looked_at: int  # entries that the index named
    resume_before: int | None  # the next page begins below this entry; None: there is no more
    watches: tuple[str, ...]
    people: tuple[str, ...]  # to whom a story can be given
    examples: tuple[Example, ...]  # where nothing was asked

    @property
    def most(self) -> int:
        """Rows of the whole result that are given at once."""
        return MOST

    @property
    def asked(self) -> str:
        """The address of this search without its place: what another page of it begins with."""
        said = {
            "q": self.query, "watch": self.watch, "outlet": self.outlet, "verdict": self.verdict, "since": self.since,
            "until": self.until,
        }  # fmt: skip
        return urlencode({name: value for name, value in said.items() if value})


def search_archive(
    visit: Reader,
    q: Asked = "",
    watch: WatchWanted = "",
    outlet: OutletWanted = "",
    verdict: VerdictWanted = None,
    since: Since = None,
    until: Until = None,
    before: Before = None,
) -> SearchPage:
    """Entries of the archive that match a query and pass the filters, the newest first."""
    config = visit.desk.settings.now()
    filters = _filters(visit, watch, outlet.strip().lower(), verdict, since, until)
    question, fault = _read(visit, q)
    wanted = fault == "" and (question is not None or filters != Filters())
    found = Found(hits=(), looked_at=0, resume_before=None)
    with visit.desk.database.read() as connection:
        if wanted:
            found = search.find(connection, question, filters, wanted=config.feeds, before=before)
        rows = tuple(_rows(visit, connection, found.hits, watch))
        known = people(connection)
    return SearchPage(
        query=q, fault=fault, watch=watch, outlet=outlet, verdict=verdict, since=since, until=until,
        rows=rows, looked_at=found.looked_at, resume_before=found.resume_before,
        watches=tuple(config.watches), people=known,
        examples=() if wanted or fault else tuple(Example(*one) for one in EXAMPLES),
    )  # fmt: skip


page(router, "/search", template="search.html", name="search")(search_archive)


@router.get("/search/whole.{suffix}", response_class=Response, responses=AS_STREAM)
def whole_search(
    visit: Reader, suffix: SuffixWanted, q: Asked = "", watch: WatchWanted = "", outlet: OutletWanted = "",
    verdict: VerdictWanted = None, since: Since = None, until: Until = None, before: Before = None,
    plain: Plain = False,
) -> Response:  # fmt: skip
    """All that a search finds, as it is found. Where there is more, it goes on with `before`: the last entry."""
    filters = _filters(visit, watch, outlet.strip().lower(), verdict, since, until)
    question, _ = _read(visit, q)
    if question is None and filters == Filters():
        raise HTTPException(422, "expected a query as `q`, or a filter: watch, outlet, verdict, since or until")
    rows = _every(visit, question, filters, before)
    return stream_answer(rows, kind=FoundEntry, suffix=suffix, name="search", guard=not plain)


def _every(visit: Visit, question: CompiledWatch | None, filters: Filters, before: int | None) -> Iterator[FoundEntry]:
    """Page by page, each in a reading of its own: a slow reader holds up nobody who writes."""
    wanted = visit.desk.settings.now().feeds
    while True:
        with visit.desk.database.read() as connection:
            found = search.find(connection, question, filters, wanted=wanted, before=before, size=_TOGETHER)
            rows = tuple(_rows(visit, connection, found.hits, filters.watch))
        yield from rows
        before = found.resume_before
        if before is None:
            return


def _read(visit: Visit, query: str) -> tuple[CompiledWatch | None, str]:
    """The query, and why it cannot be read. A program is not given an empty list for an answer then, but the error."""
    try:
        return search.asked(query.replace("\r\n", "\n"), visit.desk.settings.now().sets), ""
    except QueryError as error:
        if not visit.request.url.path.endswith("/search"):
            raise
        return None, str(error)


def _filters(
    visit: Visit, watch: str, outlet: str, verdict: VerdictKind | None, since: date | None, until: date | None
) -> Filters:
    return Filters(
        watch=watch,
        outlet=outlet,
        verdict=verdict,
        since=midnight(since, visit.zone) if since else None,
        until=midnight(until + timedelta(days=1), visit.zone) if until else None,
    )


def _rows(visit: Visit, connection: Connection, hits: Sequence[Hit], watch: str) -> Iterator[FoundEntry]:
    said = Said(connection, (hit.story for hit in hits), watch=watch)
    for hit in hits:
        document, outlets = hit.document, visit.desk.outlets
        known = outlets.find(document.outlet)
        sentence, marks = _passage(hit)
        yield FoundEntry(
            **said.of(hit.story), entry=hit.entry, title=document.title,
            title_marks=title_marks(hit.match) if hit.match else (),
            outlet=known.name if known else document.feed or document.outlet, link=document.url,
            published=document.published, first_seen=hit.first_seen, sentence=sentence, marks=marks,
        )  # fmt: skip


def _passage(hit: Hit) -> tuple[str, Marks]:
    if hit.match is None:
        return hit.document.summary[:LONGEST_SENTENCE], ()
    return sentence_of(hit.document, hit.match)
