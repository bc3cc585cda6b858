"""The parts in which a server keeps the tables that hold nothing but texts: one for each month.

What lives here: which tables these are, and where a part ends and the next begins. What must not: how an engine parts a
table (`postgresql` can, and SQLite has nothing to part).

Entries are numbered in the order in which they came, and what is kept of one is found by its number. So a part is a
stretch of numbers, and a new month begins with the first number of the next stretch; those between are never given. No
key and no query needs to know the month: a number leads to its part. What is written today then touches the index of
this month, and not that of all years.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from storage.database import open_part, part_by_ids, skip_ids
from storage.schema import entries

STRETCH = 100_000_000  # numbers of a part; a month that brings half as many entries gets two
TABLES = ("entry_words", "versions")


def begin(connection: Connection, table: str, key: str) -> None:
    """From now on a table of texts stands in parts; all that it holds is the first. `key` has the entries' numbers."""
    last = _last_stretch(connection)
    part_by_ids(connection, table, key, below=(last + 1) * STRETCH)
    _open(connection, table, last + 1)


def follow_month(connection: Connection, *, now: datetime) -> None:
    """The next entry begins a part of its own, where the last part is of an earlier month, or half full.

    Its part is there before: one more than is needed always is, so that nothing waits for this.
    """
    last = _last_stretch(connection)
    full = _last_entry(connection) % STRETCH >= STRETCH // 2
    if full or _began_before_this_month(connection, last, now):
        for table in TABLES:
            _open(connection, table, last + 1)
            _open(connection, table, last + 2)
        skip_ids(connection, entries.name, (last + 1) * STRETCH)


def make_room(connection: Connection, source: Connection) -> None:
    """The parts that the rows of another database need."""
    for stretch in _stretches(source):
        for table in TABLES:
            _open(connection, table, stretch)
            _open(connection, table, stretch + 1)


def _open(connection: Connection, table: str, stretch: int) -> None:
    open_part(connection, table, f"{table}_{stretch}", begin=stretch * STRETCH, end=(stretch + 1) * STRETCH)


def _last_entry(connection: Connection) -> int:
    return connection.execute(select(func.coalesce(func.max(entries.c.id), 0))).scalar_one()


def _last_stretch(connection: Connection) -> int:
    return _last_entry(connection) // STRETCH


def _began_before_this_month(connection: Connection, stretch: int, now: datetime) -> bool:
    first = select(entries.c.first_seen_at).where(entries.c.id >= stretch * STRETCH).order_by(entries.c.id).limit(1)
    began = connection.execute(first).scalar_one_or_none()
    return began is not None and _month(began) < _month(now)


def _month(moment: datetime) -> tuple[int, int]:
    there = moment.astimezone(UTC)
    return there.year, there.month


def _stretches(connection: Connection) -> Iterator[int]:
    """Those that any entry stands in."""
    begin = 0
    while (entry := _first_entry(connection, begin)) is not None:
        yield entry // STRETCH
        begin = (entry // STRETCH + 1) * STRETCH


def _first_entry(connection: Connection, begin: int) -> int | None:
    return connection.execute(select(func.min(entries.c.id)).where(entries.c.id >= begin)).scalar_one()
