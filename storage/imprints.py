"""Imprints: what the entries of the window are compared by. Losing one costs time and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, update

from monitor.model import Imprint
from storage.schema import entries, imprints


def keep(connection: Connection, made: Mapping[int, Imprint | None]) -> None:
    """By entry, in place of the one before; None: the entry is to be read again where it is needed."""
    connection.execute(delete(imprints).where(imprints.c.entry_id.in_(list(made))))
    rows = [
        {"entry_id": entry_id, "recipe": one.recipe, "value": one.value, "settled": False}
        for entry_id, one in made.items()
        if one is not None
    ]
    if rows:
        connection.execute(insert(imprints), rows)


def settle(connection: Connection) -> None:
    """The stories of all entries up to now have been compared with each other, and merged where they were one."""
    connection.execute(update(imprints).where(~imprints.c.settled).values(settled=True))


def forget(connection: Connection, *, before: datetime) -> int:
    """Of entries that were first seen before that: nothing is compared with them any more; how many."""
    old = exists().where(entries.c.id == imprints.c.entry_id, entries.c.first_seen_at < before)
    return connection.execute(delete(imprints).where(old)).rowcount
