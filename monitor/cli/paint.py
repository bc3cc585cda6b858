"""How things look in a terminal: tables, times, progress; and the same as JSON.

Text of feeds is hostile here too: control characters and bidirectional overrides are shown as escapes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_T = TypeVar("_T")

# Rich honours NO_COLOR, and writes no colour where the output is not a terminal. Markup is off: brackets are text.
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def plain(text: object) -> str:
    """Printable characters only; what could move the cursor or turn the line around is shown as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in str(text))


def plain_lines(text: str) -> str:
    """The same for a text whose line breaks are our own."""
    return "\n".join(plain(line) for line in text.split("\n"))


def local(moment: datetime | None) -> str:
    """A time in the zone of whoever reads the terminal."""
    return "never" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Rows for a person; `empty` is said where there are none."""
    listed = [[Text(plain(cell)) for cell in row] for row in rows]
    if not listed:
        out.print(empty)
        return
    grid = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False, expand=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in listed:
        grid.add_row(*row)
    out.print(grid, soft_wrap=False)


def json_line(value: object) -> None:
    """One JSON object on a line of standard output."""
    click.echo(plain_json(json.dumps(value, default=_jsonable, ensure_ascii=False)))


def plain_json(written: str) -> str:
    """JSON on one line with the same characters escaped as `plain` escapes; to a program that reads it, the same."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in written)


def json_lines(values: Iterable[object]) -> None:
    for value in values:
        json_line(value)


def _jsonable(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is not written as JSON")


def progress(work: Iterator[_T], label: str, total: int) -> Iterator[_T]:
    """Pass `work` on, with a bar on standard error where somebody watches."""
    if not total or not sys.stderr.isatty():
        yield from work
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=total)
        for item in work:
            bar.advance(task)
            yield item
