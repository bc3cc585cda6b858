"""How the installation stands, read from its rows: nothing is counted in memory, so that no restart loses a count.

What lives here: the questions to the tables. What must not: what an answer means (`monitor.operating` says).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, null, select

from monitor.model import FeedPace, Standing
from storage import facts
from storage.database import sizes
from storage.schema import Instant, attempts, decisions, entries, feeds, outbox

MOST_FEEDS = 2_000  # of more, every n-th is looked at: what counts is a share
MOST_DELAYS = 5_000  # the latest
ENTRY_WINDOWS = 6  # entries come by fits and starts: they are counted over so many windows
_DIGEST_DAYS = timedelta(days=9)  # a weekly one, and the time to be late in

NEWS = ("alert", "update")


def read(connection: Connection, *, now: datetime, window: timedelta) -> Standing:
    """The standing at `now`; the pace is taken over the last `window`."""
    since, entries_since = now - window, now - ENTRY_WINDOWS * window
    feed_count = _count(connection, select(feeds.c.id).where(feeds.c.active))
    waits = outbox.c.state == "waiting"
    unexamined = (entries.c.examine_at <= now) & entries.c.examine_at.is_not(null())
    return Standing(
        now=now,
        since=since,
        entries_since=entries_since,
        began_at=facts.known_began_at(connection),
        feeds=_paces(connection, feed_count),
        feed_count=feed_count,
        polls=int(connection.execute(select(func.coalesce(func.sum(feeds.c.polls), 0))).scalar_one()),
        entries=_count(connection, select(entries.c.id).where(_came(entries_since, now))),
        last_entry_at=_extreme(connection, func.max, entries.c.first_seen_at, ~entries.c.backlog),
        last_poll_at=_extreme(connection, func.max, feeds.c.polled_at, feeds.c.active),
        last_delivery_at=_extreme(connection, func.max, outbox.c.sent_at, outbox.c.state == "sent"),
        unexamined=_count(connection, select(entries.c.id).where(unexamined)),
        oldest_unexamined_at=_extreme(connection, func.min, entries.c.examine_at, unexamined),
        deliveries=_tally(connection, select(outbox.c.state, func.count()).group_by(outbox.c.state)),
        attempts=_tally(
            connection,
            select(attempts.c.result, func.count()).where(attempts.c.began_at > since).group_by(attempts.c.result),
        ),
        oldest_waiting_at=_extreme(connection, func.min, outbox.c.created_at, waits),
        oldest_due_at=_extreme(connection, func.min, outbox.c.due_at, waits & (outbox.c.due_at <= now)),
        delays=_delays(connection, since, now),
        digests_sent=_digests_sent(connection, since=now - _DIGEST_DAYS),
        sizes=sizes(connection),
    )


def _paces(connection: Connection, count: int) -> tuple[FeedPace, ...]:
    step = -(-count // MOST_FEEDS) or 1
    columns = feeds.c.polled_at, feeds.c.next_poll_at, feeds.c.polls, feeds.c.problem_kind, feeds.c.failures
    rows = connection.execute(select(*columns, feeds.c.habit).where(feeds.c.active, feeds.c.id % step == 0))
    return tuple(
        FeedPace(
            polled_at=row.polled_at,
            next_poll_at=row.next_poll_at,
            outcome=_outcome(row),
            habit=tuple(row.habit or ()),
        )
        for row in rows
    )


def _outcome(row: Any) -> str:
    """A feed that was read with losses was read."""
    if not row.polls:
        return "waiting"
    return row.problem_kind if row.failures else "ok"


def _came(since: datetime, now: datetime) -> ColumnElement[bool]:
    return (entries.c.first_seen_at > since) & (entries.c.first_seen_at <= now) & ~entries.c.backlog


def _delays(connection: Connection, since: datetime, now: datetime) -> dict[str, tuple[float, ...]]:
    """From one point of an entry's way to the next: what reached the latter in the window."""
    seen, published = entries.c.first_seen_at, entries.c.published_at
    fresh = (entries.c.version == 1) & ~entries.c.backlog
    told = outbox.c.kind.in_(NEWS) & (outbox.c.sent_at > since) & (outbox.c.sent_at <= now)
    ways: Mapping[str, Select[Any]] = {
        "published_to_seen": select(published, seen).where(_came(since, now), published.is_not(null())),
        "seen_to_decided": select(seen, decisions.c.decided_at)
        .join_from(decisions, entries)
        .where(fresh, decisions.c.decided_at > since),
        "decided_to_delivered": select(outbox.c.created_at, outbox.c.sent_at).where(told),
        "published_to_delivered": select(published, outbox.c.sent_at)
        .join_from(outbox, entries)
        .where(told, fresh, published.is_not(null())),
    }
    return {name: _lengths(connection, way) for name, way in ways.items()}


def _lengths(connection: Connection, way: Select[Any]) -> tuple[float, ...]:
    latest = way.order_by(list(way.selected_columns)[-1].desc()).limit(MOST_DELAYS)
    return tuple(sorted((end - begin).total_seconds() for begin, end in connection.execute(latest)))


def _digests_sent(connection: Connection, *, since: datetime) -> frozenset[str]:
    sent = (outbox.c.kind == "digest") & (outbox.c.state == "sent") & (outbox.c.created_at > since)
    return frozenset(connection.execute(select(outbox.c.key).where(sent)).scalars())


def _tally(connection: Connection, counts: Select[Any]) -> dict[str, int]:
    return dict(tuple(row) for row in connection.execute(counts))


def _count(connection: Connection, rows: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def _extreme(
    connection: Connection, which: Any, column: Column[datetime], among: ColumnElement[bool]
) -> datetime | None:
    found: datetime | None = connection.execute(select(which(column, type_=Instant)).where(among)).scalar_one()
    return found
