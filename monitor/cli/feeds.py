"""`tipsheet feeds …`: which feeds there are, how they are, and how they come in and go out.

What lives here: asking, showing, and the words for a person. What must not: what a feed is (`discovery`, `opml`), how
it does, and how feeds.yaml is written (`feeds_file`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click

from monitor.cli.commands import Commands
from monitor.cli.options import (
    config_option,
    database_option,
    find_config,
    json_option,
    load_config,
    open_database,
)
from monitor.cli.paint import err, json_lines, many, out, plain, table
from monitor.clock import utc_now
from monitor.model import Feed, FeedRow
from storage import feeds as feed_rows


@click.group(commands=Commands({"add": "add", "health": "health"}))
def feeds() -> None:
    """The feeds: list them, see how they are, move them in and out."""


@feeds.command("list")
@config_option
@json_option
def feeds_list(config_path: Path | None, as_json: bool) -> None:
    """The feeds of the file and of its lists."""
    wanted = _asked_for(config_path)
    if as_json:
        json_lines(
            {
                "name": feed.name, "url": feed.url, "outlet": feed.outlet, "language": feed.language,
                "tags": feed.tags, "enabled": feed.enabled, "listed_in": feed.listed_in,
            }
            for feed in wanted
        )  # fmt: skip
        return
    rows = ((feed.name, feed.outlet, feed.language, "yes" if feed.enabled else "no", feed.url) for feed in wanted)
    table("Feeds", ("name", "outlet", "language", "enabled", "url"), rows, empty="The file has no feeds.")


def _asked_for(config_path: Path | None) -> Iterator[Feed]:
    """The feeds of the file, and those of its lists as they are read; what is wrong with a row is said."""
    config = load_config(config_path, with_secrets=False, lenient=True)
    yield from config.feeds.values()
    for row in config.read_lists():
        if isinstance(row, Feed):
            yield row
        else:
            err.print(f"left out: {plain(row)}")


@feeds.command("refresh")
@database_option
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every feed that may be asked now.")
def feeds_refresh(database_url: str | None, names: tuple[str, ...], everything: bool) -> None:
    """Have feeds asked now, where their servers allow it.

    The running daemon does it, or the next `once`. A server that asked for rest is left alone.
    """
    if not names and not everything:
        raise click.UsageError("name the feeds (`tipsheet feeds health` lists them), or say --all")
    now = utc_now()
    with open_database(database_url, to_read=True) as database, database.write() as connection:
        granted: list[str] = []
        unknown, refused = dict.fromkeys(names), dict[str, str]()
        for row in feed_rows.each(connection, in_use=True, names=None if everything else names):
            unknown.pop(row.name, None)
            if why := _too_early(row, now):
                refused[row.name] = why
            else:
                granted.append(row.url)
        feed_rows.hasten(connection, granted, now=now)
    refused |= dict.fromkeys(unknown, "no feed of this name is watched; `tipsheet feeds health` lists them")
    for name, why in refused.items():
        err.print(f"{plain(name)}: {plain(why)}")
    out.print(f"{len(granted)} will be asked now, by the running daemon or by `tipsheet once`.")
    if refused:
        sys.exit(1)


def _too_early(row: FeedRow, now: datetime) -> str:
    from monitor.rhythm import cadence

    floor = cadence.Intervals().floor
    return cadence.too_early(now=now, polled_at=row.polled_at, rest_until=row.rest_until, floor=floor)


@feeds.command("export")
@config_option
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def feeds_export(config_path: Path | None, path: Path) -> None:
    """Write the feeds, to a file or to standard output.

    As OPML, which every reader imports; or, where the file's name ends in .csv, as a list that `feed_lists` can name.
    """
    if path.suffix.lower() == ".csv":
        _export_csv(_asked_for(config_path), path)
        return
    from monitor.feeds import opml  # most of these commands read no feeds

    wanted = tuple(_asked_for(config_path))
    document = opml.write(wanted, title="Tipsheet", created=utc_now())
    if str(path) == "-":
        click.echo(document)
    else:
        path.write_text(document, encoding="utf-8")
        out.print(f"{plain(path)} is written, with {many(len(wanted), 'feed')}.")


def _export_csv(wanted: Iterable[Feed], path: Path) -> None:
    from monitor.settings.feed_lists import written

    with path.open("w", encoding="utf-8") as file:
        count = sum(bool(file.write(f"{line}\n")) for line in written(wanted)) - 1  # one line names the columns
    out.print(f"{plain(path)} is written, with {many(count, 'feed')}.")


@feeds.command("import")
@config_option
@click.argument("path", type=click.Path(dir_okay=False, exists=True, allow_dash=True, path_type=Path))
def feeds_import(config_path: Path | None, path: Path) -> None:
    """Add the feeds of an OPML file to feeds.yaml.

    The comments and the order of the file are kept. A long list is better named under `feed_lists` in the file.
    """
    from monitor.feeds import opml
    from monitor.settings.feeds_file import append_feeds

    source = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    found = opml.read(source)
    added, known = append_feeds(find_config(config_path), found.feeds)
    for reason in (*found.skipped, *known):
        err.print(f"skipped: {plain(reason)}")
    skipped = len(found.skipped) + len(known)
    out.print(f"{many(added, 'feed')} added to {plain(find_config(config_path))}, {skipped} skipped.")
