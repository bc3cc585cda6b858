"""One database: migrations, transactions, the instance lock, and what is said when it refuses."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from monitor.errors import InstanceError, StorageError
from monitor.model import Feed
from storage import feeds, migrations, word_index
from storage.database import Database
from storage.schema import feeds as feed_table
from storage.schema import metadata

FEED = Feed(url="https://example.org/feed", name="Example", outlet="example.org")


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(feed_table)).scalar_one()


def test_the_migrations_make_exactly_the_schema(database: Database) -> None:
    with database.read() as connection:
        ours = {"compare_type": False, "include_name": lambda name, *_: not (name or "").startswith(word_index.NAME)}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []


def test_the_names_of_the_scripts_say_which_version_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert migrations.revisions()[-1] == scripts.get_current_head()
    assert set(migrations.revisions()) == {script.revision for script in scripts.walk_revisions()}


def test_an_interrupted_migration_leaves_nothing_and_is_done_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db'}"
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
    killed = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False)
    assert killed.returncode == -9
    with Database(url) as database:
        assert count(database) == 0


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
        ("postgresql+psycopg://user:secret@host/db", "cannot be used yet"),
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


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db'}"
    Database(url).close()
    with sqlite3.connect(tmp_path / "db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StorageError, match="version 9999, which this Tipsheet does not know"):
        Database(url)


def test_one_instance_for_each_database_until_it_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db'}"
    with Database(url) as first, Database(url) as second:
        first.claim_instance()
        with pytest.raises(InstanceError, match=rf"process {os.getpid()}\) is working on"):
            second.claim_instance()
        first.close()
        second.claim_instance()


def test_another_name_for_the_file_is_no_second_instance(tmp_path: Path) -> None:
    (tmp_path / "alias.db").symlink_to(tmp_path / "db")
    with Database(f"sqlite:///{tmp_path / 'db'}") as first, Database(f"sqlite:///{tmp_path / 'alias.db'}") as second:
        first.claim_instance()
        with pytest.raises(InstanceError):
            second.claim_instance()


def test_a_killed_instance_leaves_no_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db'}"
    program = (
        "import os, signal; from storage.database import Database\n"
        f"database = Database({url!r}); database.claim_instance(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False)
    assert killed.returncode == -9
    with Database(url) as database:
        database.claim_instance()


def test_a_locked_database_is_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_SECONDS", 0)
    with Database(f"sqlite:///{tmp_path / 'db'}") as database:
        other = sqlite3.connect(tmp_path / "db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="the database refused: database is locked"), database.write():
            pytest.fail("a write began on a locked database")
        other.close()
        with database.write() as connection:
            feeds.remember(connection, [FEED])


def test_a_full_disk_keeps_what_was_there(database: Database) -> None:
    with database.write() as connection:
        feeds.remember(connection, [FEED])
    many = [FEED] + [
        Feed(url=f"https://example.org/{number}", name="x" * 500, outlet="example.org") for number in range(2_000)
    ]
    with pytest.raises(StorageError, match="full"), database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        feeds.remember(connection, many)
    assert count(database) == 1
