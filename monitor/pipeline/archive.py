"""The archive as files: examined entries with their stories, a file for each month, as JSON Lines or Parquet; and back.

What lives here: the files' form, and going on where an export stopped. What must not: what is done with an archive.

A month's file is there whole or not at all. The last month may still grow, so its file is made anew each time.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from monitor.errors import StorageError
from monitor.model import Document, Entry, Feed, Placement
from storage import entries
from storage.database import Database

Format = Literal["jsonl", "parquet"]

_ENDS: Mapping[Format, str] = {"jsonl": ".jsonl.gz", "parquet": ".parquet"}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("published", "came_at", "first_seen")


def export(
    database: Database, folder: Path, wanted: Mapping[str, Feed], *, form: Format, now: datetime
) -> Iterator[tuple[Path, int]]:
    """Write each month that is not there yet; gives each file and how many entries are in it.

    StorageError where Parquet is wanted and the library for it is not there.
    """
    if form == "parquet":
        _duckdb()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    since = _where_it_stopped(folder, form)
    with (
        database.read() as connection,
        closing(entries.archive(connection, wanted, since=since, until=now)) as rows,
    ):
        for month, found in groupby(map(_record, rows), key=lambda record: str(record["came_at"])[:7]):
            target = folder / f"entries-{month}{_ENDS[form]}"
            yield target, _write(found, target, form)


def months(folder: Path) -> list[Path]:
    """The files of JSON Lines in a folder, in the order of their months. StorageError where there is none."""
    found = sorted(folder.glob(f"entries-*{_ENDS['jsonl']}"))
    if not found:
        raise StorageError(f"{folder} has no archive; expected files like entries-2026-02{_ENDS['jsonl']}")
    return found


def read(folder: Path, *, since: datetime, until: datetime) -> Iterator[tuple[Entry, Placement]]:
    """The entries of a period, in the order in which they came; one is in memory at a time."""
    for path in months(folder):
        if path.name[8:15] < f"{since:%Y-%m}" or path.name[8:15] > f"{until:%Y-%m}":
            continue
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                entry, placement, came_at = _read(line, path, number)
                if since < came_at <= until:
                    yield entry, placement


def _where_it_stopped(folder: Path, form: Format) -> datetime:
    """Right before the last month begins that is there."""
    there = sorted(folder.glob(f"entries-*{_ENDS[form]}"))
    if not there:
        return _BEGINNING
    year, month = there[-1].name[8:15].split("-")
    return datetime(int(year), int(month), 1, tzinfo=UTC) - timedelta.resolution


def _record(row: tuple[Entry, Placement]) -> dict[str, object]:
    entry, placement = row
    document = entry.document
    came_at = (document.published if entry.backlog else None) or entry.first_seen
    times = {"came_at": came_at, "first_seen": entry.first_seen, "published": document.published}
    shown = {name: moment.astimezone(UTC).isoformat() if moment else None for name, moment in times.items()}
    return (
        asdict(document) | {"feed_id": entry.feed_id, "backlog": entry.backlog, "placement": asdict(placement)} | shown
    )


def _read(line: str, path: Path, number: int) -> tuple[Entry, Placement, datetime]:
    try:
        record: dict[str, Any] = json.loads(line)
        moments = {name: datetime.fromisoformat(record[name]) if record[name] else None for name in _TIMES}
        known = {field.name: record[field.name] for field in fields(Document)}
        known |= {"tags": tuple(record["tags"]), "about": tuple(record["about"]), "published": moments["published"]}
        first_seen = moments["first_seen"] or _BEGINNING
        entry = Entry(
            id=int(record["id"]), document=Document(**known), feed_id=record["feed_id"], first_seen=first_seen,
            backlog=record["backlog"], edited=False,
        )  # fmt: skip
        return entry, Placement(**record["placement"]), moments["came_at"] or first_seen
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{path}, line {number}: this is no entry of an archive: {error!r}") from None


def _write(records: Iterable[Mapping[str, object]], target: Path, form: Format) -> int:
    """One month; how many entries. The file is renamed when it is whole."""
    count, unfinished = 0, target.with_name(f".{target.name}.unfinished.gz")
    try:
        with gzip.open(unfinished, "wt", encoding="utf-8", compresslevel=6) as lines:
            for record in records:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
        unfinished.chmod(0o600)
        if form == "parquet":
            _to_parquet(unfinished, target)
        else:
            unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _to_parquet(source: Path, target: Path) -> None:
    unfinished = target.with_name(f".{target.name}.unfinished")
    with _duckdb().connect() as connection:
        rows = connection.read_json(str(source), format="newline_delimited", maximum_object_size=256 * 1024 * 1024)
        rows.write_parquet(str(unfinished), compression="zstd")
    unfinished.chmod(0o600)
    unfinished.replace(target)


def _duckdb() -> Any:
    """The library, which is loaded for this alone."""
    try:
        return import_module("duckdb")
    except ImportError as error:
        raise StorageError("Parquet needs a library that is not there: pip install 'tipsheet[parquet]'") from error
