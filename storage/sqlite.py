"""SQLite: one file, one writer at a time, nothing to set up. What only this engine needs, and no table.

`database` asks which engine it is on, and calls the same functions here as in `postgresql`.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, literal_column
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.errors import InstanceError, StorageError

BUSY_SECONDS = 30

TO_READ: Mapping[str, Any] = {}  # execution options of a transaction that writes nothing


def shown(url: URL) -> str:
    """What a database is called in messages."""
    return str(url.database)


def exists(url: URL) -> bool:
    """Whether there is anything to open; what it is, its tables say."""
    return Path(str(url.database)).exists()


def is_away(url: URL, said: str) -> bool:
    """A file is there, or its disk will say what is wrong."""
    return False


def open_engine(url: URL) -> Engine:
    """Durable, concurrent, and with transactions that begin where we say. The file is made for its owner's eyes only.

    The driver's own implicit BEGIN comes too late for reads and never for DDL, so it is switched off. Writers say so at
    BEGIN: a transaction that reads first and writes later could not be retried when somebody else wrote in between.
    """
    if not url.database or url.database == ":memory:":
        raise StorageError("the database must be a file: what is only in memory would be lost")
    _make_private_file(Path(url.database))
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private_file(path: Path) -> None:
    """The list of what somebody watches is sensitive: directory 0700 where we make it, file 0600."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StorageError(f"the database {path} cannot be opened: {error.strerror}") from error


def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is deleted is overwritten; most builds do so anyway
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("tipsheet_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def before_migration(connection: Connection) -> None:
    """Any file will do."""


def after_migration(connection: Connection, tables: Collection[str]) -> None:
    """Numbers have 64 bits and texts stand in the order of their code points as it is."""


def continue_ids(connection: Connection, tables: Collection[str]) -> None:
    """The next id is the one after the highest, always."""


def part_by_ids(connection: Connection, table: str, key: str, *, below: int) -> None:
    """All tables stand in one file, which a second one of them would not make smaller."""


def open_part(connection: Connection, table: str, name: str, *, begin: int, end: int) -> None:
    """There are none."""


def skip_ids(connection: Connection, table: str, following: int) -> None:
    """Nothing asks for it here."""


def forget_traces(engine: Engine) -> None:
    """Words that nobody asks for any more stand in the word index until it is merged, and old pages in the write-ahead
    log until it is begun anew. Who reads meanwhile is waited for."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        indexes = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5(%'"
        for (name,) in cursor.execute(indexes).fetchall():
            cursor.execute(f"INSERT INTO {name}({name}) VALUES ('optimize')")  # noqa: S608  the catalogue's own name
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def sizes(connection: Connection) -> dict[str, int]:
    """Bytes: the pages that hold something, those that are free to be used again, the log."""
    page, pages, free = (
        int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())
        for pragma in ("page_size", "page_count", "freelist_count")
    )
    log = Path(f"{connection.engine.url.database}-wal")
    return {"used": page * (pages - free), "free": page * free, "log": log.stat().st_size if log.exists() else 0}


def damages(connection: Connection) -> tuple[str, ...]:
    """What is broken in the file, in SQLite's words; it reads all of it."""
    said = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
    astray = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    lost = [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in astray[:10]]
    return (*(line for line in said if line != "ok"), *lost)


def file_of(url: URL) -> Path | None:
    """Where it lies on this machine."""
    return Path(str(url.database))


def snapshot(engine: Engine, path: Path) -> None:
    """A whole copy as it is at this moment, whoever writes meanwhile; into a new file."""
    source = engine.raw_connection()
    try:
        with closing(sqlite3.connect(path)) as copy:
            source.driver_connection.backup(copy)  # type: ignore[union-attr]
    finally:
        source.close()


def create_word_index(connection: Connection, name: str) -> None:
    """FTS5 keeps it. Its `ascii` tokenizer parts words at the spaces and nowhere else; no place of a word is kept."""
    options = "title, body, detail = column, columnsize = 0, tokenize = \"ascii tokenchars '_'\""
    connection.exec_driver_sql(f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5({options})")


def holds_words(name: str, clauses: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """A word in quotes is one whatever it is: bare, AND and NOT are operators to FTS5."""

    def word(key: str) -> str:
        return f'"{key[:-1]}" *' if key.endswith("*") else f'"{key}"'

    asked = " AND ".join(f"({' OR '.join(map(word, clause))})" for clause in clauses)
    return literal_column(name).op("MATCH", is_comparison=True)(asked)


def insist_on_indexes(connection: Connection) -> None:
    """It asks the word index in any case."""


def OneOfMany(engine: Engine) -> OnlyInstance:  # noqa: N802  a class, where there is one
    """There is no such thing on one file."""
    raise StorageError(f"{engine.url.database} is a file of SQLite, for one process; many workers need a PostgreSQL")


class OnlyInstance:
    """Being the only Tipsheet on a database.

    The operating system drops the lock with the process, so that a crash needs no clean-up.
    """

    def __init__(self, engine: Engine) -> None:
        """Raises InstanceError where another one is at work."""
        database = str(engine.url.database)
        path = f"{os.path.realpath(database)}.lock"  # one lock, by whatever name the file is called
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._lock)
            raise InstanceError(
                f"another tipsheet (process {owner}) is working on {database}; stop it first, or wait for it"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode("ascii"), 0)

    def hold(self) -> None:
        """A lock of the operating system is not lost while the process lives."""

    def close(self) -> None:
        os.close(self._lock)
