"""What pictures count: when matched stories were told, and when alerts of them went out.

What lives here: rows with their times. What must not: counting them by days or steps (`monitor.pictures.counting`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.schema import entries, feeds, matches, members, outbox, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedTelling:
    """One outlet's report that a watch matched."""

    story: int
    watch: str
    outlet: str  # domain
    at: datetime  # when it came out, as the ledger of companies takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlert:
    """An alert that went out, and the report that led to it."""

    sent: datetime
    published: datetime | None
    first_seen: datetime
    backlog: bool  # whether the report was older than its feed's first poll


def matched_tellings(connection: Connection, *, since: datetime) -> tuple[MatchedTelling, ...]:
    """The matched reports of every story that something was new of since then, the older ones of such a story too."""
    rows = connection.execute(
        select(
            members.c.story_id, matches.c.watch, feeds.c.outlet, entries.c.published_at, entries.c.first_seen_at
        )
        .join(stories, stories.c.id == members.c.story_id)
        .join(matches, matches.c.entry_id == members.c.entry_id)
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(stories.c.last_at >= since)
    )  # fmt: skip
    return tuple(
        MatchedTelling(
            story=story,
            watch=watch,
            outlet=outlet,
            at=min(published or first_seen, first_seen),  # a date in the future is a mistake
        )
        for story, watch, outlet, published, first_seen in rows
    )


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
