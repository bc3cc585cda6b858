"""The archive as files: every entry in its month, read alike by DuckDB, and tried by a backtest as the database is."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from monitor.errors import StorageError
from monitor.pipeline import archive
from monitor.pipeline.archive import Format
from storage import entries
from storage.database import Database
from tests import command, rows
from tests.conftest import NOON
from tests.engines import on_each

MONTHS = (datetime(2025, 12, 3, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def kept(database: Database) -> Database:
    """Two entries in each of three months, examined."""
    rows.remember(database)
    for then in MONTHS:
        tell(database, then, "a", "b")
    return database


def tell(database: Database, then: datetime, *names: str) -> None:
    new = [rows.keyed(f"{then:%Y-%m}{name}", f"Ferry {name} of {then:%B}", content="<p>Fog.</p>") for name in names]
    rows.keep(database, *new, now=then)
    found = rows.claim(database, now=NOON)
    rows.record(database, *(rows.examined(entry.id) for entry in found), now=NOON)


def export(database: Database, folder: Path, form: Format = "jsonl") -> dict[str, int]:
    return {path.name: count for path, count in archive.export(database, folder, rows.WANTED, form=form, now=NOON)}


def test_each_month_has_its_file_for_its_owner_alone(kept: Database, tmp_path: Path) -> None:
    names = [f"entries-{then:%Y-%m}.jsonl.gz" for then in MONTHS]
    assert export(kept, tmp_path / "x") == dict.fromkeys(names, 2)
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == names
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "x").iterdir()} == {0o600}


@on_each
def test_an_export_goes_on_where_it_stopped(kept: Database, tmp_path: Path) -> None:
    stopped = archive.export(kept, tmp_path, rows.WANTED, form="jsonl", now=NOON)
    next(stopped)
    next(stopped)
    del stopped
    (tmp_path / ".entries-2026-02.jsonl.gz.unfinished.gz").write_bytes(b"half")
    assert export(kept, tmp_path) == {"entries-2026-01.jsonl.gz": 2, "entries-2026-02.jsonl.gz": 2}
    tell(kept, MONTHS[-1] + timedelta(days=1), "c")
    assert export(kept, tmp_path) == {"entries-2026-02.jsonl.gz": 3}


@on_each
def test_what_is_read_back_is_what_the_database_has(kept: Database, tmp_path: Path) -> None:
    export(kept, tmp_path)
    since = NOON - timedelta(days=100)
    with kept.read() as connection:
        wanted = list(entries.archive(connection, rows.WANTED, since=since, until=NOON))
    found = list(archive.read(tmp_path, since=since, until=NOON))
    assert [(entry.document, placement, entry.first_seen) for entry, placement in found] == [
        (entry.document, placement, entry.first_seen) for entry, placement in wanted
    ]
    assert len(found) == 6
    assert len(list(archive.read(tmp_path, since=datetime(2026, 1, 1, tzinfo=UTC), until=MONTHS[1]))) == 2


@pytest.mark.parametrize(("form", "reader"), [("jsonl", "read_json"), ("parquet", "read_parquet")])
def test_duckdb_reads_it(kept: Database, tmp_path: Path, form: Format, reader: str) -> None:
    export(kept, tmp_path, form)
    ends = {"jsonl": "jsonl.gz", "parquet": "parquet"}[form]
    query = f"SELECT strftime(CAST(first_seen AS TIMESTAMP), '%Y-%m') AS m, count(*), min(placement.relation) FROM {reader}('{tmp_path}/*.{ends}') GROUP BY m ORDER BY m"  # noqa: E501
    assert duckdb.execute(query).fetchall() == [(f"{then:%Y-%m}", 2, "new") for then in MONTHS]


def test_a_line_that_is_none_is_named(kept: Database, tmp_path: Path) -> None:
    export(kept, tmp_path)
    path = tmp_path / "entries-2026-01.jsonl.gz"
    with gzip.open(path, "at", encoding="utf-8") as lines:
        lines.write('{"id": "x"}\n')
    with pytest.raises(StorageError, match=r"entries-2026-01.jsonl.gz, line 3: this is no entry"):
        list(archive.read(tmp_path, since=MONTHS[0], until=NOON))
    with pytest.raises(StorageError, match="has no archive"):
        archive.months(tmp_path / "nowhere")


@on_each
def test_a_backtest_over_files_says_what_one_over_the_database_says(kept: Database, tmp_path: Path) -> None:
    database = kept.url.render_as_string(hide_password=False)
    yaml = tmp_path / "feeds.yaml"
    yaml.write_text(
        "contact: https://desk.example\n"
        "channels: [{name: mail, kind: email, host: localhost, port: 25, from: a@desk.example}]\n"
        "recipients: [{name: desk, channel: mail, address: desk@desk.example}]\n"
        "watches: [{name: ferries, query: ferry}]\n"
        'feeds: [{url: "https://ferry.example/feed", name: Ferry Times, outlet: ferry.example}]\n',
        encoding="utf-8",
    )
    told = command.tipsheet("archive", "export", tmp_path / "out", "--config", yaml, "--database", database, "--json")
    assert [one["entries"] for one in told.objects] == [2, 2, 2]
    tried = ("backtest", "ferries", "--days", "3650", "--json", "--config", yaml)
    by_files = command.tipsheet(*tried, "--archive", tmp_path / "out").objects
    by_rows = command.tipsheet(*tried, "--database", database).objects
    assert by_files[0]["alerts"] == by_rows[0]["alerts"] == 6
    assert [one["lines"] for one in by_files] == [one["lines"] for one in by_rows]


def test_years_are_read_one_entry_at_a_time(kept: Database, tmp_path: Path) -> None:
    export(kept, tmp_path)
    with gzip.open(tmp_path / "entries-2026-02.jsonl.gz", "rt", encoding="utf-8") as lines:
        record = json.loads(next(lines))

    def write(count: int) -> None:
        with gzip.open(tmp_path / "entries-2026-02.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record | {"text": f"{number} " * 500}) + "\n" for number in range(count))

    def peak(count: int) -> int:
        write(count)
        tracemalloc.start()
        read = sum(1 for _ in archive.read(tmp_path, since=MONTHS[-1] - timedelta(days=1), until=NOON))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert read == count
        return highest

    assert peak(4_000) < 1_000_000  # bytes, of ten million
