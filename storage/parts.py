"""The parts in which a server keeps the tables that hold nothing but texts: one for each month.

What lives here: which tables these are, and where a part ends and the next begins. What must not: how an engine parts a
table (`postgresql` can, and SQLite has nothing to part).

Entries are numbered in the order in which they came, and what is kept of one is found by its number. So a part is a
stretch of numbers, and a new month begins with the first number of the next stretch; those between are never given. No
key and no query needs to know the month: a number leads to its part. What is written today then touches the index of
this month, and not that of all years.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Row, func, select

from storage.database import open_part, part_by_ids, skip_ids
from storage.schema import entries

STRETCH = 100_000_000  # numbers of a part; a month that brings half as many entries begins another one
TABLES = ("entry_words", "versions")


def begin(connection: Connection, table: str, key: str) -> None:
    """From now on a table of texts stands in parts; all that it holds is the first. `key` has the entries' numbers."""
    following = _last_stretch(connection) + 1
    part_by_ids(connection, table, key, below=following * STRETCH)
    _open(connection, table, following)


def follow_month(connection: Connection, *, now: datetime) -> None:
    """The next entry begins a part of its own, where the last part is of an earlier month, or half full."""
    last = _last_stretch(connection)
    began = _first_entry(connection, last * STRETCH)
    full = _first_entry(connection, last * STRETCH + STRETCH // 2)
    if began and (full or _month(began.first_seen_at) < _month(now)):
        make(connection, last + 1)
        skip_ids(connection, entries.name, (last + 1) * STRETCH)


def make_room(connection: Connection, source: Connection) -> None:
    """The parts that the rows of another database need."""
    begin = 0
    while first := _first_entry(source, begin):
        stretch = first.id // STRETCH
        make(connection, stretch)
        begin = (stretch + 1) * STRETCH


def make(connection: Connection, stretch: int) -> None:
    """The parts of a stretch, and those of the next: one more than is needed is always there, so that nothing waits."""
    for table in TABLES:
        _open(connection, table, stretch)
        _open(connection, table, stretch + 1)


def _open(connection: Connection, table: str, stretch: int) -> None:
    open_part(connection, table, f"{table}_{stretch}", begin=stretch * STRETCH, end=(stretch + 1) * STRETCH)


def _last_stretch(connection: Connection) -> int:
    last = connection.execute(select(func.max(entries.c.id))).scalar_one()
    return (last or 0) // STRETCH


def _first_entry(connection: Connection, begin: int) -> Row[int, datetime] | None:
    """The first one from that number on."""
    query = select(entries.c.id, entries.c.first_seen_at).where(entries.c.id >= begin).order_by(entries.c.id).limit(1)
    return connection.execute(query).one_or_none()


def _month(moment: datetime) -> tuple[int, int]:
    there = moment.astimezone(UTC)
    return there.year, there.month
