"""The day: the stories of each watch, as a reporter opens them at seven.

What must not live here: how stories are found and told (`story_lines`, `cards`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from monitor.desk.cards import StoryCard, card_of
from monitor.desk.pages import page
from monitor.desk.views import local_day, render
from monitor.desk.visit import Reader, Visit
from monitor.model import Filters, VerdictKind
from storage import accounts, story_lines

router = APIRouter(tags=["day"])

WatchWanted = Annotated[str, Query(description="Only stories of this watch.")]
OutletWanted = Annotated[str, Query(description="Only stories that this outlet tells: its domain.")]
VerdictWanted = Annotated[VerdictKind | None, Query(description="Only stories judged so; open: not judged.")]
AssigneeWanted = Annotated[str, Query(description="Only stories of this person.")]
OneDay = Annotated[date, Path(description="A date where the reader lives.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The stories with something new on one local date."""

    day: date
    zone: str
    rows: tuple[StoryCard, ...]  # watch by watch, each best first
    filters: Filters
    people: tuple[str, ...]  # to whom a story can be given

    @property
    def sections(self) -> Sequence[tuple[str, Sequence[StoryCard]]]:
        return [(watch, list(cards)) for watch, cards in groupby(self.rows, attrgetter("watch"))]

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
) -> Day:
    """The stories of today, watch by watch."""
    return _day(visit, local_day(visit.now, visit.zone), watch, outlet, verdict, assignee)


def one_day(
    visit: Reader,
    day: OneDay,
    watch: WatchWanted = "",
    outlet: OutletWanted = "",
    verdict: VerdictWanted = None,
    assignee: AssigneeWanted = "",
) -> Day:
    """The stories of one date, watch by watch."""
    return _day(visit, day, watch, outlet, verdict, assignee)


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


def _day(visit: Visit, day: date, watch: str, outlet: str, verdict: VerdictKind | None, assignee: str) -> Day:
    since, until = midnight(day, visit.zone), midnight(day + timedelta(days=1), visit.zone)
    filters = Filters(since=since, until=until, watch=watch, outlet=outlet, verdict=verdict, assignee=assignee)
    with visit.desk.database.read() as connection:
        lines = story_lines.lines(connection, filters, person=visit.name)
        people = tuple(one.name for one in accounts.listing(connection) if not one.disabled)
    cards = [card_of(line, visit.desk.outlets, since=since) for line in lines]
    return Day(day=day, zone=str(visit.zone), rows=tuple(sorted(cards, key=_place)), filters=filters, people=people)


def _place(card: StoryCard) -> tuple[object, ...]:
    """Watch by watch; within, what was alerted before what was not, then by weight, then by how many tell it."""
    return card.watch, card.level != "alert", -card.score, -len(card.outlets), card.story


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a date begins where somebody lives."""
    return datetime.combine(day, time(), zone)
