"""The day: the stories of each watch, as a reporter opens them at seven.

What must not live here: how stories are found and told (`story_lines`, `cards`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse
from pydantic import BeforeValidator
from starlette.exceptions import HTTPException

from monitor.desk import changes
from monitor.desk.cards import Came, StoryCard, card_of
from monitor.desk.pages import page
from monitor.desk.views import render
from monitor.desk.visit import Reader, Visit
from monitor.model import Filters, StoryLine, VerdictKind
from monitor.review.news import News
from monitor.review.ranking import Precedent, Ranked, Ranking
from monitor.story.outlets import Outlets
from storage import accounts, story_lines

router = APIRouter(tags=["day"])

Order = Literal["learned", "plain"]
_Placed: TypeAlias = tuple[StoryLine, tuple[str, ...], tuple[Precedent, ...]]  # a story, and why it stands there
_MOST_REASONS = 2  # that are said of a place

WatchWanted = Annotated[str, Query(description="Only stories of this watch.")]
OutletWanted = Annotated[str, Query(description="Only stories that this outlet tells: its domain.")]
VerdictWanted = Annotated[
    VerdictKind | None,
    BeforeValidator(lambda given: given or None),  # a form that asks for none sends an empty one
    Query(description="Only stories judged so; open: not judged."),
]
AssigneeWanted = Annotated[str, Query(description="Only stories of this person.")]
OrderWanted = Annotated[Order, Query(description="As verdicts have taught, or plain: by the watches' own weight.")]
OneDay = Annotated[date, Path(description="A date where the reader lives.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The stories with something new on one local date."""

    day: date
    zone: str
    rows: tuple[StoryCard, ...]  # watch by watch, each best first
    filters: Filters
    people: tuple[str, ...]  # to whom a story can be given
    taught_by: int  # verdicts that the order was learned from; 0: it is the watches' own

    @property
    def sections(self) -> Sequence[tuple[str, Sequence[StoryCard], Sequence[StoryCard]]]:
        """Each watch with its stories, and those that are as the reader has seen them already."""
        return [
            (watch, [card for card in of_watch if not card.unchanged], [card for card in of_watch if card.unchanged])
            for watch, cards in groupby(self.rows, attrgetter("watch"))
            for of_watch in [list(cards)]
        ]

    @property
    def stories(self) -> int:
        """How many there are; one that two watches matched stands in `rows` twice."""
        return len({row.story for row in self.rows})

    @property
    def watches(self) -> Sequence[str]:
        """Those by which the day can be narrowed."""
        return sorted({row.watch for row in self.rows} | ({self.filters.watch} - {""}))

    @property
    def owners(self) -> Sequence[str]:
        """Whose stories can be asked for."""
        named = {row.assignee for row in self.rows} | {self.filters.assignee} | set(self.people)
        return sorted(named - {""})

    @property
    def before(self) -> date:
        return self.day - timedelta(days=1)

    @property
    def after(self) -> date:
        return self.day + timedelta(days=1)


def today(
    visit: Reader,
    watch: WatchWanted = "",
    outlet: OutletWanted = "",
    verdict: VerdictWanted = None,
    assignee: AssigneeWanted = "",
    order: OrderWanted = "learned",
) -> Day:
    """The stories of today, watch by watch."""
    filters = Filters(watch=watch, outlet=outlet, verdict=verdict, assignee=assignee)
    return _day(visit, visit.today, order, filters)


def one_day(
    visit: Reader,
    day: OneDay,
    watch: WatchWanted = "",
    outlet: OutletWanted = "",
    verdict: VerdictWanted = None,
    assignee: AssigneeWanted = "",
    order: OrderWanted = "learned",
) -> Day:
    """The stories of one date, watch by watch."""
    return _day(visit, day, order, Filters(watch=watch, outlet=outlet, verdict=verdict, assignee=assignee))


page(router, "/", template="day.html", name="day")(today)
page(router, "/day/{day}", template="day.html", name="one-day")(one_day)


@router.get("/stories/{story:int}/card", response_class=HTMLResponse, include_in_schema=False)
def renewed_card(visit: Reader, story: int, watch: str = "") -> HTMLResponse:
    """One story of a list again, after something was said of it."""
    with visit.desk.database.read() as connection:
        lines = story_lines.lines(connection, Filters(watch=watch, story=story), person=visit.name)
    if not lines:
        raise HTTPException(404, f"there is no story {story} for this watch")
    return render(visit, "one_card.html", story=card_of(lines[0], visit.desk.outlets))


def _day(visit: Visit, day: date, order: Order, filters: Filters) -> Day:
    since, until = midnight(day, visit.zone), midnight(day + timedelta(days=1), visit.zone)
    filters = replace(filters, since=since, until=until)
    desk, this_morning = visit.desk, midnight(visit.today, visit.zone)
    with desk.database.read() as connection:
        lines = story_lines.lines(connection, filters, person=visit.name)
        ranking = desk.taught.ranking(connection, before=this_morning)
        people = tuple(one.name for one in accounts.listing(connection) if not one.disabled)
        came = changes.since_looked(connection, lines, person=visit.name, morning=since)
    learned = order == "learned" and ranking.kept > 0 and ranking.refused > 0
    places = _in_taught_order(ranking, lines) if learned else ((line, (), ()) for line in sorted(lines, key=_place))
    cards = (
        card_of(
            line, desk.outlets, since=since, came=_came(came.get((line.story, line.watch)), desk.outlets, since),
            moved=moved, like=like,
        )
        for line, moved, like in places
    )  # fmt: skip
    return Day(
        day=day, zone=str(visit.zone), rows=tuple(cards), filters=filters,
        people=people, taught_by=ranking.kept + ranking.refused if learned else 0,
    )  # fmt: skip


def _place(line: StoryLine) -> tuple[object, ...]:
    """Watch by watch; within, what was alerted before what was not, then by weight, then by how many tell it."""
    return line.watch, line.match.level != "alert", -line.match.score, -len(line.outlets), line.story


def _in_taught_order(ranking: Ranking, lines: Iterable[StoryLine]) -> Iterator[_Placed]:
    """Within each watch, and each with the reasons that moved it."""
    for _, of_watch in groupby(sorted(lines, key=_place), attrgetter("watch")):
        for ranked in ranking.order(list(of_watch)):
            yield ranked.line, tuple(_reasons(ranked)), ranked.like


def _came(found: News | None, outlets: Outlets, morning: datetime) -> Came | None:
    """What came of a story, in words; None: it is all new."""
    if found is None:
        return None
    unchanged = found.is_nothing and found.since < morning
    return Came(words=tuple(changes.in_words(found, outlets)), since=found.since, unchanged=unchanged)


def _reasons(ranked: Ranked) -> Iterator[str]:
    if ranked.moved:
        yield f"{'up' if ranked.moved > 0 else 'down'} {abs(ranked.moved)} by your verdicts"
        yield from map(str, ranked.reasons[:_MOST_REASONS])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a date begins where somebody lives."""
    return datetime.combine(day, time(), zone)
