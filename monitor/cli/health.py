"""`tipsheet feeds health`: how each feed is, the worst first. What must not live here: judging it (`condition`)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from monitor.cli.options import database_option, json_option, open_database
from monitor.cli.paint import err, json_lines, local, many, out, table
from monitor.clock import utc_now
from monitor.model import FeedRow
from monitor.net import websub
from monitor.rhythm.condition import Condition, condition_of, crowd_of
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
        rows = [row for row in feed_rows.listing(connection) if row.active or everything]
        hubs = subscriptions.standing(connection)
    now, crowd = utc_now(), crowd_of(rows)
    told = {url: websub.in_words(subscription, now=now) for url, subscription in hubs.items()}
    judged = [(row, condition_of(row, crowd=crowd, now=now)) for row in rows]
    judged.sort(key=lambda pair: (pair[1].rank, pair[0].failing_since or now, pair[0].name))
    shown = [pair for pair in judged if not (unwell and pair[1].is_well)]
    if as_json:
        json_lines(_record(row, condition) | {"hub": told.get(row.url, "")} for row, condition in shown)
    else:
        _show(shown, told, well=len(judged) - len(shown))
        if out.is_terminal:
            err.print(_summary([condition for _, condition in judged]))
    if any(row.failures for row in rows):
        sys.exit(1)


def _record(row: FeedRow, condition: Condition) -> dict[str, object]:
    """Without the numbers of the habit, which are said in words."""
    record = asdict(row) | asdict(condition)
    del record["habit"]
    return record


def _show(judged: Sequence[tuple[FeedRow, Condition]], told: Mapping[str, str], *, well: int) -> None:
    columns = ("feed", "state", "since", "why", "what to do", "last read", "next poll, and why", "brings", "address")
    rows = [
        (
            row.name, condition.state, local(condition.since) if condition.since else "", condition.message,
            condition.advice, local(row.succeeded_at), _next(row, told.get(row.url, "")), condition.usual, row.url,
        )
        for row, condition in judged
    ]  # fmt: skip
    nothing = f"All {well} feeds are well." if well else "No feed has been polled yet; `tipsheet once` does."
    table("Feeds", columns, rows, empty=nothing)


def _next(row: FeedRow, told: str) -> str:
    """When it is asked next, and whether news may come before."""
    poll = f"{local(row.next_poll_at)}, {row.next_poll_reason}" if row.next_poll_at else "at once"
    return f"{poll}; {told}" if told else poll


def _summary(conditions: Sequence[Condition]) -> str:
    counts = Counter(condition.state for condition in sorted(conditions, key=lambda condition: condition.rank))
    return f"{many(len(conditions), 'feed')}: {', '.join(f'{count} {state}' for state, count in counts.items())}."
