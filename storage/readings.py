"""Readings: what is kept of the last reading of each feed's body. Losing one costs time and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from monitor.model import Reading, UnchangedEntry
from storage.schema import readings


def last(connection: Connection, feed_id: int) -> Reading | None:
    row = connection.execute(select(readings).where(readings.c.feed_id == feed_id)).one_or_none()
    return Reading(frame=row.frame, entries=tuple(_entry(*kept) for kept in row.entries)) if row else None


def keep(connection: Connection, feed_id: int, reading: Reading | None) -> None:
    """In place of the one before; None: the next body is to be read whole."""
    connection.execute(delete(readings).where(readings.c.feed_id == feed_id))
    if reading:
        kept = [_row(entry) for entry in reading.entries]
        connection.execute(insert(readings).values(feed_id=feed_id, frame=reading.frame, entries=kept))


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
