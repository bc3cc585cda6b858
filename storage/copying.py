"""Copying: everything that one database holds, into another one, which may be of another engine.

What lives here: the order of the tables, the mark of a copy that is not finished, and the proof that it is one. What
must not: which databases are meant, and what is said of it.

Rows go over in the order of their primary keys, some at a time, each lot in a transaction of its own. So what is there
already is always the beginning of each table, and a copy that was interrupted goes on where it stopped. At the end
every table is read once more on both sides and must have the same rows, by count and by hash.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from monitor.errors import StorageError
from storage import parts, word_index
from storage.columns import characters
from storage.database import Database, continue_ids, insert_new
from storage.schema import facts, metadata

LOT = 1_000  # rows in one transaction

_MARK = "copying"  # the fact that a target has until its copy is finished: what it is to be a copy of


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What one table holds."""

    table: str
    rows: int
    digest: str  # SHA-256 of every row, in the order of the primary key


def tables() -> tuple[Table, ...]:
    """Every table with rows that belong to an installation, those first to which others refer."""
    return (*metadata.sorted_tables, word_index.table)


def refuse_unfinished(connection: Connection) -> None:
    """Nobody may work on half of an installation. Raises StorageError."""
    if _marked(connection) is not None:
        raise StorageError(
            "this database is a copy that is not finished; say `tipsheet db copy` or `tipsheet restore` again"
        )


def count_lots(source: Connection) -> int:
    """How many steps `copy` takes over all tables when it begins at the beginning."""
    return sum(-(-_count(source, table) // LOT) for table in tables())


def copy(source: Connection, target: Database, *, anew: bool) -> Iterator[str]:
    """Copy lot by lot; gives the name of the table after each. Nobody else may work on either database meanwhile.

    `anew` gives up what an unfinished copy has brought so far. Raises StorageError where the target holds anything else
    than an unfinished copy of this source.
    """
    _begin(source, target, anew=anew)
    for table in tables():
        for rows in _lots(source, table, after=_last(target, table)):
            with target.write() as connection:
                connection.execute(insert(table), [_without_own_references(table, row) for row in rows])
            yield table.name
        _refer_to_own(source, target, table)


def take(database: Database, path: Path) -> None:
    """Everything that a server holds, as it is at this moment, into a new file of SQLite, whoever works meanwhile.

    All tables are read in one transaction, and once more at the end; what another engine would not keep the same is a
    StorageError, and no copy.
    """
    with database.read() as source, Database(f"sqlite:///{path}") as target:
        deque(copy(source, target, anew=False), maxlen=0)
        deque(prove(source, target), maxlen=0)
        finish(target)


def refuse_strangers(source: Connection, target: Database) -> None:
    """Raises StorageError unless the target is empty, or a copy of this source that is not finished."""
    with target.read() as connection:
        held = [table.name for table in tables() if _count(connection, table)]
        if held and _marked(connection) != _began(source):
            raise StorageError(
                f"{target} is not empty (it has rows in `{held[0]}`): expected an empty database, or an unfinished copy"
            )


def prove(source: Connection, target: Database) -> Iterator[Extent]:
    """What each table holds, the same on both sides. Raises StorageError at the first that differs."""
    for table in tables():
        wanted = _extent(source, table)
        with target.read() as connection:
            found = _extent(connection, table)
        if wanted != found:
            raise StorageError(
                f"the copy differs in the table `{table.name}` ({wanted.rows} rows here, {found.rows} there):"
                " its source has changed since it was begun; say `tipsheet db copy --anew`"
            )
        yield wanted


def finish(target: Database) -> None:
    """The copy is whole, and may be worked on."""
    with target.write() as connection:
        continue_ids(connection)
        connection.execute(delete(facts).where(facts.c.name == _MARK))


# ---- the mark --------------------------------------------------------------------------------------------------------


def _begin(source: Connection, target: Database, *, anew: bool) -> None:
    refuse_strangers(source, target)
    with target.write() as connection:
        if anew:
            for table in reversed(tables()):
                _let_go_of_own(connection, table)
                connection.execute(delete(table))
        parts.make_room(connection, source)
        connection.execute(insert_new(connection, facts).values(name=_MARK, value=_began(source)))


def _began(source: Connection) -> str:
    """When it first went to work, by which an installation is known."""
    return source.execute(select(facts.c.value).where(facts.c.name == "began_at")).scalar() or "never"


def _marked(connection: Connection) -> str | None:
    """What an unfinished copy is to be a copy of: when its source first went to work. None: it is none."""
    return connection.execute(select(facts.c.value).where(facts.c.name == _MARK)).scalar_one_or_none()


def _of_the_installation(table: Table) -> ColumnElement[bool]:
    return and_(True, *([table.c.name != _MARK] if table is facts else []))


# ---- rows, in order --------------------------------------------------------------------------------------------------


def _lots(connection: Connection, table: Table, *, after: Sequence[Any] | None) -> Iterator[Sequence[Row[Any]]]:
    """The rows behind one primary key, or all, some at a time."""
    key = tuple_(*table.primary_key)
    query = select(table).where(_of_the_installation(table)).order_by(*table.primary_key).limit(LOT)
    while True:
        rows = connection.execute(query if after is None else query.where(key > tuple_(*after))).all()
        if rows:
            yield rows
        if len(rows) < LOT:
            return
        after = _key(table, rows[-1])


def _last(target: Database, table: Table) -> Sequence[Any] | None:
    """The primary key of the last row that is there already."""
    backwards = [column.desc() for column in table.primary_key]
    query = select(*table.primary_key).where(_of_the_installation(table)).order_by(*backwards).limit(1)
    with target.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else tuple(row)


def _key(table: Table, row: Row[Any]) -> Sequence[Any]:
    return tuple(row._mapping[column] for column in table.primary_key)  # noqa: SLF001  the name is its documented one


def _count(connection: Connection, table: Table) -> int:
    query = select(func.count()).select_from(table).where(_of_the_installation(table))
    return connection.execute(query).scalar_one()


# ---- rows that refer to rows of their own table ----------------------------------------------------------------------


def _own_references(table: Table) -> tuple[Column[Any], ...]:
    return tuple(key.parent for key in table.foreign_keys if key.column.table is table)


def _without_own_references(table: Table, row: Row[Any]) -> dict[str, Any]:
    """The row to which it refers may not be there yet."""
    return dict(row._mapping) | {column.name: None for column in _own_references(table)}  # noqa: SLF001


def _refer_to_own(source: Connection, target: Database, table: Table) -> None:
    """All rows are there: they may refer to each other."""
    (key, *_) = table.primary_key
    for column in _own_references(table):
        rows = source.execute(select(key, column).where(column.is_not(None))).all()
        if rows:
            refer = update(table).where(key == bindparam("row")).values({column: bindparam("to")})
            with target.write() as connection:
                connection.execute(refer, [{"row": row[0], "to": row[1]} for row in rows])


def _let_go_of_own(connection: Connection, table: Table) -> None:
    for column in _own_references(table):
        connection.execute(update(table).values({column: None}))


# ---- the proof -------------------------------------------------------------------------------------------------------


def _extent(connection: Connection, table: Table) -> Extent:
    count, digest = 0, sha256()
    for rows in _lots(connection, table, after=None):
        count += len(rows)
        for row in rows:
            digest.update(_written([_plain(value) for value in row]).encode())
    return Extent(table=table.name, rows=count, digest=digest.hexdigest())


_written = partial(json.dumps, sort_keys=True)


def _plain(value: Any) -> Any:
    """One value, as every engine gives it back."""
    if isinstance(value, str):
        return characters(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
