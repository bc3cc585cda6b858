"""Rows for tests of the database: feeds, entries, what an examination found; each with only what a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from monitor.model import (
    Attribution,
    Decision,
    Entry,
    Examined,
    Feed,
    Imprint,
    KeyedEntry,
    Match,
    Mention,
    ParsedEntry,
    Placement,
    Recipient,
    Relation,
    Span,
)
from storage import entries, examinations, feeds
from storage.database import Database
from storage.schema import metadata

FERRY = Feed(url="https://ferry.example/feed", name="Ferry Times", outlet="ferry.example", language="en", tags=("sea",))
COURIER = Feed(url="https://courier.example/feed", name="Courier", outlet="courier.example")
WANTED = {feed.url: feed for feed in (FERRY, COURIER)}
DESK = Recipient(name="desk", channel="mail", address="desk@desk.example")
NIGHT = Recipient(name="night", channel="mail", address="night@desk.example")
RECIPIENTS = {recipient.name: recipient for recipient in (DESK, NIGHT)}
LEASE = timedelta(minutes=30)
NOTHING_CREDITED = Attribution(origin=(), credits=())


def keyed(key: str, title: str = "Ferry waits", *, backlog: bool = False, **fields: Any) -> KeyedEntry:
    """A new entry. `fields` are those of a ParsedEntry."""
    wording: dict[str, Any] = {"link": f"https://ferry.example/{key}", "summary": "Fog.", "content": ""} | fields
    wording = {"id": key, "title": title, "author": "Ada Quay", "published": None, "updated": None} | wording
    entry = ParsedEntry(**wording)
    return KeyedEntry(key=key, content_hash=f"hash of {title}", entry=entry, backlog=backlog)


def remember(database: Database, *wanted: Feed) -> None:
    """Feeds get the ids 1, 2, …"""
    with database.write() as connection:
        feeds.remember(connection, wanted or (FERRY, COURIER))


def keep(database: Database, *new: KeyedEntry, now: datetime, feed_id: int = 1) -> None:
    texts = {item.key: item.entry.content for item in new}
    with database.write() as connection:
        entries.add(connection, feed_id, new, texts, now=now)


def edit(database: Database, *edited: KeyedEntry, now: datetime, feed_id: int = 1) -> None:
    with database.write() as connection:
        entries.edit(connection, feed_id, edited, {}, now=now)


def claim(database: Database, *, now: datetime, claimant: str = "me", limit: int = 100) -> tuple[Entry, ...]:
    with database.write() as connection:
        return entries.claim_due(connection, WANTED, claimant=claimant, now=now, lease=LEASE, limit=limit)


def match(watch: str = "ferries", level: str = "alert") -> Match:
    span = Span(field="title", start=0, end=5, term="ferry", set="boats")
    return Match(watch=watch, level=level, score=0.75, why="Ferry (boats) in the title", spans=(span,))  # type: ignore[arg-type]


def decision(action: str = "alert", recipient: str = "desk", watch: str = "ferries") -> Decision:
    return Decision(watch=watch, recipient=recipient, action=action, reason=f"because {action}")  # type: ignore[arg-type]


def examined(
    entry_id: int,
    *decisions: Decision,
    story: int | None = None,
    relation: Relation = "new",
    matches: Sequence[Match] = (),
    attribution: Attribution = NOTHING_CREDITED,
    mentions: Sequence[Mention] = (),
    imprint: Imprint | None = None,
) -> Examined:
    """What came of an entry that began the story, or belongs to the one that the entry `story` began."""
    placement = Placement(
        id=str(entry_id), story=str(story or entry_id), relation=relation, of=None if story is None else str(story),
        similarity=0.5, why="alike",
    )  # fmt: skip
    return Examined(
        entry_id=entry_id, matches=tuple(matches), placement=placement, attribution=attribution, decisions=decisions,
        mentions=tuple(mentions), imprint=imprint,
    )  # fmt: skip


def record(database: Database, *found: Examined, now: datetime, claimant: str = "me") -> list[bool]:
    with database.write() as connection:
        written = examinations.record(connection, found, claimant=claimant, recipients=RECIPIENTS, now=now)
    return [one in written for one in found]


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has; tables without any are left out."""
    with database.read() as connection:
        found = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }
    return {name: count for name, count in found.items() if count}
