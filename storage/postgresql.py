"""PostgreSQL: many processes on many machines. What only this engine needs, and no table.

`database` asks which engine it is on, and calls the same functions here as in `sqlite`. SQLite is the measure: what
holds there (writers take turns, whole numbers have 64 bits, texts stand in the order of their code points, times are
UTC) holds here. The driver is loaded when a database is opened, and not before.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, create_engine, event, literal, literal_column, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from monitor.errors import InstanceError, StorageError

BUSY_SECONDS = 30
AGAIN_SECONDS = 0.2
STALLED_SECONDS = 120  # after which a writer that says nothing more is taken for dead

TO_READ: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_FULL = "too many clients", "too many connections", "connection slots are reserved"  # for a while, as a rule
_INSTANCE, _WRITERS = 1, 2  # what an advisory lock is about; the other half of its key is the schema


def shown(url: URL) -> str:
    """What a database is called in messages, without its password."""
    return url.render_as_string(hide_password=True)


def exists(url: URL) -> bool:
    """Somebody has made it, or the server will say that nobody has."""
    return True


def is_away(url: URL, said: str) -> bool:
    """It is asked for no more than whether it takes connections, which needs no password and no database.

    A server that has given all of its connections away says so in words alone, and libpq gives no code for them: those
    of a server that speaks another language than English are not known.
    """
    from psycopg.pq import PGconn, Ping

    if any(words in said for words in _FULL):
        return True
    asked = url.set(drivername="postgresql").update_query_dict({"connect_timeout": "5"})
    answer = PGconn.ping(asked.render_as_string(hide_password=False).encode())
    return answer in (Ping.REJECT, Ping.NO_RESPONSE)


def open_engine(url: URL) -> Engine:
    """Connections that notice within half a minute when the other side is gone, and wait no longer for a lock."""
    try:
        engine = create_engine(url, connect_args=_connect_args(url), pool_pre_ping=True)
    except ImportError as error:
        raise StorageError("PostgreSQL needs a driver that is not there: pip install 'tipsheet[postgres]'") from error
    event.listen(engine, "begin", _begin)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    """What we want of a connection, as far as the URL does not say otherwise."""
    wanted = {
        "fallback_application_name": f"tipsheet: process {os.getpid()} on {platform.node()}",
        "connect_timeout": BUSY_SECONDS, "tcp_user_timeout": BUSY_SECONDS * 1000,
        "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    }  # fmt: skip
    settings = f"-c timezone=UTC -c lock_timeout={int(BUSY_SECONDS * 1000)}"
    given = url.query.get("options", "")
    options = f"{settings} {given if isinstance(given, str) else ' '.join(given)}".strip()
    return {name: value for name, value in wanted.items() if name not in url.query} | {"options": options}


def _begin(connection: Connection) -> None:
    """A writer waits for his turn. He says READ COMMITTED, so that he sees what was written while he waited.

    Those that mind nobody share a turn; all others have it alone. The former do not wait for the disk: should the
    server crash within the same half second, feeds were claimed and asked that it forgot, and they are asked again. Its
    log keeps their order, so whatever is written alone, as what is to be told is, has them on the disk before it.
    """
    writes = connection.get_execution_options().get("tipsheet_writes")
    if writes:
        alongside = writes == "alongside"
        connection.exec_driver_sql(
            f"SELECT {'pg_advisory_xact_lock_shared' if alongside else 'pg_advisory_xact_lock'}"
            f"({_WRITERS}, hashtext(current_schema())),"
            f" set_config('idle_in_transaction_session_timeout', '{STALLED_SECONDS}s', true)"
            + (", set_config('synchronous_commit', 'off', true)" if alongside else "")
        )


# ---- as on SQLite ----------------------------------------------------------------------------------------------------


def before_migration(connection: Connection) -> None:
    """The encoding of a database is chosen when it is made, and another one than UTF-8 refuses some news."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StorageError(f"{shown(connection.engine.url)} keeps its texts as {encoding}; expected UTF8")


_COLUMNS = """
SELECT table_name, column_name, data_type, collation_name, column_default LIKE 'nextval(%' AS counts,
       pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
"""


def _columns(connection: Connection, tables: Collection[str]) -> list[Row[Any]]:
    return [row for row in connection.execute(text(_COLUMNS)) if row.table_name in tables]


def after_migration(connection: Connection, tables: Collection[str]) -> None:
    """Whole numbers of 64 bits and texts in the order of their code points, whatever the database was made with.

    The scripts of the migrations speak of INTEGER and TEXT, which mean other things here than on SQLite. Rows that are
    claimed again and again get room to be written beside themselves: it halves what a claim costs.
    """
    for row in _columns(connection, tables):
        table = f'ALTER TABLE "{row.table_name}"'
        if row.data_type == "integer":
            connection.exec_driver_sql(f'{table} ALTER COLUMN "{row.column_name}" TYPE bigint')
        if row.data_type in ("text", "character varying") and row.collation_name != "C":
            connection.exec_driver_sql(f'{table} ALTER COLUMN "{row.column_name}" TYPE text COLLATE "C"')
        if row.counts:
            connection.exec_driver_sql(f"ALTER SEQUENCE {row.sequence} AS bigint")
        if row.column_name == "claimed_until":
            connection.exec_driver_sql(f"{table} SET (fillfactor = 70)")


def continue_ids(connection: Connection, tables: Collection[str]) -> None:
    """The next id of each table is the one after the highest: rows came with ids of their own."""
    for row in _columns(connection, tables):
        if row.counts:
            highest = f'SELECT max("{row.column_name}") FROM "{row.table_name}"'  # noqa: S608  the catalogue's own names
            following = f"coalesce(({highest}), 1), ({highest}) IS NOT NULL"
            connection.exec_driver_sql(f"SELECT setval('{row.sequence}', {following})")


def part_by_ids(connection: Connection, table: str, key: str, *, below: int) -> None:
    """The table becomes the first part of one of the same name, without moving a row; none has a greater id.

    Its columns are brought to what they are to be first, since those that a table is parted by cannot be changed later.
    """
    first = f"{table}_0"
    after_migration(connection, [table])
    connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {first}")
    connection.exec_driver_sql(f"CREATE TABLE {table} (LIKE {first} INCLUDING ALL) PARTITION BY RANGE ({key})")
    for name, reference in connection.execute(text(_REFERENCES), {"table": first}).all():
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {reference}")
    connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO ({below})")


_REFERENCES = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = CAST(:table AS regclass) AND contype = 'f'
"""


def open_part(connection: Connection, table: str, name: str, *, begin: int, end: int) -> None:
    """Made beside the table and attached to it: nobody who reads the table meanwhile is waited for."""
    here = "SELECT to_regclass(quote_ident(current_schema()) || '.' || :name)"  # in another schema it is another's
    if connection.execute(text(here), {"name": name}).scalar() is None:
        connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end})")


def skip_ids(connection: Connection, table: str, following: int) -> None:
    """The next id is that one, unless it is a greater one already."""
    connection.execute(text(_SKIP), {"table": table, "last": following - 1})


_SKIP = """
SELECT setval(counter, :last) FROM pg_get_serial_sequence(:table, 'id') AS counter
WHERE coalesce(pg_sequence_last_value(CAST(counter AS regclass)), 0) < :last
"""


def forget_traces(engine: Engine) -> None:
    """The server overwrites dead rows when it vacuums, in its own time; what its log keeps is its keeper's business."""


def sizes(connection: Connection) -> dict[str, int]:
    """Bytes of the whole database, as the server counts them; what is free in it, the server alone knows."""
    used = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    return {"used": int(used), "free": 0, "log": 0}


def damages(connection: Connection) -> tuple[str, ...]:
    """The server looks after its pages itself, and refuses what it cannot read."""
    return ()


def file_of(url: URL) -> Path | None:
    """On another machine, as far as we know."""
    return None


def snapshot(engine: Engine, path: Path) -> None:
    """There are no pages to take; its rows are copied, by `copying.take`."""
    raise StorageError(f"{shown(engine.url)} cannot be copied into {path} as it lies: it is a server's")


def create_word_index(connection: Connection, name: str) -> None:
    """A tsvector of the words as they stand, no stems, no places; a GIN index finds them, by their beginning too."""
    words = "array_to_tsvector(array_remove(string_to_array(title || ' ' || body, ' '), ''))"
    connection.exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS {name} (rowid bigint PRIMARY KEY,"
        ' title text COLLATE "C" NOT NULL, body text COLLATE "C" NOT NULL,'
        f" words tsvector GENERATED ALWAYS AS ({words}) STORED)"
    )
    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS ix_{name}_words ON {name} USING gin (words)")


def holds_words(name: str, clauses: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """A word in quotes is one as it stands; words hold neither quotes nor backslashes."""

    def word(key: str) -> str:
        return f"'{key[:-1]}':*" if key.endswith("*") else f"'{key}'"

    asked = " & ".join(f"({' | '.join(map(word, clause))})" for clause in clauses)
    query = literal(asked).op("::")(literal_column("tsquery"))
    return literal_column(f"{name}.words").op("@@", is_comparison=True)(query)


def insist_on_indexes(connection: Connection) -> None:
    """No table is read from end to end where an index says which rows are meant.

    The planner takes a word that it has not counted for one in two hundred, and the words of a row, which stand beside
    it, for free. What it cannot do otherwise costs so much by its reckoning that it would compile it first: not that.
    """
    connection.exec_driver_sql("SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_seqscan', 'jit']) name")


# ---- the only instance -----------------------------------------------------------------------------------------------


_CLAIM = f"SELECT pg_try_advisory_lock({_INSTANCE}, hashtext(current_schema()))"
_SHARE = f"SELECT pg_try_advisory_lock_shared({_INSTANCE}, hashtext(current_schema()))"
_OWNER = f"""
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = {_INSTANCE} AND objid = hashtext(current_schema())::oid AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608  our own words


class OnlyInstance:
    """Being the only Tipsheet on a database: a lock that the server drops with its connection, as with the process."""

    CLAIM = _CLAIM

    def __init__(self, engine: Engine) -> None:
        """Raises InstanceError where another one is at work."""
        self._engine = engine
        self._one_at_a_time = Lock()
        self._connection: Connection | None = self._claim()

    def _claim(self) -> Connection:
        with ExitStack() as unless_it_is_ours:
            connection = unless_it_is_ours.enter_context(self._engine.connect())
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it serves nobody else, as long as we live
            if connection.exec_driver_sql(self.CLAIM).scalar_one():
                unless_it_is_ours.pop_all()
                return connection
            owner = str(connection.exec_driver_sql(_OWNER).scalar() or "unknown").removeprefix("tipsheet: ")
        raise InstanceError(
            f"another tipsheet ({owner}) is working on {shown(self._engine.url)}; stop it first, or wait for it"
        )

    def hold(self) -> None:
        """The lock goes with its connection; it is taken again unless somebody else has it by now."""
        with self._one_at_a_time:
            if self._connection is None or not _answers(self._connection):
                self.close()
                self._connection = self._claim()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class OneOfMany(OnlyInstance):
    """Being one of the workers on a database: as many as like, and nobody who must be the only one."""

    CLAIM = _SHARE

    def _claim(self) -> Connection:
        """Whoever is the only one for a moment, as the first worker is when he starts, is waited for."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return super()._claim()
            except InstanceError:
                if time.monotonic() > until:
                    raise
                time.sleep(AGAIN_SECONDS)


def _answers(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql("SELECT 1")
    except DBAPIError:
        return False
    return True
