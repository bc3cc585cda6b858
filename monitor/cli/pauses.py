"""`tipsheet watches …`: how each watch stands, and the end of a pause. What must not live here: deciding on one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.cli.options import config_option, database_option, json_option, load_config, open_database, typist
from monitor.cli.paint import err, json_lines, local, out, plain, table
from monitor.clock import utc_now
from monitor.pipeline.arming import states
from monitor.pipeline.storms import resume
from storage import audit


@click.group(name="watches", invoke_without_command=True)
@config_option
@database_option
@json_option
@click.pass_context
def watch_states(context: click.Context, config_path: Path | None, database_url: str | None, as_json: bool) -> None:
    """How each watch stands: whether it may alert, and if not, why and until when."""
    if context.invoked_subcommand is not None:
        return
    config = load_config(config_path, with_secrets=False, lenient=True)
    with open_database(database_url, to_read=True) as database:
        rows = tuple(states(database, config, now=utc_now()))
    if as_json:
        json_lines(rows)
        return
    shown = [(row.name, row.state, local(row.until) if row.until else "", row.why) for row in rows]
    table("Watches", ("watch", "state", "until", "because"), shown, empty="There is no watch.")


@watch_states.command("resume")
@database_option
@click.argument("name")
def watches_resume(database_url: str | None, name: str) -> None:
    """End the pause of the watch NAME: it alerts again, and what it found meanwhile is told."""
    with open_database(database_url, to_read=True) as database, database.write() as connection:
        ended = resume(connection, name, now=utc_now())
        if ended:
            audit.append(connection, typist(), "watch resumed", subject=name, now=utc_now())
    if not ended:
        err.print(f"no watch is paused that is called {plain(name)}; `tipsheet watches` shows how each stands")
        sys.exit(1)
    out.print(f"{plain(name)} alerts again. What it found meanwhile stands in the next digest.")
