"""`tipsheet db …`: an installation as a whole. What must not live here: tables, or how they are copied (`copying`)."""

from __future__ import annotations

from dataclasses import asdict

import click

from monitor.cli.options import database_option, json_option, open_database
from monitor.cli.paint import err, json_lines, many, out, plain, progress, table
from monitor.errors import StorageError
from storage import copying
from storage.copying import Extent
from storage.database import Database


@click.group("db")
def db() -> None:
    """The database as a whole."""


@db.command("copy")
@database_option
@click.option("--to", "target_url", required=True, metavar="URL", help="The database that is to hold the same.")
@click.option("--anew", is_flag=True, help="Give up what an unfinished copy has brought so far.")
@json_option
def copy_command(database_url: str | None, target_url: str, anew: bool, as_json: bool) -> None:
    """Copy everything into another database, of SQLite or PostgreSQL.

    Stop Tipsheet before. A copy that was interrupted goes on where it stopped. At the end every table is read again on
    both sides, and must have the same rows.
    """
    with open_database(database_url, to_read=True) as source, Database(target_url) as target:
        if source.url == target.url:
            raise StorageError(f"{target} is where everything is already; expected another database")
        source.claim_instance()
        target.claim_instance()
        extents = _copy(source, target, anew=anew)
        if as_json:
            json_lines(map(asdict, extents))
        else:
            _show(extents, target)


def _copy(source: Database, target: Database, *, anew: bool) -> list[Extent]:
    with source.read() as rows:  # one view of all tables, to the end
        for _ in progress(copying.copy(rows, target, anew=anew), "Copying", copying.count_lots(rows)):
            pass
        extents = list(progress(copying.prove(rows, target), "Comparing", len(copying.tables())))
    copying.finish(target)
    return extents


def _show(extents: list[Extent], target: Database) -> None:
    held = [extent for extent in extents if extent.rows]
    lines = [(extent.table, str(extent.rows), extent.digest[:16]) for extent in held]
    table("Copied", ("table", "rows", "SHA-256 begins"), lines, empty="There was nothing to copy.")
    rows = sum(extent.rows for extent in held)
    out.print(f"{many(rows, 'row')}, the same on both sides.")
    err.print(f"From now on say --database {plain(str(target))}, or set TIPSHEET_DATABASE.")
