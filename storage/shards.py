"""Shards: the parts into which feeds and pages are divided, so that many may ask the web and no host is asked by two.

A host is in one shard, with all its feeds and pages, and a shard has one owner at a time (`turns`). So the gap of a
host is kept by its owner's own clock, and nobody counts for all.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from zlib import crc32

from sqlalchemy import Connection, exists, func, select

from storage import claims
from storage.schema import errands, feeds

SHARDS = 256


def shard_of(url: str) -> int:
    """The shard of the host that a URL asks; of one that cannot be read, by its text."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        host = url
    return crc32(host.encode()) % SHARDS


def due(connection: Connection, *, now: datetime) -> list[int]:
    """The shards in which a feed or a page is due, those first that have waited longest. Two looks at an index each."""
    shard = func.generate_series(0, SHARDS - 1).table_valued("number").render_derived(name="shard")
    here = (feeds.c.shard == shard.c.number, feeds.c.active)
    first = select(func.min(feeds.c.next_poll_at)).where(*here).correlate(shard).scalar_subquery()
    unasked = exists().where(*here, feeds.c.next_poll_at.is_(None)).correlate(shard)
    since: dict[int, datetime] = {}
    for number, at, any_unasked in connection.execute(select(shard.c.number, first, unasked)):
        if any_unasked or (at is not None and at <= now):
            since[number] = at or now
    pages = select(errands.c.shard).where(errands.c.kind == "page", errands.c.due_at <= now).distinct()
    for number in connection.execute(pages).scalars():
        since.setdefault(number, now)
    return sorted(since, key=lambda number: since[number])


def release(connection: Connection, shard: int) -> None:
    """What a turn left unasked is free again."""
    claims.release(connection, feeds, where=feeds.c.shard == shard)
    claims.release(connection, errands, where=(errands.c.shard == shard) & (errands.c.kind == "page"))
