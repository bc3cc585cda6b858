"""Watches tried out before they are armed: on a headline, and on the archive.

What must not live here: what they find out (`watches.explain`, `watches.backtest`), and writing a watch (`editing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from monitor.desk.judgeable import Judgeable, Said, people
from monitor.desk.pages import page
from monitor.desk.visit import Reader, Visit
from monitor.errors import ConfigError, QueryError
from monitor.model import Document, Level, Watch
from monitor.settings.config import Config
from monitor.watches import packs
from monitor.watches.backtest import Archived, Backtest, Line, backtest, too_busy
from monitor.watches.explain import Explanation, explain
from monitor.watches.matching import CompiledWatch, compile_watch
from monitor.watches.pack import read_pack
from storage import entries, stories

router = APIRouter(tags=["watches"])

LONGEST_QUERY, LONGEST_TEXT = 5_000, 20_000  # code points
NAME_OF_A_TRIAL = "(query)"

TheWatch = Annotated[str, Query(description="A watch of feeds.yaml, by its name; or give a query, or a pack.")]
TheQuery = Annotated[str, Query(max_length=LONGEST_QUERY, description="In the watch language, instead of a watch.")]
ThePack = Annotated[str, Query(description="A shipped pack, by its name, instead of a watch.")]
TheLevel = Annotated[Level, Query(description="The highest level that a query or a pack may reach.")]
TheDays = Annotated[int, Query(ge=1, le=365, description="How far to look back.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What may be tried."""

    watches: tuple[str, ...]
    packs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainPage:
    """Why a watch takes a headline or leaves it."""

    watch: str
    query: str
    title: str
    text: str
    entry: int | None  # of the archive, instead of a title and a text
    fault: str  # why the query cannot be read; "" for none
    found: Explanation | None  # None: nothing was asked yet
    choices: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine(Judgeable):
    """One alert, or one line of a digest, that would have been told."""

    at: datetime
    level: Level
    entry: int
    title: str
    outlet: str
    link: str
    score: float
    why: str
    folded: int  # further reports of the story that this line stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestPage:
    """What a watch would have told. Days are those of UTC."""

    watch: str
    query: str
    pack: str
    level: Level
    days: int
    fault: str  # why it cannot be tried; "" for none
    tried: bool
    entries: int  # that were looked at
    alerts: int
    digest: int
    folded: int
    most_folded: int  # reports that one line stands for, itself not counted
    busiest_day: date | None
    busiest_alerts: int
    too_busy: str  # why it would be held to the digest; "" where it would not
    people: tuple[str, ...]  # to whom a story can be given
    rows: tuple[TrialLine, ...]
    choices: Choices


def why_it_matches(
    visit: Reader,
    watch: TheWatch = "",
    query: TheQuery = "",
    title: Annotated[str, Query(max_length=LONGEST_TEXT, description="The headline.")] = "",
    text: Annotated[str, Query(max_length=LONGEST_TEXT, description="What stands below it.")] = "",
    entry: Annotated[int | None, Query(description="An entry of the archive instead of a headline.")] = None,
) -> ExplainPage:
    """Why a watch, or a query, takes a headline or leaves it."""
    config, fault, found = visit.desk.settings.now(), "", None
    if title.strip() or entry is not None:
        document = _stored(visit, config, entry) if entry is not None else Document(id="", title=title, text=text)
        title = document.title
        compiled, fault = _chosen(visit, config, watch, query, "", "alert")
        found = explain(compiled, document) if compiled else None
        text = text or document.summary
    return ExplainPage(
        watch=watch, query=query, title=title, text=text, entry=entry, fault=fault, found=found,
        choices=_choices(config),
    )  # fmt: skip


page(router, "/explain", template="explain.html", name="explain")(why_it_matches)


def try_on_the_archive(
    visit: Reader,
    watch: TheWatch = "",
    query: TheQuery = "",
    pack: ThePack = "",
    level: TheLevel = "alert",
    days: TheDays = 30,
) -> BacktestPage:
    """What a watch would have told in the last days, before it is armed. Nothing is sent, nothing is written."""
    config, fault, found = visit.desk.settings.now(), "", None
    if watch or query.strip() or pack:
        compiled, fault = _chosen(visit, config, watch, query, pack, level)
        found = _backtested(visit, config, compiled, days) if compiled else None
    lines = found.lines if found else ()
    rows, known = _rows(visit, lines, "" if query.strip() or pack else watch)
    busiest = found.busiest if found else None
    return BacktestPage(
        watch=watch, query=query, pack=pack, level=level, days=days, fault=fault, tried=found is not None,
        entries=found.entries if found else 0,
        alerts=found.count("alert") if found else 0,
        digest=found.count("digest") if found else 0,
        folded=found.folded if found else 0,
        most_folded=max((line.folded for line in lines), default=0),
        busiest_day=busiest[0] if busiest else None, busiest_alerts=busiest[1] if busiest else 0,
        too_busy=too_busy(found) if found else "", rows=rows, people=known, choices=_choices(config),
    )  # fmt: skip


page(router, "/backtest", template="backtest.html", name="backtest")(try_on_the_archive)


# ---- which watch -----------------------------------------------------------------------------------------------------


def _chosen(
    visit: Visit, config: Config, watch: str, query: str, pack: str, level: Level
) -> tuple[CompiledWatch | None, str]:
    """The watch that is meant, or why there is none. A program is told by an error instead."""
    try:
        return _compiled(config, watch, query, pack, level), ""
    except (QueryError, ConfigError, HTTPException) as error:
        if visit.request.url.path.endswith((".json", ".csv")):
            raise
        return None, error.detail if isinstance(error, HTTPException) else str(error)


def _compiled(config: Config, watch: str, query: str, pack: str, level: Level) -> CompiledWatch:
    if query.strip():
        wanted = Watch(name=NAME_OF_A_TRIAL, query=query.replace("\r\n", "\n"), level=level)
        return compile_watch(wanted, None, config.sets)
    if pack:
        if pack not in packs.names():
            raise HTTPException(422, f"no shipped pack is called {pack}; expected one of {', '.join(packs.names())}")
        read = read_pack(packs.shipped(pack), f"{pack} (shipped)")
        return compile_watch(Watch(name=NAME_OF_A_TRIAL, pack=pack, level=level), read, {**read.sets, **config.sets})
    found = next((one for one in config.compiled if one.watch.name == watch), None)
    if found is None:
        raise HTTPException(422, f"no watch is called “{watch}”; expected one of {', '.join(config.watches)}")
    return found


def _choices(config: Config) -> Choices:
    return Choices(watches=tuple(config.watches), packs=tuple(packs.names()))


# ---- what it is tried on ---------------------------------------------------------------------------------------------


def _stored(visit: Visit, config: Config, entry: int) -> Document:
    with visit.desk.database.read() as connection:
        found = entries.documents(connection, [entry], wanted=config.feeds)
    if entry not in found:
        raise HTTPException(404, f"there is no entry {entry}")
    return found[entry][0]


def _backtested(visit: Visit, config: Config, compiled: CompiledWatch, days: int) -> Backtest:
    since = visit.now - timedelta(days=days)
    with visit.desk.database.read() as connection:
        rows = entries.archive(connection, config.feeds, since=since, until=visit.now)
        archive = (Archived(entry=entry, placement=placement) for entry, placement in rows)
        (found,) = backtest([compiled], archive, since=since, until=visit.now)
    return found


def _rows(visit: Visit, lines: Sequence[Line], watch: str) -> tuple[tuple[TrialLine, ...], tuple[str, ...]]:
    """The lines, newest first, each with what was said of its story; and to whom stories can be given."""
    with visit.desk.database.read() as connection:
        numbers = stories.find_all(connection, {int(line.story) for line in lines})
        said, known = Said(connection, numbers.values(), watch=watch), people(connection)
    rows = tuple(
        TrialLine(
            **said.of(numbers.get(int(line.story))), at=line.at, level=line.level,
            entry=line.entry, title=line.title, outlet=visit.desk.outlets.name(line.outlet), link=line.link,
            score=line.score, why=line.why, folded=line.folded,
        )
        for line in reversed(lines)
    )  # fmt: skip
    return rows, known
