"""The feeds: how each is and why, when it is asked next, what it usually brings, and what to do about it.

What lives here: the list, one feed, and asking one now. What must not: judging a feed (`rhythm`), changing the file
(`feed_forms`), finding new ones (`finding`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from monitor.desk.answers import Done, Next, done
from monitor.desk.pages import page
from monitor.desk.rooms.drawings import drawing
from monitor.desk.visit import Reader, Reviewer, Visit
from monitor.errors import ConfigError
from monitor.model import Feed, FeedRow
from monitor.net import websub
from monitor.pictures.drawing import Drawing
from monitor.pictures.hours import hours
from monitor.rhythm import cadence, index_rule
from monitor.rhythm.condition import State, condition_of, crowd_of
from monitor.rhythm.index_rule import Crowd, Habit
from storage import feed_lines, subscriptions
from storage import feeds as feed_rows
from storage.feed_lines import FeedEntry

router = APIRouter(tags=["feeds"])

SHOWN = 200  # feeds on a page; the data has all
ENTRIES = 30  # of one feed
STATES: tuple[State, ...] = get_args(State)
MOST = 50_000  # feeds that are looked at for the list
_ELSEWHERE = "`tipsheet feeds health --failing` lists those that need a look"
_NEW = "in feeds.yaml; a Tipsheet at work takes it up when it is started again"

StateWanted = Annotated[
    State | Literal["", "unwell"], Query(description="Only feeds that are so; unwell: that need a look; empty: all.")
]
TagWanted = Annotated[str, Query(description="Only feeds that have this tag in feeds.yaml.")]
Words = Annotated[str, Query(description="Only feeds whose name, address or outlet holds this.", max_length=200)]
Start = Annotated[int, Query(ge=0, description="How many the page leaves out at the top; the data has all.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """How one feed is."""

    id: int | None  # None: it is in the file, and no Tipsheet has taken it up yet
    name: str
    url: str
    outlet: str
    tags: tuple[str, ...]
    in_file: bool
    listed_in: str  # the list beside the file that names it; "": none does
    enabled: bool
    state: State
    why: str  # "" for a feed that is well
    since: datetime | None  # when that began
    advice: str  # what to do; "" for nothing
    succeeded_at: datetime | None  # when it was last read
    changed_at: datetime | None  # when it last brought something new
    next_poll_at: datetime | None
    next_poll_reason: str
    hub: str  # whether a hub tells of its news, in words; "" where none does
    brings: str  # what it usually brings, in words; "" for not known
    lately: float  # items of the last hours
    promised: float  # how many they were to be, by its habit
    polls: int
    entries: int
    failures: int  # polls in a row

    @property
    def is_well(self) -> bool:
        return self.state in {"ok", "waiting", "at rest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsSummary:
    """The feeds in use, counted."""

    total: int
    healthy: int
    failing: int  # those that are gone with them
    failing_since: datetime | None  # the first of them
    states: Mapping[State, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFilters:
    """Which feeds are meant; "": all."""

    state: State | Literal["", "unwell"]
    tag: str
    q: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsPage:
    """The feeds, the worst first."""

    rows: tuple[FeedLine, ...]
    summary: FeedsSummary  # of all feeds in use, whatever is asked for
    filters: FeedFilters
    tags: tuple[str, ...]  # that any of them has
    start: int
    fault: str  # of feeds.yaml, where it cannot be read; "" where it can

    @property
    def shown(self) -> Sequence[FeedLine]:
        return self.rows[self.start : self.start + SHOWN]

    @property
    def more(self) -> int | None:
        """Where the next page begins."""
        return self.start + SHOWN if self.start + SHOWN < len(self.rows) else None

    def query(self, **changes: object) -> str:
        """The address of this list with some filters changed."""
        given = {name: value for name, value in (asdict(self.filters) | changes).items() if value}
        return f"?{urlencode(given)}" if given else "?"


def all_feeds(
    visit: Reader, state: StateWanted = "", tag: TagWanted = "", q: Words = "", start: Start = 0
) -> FeedsPage:
    """How each feed is, why, what to do about it, and when it is asked next; the worst first."""
    wanted, fault = _of_file(visit)
    with visit.desk.database.read() as connection:
        lines = list(_lines(connection, wanted, visit.now))
    filters = FeedFilters(state=state, tag=tag, q=q.strip())
    return FeedsPage(
        rows=tuple(line for line in lines if _fits(line, filters)),
        summary=_summary([line for line in lines if line.state != "at rest"]),
        filters=filters,
        tags=tuple(sorted({tag for line in lines for tag in line.tags})),
        start=start,
        fault=fault,
    )


page(router, "/feeds", template="feeds.html", name="feeds")(all_feeds)


def _of_file(visit: Visit) -> tuple[Mapping[str, Feed], str]:
    """The feeds of feeds.yaml by URL; where it cannot be read, what is wrong with it: feeds are shown all the same."""
    try:
        return visit.desk.settings.now().feeds, ""
    except ConfigError as error:
        return {}, str(error)


def _lines(connection: Connection, wanted: Mapping[str, Feed], now: datetime) -> Iterator[FeedLine]:
    """Every feed that was ever watched, and those of the file that nobody has taken up yet; the worst first.

    HTTPException 503 for more than a page can be made of: it would take the program's memory from its work.
    """
    if (count := feed_lines.count(connection)) > MOST:
        raise HTTPException(503, f"there are {count:,} feeds, and a page is made of {MOST:,} at most; {_ELSEWHERE}")
    rows, numbers = feed_rows.listing(connection), feed_lines.numbers(connection)
    hubs = subscriptions.standing(connection)
    told = {url: websub.in_words(agreed, now=now) for url, agreed in hubs.items()}
    crowd = crowd_of(row for row in rows if row.active)
    lines = [_line(row, numbers[row.url], wanted, told.get(row.url, ""), crowd, now) for row in rows]
    lines += [_new_line(feed) for url, feed in wanted.items() if url not in numbers]
    yield from sorted(lines, key=lambda line: (STATES.index(line.state), line.since or now, line.name))


def _line(row: FeedRow, number: int, wanted: Mapping[str, Feed], hub: str, crowd: Crowd, now: datetime) -> FeedLine:
    condition, feed, habit = condition_of(row, crowd=crowd, now=now), wanted.get(row.url), Habit.read(row.habit)
    return FeedLine(
        id=number, name=feed.name if feed else row.name, url=row.url, outlet=row.outlet,
        tags=feed.tags if feed else row.tags, in_file=feed is not None, listed_in=row.listed_in,
        enabled=feed.enabled if feed else bool(row.listed_in and row.active),
        state=condition.state, why=condition.message, since=condition.since, advice=condition.advice,
        succeeded_at=row.succeeded_at, changed_at=row.changed_at, next_poll_at=row.next_poll_at,
        next_poll_reason=row.next_poll_reason, hub=hub, brings=condition.usual, lately=round(habit.lately, 1),
        promised=round(habit.promised, 1), polls=row.polls, entries=row.entries, failures=row.failures,
    )  # fmt: skip


def _new_line(feed: Feed) -> FeedLine:
    return FeedLine(
        id=None, name=feed.name, url=feed.url, outlet=feed.outlet, tags=feed.tags, in_file=True, listed_in="",
        enabled=feed.enabled, state="waiting" if feed.enabled else "at rest",
        why=_NEW if feed.enabled else "disabled in feeds.yaml",
        since=None, advice="", succeeded_at=None, changed_at=None, next_poll_at=None, next_poll_reason="", hub="",
        brings="", lately=0.0, promised=0.0, polls=0, entries=0, failures=0,
    )  # fmt: skip


def _fits(line: FeedLine, filters: FeedFilters) -> bool:
    if filters.state == "unwell" and line.is_well:
        return False
    if filters.state not in ("", "unwell", line.state):
        return False
    if filters.tag and filters.tag not in line.tags:
        return False
    return filters.q.casefold() in f"{line.name}\n{line.url}\n{line.outlet}".casefold()


def _summary(lines: Sequence[FeedLine]) -> FeedsSummary:
    """Of the feeds in use."""
    failing = [line for line in lines if line.state in ("gone", "failing")]
    return FeedsSummary(
        total=len(lines),
        healthy=sum(line.is_well for line in lines),
        failing=len(failing),
        failing_since=min((line.since for line in failing if line.since), default=None),
        states=Counter(line.state for line in lines),
    )


# ---- one feed --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """One feed, whole."""

    feed: FeedLine
    calls_itself: str
    language: str  # as the feed says
    moved_to: str  # where its address has permanently moved; "" where it has not
    too_early: str  # why it may not be asked now; "" where it may
    rates: tuple[float, ...]  # items an hour by hour of the day, in UTC; empty: its habit is not known
    rows: tuple[FeedEntry, ...]  # its latest entries


def one_feed(visit: Reader, feed: int) -> FeedPage:
    """A feed: its health, its habit, its latest entries."""
    wanted, _ = _of_file(visit)
    with visit.desk.database.read() as connection:
        line, row, crowd = _found(connection, feed, wanted, visit.now)
        facts = feed_lines.facts(connection, feed)
        return FeedPage(
            feed=line,
            calls_itself=facts.title,
            language=facts.language,
            moved_to=facts.moved_to,
            too_early=_too_early(row, visit.now),
            rates=_rates(row, crowd),
            rows=feed_lines.latest(connection, feed, limit=ENTRIES),
        )


page(router, "/feeds/{feed:int}", template="feed.html", name="feed")(one_feed)


def habit(visit: Reader, feed: int) -> Drawing:
    """When a feed brings how much, by hour of the day."""
    with visit.desk.database.read() as connection:
        line, row, crowd = _found(connection, feed, {}, visit.now)
    rates = _rates(row, crowd)
    if not rates:
        raise HTTPException(404, f"the habit of {line.name} is not known yet")
    return hours(rates, title=f"What {line.name} brings by hour of the day", unit="items an hour", zone="UTC")


drawing(router, "/feeds/{feed:int}/habit", name="habit")(habit)


@router.post("/feeds/{feed:int}/refresh", response_model=Done)
def refresh(visit: Reviewer, feed: int, next: Next = "") -> Response:  # noqa: A002 - the name of the form's field
    """Have a feed asked now. One that was asked a moment ago, and one whose server asked for rest, are left alone."""
    with visit.desk.database.write() as connection:
        line, row, _ = _found(connection, feed, {}, visit.now)
        if why := _too_early(row, visit.now):
            raise HTTPException(409, f"{line.name} is left alone: {why}")
        feed_rows.hasten(connection, [row.url], now=visit.now)
    said = f"{line.name} will be asked now, by the running Tipsheet or by the next `tipsheet once`."
    return done(visit, said, next or f"/feeds/{feed}")


def _found(
    connection: Connection, number: int, wanted: Mapping[str, Feed], now: datetime
) -> tuple[FeedLine, FeedRow, Crowd]:
    """A feed by its number, with what all feeds have in common; HTTPException 404 where there is none."""
    url = feed_lines.address(connection, number)
    if url is None:
        raise HTTPException(404, f"there is no feed {number}")
    (row,) = feed_rows.each(connection, url=url)
    crowd = index_rule.crowd_of(Habit.read(one.habit) for one in feed_rows.habits(connection) if one.habit)
    agreed = subscriptions.standing(connection).get(row.url)
    hub = websub.in_words(agreed, now=now) if agreed else ""
    return _line(row, number, wanted, hub, crowd, now), row, crowd


def _rates(row: FeedRow, crowd: Crowd) -> tuple[float, ...]:
    """Items an hour at each hour of a mean day of the week."""
    known = Habit.read(row.habit)
    if not any(known.items):
        return ()
    pace = index_rule.pace_of(known, crowd)
    return tuple(round((5 * a + 2 * b) / 7, 3) for a, b in zip(pace.weekday, pace.weekend, strict=True))


def _too_early(row: FeedRow, now: datetime) -> str:
    if not row.active:
        return "it is not in feeds.yaml any more, or disabled there"
    floor = cadence.Intervals().floor
    return cadence.too_early(now=now, polled_at=row.polled_at, rest_until=row.rest_until, floor=floor)
