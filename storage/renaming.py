"""A watch under another name: all that hangs on the old one goes to the new one.

What lives here: the rows that bear a watch's name. What must not: which watch was called what (`settings`).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, select, update

from storage import facts
from storage.review_tables import verdicts
from storage.schema import decisions, matches, outbox

# The tables, and the columns by which a row of each is the only one of its watch.
_BEARERS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (matches, ("entry_id",)),
    (decisions, ("entry_id", "recipient")),
    (verdicts, ()),
    (outbox, ()),
)


def rename_watch(connection: Connection, old: str, new: str) -> int:
    """How many rows went to the new name. Where it has a row of its own already, the old one stays as it is.

    What was told is told: decisions go along, so that a story that alerted under the old name is no news under the new.
    """
    moved = 0
    for table, only in _BEARERS:
        free = [~_taken(table, only, new)] if only else []
        moved += connection.execute(update(table).where(table.c.watch == old, *free).values(watch=new)).rowcount
    facts.rename_watch(connection, old, new)
    return moved


def _taken(table: Table, only: tuple[str, ...], new: str) -> ColumnElement[bool]:
    """Whether the new name has such a row."""
    other = table.alias("other")
    same = (other.c[name] == table.c[name] for name in only)
    return select(other.c.id).where(other.c.watch == new, *same).exists()
