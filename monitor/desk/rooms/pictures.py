"""Pictures: stories by day, outlets by day, how long an alert takes, how the feeds are; each is also its numbers.

What must not live here: the arithmetic (`pictures.counting`), the drawing (`pictures`), judging feeds (`rhythm`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Query

from monitor.desk.pages import page
from monitor.desk.rooms.day import midnight
from monitor.desk.rooms.drawings import drawing
from monitor.desk.views import local_day, many
from monitor.desk.visit import Reader, Visit
from monitor.pictures import charts
from monitor.pictures.charts import Bars
from monitor.pictures.counting import (
    STEPS,
    by_day,
    by_step,
    days_until,
    fullest,
    in_words,
    quantile,
)
from monitor.pictures.drawing import Drawing
from monitor.pictures.plots import Row, bars, day_grid
from monitor.rhythm.condition import State, condition_of, crowd_of
from storage import feeds, tallies

router = APIRouter(tags=["pictures"])

PERIODS = (7, 30, 90)  # days, that a page offers
MOST_WATCHES, MOST_OUTLETS = 12, 25  # that a picture has room for; the numbers have all

Days = Annotated[int, Query(ge=1, le=366, description="How many days to look back, today included.")]
Until = Annotated[date | None, Query(description="The last day; today where none is given.")]
OneWatch = Annotated[str, Query(max_length=200, description="Only this watch.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchDay:
    """How many stories of a watch began on a day: when their first report came out."""

    watch: str
    day: date
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoriesByDay:
    """Stories by watch and day; days without any are there too."""

    said: str  # what the picture shows, in words
    days: tuple[date, ...]
    watches: tuple[str, ...]  # the fullest first
    rows: tuple[WatchDay, ...]

    heading: ClassVar[str] = "Stories by day"
    path: ClassVar[str] = "/pictures/stories"
    columns: ClassVar[Sequence[str]] = ("Day", "Watch", "Stories")

    @property
    def lines(self) -> Sequence[Sequence[object]]:
        """The table beside the picture: what there is, the latest first."""
        return [(row.day, row.watch, row.stories) for row in sorted(self.rows, key=_latest_first) if row.stories]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletDay:
    """How many stories an outlet told on a day. Days without any are left out."""

    outlet: str
    day: date
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletsByDay:
    """Who told how many of the stories that matched, day by day."""

    said: str
    days: tuple[date, ...]
    outlets: tuple[str, ...]  # the fullest first
    rows: tuple[OutletDay, ...]

    heading: ClassVar[str] = "Outlets by day"
    path: ClassVar[str] = "/pictures/outlets"
    columns: ClassVar[Sequence[str]] = ("Day", "Outlet", "Stories")

    @property
    def lines(self) -> Sequence[Sequence[object]]:
        return [(row.day, row.outlet, row.stories) for row in sorted(self.rows, key=_latest_first)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep:
    """How many alerts took so long."""

    step: str
    from_publication: int  # as the report dates itself
    from_arrival: int  # since the report was seen here


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long it took from a report to the alert that it led to."""

    said: str
    days: int
    alerts: int
    undated: int  # alerts whose report says no date, or one after the alert
    old: int  # alerts of reports that were older than their feed's first poll: the steps leave them out
    median_seconds: float | None  # from publication
    ninth_tenth_seconds: float | None  # nine in ten took no longer
    rows: tuple[WaitStep, ...]

    heading: ClassVar[str] = "From publication to alert"
    path: ClassVar[str] = "/pictures/waits"
    columns: ClassVar[Sequence[str]] = ("Wait", "From publication", "From arrival here")

    @property
    def lines(self) -> Sequence[Sequence[object]]:
        return [(row.step, row.from_publication, row.from_arrival) for row in self.rows]

    @property
    def left_out(self) -> str:
        """What no step counts, in words."""
        undated = f"{many(self.undated, 'report')} without a usable date" if self.undated else ""
        old = f"{many(self.old, 'alert')} of reports from before their feed was followed" if self.old else ""
        return " and ".join(filter(None, (undated, old)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many feeds are in one state now."""

    state: State
    feeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStates:
    """How the feeds are now: what they were is not kept."""

    said: str
    rows: tuple[StateCount, ...]

    heading: ClassVar[str] = "How the feeds are"
    path: ClassVar[str] = "/pictures/feeds"
    columns: ClassVar[Sequence[str]] = ("State", "Feeds")

    @property
    def lines(self) -> Sequence[Sequence[object]]:
        return [(row.state, row.feeds) for row in self.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """All of them, over one period."""

    days: int
    stories: StoriesByDay
    outlets: OutletsByDay
    waits: Waits
    feeds: FeedStates

    @property
    def all(self) -> Sequence[StoriesByDay | OutletsByDay | Waits | FeedStates]:
        return (self.stories, self.outlets, self.waits, self.feeds)


def _latest_first(row: WatchDay | OutletDay) -> tuple[int, int]:
    return -row.day.toordinal(), -row.stories


# ---- what each shows -------------------------------------------------------------------------------------------------


def stories(visit: Reader, days: Days = 30, until: Until = None, watch: OneWatch = "") -> StoriesByDay:
    """How many stories began on each day, watch by watch."""
    shown = _days(visit, days, until)
    with visit.desk.database.read() as connection:
        began = tallies.beginnings(connection, since=_since(visit, shown), watch=watch)
    counts = by_day(((name, at) for (name, _), at in began.items()), visit.zone)
    watches = tuple(fullest(counts, shown))
    rows = tuple(WatchDay(watch=name, day=day, stories=counts[name, day]) for name in watches for day in shown)
    return StoriesByDay(said=_of_days(_together(rows), shown), days=shown, watches=watches, rows=rows)


def outlets(visit: Reader, days: Days = 30, until: Until = None, watch: OneWatch = "") -> OutletsByDay:
    """How many stories each outlet told on each day."""
    shown, names = _days(visit, days, until), visit.desk.outlets
    with visit.desk.database.read() as connection:
        told = tallies.tellings(connection, since=_since(visit, shown), watch=watch)
        once = {(outlet, story, local_day(at, visit.zone)) for outlet, story, at in told}
    counts = Counter((names.name(outlet), day) for outlet, _, day in once if shown[0] <= day <= shown[-1])
    tellers = tuple(fullest(counts, shown))
    place = {name: number for number, name in enumerate(tellers)}
    found = sorted(counts.items(), key=lambda item: (place[item[0][0]], item[0][1]))
    said = f"{many(len(tellers), 'outlet')} in {many(len(shown), 'day')}"
    most = f"; {tellers[0]} told the most: {sum(n for (name, _), n in found if name == tellers[0])}" if tellers else ""
    return OutletsByDay(
        said=f"{said}{most}.", days=shown, outlets=tellers,
        rows=tuple(OutletDay(outlet=name, day=day, stories=count) for (name, day), count in found),
    )  # fmt: skip


def waits(visit: Reader, days: Days = 30) -> Waits:
    """How long alerts took, from the report's own date and from its arrival here."""
    with visit.desk.database.read() as connection:
        sent = tallies.sent_alerts(connection, since=visit.now - timedelta(days=days))
    fresh = [one for one in sent if not one.backlog]
    dated = [one.sent - one.published for one in fresh if one.published and one.published <= one.sent]
    arrived = [one.sent - one.first_seen for one in fresh]
    median, ninth = quantile(dated, 0.5), quantile(dated, 0.9)
    said = f"{many(len(fresh), 'alert')} of new reports in {many(days, 'day')}"
    if median is not None and ninth is not None:
        said += f"; half went out within {in_words(median)} of publication, nine in ten within {in_words(ninth)}"
    steps = zip(STEPS, by_step(dated), by_step(arrived), strict=True)
    return Waits(
        said=f"{said}.", days=days, alerts=len(sent), undated=len(fresh) - len(dated), old=len(sent) - len(fresh),
        median_seconds=_seconds(median), ninth_tenth_seconds=_seconds(ninth),
        rows=tuple(WaitStep(step=step, from_publication=one, from_arrival=other) for step, one, other in steps),
    )  # fmt: skip


def feed_states(visit: Reader) -> FeedStates:
    """How many feeds are well, and how many are not, and how."""
    with visit.desk.database.read() as connection:
        known = [row for row in feeds.listing(connection) if row.active]
    crowd = crowd_of(known)
    conditions = sorted((condition_of(row, crowd=crowd, now=visit.now) for row in known), key=lambda one: one.rank)
    counts = Counter(one.state for one in conditions)
    well = sum(one.is_well for one in conditions)
    return FeedStates(
        said=f"{well:,} of {many(len(known), 'feed')} are well now.",
        rows=tuple(StateCount(state=state, feeds=count) for state, count in counts.items()),
    )


def pictures(visit: Reader, days: Days = 30) -> Pictures:
    """All pictures over one period, as their numbers."""
    return Pictures(
        days=days, stories=stories(visit, days), outlets=outlets(visit, days), waits=waits(visit, days),
        feeds=feed_states(visit),
    )  # fmt: skip


page(router, "/pictures", template="pictures.html", name="pictures")(pictures)
page(router, "/pictures/stories", template="picture.html", name="picture-stories")(stories)
page(router, "/pictures/outlets", template="picture.html", name="picture-outlets")(outlets)
page(router, "/pictures/waits", template="picture.html", name="picture-waits")(waits)
page(router, "/pictures/feeds", template="picture.html", name="picture-feeds")(feed_states)


# ---- how each looks --------------------------------------------------------------------------------------------------


def draw_stories(
    visit: Reader,
    days: Days = 30,
    until: Until = None,
    watch: OneWatch = "",
    size: Annotated[Literal["full", "small"], Query(description="Small: all watches in one row.")] = "full",
) -> Drawing:
    """How many stories began on each day, watch by watch, as bars."""
    shown = stories(visit, days, until, watch)
    if size == "small":
        together = _together(shown.rows)
        rows = [_bars(watch or "All watches", [together[day] for day in shown.days])]
    else:
        rows = [
            _bars(name, [row.stories for row in shown.rows if row.watch == name])
            for name in shown.watches[:MOST_WATCHES]
        ]
    return charts.days(
        rows, title="Stories by day", about=shown.said, first=_day_words(shown.days[0]), last=_day_words(shown.days[-1])
    )


def draw_outlets(visit: Reader, days: Days = 30, until: Until = None, watch: OneWatch = "") -> Drawing:
    """How many stories each outlet told on each day, as a grid."""
    shown = outlets(visit, days, until, watch)
    counts = {(row.outlet, row.day): row.stories for row in shown.rows}
    rows = [
        Row(name=name, counts=tuple(counts.get((name, day), 0) for day in shown.days))
        for name in shown.outlets[:MOST_OUTLETS]
    ]
    more = len(shown.outlets) - len(rows)
    below = f"Stories that matched{f'; {more} more outlets in the table' if more else ''}"
    return day_grid(rows, shown.days, title="Outlets by day", below=below, about=shown.said, unit="stories")


def draw_waits(visit: Reader, days: Days = 30) -> Drawing:
    """How long alerts took from publication, as bars."""
    shown = waits(visit, days)
    rows = [Row(name=row.step, counts=(row.from_publication,)) for row in shown.rows]
    return bars(
        rows,
        title="From publication to alert",
        below=f"Left out: {shown.left_out}" if shown.left_out else "Alerts of new reports",
        about=shown.said,
    )


def draw_feeds(visit: Reader) -> Drawing:
    """How the feeds are now, as bars."""
    shown = feed_states(visit)
    rows = [Row(name=row.state, counts=(row.feeds,)) for row in shown.rows]
    return bars(rows, title="How the feeds are", below="Feeds by state, now", about=shown.said)


drawing(router, "/pictures/stories", name="draw-stories")(draw_stories)
drawing(router, "/pictures/outlets", name="draw-outlets")(draw_outlets)
drawing(router, "/pictures/waits", name="draw-waits")(draw_waits)
drawing(router, "/pictures/feeds", name="draw-feeds")(draw_feeds)


# ---- pieces ----------------------------------------------------------------------------------------------------------


def _days(visit: Visit, days: int, until: date | None) -> tuple[date, ...]:
    return days_until(until or local_day(visit.now, visit.zone), days)


def _since(visit: Visit, days: Sequence[date]) -> datetime:
    return midnight(days[0], visit.zone)


def _together(rows: Iterable[WatchDay]) -> Counter[date]:
    """The stories of all watches, by day."""
    counts = Counter[date]()
    for row in rows:
        counts[row.day] += row.stories
    return counts


def _of_days(counts: Mapping[date, int], days: Sequence[date]) -> str:
    """How many in all, and when most."""
    said = f"{many(sum(counts.values()), 'story', 'stories')} in {many(len(days), 'day')}"
    busiest = max(days, key=lambda day: counts.get(day, 0))
    return f"{said}; most on {_day_words(busiest)}: {counts[busiest]}." if counts.get(busiest) else f"{said}."


def _bars(name: str, counts: Sequence[int]) -> Bars:
    return Bars(name=name, counts=tuple(counts), total=many(sum(counts), "story", "stories"))


def _day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _seconds(wait: timedelta | None) -> float | None:
    return wait.total_seconds() if wait is not None else None
