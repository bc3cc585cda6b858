"""`tipsheet feeds health`: how each feed is, the worst first. What must not live here: judging it (`condition`)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import get_args

import click
from sqlalchemy import Connection

from monitor.cli.options import database_option, json_option, open_database
from monitor.cli.paint import err, json_lines, local, many, out, table
from monitor.clock import utc_now
from monitor.model import FeedRow
from monitor.net import websub
from monitor.rhythm import index_rule
from monitor.rhythm.condition import Condition, State, condition_of
from monitor.rhythm.index_rule import Habit
from storage import feeds as feed_rows
from storage import subscriptions


@click.command("health")
@database_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Also feeds that are no longer in the file, or disabled.")
@click.option("--failing", "unwell", is_flag=True, help="Only the feeds that need a look.")
def health(database_url: str | None, as_json: bool, everything: bool, unwell: bool) -> None:
    """How each feed is, why, and what to do about it.

    Also when each is asked next, and why then. Exit code 1 if any fails.
    """
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        now, hubs = utc_now(), subscriptions.standing(connection)
        told = {url: websub.in_words(subscription, now=now) for url, subscription in hubs.items()}
        look = _Look(connection=connection, in_use=not everything, now=now)
        shown = look.worst_first(only_unwell=unwell)
        if as_json:
            json_lines(_record(row, condition) | {"hub": told.get(row.url, "")} for row, condition in shown)
        else:
            _show(shown, told, well=look.well)
            if out.is_terminal:
                err.print(_summary(look.states))
    if look.failing:
        sys.exit(1)


_Judged = tuple[FeedRow, Condition]


@dataclass(kw_only=True)
class _Look:
    """A look at all feeds, of which only those that are not well are held: there may be a million."""

    connection: Connection
    in_use: bool
    now: datetime
    states: Counter[State] = field(init=False, default_factory=Counter)
    unwell: list[_Judged] = field(init=False, default_factory=list)
    failing: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        habits = (Habit.read(one.habit) for one in feed_rows.habits(self.connection) if one.habit)
        self._crowd = index_rule.crowd_of(habits)
        for row, condition in self._judged():
            self.states[condition.state] += 1
            self.failing |= row.failures > 0
            if not condition.is_well:
                self.unwell.append((row, condition))
        self.unwell.sort(key=lambda pair: (pair[1].rank, pair[0].failing_since or self.now, pair[0].name))

    @property
    def well(self) -> int:
        return self.states.total() - len(self.unwell)

    def worst_first(self, *, only_unwell: bool) -> Iterator[_Judged]:
        """Behind those that are not well, the others by their names."""
        yield from self.unwell
        yield from (pair for pair in self._judged() if pair[1].is_well) if not only_unwell else ()

    def _judged(self) -> Iterator[_Judged]:
        for row in feed_rows.each(self.connection, in_use=self.in_use):
            yield row, condition_of(row, crowd=self._crowd, now=self.now)


def _record(row: FeedRow, condition: Condition) -> dict[str, object]:
    """Without the numbers of the habit, which are said in words, and the tags, which `feeds list` has of all."""
    record = asdict(row) | asdict(condition)
    del record["habit"], record["tags"]
    return record


def _show(judged: Iterable[_Judged], told: Mapping[str, str], *, well: int) -> None:
    columns = ("feed", "state", "since", "why", "what to do", "last read", "next poll, and why", "brings", "address")
    rows = (
        (
            row.name, condition.state, local(condition.since) if condition.since else "", condition.message,
            condition.advice, local(row.succeeded_at), _next(row, told.get(row.url, "")), condition.usual, row.url,
        )
        for row, condition in judged
    )  # fmt: skip
    nothing = f"All {well} feeds are well." if well else "No feed has been polled yet; `tipsheet once` does."
    table("Feeds", columns, rows, empty=nothing)


def _next(row: FeedRow, told: str) -> str:
    """When it is asked next, and whether news may come before."""
    poll = f"{local(row.next_poll_at)}, {row.next_poll_reason}" if row.next_poll_at else "at once"
    return f"{poll}; {told}" if told else poll


def _summary(states: Counter[State]) -> str:
    said = ", ".join(f"{states[state]} {state}" for state in get_args(State) if states[state])
    return f"{many(states.total(), 'feed')}: {said}."
