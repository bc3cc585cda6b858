"""How things look in a terminal: tables, times, progress; and the same as JSON.

Text of feeds is hostile here too: control characters and bidirectional overrides are shown as escapes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

_T = TypeVar("_T")

_PROSE = 24  # a column of sentences is not made narrower
_GUTTER = 2  # between two columns

# Rich honours NO_COLOR, and writes no colour where the output is not a terminal. Markup is off: brackets are text.
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def in_colour() -> bool:
    """Whether colour can tell anything: somebody watches, on a terminal that has it, and wants it."""
    return out.color_system is not None and not out.no_color


def plain(text: object) -> str:
    """Printable characters only; what could move the cursor or turn the line around is shown as an escape."""
    shown = str(text)
    if shown.isprintable():  # nearly always, and a long story is shown line by line
        return shown
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)


def plain_lines(text: str) -> str:
    """The same for a text whose line breaks are our own."""
    return "\n".join(plain(line) for line in text.split("\n"))


def local(moment: datetime | None) -> str:
    """A time in the zone of whoever reads the terminal."""
    return "never" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def many(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 feed`, `1,200 feeds`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Rows for a person; `empty` is said where there are none.

    On a terminal a table, if it is wide enough to leave every address whole, else a block for each row. Anywhere else
    one line for each row, its cells parted by tabs, under a line with the columns' names: whole, for grep and cut.
    """
    shown = ([plain(cell) for cell in row] for row in rows)
    if not out.is_terminal:
        _write(columns, shown, empty)
        return
    listed = list(shown)
    if not listed:
        out.print(empty)
    elif widths := _widths([columns, *listed], out.width):
        out.print(_grid(title, columns, listed, widths), soft_wrap=False)
    else:
        longest = max(map(len, columns))
        blocks = (zip(columns, row, strict=True) for row in listed)
        out.print(
            "\n\n".join("\n".join(f"{name:{longest}}  {cell}" for name, cell in block if cell) for block in blocks)
        )


def _write(columns: Sequence[str], rows: Iterator[list[str]], empty: str) -> None:
    """Row by row: of a million, none is kept."""
    if (first := next(rows, None)) is None:
        out.print(empty)
        return
    for line in chain((columns, first), rows):
        click.echo("\t".join(line))


def _grid(title: str, columns: Sequence[str], rows: list[list[str]], widths: Sequence[int]) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False, expand=False)
    for column, width in zip(columns, widths, strict=True):
        grid.add_column(column, overflow="fold", width=width)
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """How wide each column of a table is to be, so that no word is broken and prose stays readable; [] for no way."""
    from rich.cells import cell_len

    wanted = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    needed = [
        max(min(width, _PROSE), *(cell_len(word) for cell in column for word in cell.split()))
        for width, column in zip(wanted, zip(*lines, strict=True), strict=True)
    ]
    spare = room - sum(needed) - _GUTTER * (len(needed) - 1)
    if spare < 0:
        return []
    wishes = [wide - least for wide, least in zip(wanted, needed, strict=True)]
    share = min(1.0, spare / max(sum(wishes), 1))
    return [least + int(wish * share) for least, wish in zip(needed, wishes, strict=True)]


def json_line(value: object) -> None:
    """One JSON object on a line of standard output."""
    click.echo(plain_json(json.dumps(value, default=_jsonable, ensure_ascii=False)))


def plain_json(written: str) -> str:
    """JSON on one line with the same characters escaped as `plain` escapes; to a program that reads it, the same."""
    if written.isprintable():
        return written
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in written)


def json_lines(values: Iterable[object]) -> None:
    for value in values:
        json_line(value)


def _jsonable(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not written as JSON")


def progress(work: Iterator[_T], label: str, total: int) -> Iterator[_T]:
    """Pass `work` on, with a bar on standard error where somebody watches."""
    if not total or not sys.stderr.isatty():
        yield from work
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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
