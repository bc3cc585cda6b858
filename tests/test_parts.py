"""On a server, each month's texts stand in a part of their own; nothing that reads or writes them has to know it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, insert, text

from monitor.model import IndexedWords
from storage import entries, parts, versions, word_index
from storage.copying import copy, finish
from storage.database import Database
from storage.parts import STRETCH
from storage.schema import entries as entry_table
from tests import rows
from tests.conftest import NOON
from tests.engines import made_database, new_database
from tests.test_upgrade import upgrade

MONTH = timedelta(days=31)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Database]:
    """A server's database whose parts are its own."""
    with made_database("postgresql", tmp_path) as url, Database(url) as database:
        rows.remember(database)
        yield database


def bring(database: Database, key: str, *, now: datetime) -> None:
    """An entry that is edited once, with its words in the index."""
    rows.keep(database, rows.keyed(key), now=now)
    rows.edit(database, rows.keyed(key, f"{key} again"), now=now)
    with database.write() as connection:
        (newest,) = word_index.unindexed(connection, limit=1)
        word_index.put(connection, [IndexedWords(entry_id=newest, title=("ferry",), body=(key,))])


def turn(database: Database, *, now: datetime) -> None:
    with database.write() as connection:
        parts.follow_month(connection, now=now)


def found(database: Database, word: str) -> list[int]:
    with database.read() as connection:
        return sorted(connection.execute(word_index.holding(connection, [[word]])).scalars())


def places(connection: Connection) -> dict[str, list[str]]:
    """Table → the parts in which its rows stand, in the order of the entries."""
    return {
        table: [*connection.exec_driver_sql(f"SELECT tableoid::regclass::text FROM {table} ORDER BY {key}").scalars()]
        for table, key in (("entry_words", "rowid"), ("versions", "entry_id"))
    }


def test_a_new_month_begins_a_part_and_what_stands_in_any_is_found(served: Database) -> None:
    bring(served, "one", now=NOON)
    turn(served, now=NOON + timedelta(days=2))  # the same month
    bring(served, "two", now=NOON + timedelta(days=2))
    for _ in range(2):  # whoever asks twice gets one part
        turn(served, now=NOON + MONTH)
    bring(served, "three", now=NOON + MONTH)
    turn(served, now=NOON + MONTH)
    bring(served, "four", now=NOON + MONTH)
    assert found(served, "ferry") == [1, 2, STRETCH, STRETCH + 1]
    assert found(served, "three") == [STRETCH]
    with served.read() as connection:
        assert places(connection) == {
            table: [f"{table}_0", f"{table}_0", f"{table}_1", f"{table}_1"] for table in parts.TABLES
        }
        assert [len(of) for of in versions.former(connection, [1, STRETCH]).values()] == [1, 1]


def test_who_asks_for_an_entry_asks_one_part(served: Database) -> None:
    turn(served, now=NOON)
    with served.read() as connection:
        for table, key in (("entry_words", "rowid"), ("versions", "entry_id")):
            plan = connection.exec_driver_sql(f"EXPLAIN SELECT * FROM {table} WHERE {key} = {STRETCH}").scalars().all()
            assert f"{table}_1" in str(plan)
            assert f"{table}_0" not in str(plan)


def test_a_month_that_brings_very_much_gets_two_parts_and_a_clock_that_was_set_back_none(served: Database) -> None:
    bring(served, "one", now=NOON)
    turn(served, now=NOON - MONTH)
    with served.write() as connection:
        row = connection.execute(entry_table.select()).mappings().one()
        connection.execute(insert(entry_table), {**row, "id": STRETCH // 2, "key": "many"})
    turn(served, now=NOON)
    rows.keep(served, rows.keyed("two"), now=NOON)
    with served.read() as connection:
        assert connection.execute(entry_table.select().order_by(entry_table.c.id)).scalars().all() == [
            1, STRETCH // 2, STRETCH,
        ]  # fmt: skip


def test_nobody_who_reads_is_waited_for(served: Database) -> None:
    bring(served, "one", now=NOON)
    with served.read() as reader:
        assert places(reader)["versions"] == ["versions_0"]
        with served.write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            parts.follow_month(connection, now=NOON + MONTH)
        bring(served, "two", now=NOON + MONTH)
        assert places(reader)["versions"] == ["versions_0"]
    with served.read() as reader:
        assert places(reader)["versions"] == ["versions_0", "versions_1"]


def test_a_file_has_no_parts_and_leaves_no_number_out(database: Database) -> None:
    rows.remember(database)
    bring(database, "one", now=NOON)
    turn(database, now=NOON + MONTH)
    bring(database, "two", now=NOON + MONTH)
    assert found(database, "ferry") == [1, 2]


def test_texts_that_were_there_before_are_the_first_part(tmp_path: Path) -> None:
    with new_database("postgresql", tmp_path) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            upgrade(connection, "0019")
            connection.execute(text(_FEED))
            connection.execute(text(_ENTRY))
            connection.execute(text("INSERT INTO versions VALUES (7, 1, 'Ferry', '', '', now())"))
            connection.execute(text("INSERT INTO entry_words VALUES (7, 'ferry', 'fog')"))
        engine.dispose()
        with Database(url) as database:
            with database.write() as connection:  # as a program of the version before still does
                connection.execute(text("INSERT INTO entry_words (rowid, title, body) VALUES (8, 'barge', 'fog')"))
            assert found(database, "fog") == [7, 8]
            with database.read() as connection:
                assert places(connection) == {"entry_words": ["entry_words_0"] * 2, "versions": ["versions_0"]}
                assert entries.documents(connection, [7])[7][0].title == "Ferry"


_FEED = (
    "INSERT INTO feeds (url, name, outlet, active, next_poll_reason, polls, failures, problem_kind, problem, body_hash,"
    " redirect_to, redirect_seen, request_url, title, language) VALUES ('https://ferry.example/', 'Ferry Times', '',"
    " true, '', 0, 0, '', '', '', '', 0, '', '', '')"
)
_ENTRY = (
    "INSERT INTO entries (id, feed_id, key, content_hash, link, title, summary, content, text, author, language, tags,"
    " first_seen_at, backlog, version) VALUES (7, 1, '', '', '', 'Ferry', '', '', '', '', '', '[]', now(), false, 1)"
)


def test_a_copy_has_room_for_what_its_source_holds(database: Database, tmp_path: Path) -> None:
    rows.remember(database)
    bring(database, "one", now=NOON)
    with database.write() as connection:
        row = connection.execute(entry_table.select()).mappings().one()
        connection.execute(insert(entry_table), {**row, "id": 7 * STRETCH, "key": "two"})
    bring(database, "three", now=NOON)
    with made_database("postgresql", tmp_path / "new") as url, Database(url) as target, database.read() as source:
        assert "versions" in set(copy(source, target, anew=False))
        finish(target)
        bring(target, "four", now=NOON)
        with target.read() as connection:
            assert places(connection)["versions"] == ["versions_0", "versions_7", "versions_7"]
