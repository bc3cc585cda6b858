"""One database: transactions, migrations, the single-instance lock. The only module that asks which engine it is on.

What an engine needs for itself stands in `sqlite` and `postgresql`; both offer what `Kind` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from sqlalchemy import ColumnElement, Connection, Engine, Table, inspect
from sqlalchemy.dialects import sqlite as in_sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError

from monitor.errors import StorageError
from storage import migrations, postgresql, sqlite
from storage.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql as in_postgresql


class OnlyInstance(Protocol):
    """Being the only Tipsheet on a database."""

    def hold(self) -> None: ...

    def close(self) -> None: ...


class Kind(Protocol):
    """What the room of an engine offers; its docstrings stand there."""

    TO_READ: Mapping[str, Any]

    def shown(self, url: URL) -> str: ...

    def exists(self, url: URL) -> bool: ...

    def is_away(self, url: URL, said: str) -> bool: ...

    def open_engine(self, url: URL) -> Engine: ...

    def before_migration(self, connection: Connection) -> None: ...

    def after_migration(self, connection: Connection, tables: Collection[str]) -> None: ...

    def continue_ids(self, connection: Connection, tables: Collection[str]) -> None: ...

    def part_by_ids(self, connection: Connection, table: str, key: str, *, below: int) -> None: ...

    def open_part(self, connection: Connection, table: str, name: str, *, begin: int, end: int) -> None: ...

    def skip_ids(self, connection: Connection, table: str, following: int) -> None: ...

    def forget_traces(self, engine: Engine) -> None: ...

    def sizes(self, connection: Connection) -> dict[str, int]: ...

    def damages(self, connection: Connection) -> tuple[str, ...]: ...

    def file_of(self, url: URL) -> Path | None: ...

    def snapshot(self, engine: Engine, path: Path) -> None: ...

    def create_word_index(self, connection: Connection, name: str) -> None: ...

    def holds_words(self, name: str, clauses: Sequence[Sequence[str]]) -> ColumnElement[bool]: ...

    def insist_on_indexes(self, connection: Connection) -> None: ...

    def OneOfMany(self, engine: Engine) -> OnlyInstance: ...  # noqa: N802  a class is what makes one

    def OnlyInstance(self, engine: Engine) -> OnlyInstance: ...  # noqa: N802  the same


_NOT_YET = "there is no database {} yet; `tipsheet once` makes one"
_KINDS: Mapping[str, Kind] = {"sqlite": sqlite, "postgresql": postgresql}


class Database:
    """An open database at the newest version of its schema."""

    def __init__(self, url: str, *, must_exist: bool = False) -> None:
        """`url` is a SQLAlchemy URL. With `must_exist`, one in which no Tipsheet has worked is refused, not filled."""
        self.url = _read_url(url)
        self._kind = _KINDS[self.url.get_backend_name()]
        self._instance: OnlyInstance | None = None
        self._fence: Callable[[Connection], None] | None = None
        if must_exist and not self._kind.exists(self.url):
            raise StorageError(_NOT_YET.format(self))
        self._engine = self._kind.open_engine(self.url)
        try:
            self._migrate(must_exist=must_exist)
        except BaseException:
            self._engine.dispose()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __str__(self) -> str:
        """What it is called in messages, without a password."""
        return self._kind.shown(self.url)

    @property
    def file(self) -> Path | None:
        """Where it lies on this machine; None: it is a server's."""
        return self._kind.file_of(self.url)

    @property
    def is_for_many(self) -> bool:
        """Whether many workers may share it."""
        return self.url.get_backend_name() == "postgresql"

    def close(self) -> None:
        if self._instance is not None:
            self._instance.close()
            self._instance = None
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the rows; nothing is written."""
        with _as_storage_error(), self._engine.connect().execution_options(**self._kind.TO_READ) as connection:
            yield connection

    @contextmanager
    def write(self, *, alongside: bool = False) -> Iterator[Connection]:
        """One transaction: all of it is kept when the block ends, or nothing.

        Writers take turns. Those that claim or fence each row that they change may write `alongside` each other, where
        the engine can.
        """
        if self._instance is not None:
            with _as_storage_error():
                self._instance.hold()
        options = {"tipsheet_writes": "alongside" if alongside else "alone"}
        with (
            _as_storage_error(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            if self._fence is not None:
                self._fence(connection)
            yield connection

    def under(self, fence: Callable[[Connection], None]) -> Database:
        """The same database, each of whose transactions that write begins with `fence`; it raises to refuse them."""
        view = copy(self)
        view._fence = fence  # noqa: SLF001  it is our own
        return view

    def forget_traces(self) -> None:
        """What was deleted stands in no file of the database any more, as far as that is in our hands."""
        with _as_storage_error():
            self._kind.forget_traces(self._engine)

    def snapshot(self, path: Path) -> None:
        """Write a whole copy into a new file, as it is now, whoever works meanwhile. StorageError for a server's."""
        with _as_storage_error():
            self._kind.snapshot(self._engine, path)

    def outgrown(self) -> str | None:
        """Why this program may not understand this database any more; None where it knows its version.

        Whoever was at work when a newer one widened it goes on: that takes nothing away.
        """
        with self.read() as connection:
            return self._unknown(migrations.revision_of(connection), migrations.revisions())

    def _unknown(self, current: str | None, known: Collection[str]) -> str | None:
        if current is None or current in known:
            return None
        return f"{self} is of version {current}, which this Tipsheet does not know: a newer one wrote it"

    def claim_instance(self) -> None:
        """Become the only Tipsheet that works on this database, until `close` or the death of the process."""
        with _as_storage_error():
            if self._instance is not None:  # of an attempt that got no further
                self._instance.close()
                self._instance = None
            self._instance = self._kind.OnlyInstance(self._engine)

    def share_instance(self) -> None:
        """Become one of many workers on this database, whom nobody disturbs who must be the only one.

        The only one may let others in by this. InstanceError where somebody else is the only one, and stays so.
        """
        with _as_storage_error():
            if self._instance is not None:
                self._instance.close()
            self._instance = self._kind.OneOfMany(self._engine)

    def _migrate(self, *, must_exist: bool) -> None:
        """Bring the schema to the newest version; refuse what somebody else or a newer Tipsheet has written."""
        known = migrations.revisions()
        with self.read() as connection:
            current = migrations.revision_of(connection)
            strangers = set() if current else set(inspect(connection).get_table_names()) & metadata.tables.keys()
        if current == known[-1]:
            return
        if current is None and must_exist:
            raise StorageError(_NOT_YET.format(self))
        if strangers:
            raise StorageError(
                f"{self} has a table `{min(strangers)}` that is not Tipsheet's; expected an empty database"
            )
        if unknown := self._unknown(current, known):
            raise StorageError(unknown)
        with self.write() as connection:
            self._kind.before_migration(connection)
            migrations.upgrade(connection)
            self._kind.after_migration(connection, metadata.tables.keys())


def is_there(url: str) -> bool:
    """Whether there is anything to open. Of a server, only opening it tells."""
    parsed = _read_url(url)
    return _KINDS[parsed.get_backend_name()].exists(parsed)


def file_at(url: str) -> Path | None:
    """The file that a database URL means; None: it is a server's."""
    parsed = _read_url(url)
    return _KINDS[parsed.get_backend_name()].file_of(parsed)


def is_away(url: str, error: StorageError) -> bool:
    """Whether a database that could not be used may be there later.

    Nobody answers, it is starting or ending, or has no connection left for us. Not so where it answers and refuses us
    for another reason, and never of a file.
    """
    parsed = _read_url(url)
    return _KINDS[parsed.get_backend_name()].is_away(parsed, str(error))


def be_alone(file: Path) -> OnlyInstance:
    """Become the only Tipsheet on a database file, whatever stands in it, until `close`."""
    return sqlite.OnlyInstance(sqlite.open_engine(URL.create("sqlite", database=str(file))))


def insert_new(connection: Connection, table: Table) -> in_sqlite.Insert | in_postgresql.Insert:
    """An INSERT that leaves an existing row alone (`ON CONFLICT DO NOTHING`), in the engine's own words."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql as in_postgresql  # slow to load, and who does not use it need not

        return in_postgresql.insert(table).on_conflict_do_nothing()
    return in_sqlite.insert(table).on_conflict_do_nothing()


def takes_rows(connection: Connection) -> bool:
    """Whether a statement may be given many rows as one value, which is quicker where each statement has a way to go.

    It is then a text of JSON that `json_to_recordset` reads.
    """
    return connection.dialect.name == "postgresql"


def continue_ids(connection: Connection) -> None:
    """Rows came with ids of their own: the next one that is given is the one after the highest."""
    _KINDS[connection.dialect.name].continue_ids(connection, metadata.tables.keys())


def part_by_ids(connection: Connection, table: str, key: str, *, below: int) -> None:
    """A table's rows stand in parts from now on, by the ids in `key`, where the engine has parts of tables.

    Those that are there are the first part, which has all ids `below` that.
    """
    _KINDS[connection.dialect.name].part_by_ids(connection, table, key, below=below)


def open_part(connection: Connection, table: str, name: str, *, begin: int, end: int) -> None:
    """A part of that name for the ids from `begin` to before `end`, where there is none."""
    _KINDS[connection.dialect.name].open_part(connection, table, name, begin=begin, end=end)


def skip_ids(connection: Connection, table: str, following: int) -> None:
    """Where tables stand in parts: the next id that is given in `table` is no less than that."""
    _KINDS[connection.dialect.name].skip_ids(connection, table, following)


def sizes(connection: Connection) -> dict[str, int]:
    """Part of the database → bytes: `used`, `free` to be used again, `log` that is not taken over yet."""
    return _KINDS[connection.dialect.name].sizes(connection)


def damages(connection: Connection) -> tuple[str, ...]:
    """What is broken in it, as far as the engine can tell; reads all of it."""
    return _KINDS[connection.dialect.name].damages(connection)


def create_word_index(connection: Connection, name: str) -> None:
    """A table of that name with `rowid`, `title` and `body`, the two being words with a space between any two."""
    _KINDS[connection.dialect.name].create_word_index(connection, name)


def holds_words(connection: Connection, name: str, clauses: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """Which rows of such a table hold a word of each clause; "deport*" is any word that begins so."""
    return _KINDS[connection.dialect.name].holds_words(name, clauses)


def guesses_words(connection: Connection) -> bool:
    """Whether the engine, to plan a search, guesses how many rows hold a word, and does not know."""
    return connection.dialect.name == "postgresql"


def insist_on_indexes(connection: Connection) -> None:
    """Until the transaction ends, such an engine finds rows by what its indexes say of them, whatever it guesses."""
    _KINDS[connection.dialect.name].insist_on_indexes(connection)


def _read_url(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        scheme, colon, _ = url.partition(":")  # behind it there may be a password
        message = f"{f'{scheme}:…' if colon else url!r} is no database URL; {_EXPECTED}"
        raise StorageError(message) from None
    if parsed.drivername not in _DRIVERS:
        raise StorageError(f"the database '{parsed.render_as_string()}' cannot be used; {_EXPECTED}")
    return parsed


_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
_EXPECTED = "expected something like sqlite:////path/tipsheet.db or postgresql+psycopg://user:password@host/tipsheet"


@contextmanager
def _as_storage_error() -> Iterator[None]:
    """The driver's errors, in words. A wrong statement is a bug of ours, not the database's state, and stays one."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, IntegrityError | ProgrammingError) and not _is_the_servers_doing(error):
            raise
        said = " ".join(str(error.orig).split())
        if error.connection_invalidated:
            raise StorageError(f"the connection to the database was lost: {said}") from error
        raise StorageError(f"the database refused: {said}") from error


def _is_the_servers_doing(error: DBAPIError) -> bool:
    """Not a wrong statement, but one that this user may not make, or a schema that nobody has made."""
    return getattr(error.orig, "sqlstate", None) in ("42501", "3F000")
