"""The watches: how each stands, what it found, how often it was right, and what it could leave out.

What must not live here: writing them (`editing`), and trying out others (`trying`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from alerts.history import blocks
from monitor.desk.cards import StoryCard, card_of
from monitor.desk.judgeable import Judgeable, Said, people
from monitor.desk.pages import page
from monitor.desk.rooms.day import midnight
from monitor.desk.streams import MOST
from monitor.desk.views import local_day
from monitor.desk.visit import Reader, Visit
from monitor.model import Filters, StoryLine
from monitor.pipeline import search
from monitor.pipeline.arming import WatchState, states
from monitor.pipeline.search import Hit
from monitor.review.precision import Period, Precision, by_watch, over_time, precision, tried
from monitor.review.suggestions import Example, examples, not_terms
from monitor.settings.config import Config
from monitor.watches.evidence import weigh
from monitor.watches.matching import CompiledWatch, judge
from monitor.watches.near_miss import why_not
from monitor.watches.page import Page
from monitor.words.language import with_language
from storage import review, story_lines, tallies

router = APIRouter(tags=["watches"])

DAYS = 30
WEEKS = 12
_NEAR = 300  # of the latest entries, among which near misses are looked for
_MOST = 12  # of any list on a watch's page
_JUDGED = 2_000  # verdicts, over which the list says how often each watch was right
LESSONS = 400  # of the latest verdicts, from which suggestions are made: each is read anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How often a watch was right: of the stories that were judged, those that were kept or starred."""

    kept: int
    refused: int
    share: float | None  # None: nobody has judged anything
    low: float  # where the true share lies, in 95 of 100 cases
    high: float

    @property
    def words(self) -> str:
        if self.share is None:
            return "not judged yet"
        judged = f"{self.kept} of {self.kept + self.refused} judged stories were right"
        return f"{judged}: {self.share:.0%} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLine:
    """One watch of the list."""

    name: str
    state: str  # alert, digest; or why it may not alert: paused, held, refused
    until: datetime | None
    why: str
    recipients: tuple[str, ...]
    stories: int  # of the last 30 days
    days: tuple[int, ...]  # how many began on each of them, oldest first
    precision: Share  # over the latest 2,000 verdicts

    @property
    def blocks(self) -> str:
        """The days as a row of blocks."""
        return blocks(self.days, max(self.days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watches:
    """All watches of the file."""

    rows: tuple[WatchLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """How the stories that began in one week were judged."""

    first: date
    precision: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A term for a NOT, and what it would have stopped and lost: stories of the archive."""

    term: str
    stops: tuple[int, ...]
    loses: tuple[int, ...]
    query: str  # of the watch with it; "" where the watch is a pack, which is a file of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Judgeable):
    """An entry that holds something of the watch and is not its story."""

    entry: int
    title: str
    link: str
    outlet: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPage:
    """One watch, whole."""

    line: WatchLine
    query: str
    pack: str
    sets: Mapping[str, tuple[str, ...]]  # that the query names, with the first of their terms
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    weeks: tuple[Week, ...]  # oldest first
    suggestions: tuple[Suggestion, ...]
    examples: tuple[Example, ...]  # judged stories that the watch does not pass yet
    lost: tuple[int, ...]  # stories that were kept and that its present wording would not find
    near: tuple[Near, ...]
    refused: tuple[StoryCard, ...]  # the latest stories that were judged not relevant
    people: tuple[str, ...]  # to whom a story can be given

    @property
    def most(self) -> int:
        """Rows of a whole result that are given at once."""
        return MOST


def all_watches(visit: Reader) -> Watches:
    """How each watch stands, what it found in the last 30 days, and how often it was right."""
    config = visit.desk.settings.now()
    with visit.desk.database.read() as connection:
        judged = by_watch(review.latest_kinds(connection, limit=_JUDGED))
        found = _began(connection, visit)
    standing = states(visit.desk.database, config, now=visit.now)
    return Watches(rows=tuple(_line(visit, config, one, found, judged.get(one.name)) for one in standing))


page(router, "/watches", template="watches.html", name="watches")(all_watches)


def one_watch(visit: Reader, name: str) -> WatchPage:
    """One watch: its words, its precision by weeks, what verdicts suggest, what came near, what was refused."""
    config = visit.desk.settings.now()
    state = next((one for one in states(visit.desk.database, config, now=visit.now) if one.name == name), None)
    if state is None:
        raise HTTPException(404, f"no watch is called {name}")
    compiled = next((one for one in config.compiled if one.watch.name == name), None)
    with visit.desk.database.read() as connection:
        judged = story_lines.judged(connection, watch=name)
        found = _began(connection, visit, name)
        near = tuple(near_misses(connection, visit, config, compiled)) if compiled else ()
        known = people(connection)
    watch, lessons = compiled.watch if compiled else None, judged[:LESSONS]
    line = _line(visit, config, state, found, precision(judged))
    refused = [one for one in judged if one.verdict and one.verdict.kind == "refused"]
    return WatchPage(
        line=line,
        query=watch.query if watch else "",
        pack=watch.pack if watch else "",
        sets=_sets(config, watch.query) if watch else {},
        must_match=watch.must_match if watch else (),
        must_not_match=watch.must_not_match if watch else (),
        weeks=tuple(week_of(period) for period in periods_of(visit, judged)),
        suggestions=tuple(suggestions_of(compiled, lessons)) if compiled else (),
        examples=tuple(one for one in examples(compiled, lessons) if not one.holds)[:_MOST] if compiled else (),
        lost=tried(compiled, lessons).lost if compiled else (),
        near=near,
        refused=tuple(card_of(one, visit.desk.outlets) for one in refused[:_MOST]),
        people=known,
    )


page(router, "/watches/{name:path}", template="watch.html", name="watch")(one_watch)


# ---- what is shown of a watch ----------------------------------------------------------------------------------------


def _line(
    visit: Visit, config: Config, state: WatchState, found: Mapping[str, Counter[date]], judged: Precision | None
) -> WatchLine:
    watch, today = config.watches.get(state.name), local_day(visit.now, visit.zone)
    began = found.get(state.name, Counter())
    days = tuple(began[today - timedelta(days=back)] for back in range(DAYS - 1, -1, -1))
    return WatchLine(
        name=state.name, state=state.state, until=state.until, why=state.why,
        recipients=(watch.recipients or tuple(config.recipients)) if watch else (), stories=sum(days), days=days,
        precision=_share(judged or Precision(kept=0, refused=0)),
    )  # fmt: skip


def _began(connection: Connection, visit: Visit, watch: str = "") -> Mapping[str, Counter[date]]:
    """Watch → how many of its stories began on each of the last days, as the pictures count them. "": all watches."""
    since = midnight(visit.today - timedelta(days=DAYS - 1), visit.zone)
    found: dict[str, Counter[date]] = {}
    for (name, _), at in tallies.beginnings(connection, since=since, watch=watch).items():
        found.setdefault(name, Counter())[local_day(at, visit.zone)] += 1
    return found


def _share(one: Precision) -> Share:
    low, high = one.interval
    return Share(kept=one.kept, refused=one.refused, share=one.share, low=low, high=high)


def week_of(period: Period) -> Week:
    return Week(first=period.first, precision=_share(period.precision))


def periods_of(visit: Visit, judged: Sequence[StoryLine]) -> Sequence[Period]:
    today = local_day(visit.now, visit.zone)
    return over_time(judged, until=today, days=7, periods=WEEKS, zone=visit.zone)


def _sets(config: Config, query: str) -> Mapping[str, tuple[str, ...]]:
    return {
        name: tuple(dict.fromkeys(term.source for term in terms.terms))[:_MOST]
        for name, terms in config.sets.items()
        if f"@{name}" in query
    }


def suggestions_of(compiled: CompiledWatch, judged: Sequence[StoryLine]) -> Iterator[Suggestion]:
    """The terms, each with the query as it would be: it is the person who writes it."""
    query = compiled.watch.query.strip()
    for one in not_terms(judged):
        wording = f"({query}) AND NOT {one.term}" if query else ""
        yield Suggestion(term=one.term, stops=one.stops, loses=one.loses, query=wording)


def near_misses(
    connection: Connection, visit: Visit, config: Config, compiled: CompiledWatch
) -> Iterator[Near]:  # fmt: skip
    """Of the latest entries those that came nearest, with something for both halves of a pack. None for a query."""
    if compiled.pack is None:
        return
    found = search.find(connection, None, Filters(), wanted=config.feeds, size=_NEAR)
    pages = [(hit, Page(with_language(hit.document))) for hit in found.hits]
    weighed = [(hit, seen, weigh(compiled.pack, seen)) for hit, seen in pages]
    missed = [(found.score, hit, seen) for hit, seen, found in weighed if found and not judge(compiled, seen)]
    nearest = sorted(missed, key=lambda one: -one[0])[:_MOST]
    said = Said(connection, (hit.story for _, hit, _ in nearest), watch=compiled.watch.name)
    for _, hit, seen in nearest:
        yield _near(visit, hit, said, why_not(compiled, seen.document))


def _near(visit: Visit, hit: Hit, said: Said, why: str) -> Near:
    document = hit.document
    known = visit.desk.outlets.find(document.outlet)
    outlet = known.name if known else document.feed or document.outlet
    return Near(
        **said.of(hit.story), entry=hit.entry, title=document.title, link=document.url, outlet=outlet, why=why
    )  # fmt: skip
