"""An installation moves to another database: with every row, over any interruption, and onto nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Float, LargeBinary, Table, func, insert, select, update
from sqlalchemy.types import JSON

from monitor.errors import StorageError
from monitor.pipeline.upkeep import take_over
from storage import copying
from storage.columns import Instant, Integer
from storage.database import Database
from storage.schema import entries, facts, feeds, stories
from tests.command import ROOT, Ran, tipsheet
from tests.engines import made_database
from tests.newsroom import settings

ROWS = 7  # of each table
ALL = copying.tables()
WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite")]


def value(column: Column[Any], number: int) -> Any:
    """Something of the column's type that is unlike the values of other rows, and as odd as it may be."""
    if column.foreign_keys:
        return number
    if column.nullable and number % 3 == 0:
        return None
    by_type: dict[type, Any] = {
        Integer: number,
        Boolean: number % 2 == 0,
        Float: number / 7,
        Instant: datetime(2026, 2, 18, tzinfo=UTC) + timedelta(days=number, microseconds=number),
        Date: date(2026, 2, number),
        LargeBinary: bytes([0, 255, number]),
        JSON: {"z": ["ñ\0\ud83d", None, number / 3], "a": {"1": True}},
    }
    return by_type.get(type(column.type), f"{number} 🛶 “ñ” \\ ' % \n")


def fill(database: Database) -> None:
    """Every table has rows, each of which says that it follows from the last row of its own table."""
    with database.write() as connection:
        for table in ALL:
            rows = [{column.name: value(column, number) for column in table.c} for number in range(1, ROWS + 1)]
            connection.execute(insert(table), [row | dict.fromkeys(own(table)) for row in rows])
        connection.execute(update(stories).where(stories.c.id < ROWS).values(merged_into=stories.c.id + 1))


def own(table: Table) -> list[str]:
    return [column.name for column in table.c for key in column.foreign_keys if key.column.table is table]


@pytest.fixture(params=WAYS, ids="-to-".join)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URLs of a database with something in every table, and of one without anything, of another engine."""
    source, target = request.param
    with made_database(source, tmp_path) as source_url, made_database(target, tmp_path / "new") as target_url:
        with Database(source_url) as database:
            fill(database)
        yield source_url, target_url


def copy(pair: tuple[str, str], *options: str) -> Ran:
    source, target = pair
    return tipsheet("db", "copy", "--database", source, "--to", target, "--json", *options)


def test_everything_is_there_and_the_same(pair: tuple[str, str]) -> None:
    ran = copy(pair)
    assert ran.code == 0, ran.err
    assert {line["rows"] for line in ran.objects} == {ROWS}
    assert {line["table"] for line in ran.objects} == {table.name for table in ALL}
    source, target = (Database(url) for url in pair)
    with source, target, source.read() as here, target.read() as there:
        for table in ALL:
            query = select(table).order_by(*table.primary_key)
            assert here.execute(query).all() == there.execute(query).all()


def test_work_goes_on_with_the_next_number(pair: tuple[str, str]) -> None:
    assert copy(pair).code == 0
    row = {column.name: value(column, ROWS + 1) for column in feeds.c if column.name != "id"}
    with Database(pair[1]) as target, target.write() as connection:
        assert connection.execute(insert(feeds).values(row).returning(feeds.c.id)).scalar_one() == ROWS + 1


def die_copying(pair: tuple[str, str], *, lots: int) -> None:
    """A process that copies, and is killed after so many lots of two rows."""
    program = (
        "import os, signal\n"
        "from storage import copying\n"
        "from storage.database import Database\n"
        "copying.LOT = 2\n"
        f"source, target = Database({pair[0]!r}), Database({pair[1]!r})\n"
        "with source.read() as rows:\n"
        "    for number, _ in enumerate(copying.copy(rows, target, anew=False), 1):\n"
        f"        if number == {lots}: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == -9


def stop_copying(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch, *, lots: int) -> None:
    """The same without a death: the copy ends there."""
    with (
        monkeypatch.context() as small,
        Database(pair[0]) as source,
        Database(pair[1]) as target,
        source.read() as rows,
    ):
        small.setattr(copying, "LOT", 2)
        deque(islice(copying.copy(rows, target, anew=False), lots), maxlen=0)


def test_a_copy_that_is_killed_again_and_again_goes_on_where_it_stopped(pair: tuple[str, str]) -> None:
    for lots in (3, 50):  # of each time
        die_copying(pair, lots=lots)
    with Database(pair[1]) as target, target.read() as connection:
        there = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in ALL}
        assert ROWS in there.values()
        assert 0 in there.values()
    ran = copy(pair)
    assert ran.code == 0, ran.err
    assert {line["rows"] for line in ran.objects} == {ROWS}


def test_nobody_works_on_half_of_an_installation(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_copying(pair, monkeypatch, lots=5)
    with Database(pair[1]) as target, pytest.raises(StorageError, match="a copy that is not finished"):
        take_over(target, settings(tmp_path), now=datetime.now(UTC))
    assert copy(pair).code == 0
    with Database(pair[1]) as target:
        target.claim_instance()
        with target.read() as connection:
            copying.refuse_unfinished(connection)


def test_a_source_that_changed_meanwhile_is_noticed(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    stop_copying(pair, monkeypatch, lots=40)
    with Database(pair[0]) as source, source.write() as connection:
        connection.execute(update(feeds).where(feeds.c.id == 1).values(name="another"))
    ran = copy(pair)
    assert ran.code == 3
    assert "differs in the table `feeds` (7 rows here, 7 there)" in ran.err
    assert "--anew" in ran.err
    assert copy(pair, "--anew").code == 0


def test_what_holds_something_else_is_left_alone(pair: tuple[str, str]) -> None:
    with Database(pair[1]) as target, target.write() as connection:
        connection.execute(insert(facts).values(name="began_at", value="2026-02-18T12:00:00+00:00"))
    ran = copy(pair)
    assert ran.code == 3
    assert "is not empty (it has rows in `facts`)" in ran.err
    assert copy(pair, "--anew").code == 3
    with Database(pair[1]) as target, target.read() as connection:
        assert connection.execute(select(func.count()).select_from(entries)).scalar_one() == 0


def test_a_database_is_no_copy_of_itself(pair: tuple[str, str]) -> None:
    ran = copy((pair[0], pair[0]))
    assert ran.code == 3
    assert "is where everything is already" in ran.err


def test_who_is_at_work_is_not_copied(pair: tuple[str, str]) -> None:
    with Database(pair[0]) as source:
        source.claim_instance()
        assert copy(pair).code == 75


def test_a_source_that_is_not_there_is_said(tmp_path: Path) -> None:
    ran = copy((f"sqlite:///{tmp_path / 'nothing.db'}", f"sqlite:///{tmp_path / 'new.db'}"))
    assert ran.code == 3
    assert "there is no database" in ran.err
