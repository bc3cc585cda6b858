"""One database: transactions, migrations, the single-instance lock. The only module that asks which engine it is on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.errors import InstanceError, StorageError
from storage import migrations

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_SECONDS = 30


class Database:
    """An open database at the newest version of its schema."""

    def __init__(self, url: str) -> None:
        """`url` is a SQLAlchemy URL. The file of a SQLite database is made for its owner's eyes only."""
        self.url = _read_url(url)
        self._lock: int | None = None
        if self.url.get_backend_name() == "sqlite":
            _make_private_file(self.url)
        self._engine = create_engine(self.url)
        if self.url.get_backend_name() == "sqlite":
            _set_up_sqlite(self._engine)
        try:
            self._migrate()
        except BaseException:
            self._engine.dispose()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the rows; nothing is written."""
        with _as_storage_error(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is kept when the block ends, or nothing."""
        with (
            _as_storage_error(),
            self._engine.connect().execution_options(tipsheet_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def forget_traces(self) -> None:
        """What was deleted stands in no file of the database any more, as far as that is in our hands.

        Old pages stand in the write-ahead log until it is begun anew. Who reads meanwhile is waited for.
        """
        with _as_storage_error():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def claim_instance(self) -> None:
        """Become the only Tipsheet that works on this database, until `close` or the death of the process.

        The operating system drops the lock with the process, so that a crash needs no clean-up.
        """
        path = f"{os.path.realpath(str(self.url.database))}.lock"  # one lock, by whatever name the file is called
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._lock)
            self._lock = None
            raise InstanceError(
                f"another tipsheet (process {owner}) is working on {self.url.database}; stop it first, or wait for it"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode("ascii"), 0)

    def _migrate(self) -> None:
        """Bring the schema to the newest version; refuse a database that a newer Tipsheet has written."""
        known = migrations.revisions()
        with self.read() as connection:
            current = migrations.revision_of(connection)
        if current == known[-1]:
            return
        if current is not None and current not in known:
            raise StorageError(
                f"{self.url.database} is of version {current}, which this Tipsheet does not know: a newer one wrote it"
            )
        with self.write() as connection:
            migrations.upgrade(connection)


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves an existing row alone (`ON CONFLICT DO NOTHING`), in the engine's own words."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # slow to load, and who does not use it need not

        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _read_url(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        scheme, colon, _ = url.partition(":")  # behind it there may be a password
        message = f"{f'{scheme}:…' if colon else url!r} is no database URL; expected something like sqlite:////path/tipsheet.db"
        raise StorageError(message) from None
    if parsed.get_backend_name() != "sqlite":
        raise StorageError(f"the database '{parsed.render_as_string()}' cannot be used yet: expected sqlite:///…")
    if not parsed.database or parsed.database == ":memory:":
        raise StorageError("the database must be a file: what is only in memory would be lost")
    return parsed


def _make_private_file(url: URL) -> None:
    """The list of what somebody watches is sensitive: directory 0700 where we make it, file 0600."""
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StorageError(f"the database {path} cannot be opened: {error.strerror}") from error


def _set_up_sqlite(engine: Engine) -> None:
    """Durable, concurrent, and with transactions that begin where we say.

    The driver's own implicit BEGIN comes too late for reads and never for DDL, so it is switched off. Writers say so at
    BEGIN: a transaction that reads first and writes later could not be retried when somebody else wrote in between.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
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

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("tipsheet_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _as_storage_error() -> Iterator[None]:
    """The driver's errors, in words. A wrong statement is a bug of ours, not the database's state, and stays one."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise
    except DBAPIError as error:
        raise StorageError(f"the database refused: {error.orig}") from error
