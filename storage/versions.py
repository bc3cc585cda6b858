"""Versions: the wordings of entries that were replaced since, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, delete, func, insert, select

from monitor.model import Version
from storage.schema import entries, versions


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


def of_entries(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Version, ...]]:
    """The former wordings of those entries that have any."""
    found: dict[int, list[Version]] = {}
    query = select(versions).where(versions.c.entry_id.in_(ids)).order_by(versions.c.entry_id, versions.c.number)
    for row in connection.execute(query):
        version = Version(title=row.title, summary=row.summary, text=row.text, seen=row.seen_at)
        found.setdefault(row.entry_id, []).append(version)
    return {entry_id: tuple(found_of) for entry_id, found_of in found.items()}


def forget(connection: Connection, ids: Select[tuple[int]]) -> None:
    """Retention, with the texts of their entries."""
    connection.execute(delete(versions).where(versions.c.entry_id.in_(ids)))
