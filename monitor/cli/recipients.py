"""`tipsheet recipients …`: who receives messages, whose address has confirmed, and who wants no more.

What must not live here: what follows from a yes or a no (`pipeline.consent`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import click
from sqlalchemy import Connection

from monitor.cli.options import config_option, database_option, json_option, load_config, open_database, typist
from monitor.cli.paint import err, json_lines, local, out, plain, table
from monitor.clock import utc_now
from monitor.model import Consent
from monitor.pipeline import consent
from monitor.settings.config import Config
from storage import consents

Take = Callable[[Connection, Config, Consent, str, datetime], str]  # what was done, in a sentence; "": nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientState:
    """How one recipient stands."""

    name: str
    channel: str
    address: str
    state: Literal["confirmed", "waiting", "stopped"]
    since: datetime | None
    asked_at: datetime | None
    said_by: str


@click.group(invoke_without_command=True)
@config_option
@database_option
@json_option
@click.pass_context
def recipients(
    context: click.Context, config_path: Path | None, database_url: str | None, as_json: bool
) -> None:  # fmt: skip
    """Who receives messages, whose address has confirmed that it wants them, and who wants no more."""
    if context.invoked_subcommand is not None:
        return
    config = load_config(config_path, with_secrets=False, lenient=True)
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows = tuple(_states(connection, config))
    if as_json:
        json_lines(rows)
        return
    shown = [
        (row.name, row.channel, row.address, row.state, local(row.since) if row.since else "", row.said_by)
        for row in rows
    ]
    table("Recipients", ("recipient", "channel", "address", "state", "since", "by"), shown, empty="There is none.")


def _states(connection: Connection, config: Config) -> Iterator[RecipientState]:
    """A recipient of whom nothing is known is believed to want what feeds.yaml says, or will be asked."""
    silent = consent.unreached(connection, config)
    for to in config.recipients.values():
        said = consents.find(connection, to) if to.address else None
        waits = to.address and to.desk and said is None
        known = silent.get(to.name)
        yield RecipientState(
            name=to.name, channel=to.channel, address=to.address,
            state=known.state if known else "waiting" if waits else "confirmed",
            since=said.since if said else None, asked_at=said.asked_at if said else None,
            said_by=said.said_by if said else "" if waits else "feeds.yaml",
        )  # fmt: skip


@recipients.command("confirm")
@config_option
@database_option
@click.argument("name")
def recipients_confirm(config_path: Path | None, database_url: str | None, name: str) -> None:
    """Say for a recipient that its address wants messages, because you know it does."""

    def take(connection: Connection, config: Config, found: Consent, by: str, now: datetime) -> str:
        if found.state != "waiting":
            return ""
        waited = consent.confirm(connection, config, found, by=by, now=now)
        return f"{name} receives messages from now on; {waited} waited."

    _change(config_path, database_url, name, take, f"the address of {name} does not wait to be confirmed")


@recipients.command("ask")
@config_option
@database_option
@click.argument("name")
def recipients_ask(config_path: Path | None, database_url: str | None, name: str) -> None:
    """Ask a recipient's address once more whether it wants messages; the link of the last time holds no more."""

    def take(connection: Connection, config: Config, found: Consent, by: str, now: datetime) -> str:
        if found.state != "waiting" or not config.recipients[name].desk:
            return ""
        consent.ask(connection, config, found, now=now)
        return f"{name} is asked again."

    fault = f"{name} is not to be asked: its address has answered, or desk.address is not set, where it could answer"
    _change(config_path, database_url, name, take, fault)


@recipients.command("resubscribe")
@config_option
@database_option
@click.argument("name")
def recipients_resubscribe(config_path: Path | None, database_url: str | None, name: str) -> None:
    """Send messages again to a recipient who wanted no more, because that person asked you to."""

    def take(connection: Connection, config: Config, found: Consent, by: str, now: datetime) -> str:
        return f"{name} receives messages again." if consent.resume(connection, config, found, by=by, now=now) else ""

    _change(config_path, database_url, name, take, f"{name} has not stopped its messages")


def _change(config_path: Path | None, database_url: str | None, name: str, take: Take, fault: str) -> None:
    config = load_config(config_path, with_secrets=False, lenient=True)
    to = config.recipients.get(name)
    if to is None:
        raise click.BadParameter(f"no recipient is called {name!r}; expected one of {', '.join(config.recipients)}")
    if not to.address:
        raise click.BadParameter(f"{name} has no address of its own: only who receives mail is asked")
    now, by = utc_now(), typist()
    with open_database(database_url, to_read=True) as database, database.write() as connection:
        done = take(connection, config, consents.meet(connection, to, now=now), by, now)
    if not done:
        err.print(plain(f"{fault}; `tipsheet recipients` shows how each stands"))
        sys.exit(1)
    out.print(plain(done))
