"""Readings: what is kept of the last reading of each feed's body. Losing one costs time and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from monitor.model import Reading, UnchangedEntry
from storage.schema import readings


def last(connection: Connection, feed_id: int) -> Reading | None:
    row = connection.execute(_LAST, {"feed": feed_id}).one_or_none()
    return Reading(frame=row.frame, entries=tuple(_entry(*kept) for kept in row.entries)) if row else None


_LAST = select(readings.c.frame, readings.c.entries).where(readings.c.feed_id == bindparam("feed"))


def keep(connection: Connection, made: Mapping[int, Reading | None]) -> None:
    """By feed, in place of the one before; None: the next body is to be read whole."""
    connection.execute(delete(readings).where(readings.c.feed_id.in_(made)))
    rows = [
        {"feed_id": feed_id, "frame": one.frame, "entries": [_row(entry) for entry in one.entries]}
        for feed_id, one in made.items()
        if one is not None
    ]
    if rows:
        connection.execute(insert(readings), rows)


def _row(entry: UnchangedEntry) -> list[str | None]:
    times = [time.isoformat() if time else None for time in (entry.published, entry.updated)]
    return [entry.fingerprint, entry.key, entry.content_hash, entry.id, entry.link, entry.title, *times]


def _entry(*row: Any) -> UnchangedEntry:
    fingerprint, key, content_hash, identity, link, title, published, updated = row
    return UnchangedEntry(
        fingerprint=fingerprint,
        key=key,
        content_hash=content_hash,
        id=identity,
        link=link,
        title=title,
        published=_time(published),
        updated=_time(updated),
    )


def _time(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
