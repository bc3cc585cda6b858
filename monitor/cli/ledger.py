"""`tipsheet ledger`: who is named with whom. What must not live here: the counting, and the drawing."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from monitor.cli.options import Duration, config_option, database_option, json_option, load_config, open_database
from monitor.cli.paint import json_lines, local, out, plain, progress, table
from monitor.clock import utc_now
from monitor.model import Naming
from monitor.pictures.charts import heat_map, timeline
from monitor.pictures.drawing import Drawing, to_svg
from monitor.settings.config import Config
from monitor.story import ledger as counting
from monitor.story.ledger import Cell, Evidence
from monitor.story.mentions import mentions, sentence_of
from monitor.watches.page import Page
from storage import entries as entry_rows
from storage import mentions as mention_rows
from storage.database import Database

_AT_ONCE = 200  # entries that are read again in one transaction
_UTF8_MARK = "\ufeff"  # without it a spreadsheet takes a file for one of its own country's encoding
_written = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@config_option
@database_option
@json_option
@click.argument("names", nargs=-1)
@click.option("--since", type=Duration(), default="90d", show_default=True, help="How far to look back.")
@click.option("--rows", default="companies", show_default=True, help="The kind that stands in the rows.")
@click.option("--columns", default="agencies", show_default=True, help="The kind that stands in the columns.")
@click.option("--roll-up", is_flag=True, help="What names a part of somebody counts for the whole too.")
@click.option("--csv", "as_csv", type=_written, help="Write the cells as CSV to this file; - is standard output.")
@click.option("--svg", type=_written, help="Draw the cells as SVG into this file; - is standard output.")
@click.option("--png", type=_written, help="Draw the cells as PNG into this file.")
@click.option("--timeline", "by_week", is_flag=True, help="Draw a timeline by weeks in place of a heat map.")
@click.option("--rebuild", is_flag=True, help="First read the whole archive again, after the pack's `who` was edited.")
def ledger(
    config_path: Path | None, database_url: str | None, as_json: bool, names: tuple[str, ...], since: timedelta,
    rows: str, columns: str, roll_up: bool, as_csv: Path | None, svg: Path | None, png: Path | None, by_week: bool,
    rebuild: bool,
) -> None:  # fmt: skip
    """Who is named with whom in the stories that matched.

    Companies with agencies, how often, and since when. With NAMES, only their cells; with both names of one cell,
    every report behind it and the sentence that names them.
    """
    if as_json and (as_csv or svg or png):
        raise click.UsageError("expected either --json or files: --csv, --svg, --png")
    if by_week and not (svg or png):
        raise click.UsageError("--timeline is a picture; say where to with --svg or --png")
    config = load_config(config_path, with_secrets=False, lenient=True)
    _check_kinds(config, rows, columns)
    _check_names(config, names)
    wholes = {one.name: one.part_of for pack in config.packs for one in pack.who} if roll_up else {}
    now = utc_now()
    with open_database(database_url, to_read=True) as database:
        if rebuild:
            _rebuild(database, config)
        with database.read() as connection:
            namings = tuple(mention_rows.namings(connection, since=now - since, kinds={rows, columns}))
            cells = _chosen(counting.cells(namings, rows=rows, columns=columns, wholes=wholes), names)
            if as_csv:
                _write(as_csv, _as_csv(cells, rows, columns), mark=_UTF8_MARK)
            if svg or png:
                _write_pictures(_drawn(cells, rows, columns, now - since, now, by_week=by_week), svg, png)
            if as_csv or svg or png:
                return
            if len(names) == 2 and len(cells) == 1 and not as_json:
                shown = counting.evidence(namings, rows=rows, columns=columns, wholes=wholes)
                _list_evidence(connection, cells[0], shown[cells[0].row, cells[0].column])
            elif as_json:
                json_lines(_as_json(connection, cell) for cell in cells)
            else:
                _list_cells(cells, rows, columns, names)


def _check_kinds(config: Config, rows: str, columns: str) -> None:
    kinds = list(dict.fromkeys(entity.kind for pack in config.packs for entity in pack.who))
    if not kinds:
        raise click.UsageError("no pack of a watch in feeds.yaml says who is who; the key is `who:`")
    for option, kind in (("--rows", rows), ("--columns", columns)):
        if kind not in kinds:
            raise click.BadParameter(f"no pack has {kind!r}; expected one of {', '.join(kinds)}", param_hint=option)


def _check_names(config: Config, names: Sequence[str]) -> None:
    """A name that is mistyped would look like one that no story names."""
    known = {entity.name.casefold(): entity.name for pack in config.packs for entity in pack.who}
    for name in names:
        if name.casefold() not in known:
            alike = get_close_matches(name.casefold(), known, n=1)
            hint = f"; did you mean {known[alike[0]]!r}?" if alike else ""
            raise click.BadParameter(f"no pack knows {name!r} under `who`{hint}", param_hint="NAMES")


def _rebuild(database: Database, config: Config) -> None:
    with database.read() as connection:
        ids = mention_rows.matched(connection)
    batches = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    for batch in progress(iter(batches), "Reading the archive", len(batches)):
        with database.write() as connection:
            documents = entry_rows.documents(connection, batch)
            found = {entry: mentions(config.packs, Page(document)) for entry, (document, _) in documents.items()}
            mention_rows.record_all(connection, found)


def _chosen(cells: Sequence[Cell], names: Sequence[str]) -> tuple[Cell, ...]:
    wanted = {name.casefold() for name in names}
    return tuple(cell for cell in cells if wanted <= {cell.row.casefold(), cell.column.casefold()})


# ---- for a person ----------------------------------------------------------------------------------------------------


def _list_cells(cells: Sequence[Cell], rows: str, columns: str, names: Sequence[str]) -> None:
    table(
        "Ledger",
        (rows, columns, "stories", "outlets", "since", "latest", "latest report"),
        [
            (
                cell.row, cell.column, cell.stories, cell.outlets,
                local(cell.first.naming.at), local(cell.latest.naming.at), cell.latest.naming.title,
            )
            for cell in cells
        ],
        empty=f"No story names {_together(names) or f'any of the {rows} with any of the {columns}'}.",
    )  # fmt: skip


def _together(names: Sequence[str]) -> str:
    return f"{plain(names[0])} with anybody" if len(names) == 1 else " with ".join(map(plain, names))


def _list_evidence(connection: Connection, cell: Cell, shown: Sequence[Evidence]) -> None:
    table(
        f"{cell.row} and {cell.column}",
        ("when", "story", "outlet", "report", "the sentence", "link"),
        [
            (local(one.naming.at), one.naming.story, one.naming.outlet, one.naming.title, sentence, one.naming.link)
            for one, sentence in zip(reversed(shown), _sentences(connection, shown[::-1]), strict=True)
        ],
        empty="Nothing.",
    )


def _sentences(connection: Connection, shown: Sequence[Evidence]) -> Iterator[str]:
    documents = entry_rows.documents(connection, [one.naming.entry for one in shown])
    for one in shown:
        yield sentence_of(documents[one.naming.entry][0], one.mention)


# ---- for a program, a spreadsheet, an eye ----------------------------------------------------------------------------


def _as_json(connection: Connection, cell: Cell) -> dict[str, Any]:
    first, latest = _sentences(connection, (cell.first, cell.latest))
    return {
        "row": cell.row,
        "column": cell.column,
        "stories": cell.stories,
        "outlets": cell.outlets,
        "first": _report(cell.first.naming) | {"sentence": first},
        "latest": _report(cell.latest.naming) | {"sentence": latest},
        "weeks": [{"week": monday.isoformat(), "stories": count} for monday, count in cell.weeks],
    }


def _report(naming: Naming) -> dict[str, Any]:
    return {
        "at": naming.at, "story": naming.story, "outlet": naming.outlet, "title": naming.title, "link": naming.link,
    }  # fmt: skip


def _as_csv(cells: Sequence[Cell], rows: str, columns: str) -> str:
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow([rows, columns, "stories", "outlets", "since", "first report", "latest", "latest report", "link"])
    for cell in cells:
        first, latest = cell.first.naming, cell.latest.naming
        values = (
            cell.row, cell.column, cell.stories, cell.outlets, first.at.isoformat(), first.title,
            latest.at.isoformat(), latest.title, latest.link,
        )  # fmt: skip
        sheet.writerow([_harmless(value) for value in values])
    return written.getvalue()


def _harmless(value: object) -> object:
    """A text that begins like a formula would be reckoned by whoever opens the sheet: a quote makes it a text."""
    return f"'{value}" if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@") else value


def _drawn(
    cells: Sequence[Cell], rows: str, columns: str, since: datetime, until: datetime, *, by_week: bool
) -> Drawing:
    first, last = since.astimezone().date(), until.astimezone().date()
    period = f"from {first:%d %B %Y} to {last:%d %B %Y}"
    if by_week:
        return timeline(cells, rows=rows, columns=columns, since=first, until=last, period=period)
    return heat_map(cells, rows=rows, columns=columns, period=period)


def _write_pictures(drawn: Drawing, svg: Path | None, png: Path | None) -> None:
    from monitor.pictures.raster import to_png  # here: loading the imaging library would slow down every other command

    if svg:
        _write(svg, to_svg(drawn))
    if png and str(png) == "-":
        sys.stdout.buffer.write(to_png(drawn))
    elif png:
        png.write_bytes(to_png(drawn))
        out.print(f"{plain(png)} is written.")


def _write(path: Path, text: str, *, mark: str = "") -> None:
    if str(path) == "-":
        click.echo(text, nl=False)
    else:
        path.write_text(mark + text, encoding="utf-8", newline="")
        out.print(f"{plain(path)} is written.")
