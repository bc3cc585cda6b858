"""Made-up rows, written straight into their tables.

What lives here: the writing, some thousand rows in a transaction. What must not: what the rows say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert

from storage.database import Database

_TOGETHER = 10_000  # rows

Row = tuple[str, dict[str, Any]]  # the name of its table, and its values


def write(database: Database, rows: Iterator[Row], tables: Sequence[Table]) -> None:
    """All rows; of those that are written together, table by table, so that none comes before what it refers to."""
    while some := list(islice(rows, _TOGETHER)):
        with database.write() as connection:
            for table in tables:
                of_table = [values for name, values in some if name == table.name]
                if of_table:
                    connection.execute(insert(table), of_table)
