"""Versions: every wording of an entry; the table holds those that were replaced, the entry the present one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, Select, delete, exists, func, insert, select

from monitor.model import Version
from storage.among import among
from storage.schema import entries, feeds, matches, members, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRow:
    """One edit of an entry: the wording before, and the one that came."""

    entry: int
    story: int | None
    outlet: str
    link: str
    before: Version
    after: Version


def keep(connection: Connection, feed_id: int, key: str) -> None:
    """The wording that an entry has now, before it is replaced."""
    wording = select(
        entries.c.id,
        entries.c.version,
        entries.c.title,
        entries.c.summary,
        entries.c.text,
        func.coalesce(entries.c.worded_at, entries.c.first_seen_at),
    ).where((entries.c.feed_id == feed_id) & (entries.c.key == key))
    columns = ["entry_id", "number", "title", "summary", "text", "seen_at"]
    connection.execute(insert(versions).from_select(columns, wording))


def former(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Version, ...]]:
    """The wordings that were replaced, of those entries that have any, oldest first."""
    found: dict[int, list[Version]] = {}
    query = select(versions).where(among(versions.c.entry_id, ids)).order_by(versions.c.entry_id, versions.c.number)
    for row in connection.execute(query):
        version = Version(title=row.title, summary=row.summary, text=row.text, seen=row.seen_at)
        found.setdefault(row.entry_id, []).append(version)
    return {entry_id: tuple(of_entry) for entry_id, of_entry in found.items()}


def wordings(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Version, ...]]:
    """Every wording of those entries that were ever edited, the present one last."""
    before = former(connection, ids)
    rows = connection.execute(select(entries).where(among(entries.c.id, before.keys())))
    return {
        row.id: (
            *before[row.id],
            Version(title=row.title, summary=row.summary, text=row.text, seen=row.worded_at or row.first_seen_at),
        )
        for row in rows
    }


def edits(connection: Connection, *, since: datetime, matched_only: bool) -> Iterator[EditRow]:
    """The edits of a period, the latest first."""
    matched = exists().where(matches.c.entry_id == entries.c.id)
    query = (
        select(entries.c.id, entries.c.link, feeds.c.outlet, members.c.story_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .outerjoin(members, members.c.entry_id == entries.c.id)
        .where(entries.c.worded_at >= since)
        .order_by(entries.c.worded_at.desc(), entries.c.id)
    )
    rows = connection.execute(query.where(matched) if matched_only else query).all()
    worded = wordings(connection, [row.id for row in rows])
    for row in rows:
        for before, after in reversed(list(pairwise(worded.get(row.id, ())))):
            if after.seen >= since:
                yield EditRow(
                    entry=row.id, story=row.story_id, outlet=row.outlet, link=row.link, before=before, after=after
                )


def of_entries() -> Select[int]:
    """The entries of which a wording is kept that was replaced."""
    return select(versions.c.entry_id)


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Retention, with the texts of their entries."""
    connection.execute(delete(versions).where(among(versions.c.entry_id, ids)))
