"""What a watch's page shows, each list by itself and whole: for spreadsheets, programs, and a drawing of its precision.

What must not live here: what stands on them (`watches`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.exceptions import HTTPException

from monitor.desk.cards import StoryCard, card_of
from monitor.desk.pages import Plain, data
from monitor.desk.rooms.drawings import drawing
from monitor.desk.rooms.watches import LESSONS, Near, Suggestion, Week, near_misses, periods_of, suggestions_of, week_of
from monitor.desk.streams import AS_STREAM, SuffixWanted, stream_answer
from monitor.desk.visit import Reader, Visit
from monitor.model import Filters, StoryLine
from monitor.pictures.drawing import Drawing
from monitor.pictures.shares import Point, shares
from monitor.review.precision import Period
from monitor.watches.matching import CompiledWatch
from storage import story_lines

router = APIRouter(tags=["watches"])

_TOGETHER = 200  # stories that are read at once

OneWatch = Annotated[str, Query(description="Its name, as feeds.yaml has it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The stories that were judged not relevant for a watch, the latest first."""

    rows: tuple[StoryCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMisses:
    """Of the latest entries those that came nearest to a watch."""

    rows: tuple[Near, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """Terms that a watch could leave out."""

    rows: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """How often a watch was right, week by week, oldest first."""

    rows: tuple[Week, ...]


@router.get("/watch/stories.{suffix}", response_class=Response, responses=AS_STREAM)
def all_stories(visit: Reader, suffix: SuffixWanted, watch: OneWatch, plain: Plain = False) -> Response:
    """Every story that a watch ever matched, with what was said of it, the latest first."""
    _known(visit, watch)
    return stream_answer(_stories(visit, watch), kind=StoryCard, suffix=suffix, name="watch-stories", guard=not plain)


def refused(visit: Reader, watch: OneWatch) -> Refused:
    """The stories that were judged not relevant for a watch, the latest first."""
    lines = _judged(visit, watch)
    return Refused(rows=tuple(card_of(one, visit.desk.outlets) for one in lines if _is_refused(one)))


def near(visit: Reader, watch: OneWatch) -> NearMisses:
    """Of the latest entries those that came nearest to a watch, and why they are not its stories."""
    compiled = _known(visit, watch)
    if compiled is None:
        return NearMisses(rows=())
    with visit.desk.database.read() as connection:
        return NearMisses(rows=tuple(near_misses(connection, visit, visit.desk.settings.now(), compiled)))


def suggested(visit: Reader, watch: OneWatch) -> Suggestions:
    """Terms that a watch could leave out, by its verdicts, with what each would have stopped and lost."""
    compiled, lines = _known(visit, watch), _judged(visit, watch)
    return Suggestions(rows=tuple(suggestions_of(compiled, lines[:LESSONS])) if compiled else ())


def by_week(visit: Reader, watch: OneWatch) -> Weeks:
    """How often a watch was right, week by week."""
    return Weeks(rows=tuple(map(week_of, periods_of(visit, _judged(visit, watch)))))


def draw_precision(visit: Reader, watch: OneWatch) -> Drawing:
    """How often a watch was right, week by week, as a picture."""
    return shares(
        [_point(period) for period in periods_of(visit, _judged(visit, watch))],
        title=f"{watch}: how often it was right",
        below="Of the stories that began in each week and were judged; the line is where the true share may lie",
    )


data(router, "/watch/refused", name="watch-refused")(refused)
data(router, "/watch/near", name="watch-near")(near)
data(router, "/watch/suggestions", name="watch-suggestions")(suggested)
data(router, "/watch/precision", name="watch-precision")(by_week)
drawing(router, "/pictures/precision", name="draw-precision")(draw_precision)


def _known(visit: Visit, name: str) -> CompiledWatch | None:
    """The watch; None where feeds.yaml has it and it cannot be used. What the archive alone knows has stories."""
    config = visit.desk.settings.now()
    found = next((one for one in config.compiled if one.watch.name == name), None)
    if found is None and name not in config.refused and not _has_stories(visit, name):
        raise HTTPException(404, f"no watch is called {name}")
    return found


def _has_stories(visit: Visit, name: str) -> bool:
    with visit.desk.database.read() as connection:
        return bool(story_lines.lines(connection, Filters(watch=name), limit=1)) if name else False


def _judged(visit: Visit, name: str) -> tuple[StoryLine, ...]:
    _known(visit, name)
    with visit.desk.database.read() as connection:
        return story_lines.judged(connection, watch=name)


def _is_refused(line: StoryLine) -> bool:
    return line.verdict is not None and line.verdict.kind == "refused"


def _stories(visit: Visit, name: str) -> Iterator[StoryCard]:
    """Lot by lot; what comes in meanwhile is left out, so that no lot is moved by it."""
    filters, at = Filters(watch=name, until=visit.now), 0
    while True:
        with visit.desk.database.read() as connection:
            lines = story_lines.lines(connection, filters, limit=_TOGETHER, offset=at)
        yield from (card_of(line, visit.desk.outlets) for line in lines)
        at += len(lines)
        if len(lines) < _TOGETHER:
            return


def _point(period: Period) -> Point:
    one, (low, high) = period.precision, period.precision.interval
    return Point(first=period.first, count=one.judged, share=one.share or 0.0, low=low, high=high)
