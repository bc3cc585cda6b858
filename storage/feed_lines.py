"""Feeds for the review desk: their numbers, what is known of one beside its health, its latest entries.

What lives here: reading. What must not: what polls write (`feeds`), and how a feed is (`rhythm.condition`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage.schema import entries, feeds, members


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed says of itself, and where it is asked."""

    title: str
    language: str
    moved_to: str  # where its address has permanently moved; "" where it has not


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry that a feed brought."""

    id: int
    title: str
    link: str
    published: datetime | None
    first_seen: datetime
    backlog: bool  # older than the feed's first poll: kept, never alerted
    version: int  # 1, and one more for each edit
    story: int | None


def numbers(connection: Connection) -> Mapping[str, int]:
    """The number of each feed that was ever watched, by its URL."""
    return {row.url: row.id for row in connection.execute(select(feeds.c.url, feeds.c.id))}


def count(connection: Connection) -> int:
    """How many feeds were ever watched."""
    return connection.execute(select(func.count()).select_from(feeds)).scalar_one()


def address(connection: Connection, feed: int) -> str | None:
    """The URL of a feed by its number; None where there is none."""
    return connection.execute(select(feeds.c.url).where(feeds.c.id == feed)).scalar_one_or_none()


def facts(connection: Connection, feed: int) -> FeedFacts:
    """What is known of a feed that there is."""
    row = connection.execute(select(feeds).where(feeds.c.id == feed)).one()
    return FeedFacts(title=row.title, language=row.language, moved_to=row.request_url)


def latest(connection: Connection, feed: int, *, limit: int) -> tuple[FeedEntry, ...]:
    """The entries that came last, newest first."""
    found = connection.execute(
        select(entries, members.c.story_id)
        .outerjoin(members, members.c.entry_id == entries.c.id)
        .where(entries.c.feed_id == feed)
        .order_by(entries.c.first_seen_at.desc(), entries.c.id.desc())
        .limit(limit)
    )
    return tuple(
        FeedEntry(
            id=row.id, title=row.title, link=row.link, published=row.published_at, first_seen=row.first_seen_at,
            backlog=row.backlog, version=row.version, story=row.story_id,
        )
        for row in found
    )  # fmt: skip
