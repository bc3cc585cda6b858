"""A database with rows is brought to today version by version, and what the first version wrote can always be written.

So a process of an older version, which is still at work while a newer one has expanded the schema, loses nothing.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, func, select

from storage import migrations
from storage.database import Database
from storage.schema import entries, feeds

FEED = (
    "INSERT INTO feeds (url, name, outlet, active, next_poll_reason, polls, failures, problem_kind, problem, body_hash,"
    " redirect_to, redirect_seen, request_url, title, language) VALUES (?, 'Ferry Times', 'ferry.example', 1, '', 0, 0,"
    " '', '', '', '', 0, '', '', '')"
)
ENTRY = (
    "INSERT INTO entries (feed_id, key, content_hash, link, title, summary, content, text, author, language, tags,"
    " first_seen_at, backlog, version) VALUES (1, ?, '', '', 'Ferry waits', '', '', '', '', '', '[]',"
    " '2026-02-18 12:00:00.000000', 0, 1)"
)


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_every_version_of_the_schema_takes_what_the_first_one_wrote(tmp_path: Path) -> None:
    file, revisions = tmp_path / "tipsheet.db", migrations.revisions()
    engine = create_engine(f"sqlite:///{file}")
    for revision in revisions:
        with engine.begin() as connection:
            upgrade(connection, revision)
            connection.exec_driver_sql(FEED, (f"https://ferry.example/{revision}",))
            connection.exec_driver_sql(ENTRY, (revision,))
    engine.dispose()
    with Database(f"sqlite:///{file}") as database, database.read() as rows:
        for table in (feeds, entries):
            assert rows.execute(select(func.count()).select_from(table)).scalar_one() == len(revisions)
