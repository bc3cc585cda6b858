"""Leases: who works on which row. A lease expires by itself, so a crash needs no janitor.

claim    take up to `limit` due rows, until `now + lease`
holds    is the row still ours? asked inside the transaction that records the result: the fence against a late writer
release  all leases of one table are void, or of a part of it: said by the only one who works on it, when he begins
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select, update

FREE = {"claimed_until": None, "claimed_by": None}


def new_claimant() -> str:
    """A name that no other claim has ever had."""
    return str(uuid4())


def claim(
    connection: Connection,
    table: Table,
    *,
    due: ColumnElement[bool],
    order: ColumnElement[Any],
    claimant: str,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> Sequence[Row[Any]]:
    """Take what is due and free, and return the rows in `order`, as they were.

    What somebody else is taking at this moment is passed over and not waited for, where writers can be alongside.
    """
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    chosen = select(table).where(due, free).order_by(order, table.c.id).limit(limit)
    rows = connection.execute(chosen.with_for_update(skip_locked=True)).all()
    if rows:
        taken = {"claimed_until": now + lease, "claimed_by": claimant}
        connection.execute(update(table).where(table.c.id.in_([row.id for row in rows])).values(taken))
    return rows


def holds(table: Table, row_id: int, claimant: str) -> ColumnElement[bool]:
    """The condition under which `claimant` may still write `row_id`."""
    return (table.c.id == row_id) & (table.c.claimed_by == claimant)


def release(connection: Connection, table: Table, *, where: ColumnElement[bool] | None = None) -> None:
    held = table.c.claimed_by.is_not(None)
    connection.execute(update(table).where(held if where is None else held & where).values(FREE))
