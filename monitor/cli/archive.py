"""`tipsheet archive …`: the archive as files. What must not live here: the files (`pipeline.archive`)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from monitor.cli.options import config_option, database_option, json_option, load_config, open_database, typist
from monitor.cli.paint import json_lines, many, out, plain, table
from monitor.clock import utc_now
from monitor.pipeline import archive as files
from storage import audit


@click.group("archive")
def archive() -> None:
    """The archive as files."""


@archive.command("export")
@config_option
@database_option
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(get_args(files.Format)), default="jsonl", show_default=True,
              help="JSON Lines, or Parquet.")  # fmt: skip
@json_option
def export_command(
    config_path: Path | None, database_url: str | None, folder: Path, form: files.Format, as_json: bool
) -> None:
    """Write every examined entry with its story, a file for each month.

    Months that are there already are left as they are, but for the last one, which may have grown.
    """
    feeds = load_config(config_path, with_secrets=False, lenient=True).feeds
    with open_database(database_url, to_read=True) as database:
        written = list(files.export(database, folder, feeds, form=form, now=utc_now()))
        with database.write() as connection:
            entries = many(sum(count for _, count in written), "entry", "entries")
            audit.append(connection, typist(), "exported", subject=str(folder), detail=entries, now=utc_now())
    if as_json:
        json_lines({"file": str(path), "entries": count} for path, count in written)
        return
    table("Exported", ("file", "entries"), [(path.name, f"{count:,}") for path, count in written],
          empty="There was nothing to export.")  # fmt: skip
    if written and out.is_terminal:
        total = sum(count for _, count in written)
        out.print(f"{many(total, 'entry', 'entries')} in {plain(folder)}.")
