"""`tipsheet alerts …`: the ledger of deliveries, trying again, and a test message. What must not live here: sending."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from alerts import channel as channels
from alerts.message import compose_test
from monitor.cli.options import (
    config_option,
    database_option,
    default_database,
    json_option,
    load_config,
    open_database,
    typist,
)
from monitor.cli.paint import err, json_lines, local, out, plain, table
from monitor.clock import utc_now
from monitor.errors import DeliveryError
from monitor.model import Recipient
from monitor.pipeline.consent import refusal
from monitor.pipeline.resting import end_rests, resting_channels
from monitor.run import open_client
from storage import audit, outbox, reminders
from storage.database import is_there

EVERY = 1_000_000  # deliveries; `tipsheet alerts` shows the latest, `retry --all` must not forget the older ones

_state = click.option(
    "--state",
    type=click.Choice(["waiting", "sent", "failed", "uncertain", "folded"]),
    metavar="STATE",
    multiple=True,
    help="Only these: waiting, sent, failed, uncertain or folded; may be repeated.",
)


@click.group(invoke_without_command=True)
@database_option
@json_option
@_state
@click.pass_context
def alerts(context: click.Context, database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    """What went out, what waits, what could not be delivered, and why."""
    if context.invoked_subcommand is None:
        _list_alerts(database_url, as_json, state)


def _list_alerts(database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows = outbox.listing(connection, states=state)
        resting = resting_channels(connection, now=utc_now())
    if as_json:
        json_lines(rows)
        return
    columns = ("id", "kind", "to", "state", "tries", "when", "subject", "because")
    shown = [
        (
            row.id, row.kind, f"{row.recipient} ({row.channel})", row.state, row.attempts,
            local(row.sent_at or row.due_at or row.created_at), row.subject, row.reason,
        )
        for row in rows
    ]  # fmt: skip
    table("Deliveries", columns, shown, empty="Nothing has been delivered, and nothing waits.")
    for sentence in resting:
        err.print(plain(sentence))


@alerts.command("list")
@database_option
@json_option
@_state
def alerts_list(database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    """The same as `tipsheet alerts`."""
    _list_alerts(database_url, as_json, state)


@alerts.command("retry")
@database_option
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that failed or is uncertain.")
def alerts_retry(database_url: str | None, ids: tuple[int, ...], everything: bool) -> None:
    """Send again what failed or is uncertain, and at once what waits.

    The running daemon does it, or the next `once`.
    """
    if not ids and not everything:
        raise click.UsageError("name the deliveries (`tipsheet alerts` lists their ids), or say --all")
    with open_database(database_url, to_read=True) as database:
        with database.read() as connection:
            dead = outbox.listing(connection, states=("failed", "uncertain"), limit=EVERY)
        chosen = [row.id for row in dead if everything or row.id in ids]
        with database.write() as connection:
            again = outbox.retry(connection, chosen, now=utc_now())
            hurried = outbox.hurry(connection, ids, now=utc_now()) if not everything else ()
            end_rests(connection)
            if found := {*again, *hurried}:
                audit.append(connection, typist(), "deliveries retried", subject=audit.numbers(found), now=utc_now())
    missing = sorted(set(ids) - found)
    for number in missing:
        err.print(f"{number}: not among the deliveries that failed, are uncertain or wait")
    out.print(f"{len(found)} will be sent again.")
    if missing:
        sys.exit(1)


@alerts.command("ack")
@database_option
@click.argument("ids", type=int, nargs=-1, required=True)
def alerts_ack(database_url: str | None, ids: tuple[int, ...]) -> None:
    """Say that alerts were seen: nobody is reminded of them."""
    with open_database(database_url, to_read=True) as database, database.write() as connection:
        known = reminders.acknowledge(connection, ids, now=utc_now())
        if known:
            audit.append(connection, typist(), "alerts acknowledged", subject=audit.numbers(known), now=utc_now())
    out.print(f"{len(known)} acknowledged.")
    for number in sorted(set(ids) - set(known)):
        err.print(f"{number}: no alert, update or reminder; `tipsheet alerts` lists their ids")
    if len(known) < len(set(ids)):
        sys.exit(1)


@alerts.command("test")
@config_option
@database_option
@click.argument("recipient")
def alerts_test(config_path: Path | None, database_url: str | None, recipient: str) -> None:
    """Send a test message, now, and say what the receiver answered.

    An address that said no gets none.
    """
    config = load_config(config_path, lenient=True)
    if recipient not in config.recipients:
        raise click.BadParameter(
            f"no recipient is called {recipient!r}; expected one of {', '.join(config.recipients)}"
        )
    to = config.recipients[recipient]
    if no := _refusal(database_url, to):
        err.print(f"not sent: {plain(no)}")
        sys.exit(1)
    now = utc_now()
    message = compose_test(recipient=to, key=f"test:{recipient}:{now.isoformat()}", now=now)
    with open_client(config) as client:
        try:
            receipt = channels.open_sender(config.channels[to.channel], post=client.post).send(message, to.address)
        except DeliveryError as error:
            err.print(f"not delivered: {plain(error)}")
            sys.exit(1)
    out.print(f"delivered: {plain(receipt)}")


def _refusal(database_url: str | None, to: Recipient) -> str:
    """Why nothing may go to that address; "" where it may. Before the first round nobody has said anything."""
    if not is_there(database_url or default_database()):
        return ""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        return refusal(connection, to)
