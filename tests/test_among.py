"""A column that is one of many numbers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from storage.among import among
from storage.database import Database
from storage.schema import feeds
from tests.engines import on_each
from tests.rows import remember


@on_each
def test_what_is_among_them_is_found_however_many_they_are(database: Database) -> None:
    remember(database)

    def found(*numbers: int) -> list[int]:
        with database.read() as connection:
            query = select(feeds.c.id).where(among(feeds.c.id, numbers)).order_by(feeds.c.id)
            return list(connection.execute(query).scalars())

    assert found() == []
    assert found(2, 7) == [2]
    assert found(*range(70_000)) == [1, 2]  # more values than a statement of either engine has room for


def test_an_index_leads_to_them() -> None:
    """As the only condition of a statement too: where SQLite is asked whether it is 1, it reads the whole table."""
    statement = select(feeds.c.url).where(among(feeds.c.id, [1, 2]))
    assert str(statement.compile(dialect=sqlite.dialect())).endswith("IN (SELECT value FROM json_each(?))")
