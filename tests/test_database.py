"""One database: migrations, transactions, the instance lock, and what is said when it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import sleep

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, update

from monitor.errors import InstanceError, StorageError
from monitor.model import Feed
from storage import feeds, migrations, word_index
from storage.database import Database, continue_ids
from storage.schema import feeds as feed_table
from storage.schema import metadata
from tests.engines import ENGINES, new_database, say, washed_database

FEED = Feed(url="https://example.org/feed", name="Example", outlet="example.org")


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(feed_table)).scalar_one()


def test_the_migrations_make_exactly_the_schema(database: Database) -> None:
    with database.read() as connection:
        theirs = re.compile(rf"{word_index.NAME}.*|versions_\d+")  # the engine's own tables, and parts of ours
        ours = {"compare_type": False, "include_name": lambda name, *_: not theirs.fullmatch(name or "")}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []


def test_the_names_of_the_scripts_say_which_version_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert migrations.revisions()[-1] == scripts.get_current_head()
    assert set(migrations.revisions()) == {script.revision for script in scripts.walk_revisions()}


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made, on each engine in turn."""
    with new_database(request.param, tmp_path) as url:
        yield url


def run(program: str) -> int:
    """A process of its own that may die; its exit code."""
    return subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False).returncode


def test_an_interrupted_migration_leaves_nothing_and_is_done_again(url: str) -> None:
    program = (
        "import os, signal, alembic.op as op\n"
        "from storage.database import Database\n"
        "create = op.create_table\n"
        "def die(name, *rest, **more):\n"
        "    if name == 'entries': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return create(name, *rest, **more)\n"
        "op.create_table = die\n"
        f"Database({url!r})\n"
    )
    assert run(program) == -9
    with Database(url) as database:
        assert count(database) == 0


def test_two_that_find_nothing_make_one_database(url: str) -> None:
    program = f"from storage.database import Database; Database({url!r}).close()"
    both = [subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[1]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    with Database(url) as database:
        assert count(database) == 0


def test_who_only_looks_makes_no_database(url: str) -> None:
    with pytest.raises(StorageError, match=r"there is no database .* yet; `tipsheet once` makes one"):
        Database(url, must_exist=True)
    Database(url).close()
    Database(url, must_exist=True).close()


def test_the_tables_of_others_are_left_alone(url: str) -> None:
    others = create_engine(url)
    with others.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE entries (id int)")
    others.dispose()
    with pytest.raises(StorageError, match="has a table `entries` that is not Tipsheet's; expected an empty database"):
        Database(url)


# ---- the same rows on each engine ------------------------------------------------------------------------------------


def test_what_is_no_character_is_kept_as_a_sign_that_something_stood_there(database: Database) -> None:
    odd = Feed(url="https://example.org/feed", name="a\0b\ud83dc\ud83d\ude00", outlet="example.org")
    with database.write() as connection:
        feeds.remember(connection, [odd])
    with database.read() as connection:
        assert connection.execute(select(feed_table.c.name)).scalar_one() == "a\ufffdb\ufffdc\N{GRINNING FACE}"


def test_numbers_have_64_bits(database: Database) -> None:
    large = 2**40
    with database.write() as connection:
        feeds.remember(connection, [FEED])
        connection.execute(update(feed_table).values(id=large, polls=large))
    with database.read() as connection:
        assert connection.execute(select(feed_table.c.id, feed_table.c.polls)).one() == (large, large)


def test_texts_stand_in_the_order_of_their_code_points(database: Database) -> None:
    names = ["Zoo", "a b", "ab", "a-c", "Ärmel", "zoo"]
    with database.write() as connection:
        feeds.remember(connection, [Feed(url=f"https://{name}/", name=name, outlet="") for name in names])
    with database.read() as connection:
        rows = connection.execute(select(feed_table.c.name).order_by(feed_table.c.name)).scalars()
        assert list(rows) == sorted(names)


def test_a_time_comes_back_as_it_was_written_in_utc(database: Database) -> None:
    written = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-9)))
    with database.write() as connection:
        feeds.remember(connection, [FEED])
        connection.execute(update(feed_table).values(polled_at=written))
    with database.read() as connection:
        read = connection.execute(select(feed_table.c.polled_at)).scalar_one()
    assert read == written
    assert read.tzinfo is UTC


def test_the_next_id_is_the_one_after_the_highest(database: Database) -> None:
    with database.write() as connection:
        feeds.remember(connection, [FEED])
        connection.execute(update(feed_table).values(id=70))
        continue_ids(connection)
        feeds.remember(connection, [Feed(url="https://other.example/", name="Other", outlet="")])
    with database.read() as connection:
        assert connection.execute(select(func.max(feed_table.c.id))).scalar_one() == 71


# ---- transactions ----------------------------------------------------------------------------------------------------


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half-way"), database.write() as connection:
        feeds.remember(connection, [FEED])
        raise RuntimeError("half-way")
    assert count(database) == 0
    with database.write() as connection:
        feeds.remember(connection, [FEED])
    assert count(database) == 1


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'new' / 'tipsheet.db'}"):
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "new" / "tipsheet.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "is no database URL"),
        ("oracle2://x/y", "is no database URL"),
        ("postgres://user:secret@host/db", "is no database URL"),
        ("sqlite://", "must be a file"),
        ("postgresql+psycopg2://user:secret@host/db", r"user:\*\*\*@host/db' cannot be used; expected something like"),
        ("postgresql+psycopg://user:secret@localhost:1/db", "the database refused: .*refused"),
        ("postgresql://user:secret@localhost:1/db", "the database refused: .*refused"),
        ("sqlite:////proc/nowhere/tipsheet.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_used_is_said(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"this is a diary, not a database. " * 100)
    with pytest.raises(StorageError, match="not a database"):
        Database(f"sqlite:///{tmp_path / 'db'}")


def test_a_driver_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError, match=r"pip install 'tipsheet\[postgres\]'"):
        Database("postgresql+psycopg://host/db")


def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    with Database(url) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="version 9999, which this Tipsheet does not know"):
        Database(url)


# ---- one instance ----------------------------------------------------------------------------------------------------


def test_one_instance_for_each_database_until_it_ends(url: str) -> None:
    with Database(url) as first, Database(url) as second:
        first.claim_instance()
        with pytest.raises(InstanceError, match=rf"another tipsheet .*{os.getpid()}.* is working on"):
            second.claim_instance()
        first.close()
        second.claim_instance()


def test_another_name_for_the_file_is_no_second_instance(tmp_path: Path) -> None:
    (tmp_path / "alias.db").symlink_to(tmp_path / "db")
    with Database(f"sqlite:///{tmp_path / 'db'}") as first, Database(f"sqlite:///{tmp_path / 'alias.db'}") as second:
        first.claim_instance()
        with pytest.raises(InstanceError):
            second.claim_instance()


def test_a_killed_instance_leaves_no_lock(url: str) -> None:
    program = (
        "import os, signal; from storage.database import Database\n"
        f"database = Database({url!r}); database.claim_instance(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    Database(url).close()
    assert run(program) == -9
    with Database(url) as database:
        claim_soon(database)


def claim_soon(database: Database) -> None:
    """A server notices within a moment that the other end of a connection is gone."""
    for _ in range(50):
        with suppress(InstanceError):
            return database.claim_instance()
        sleep(0.02)
    return database.claim_instance()


# ---- what refuses ----------------------------------------------------------------------------------------------------


def test_who_waits_too_long_for_his_turn_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ("sqlite", "postgresql"):
        monkeypatch.setattr(f"storage.{engine}.BUSY_SECONDS", 0.2)
    with Database(url) as database, Database(url) as other:
        with (
            other.write(),
            pytest.raises(StorageError, match=r"the database refused: .*(is locked|lock timeout)"),
            database.write(),
        ):
            pytest.fail("a write began while somebody else wrote")
        with database.write() as connection:
            feeds.remember(connection, [FEED])


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    many = [FEED] + [
        Feed(url=f"https://example.org/{number}", name="x" * 500, outlet="example.org") for number in range(2_000)
    ]
    with Database(f"sqlite:///{tmp_path / 'db'}") as database:
        with database.write() as connection:
            feeds.remember(connection, [FEED])
        with pytest.raises(StorageError, match="full"), database.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            feeds.remember(connection, many)
        assert count(database) == 1


# ---- PostgreSQL alone ------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Database]:
    """A database on a server."""
    with washed_database("postgresql", tmp_path) as url, Database(url) as database:
        yield database


def hang_up_all_but(database: Database) -> None:
    """The server drops every connection but those of `database`."""
    with database.read() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'tipsheet: %%' AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_is_lost_is_said_and_the_next_one_is_new(served: Database) -> None:
    with Database(served.url.render_as_string(hide_password=False)) as other:
        with pytest.raises(StorageError, match="the connection to the database was lost"), other.write() as connection:
            feeds.remember(connection, [FEED])
            hang_up_all_but(served)
            connection.execute(select(1))
        assert count(other) == 0
        hang_up_all_but(served)
        with other.write() as connection:  # it was lost while nobody used it
            feeds.remember(connection, [FEED])
        assert count(other) == 1


def test_a_server_whose_disk_is_full_keeps_what_was_there(served: Database) -> None:
    with served.write() as connection:
        feeds.remember(connection, [FEED])
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.exec_driver_sql("CREATE TRIGGER full_disk BEFORE INSERT ON feeds EXECUTE FUNCTION full_disk()")
    other = replace(FEED, url="https://other.example/feed")
    with pytest.raises(StorageError, match=r"the database refused: .*No space left"), served.write() as connection:
        connection.exec_driver_sql("UPDATE feeds SET name = 'half of it'")
        feeds.remember(connection, [FEED, other])
    with served.write() as connection:  # room is made
        assert [row.name for row in feeds.listing(connection)] == [FEED.name]
        connection.exec_driver_sql("DROP FUNCTION full_disk CASCADE")
        feeds.remember(connection, [FEED, other])
    assert count(served) == 2


def test_an_instance_whose_lock_was_lost_takes_it_again_or_stops(served: Database) -> None:
    url = served.url.render_as_string(hide_password=False)
    with Database(url) as first, Database(url) as second:
        first.claim_instance()
        hang_up_all_but(served)
        with first.write():
            pass
        with pytest.raises(InstanceError):
            second.claim_instance()
        hang_up_all_but(served)
        second.claim_instance()
        with pytest.raises(InstanceError, match="another tipsheet"), first.write():
            pytest.fail("two instances wrote")


def test_a_server_that_is_away_for_a_while_is_waited_for(served: Database) -> None:
    name = served.url.database
    with Database(served.url.render_as_string(hide_password=False)) as database:
        database.claim_instance()
        say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        say(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        for _ in range(2):
            with pytest.raises(StorageError, match="not currently accepting connections"), database.write():
                pytest.fail("somebody wrote into nothing")
        say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        with database.write() as connection:
            feeds.remember(connection, [FEED])
        with Database(database.url.render_as_string(hide_password=False)) as other, pytest.raises(InstanceError):
            other.claim_instance()


def test_nothing_is_written_where_only_reading_was_meant(served: Database) -> None:
    with pytest.raises(StorageError, match="read-only"), served.read() as connection:
        feeds.remember(connection, [FEED])


def test_who_may_not_write_is_told(served: Database) -> None:
    with served.write() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS tipsheet_guest")
        connection.exec_driver_sql("CREATE ROLE tipsheet_guest LOGIN")
    guest = served.url.set(username="tipsheet_guest")
    with pytest.raises(StorageError, match="the database refused: permission denied"):
        Database(guest.render_as_string(hide_password=False))


def test_what_others_keep_beside_it_stays_as_it_is(tmp_path: Path) -> None:
    with new_database("postgresql", tmp_path) as url:
        others = create_engine(url)
        with others.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE invoices (id serial, claimed_until text)")
        Database(url).close()
        kinds = {column["name"]: str(column["type"]) for column in inspect(others).get_columns("invoices")}
        others.dispose()
    assert kinds == {"id": "INTEGER", "claimed_until": "TEXT"}


def test_a_schema_that_nobody_has_made_is_said(served: Database) -> None:
    elsewhere = served.url.update_query_dict({"options": "-csearch_path=nowhere"})
    with pytest.raises(StorageError, match="no schema has been selected"):
        Database(elsewhere.render_as_string(hide_password=False))


def test_two_schemas_of_one_database_are_two_installations(served: Database) -> None:
    with served.write() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS desk CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA desk")
    elsewhere = served.url.update_query_dict({"options": "-csearch_path=desk"})
    with Database(elsewhere.render_as_string(hide_password=False)) as other:
        served.claim_instance()
        other.claim_instance()
        with other.write() as connection, served.write():  # neither waits for the other
            feeds.remember(connection, [FEED])
        assert (count(other), count(served)) == (1, 0)


def test_a_database_of_another_encoding_is_refused() -> None:
    with (
        new_database("postgresql", Path(), "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0") as url,
        pytest.raises(StorageError, match="keeps its texts as LATIN1; expected UTF8"),
    ):
        Database(url)
