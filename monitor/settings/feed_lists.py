"""Lists of feeds beside feeds.yaml → their rows, one after the other, as text; or what is wrong with a row.

What lives here: the two forms of a list, CSV and OPML, how they are read, and the mark by which an unchanged list is
known. What must not: what a row means (`listed`).

A CSV may have a million rows: one is held at a time. A row stands in one line, so that one with a fault leaves those
beside it whole. A file of which nothing can be read is no row's fault: it is refused as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeAlias

from monitor.errors import ConfigError, Fault, ParseError
from monitor.model import Feed
from monitor.settings.shape import FeedBlock

MOST_OF_OPML = 10_000_000  # bytes, which are held at once; a CSV may be of any length
LONGEST_ROW = 20_000  # bytes

COLUMNS = tuple(FeedBlock.model_fields)
WITH_MANY = ("tags", "about")  # columns whose cells hold several words, parted by |
_DELIMITERS = ",;\t"  # a spreadsheet's, depending on where it was made
_CHUNK = 1 << 20

Cells: TypeAlias = Mapping[str, object]  # of a row, by column; without those that are empty


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """A file with feeds, and what holds for all of them."""

    name: str  # as feeds.yaml calls it
    path: Path
    tags: tuple[str, ...] = ()
    every: timedelta | None = None

    @property
    def is_opml(self) -> bool:
        return self.path.suffix.lower() == ".opml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What tells whether lists are as they were."""

    digest: str
    lines: int


def head_fault(one: FeedList) -> str:
    """Why nothing of a list could be used, as far as its beginning tells; "" where it could."""
    if one.path.suffix.lower() not in (".csv", ".opml"):
        return "expected a file that ends in .csv or .opml"
    try:
        with one.path.open("rb") as file:
            first, second = file.readline(LONGEST_ROW), file.readline(LONGEST_ROW)
        size = one.path.stat().st_size
    except OSError as error:
        return f"{one.path} cannot be read: {error.strerror}"
    if one.is_opml:
        long = f"{one.path} has {size:,} bytes; expected at most {MOST_OF_OPML:,}, or a CSV, which may be of any length"
        return long if size > MOST_OF_OPML else ""
    try:
        _columns(first)
    except ValueError as error:
        return f"{one.path}: {error}"
    return "" if second else f"{one.path} has no rows; expected some, or a file without this list"


def rows(one: FeedList) -> Iterator[tuple[int, Cells | str]]:
    """Each row's line, counted from 1, and its cells, or why it is none. ConfigError where the file cannot be read."""
    try:
        yield from _opml_rows(one) if one.is_opml else _csv_rows(one)
    except OSError as error:
        raise _refused(one, f"cannot be read: {error.strerror}") from error


def named_in(lists: Iterable[FeedList], wanted: set[str]) -> set[str]:
    """Those of `wanted` that are the name or a tag of any feed of the lists; they are read until all are found."""
    found = {tag for one in lists for tag in one.tags} & wanted
    for one in lists:
        for _, cells in rows(one) if found != wanted else ():
            if not isinstance(cells, str):
                tags = cells.get("tags", ())
                found |= wanted.intersection((str(cells.get("name")), *(tags if isinstance(tags, Sequence) else ())))
            if found == wanted:
                break
    return found


def mark_of(lists: Iterable[FeedList], *beside: object) -> Mark:
    """The same as long as no list changes, and nothing of what is said `beside` them. Reads every byte of them."""
    digest, lines = sha256(repr(beside).encode()), 0
    for one in lists:
        digest.update(repr((one.name, one.tags, one.every)).encode())
        try:
            with one.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    lines += chunk.count(b"\n")
        except OSError as error:
            raise _refused(one, f"cannot be read: {error.strerror}") from error
    return Mark(digest=digest.hexdigest(), lines=lines)


def written(feeds: Iterable[Feed]) -> Iterator[str]:
    """The lines of a CSV with these feeds; read as a list, it gives them back."""
    yield _line(COLUMNS)
    for feed in feeds:
        yield _line(
            [
                feed.name, feed.url, feed.outlet, feed.language, "|".join(feed.tags), "|".join(feed.about),
                "" if feed.enabled else "false", _seconds(feed.every), "true" if feed.pages else "",
                _seconds(feed.max_delay), "" if feed.conditional else "false",
            ]
        )  # fmt: skip


# ---- CSV -------------------------------------------------------------------------------------------------------------


def _csv_rows(one: FeedList) -> Iterator[tuple[int, Cells | str]]:
    with one.path.open("rb") as file:
        try:
            columns, delimiter = _columns(file.readline(LONGEST_ROW))
        except ValueError as error:
            raise _refused(one, str(error)) from None
        for number, line in enumerate(_lines(file), start=2):
            if line is None:
                yield number, f"has more than {LONGEST_ROW:,} bytes"
            elif line.strip():
                yield number, _cells(line, columns, delimiter)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long, of which no more than a part is held."""
    while line := file.readline(LONGEST_ROW):
        yield line if line.endswith(b"\n") or len(line) < LONGEST_ROW else None
        while len(line) == LONGEST_ROW and not line.endswith(b"\n"):
            line = file.readline(LONGEST_ROW)


def _columns(head: bytes) -> tuple[tuple[str, ...], str]:
    """The columns of a CSV, and what parts them. ValueError where a list cannot have them."""
    try:
        line = head.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8; save it as CSV in UTF-8") from None
    delimiter = next((one for one in _DELIMITERS if one in line), ",")
    columns = tuple(name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), []))
    if "url" not in columns:
        raise ValueError(f"has no column `url` in its first line; expected some of {', '.join(COLUMNS)}")
    for name in columns:
        if name not in COLUMNS:
            close = get_close_matches(name, COLUMNS, n=1)
            meant = f"did you mean `{close[0]}`?" if close else f"expected some of {', '.join(COLUMNS)}"
            raise ValueError(f"has a column {name[:80]!r}; {meant}")
    if len(set(columns)) < len(columns):
        raise ValueError("has a column twice; expected each once")
    return columns, delimiter


def _cells(line: bytes, columns: Sequence[str], delimiter: str) -> Cells | str:
    """The cells of a row that say anything, or why it is no row."""
    try:
        cells = next(csv.reader([line.decode().rstrip("\r\n")], delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        return "is not UTF-8"
    except csv.Error as error:
        return f"is no row of CSV: {error}; expected each row in one line"
    if len(cells) != len(columns):
        return f"has {len(cells)} cells; expected {len(columns)}, as many as there are columns"
    said = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    return {column: _many(cell) if column in WITH_MANY else cell for column, cell in said.items() if cell}


def _many(cell: str) -> list[str]:
    return [word.strip() for word in cell.split("|") if word.strip()]


def _line(cells: Iterable[str]) -> str:
    """A row of CSV; a line break within a cell would begin a new one."""
    shown = (" ".join(cell.split()) for cell in cells)
    return ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set('",;') else cell for cell in shown)


def _seconds(span: timedelta | None) -> str:
    return "" if span is None else f"{int(span.total_seconds())}s"


# ---- OPML ------------------------------------------------------------------------------------------------------------


def _opml_rows(one: FeedList) -> Iterator[tuple[int, Cells | str]]:
    from monitor.feeds import opml  # slow to load, and who has no such list need not

    try:
        for line, found in opml.rows(one.path.read_bytes()):
            yield line, found if isinstance(found, str) else _said(found)
    except ParseError as error:
        raise _refused(one, str(error)) from None


def _said(feed: Feed) -> Cells:
    return {
        "name": feed.name, "url": feed.url, "outlet": feed.outlet, "language": feed.language, "tags": feed.tags,
        "enabled": feed.enabled,
    }  # fmt: skip


def _refused(one: FeedList, message: str) -> ConfigError:
    return ConfigError((Fault(file=str(one.path), line=0, path="", message=message),))
