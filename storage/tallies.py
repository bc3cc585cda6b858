"""What pictures count: when matched stories were told, and when alerts of them went out.

What lives here: rows with their times. What must not: counting them by days or steps (`monitor.pictures.counting`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from storage.columns import Instant
from storage.schema import entries, feeds, matches, members, outbox, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlert:
    """An alert that went out, and the report that led to it."""

    sent: datetime
    published: datetime | None
    first_seen: datetime
    backlog: bool  # whether the report was older than its feed's first poll


def beginnings(
    connection: Connection, *, since: datetime, watch: str = ""
) -> dict[tuple[str, int], datetime]:  # fmt: skip
    """Watch and story → when the first report that matched came out, of every story that something was new of since
    then."""
    first = func.min(came_out(), type_=Instant()).label("at")
    query = _matched(since, watch).add_columns(matches.c.watch, members.c.story_id, first)
    rows = connection.execute(query.group_by(matches.c.watch, members.c.story_id))
    return {(watch, story): at for watch, story, at in rows}


def tellings(
    connection: Connection, *, since: datetime, watch: str = ""
) -> Iterator[tuple[str, int, datetime]]:  # fmt: skip
    """Outlet (its domain), story, and when a report that matched came out, of the same stories."""
    query = _matched(since, watch).add_columns(feeds.c.outlet, members.c.story_id, came_out()).distinct()
    rows = connection.execute(query.join(feeds, feeds.c.id == entries.c.feed_id))
    return ((outlet, story, at) for outlet, story, at in rows)


def _matched(since: datetime, watch: str) -> Select[()]:
    """The matched reports of stories that something was new of, the older ones of such a story too."""
    query = (
        select()
        .select_from(members)
        .join(stories, stories.c.id == members.c.story_id)
        .join(matches, matches.c.entry_id == members.c.entry_id)
        .join(entries, entries.c.id == members.c.entry_id)
        .where(stories.c.last_at >= since)
    )
    return query.where(matches.c.watch == watch) if watch else query


def came_out() -> ColumnElement[datetime]:
    """When a report came out: a date in the future is a mistake."""
    dated = entries.c.published_at < entries.c.first_seen_at
    return case((dated, entries.c.published_at), else_=entries.c.first_seen_at)


def sent_alerts(connection: Connection, *, since: datetime) -> tuple[SentAlert, ...]:
    """The alerts of stories that went out since then, without updates and digests."""
    return tuple(_sent(connection, since))


def _sent(connection: Connection, since: datetime) -> Iterator[SentAlert]:
    rows = connection.execute(
        select(outbox.c.sent_at, entries.c.published_at, entries.c.first_seen_at, entries.c.backlog)
        .join(entries, entries.c.id == outbox.c.entry_id)
        .where(outbox.c.kind == "alert", outbox.c.state == "sent", outbox.c.sent_at >= since)
        .order_by(outbox.c.sent_at)
    )
    for sent, published, first_seen, backlog in rows:
        yield SentAlert(sent=sent, published=published, first_seen=first_seen, backlog=backlog)
