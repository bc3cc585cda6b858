"""Single facts about this installation, by name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from storage.database import insert_new
from storage.schema import facts


def known_began_at(connection: Connection) -> datetime | None:
    """The same, where nobody may write."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == "began_at")).scalar_one_or_none()
    return None if found is None else datetime.fromisoformat(found)


def began_at(connection: Connection, *, now: datetime) -> datetime:
    """When this database first went to work: no digest is owed for the days before."""
    connection.execute(insert_new(connection, facts).values(name="began_at", value=now.isoformat()))
    return datetime.fromisoformat(
        connection.execute(select(facts.c.value).where(facts.c.name == "began_at")).scalar_one()
    )
