"""`tipsheet stories`: what was found, and what was kept quiet and why. What must not live here: deciding either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from monitor.cli.options import database_option, json_option, open_database
from monitor.cli.paint import json_lines, local, table
from monitor.run import utc_now
from storage import stories as story_rows


@click.command()
@database_option
@json_option
@click.option("--hours", type=click.IntRange(min=1), default=72, show_default=True, help="How far to look back.")
@click.option("--all", "everything", is_flag=True, help="Also stories that no watch matched.")
@click.option("--quiet", is_flag=True, help="Instead: what matched and was not alerted, and why.")
def stories(database_url: str | None, as_json: bool, hours: int, everything: bool, quiet: bool) -> None:
    """The stories that were found, latest first."""
    since = utc_now() - timedelta(hours=hours)
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows: Sequence[Any] = (
            story_rows.quiet(connection, since=since)
            if quiet
            else story_rows.listing(connection, since=since, matched_only=not everything)
        )
    if as_json:
        json_lines(rows)
    elif quiet:
        table(
            "Kept quiet",
            ("title", "outlet", "watch", "to", "decided", "because"),
            [(row.title, row.outlet, row.watch, row.recipient, row.action, row.reason) for row in rows],
            empty="Nothing was kept quiet.",
        )
    else:
        table(
            "Stories",
            ("story", "began", "title", "outlet", "outlets", "entries", "level"),
            [(row.id, local(row.began_at), row.title, row.outlet, row.outlets, row.entries, row.level) for row in rows],
            empty=f"No story in the last {hours} hours.",
        )
