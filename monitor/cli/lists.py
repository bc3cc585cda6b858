"""Commands that show and mend: stories, feeds, alerts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from alerts import channel as channels
from alerts.message import compose_test
from monitor import opml
from monitor.cli.options import (
    config_option,
    database_option,
    find_config,
    json_option,
    load_config,
    open_database,
)
from monitor.cli.paint import err, json_lines, local, out, plain, table
from monitor.errors import DeliveryError
from monitor.feeds_file import append_feeds
from monitor.run import open_client, utc_now
from storage import feeds as feed_rows
from storage import outbox
from storage import stories as story_rows

EVERY = 1_000_000  # deliveries; `tipsheet alerts` shows the latest, `retry --all` must not forget the older ones
GAP_SHOWN = timedelta(days=7)


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


# ---- feeds -----------------------------------------------------------------------------------------------------------


@click.group()
def feeds() -> None:
    """The feeds: list them, see how they are, move them in and out."""


@feeds.command("list")
@config_option
@json_option
def feeds_list(config_path: Path | None, as_json: bool) -> None:
    """The feeds of the file."""
    wanted = load_config(config_path, with_secrets=False).feeds.values()
    if as_json:
        json_lines(
            {
                "name": feed.name, "url": feed.url, "outlet": feed.outlet, "language": feed.language,
                "tags": feed.tags, "enabled": feed.enabled,
            }
            for feed in wanted
        )  # fmt: skip
        return
    rows = [(feed.name, feed.outlet, feed.language, "yes" if feed.enabled else "no", feed.url) for feed in wanted]
    table("Feeds", ("name", "outlet", "language", "enabled", "url"), rows, empty="The file has no feeds.")


@feeds.command("health")
@database_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Also feeds that are no longer in the file, or disabled.")
def feeds_health(database_url: str | None, as_json: bool, everything: bool) -> None:
    """How each feed is: last success, next poll and why, what is wrong and since when. Exit code 1 if any fails."""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows = [row for row in feed_rows.listing(connection) if row.active or everything]
    if as_json:
        json_lines(rows)
    else:
        shown = [(row.name, _condition(row), local(row.succeeded_at), row.entries, _next(row)) for row in rows]
        columns = ("feed", "condition", "last read", "entries", "next poll, and why")
        table("Feeds", columns, shown, empty="No feed has been polled yet; `tipsheet once` does.")
    if any(row.failures for row in rows):
        sys.exit(1)


def _condition(row: feed_rows.FeedRow) -> str:
    if row.failures:
        times = f"{row.failures} polls in a row" if row.failures > 1 else "one poll"
        return f"failing ({times}, since {local(row.failing_since)}): {row.problem}"
    if row.problem:
        return f"read with losses: {row.problem}"
    if row.gap_at and utc_now() - row.gap_at < GAP_SHOWN:
        return f"two polls share no item: stories may have been missed (before {local(row.gap_at)})"
    return "ok" if row.polls else "not polled yet"


def _next(row: feed_rows.FeedRow) -> str:
    return f"{local(row.next_poll_at)}, {row.next_poll_reason}" if row.next_poll_at else "at once"


@feeds.command("export")
@config_option
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def feeds_export(config_path: Path | None, path: Path) -> None:
    """Write the feeds as OPML, to a file or to standard output."""
    wanted = tuple(load_config(config_path, with_secrets=False).feeds.values())
    document = opml.write(wanted, title="Tipsheet", created=utc_now())
    if str(path) == "-":
        click.echo(document)
    else:
        path.write_text(document, encoding="utf-8")
        out.print(f"{len(wanted)} feeds are written to {plain(path)}.")


@feeds.command("import")
@config_option
@click.argument("path", type=click.Path(dir_okay=False, exists=True, allow_dash=True, path_type=Path))
def feeds_import(config_path: Path | None, path: Path) -> None:
    """Add the feeds of an OPML file to feeds.yaml, whose comments and order are kept."""
    source = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    found = opml.read(source)
    added, known = append_feeds(find_config(config_path), found.feeds)
    for reason in (*found.skipped, *known):
        err.print(f"skipped: {plain(reason)}")
    out.print(f"{added} feeds added to {plain(find_config(config_path))}, {len(found.skipped) + len(known)} skipped.")


# ---- alerts ----------------------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@database_option
@json_option
@click.option("--state", type=click.Choice(["waiting", "sent", "failed", "uncertain", "folded"]), multiple=True)
@click.pass_context
def alerts(context: click.Context, database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    """Every delivery: what went out, what waits, what could not be delivered, and why."""
    if context.invoked_subcommand is None:
        _list_alerts(database_url, as_json, state)


def _list_alerts(database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        rows = outbox.listing(connection, states=state)
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


@alerts.command("list")
@database_option
@json_option
@click.option("--state", type=click.Choice(["waiting", "sent", "failed", "uncertain", "folded"]), multiple=True)
def alerts_list(database_url: str | None, as_json: bool, state: tuple[str, ...]) -> None:
    """The same as `tipsheet alerts`."""
    _list_alerts(database_url, as_json, state)


@alerts.command("retry")
@database_option
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that failed or is uncertain.")
def alerts_retry(database_url: str | None, ids: tuple[int, ...], everything: bool) -> None:
    """Send again what failed or is uncertain, and at once what waits; `once` or the running daemon does it."""
    if not ids and not everything:
        raise click.UsageError("name the deliveries (`tipsheet alerts` lists their ids), or say --all")
    with open_database(database_url, to_read=True) as database:
        with database.read() as connection:
            dead = outbox.listing(connection, states=("failed", "uncertain"), limit=EVERY)
        chosen = [row.id for row in dead if everything or row.id in ids]
        with database.write() as connection:
            again = outbox.retry(connection, chosen, now=utc_now())
            hurried = outbox.hurry(connection, ids, now=utc_now()) if not everything else ()
    missing = sorted(set(ids) - {*again, *hurried})
    for number in missing:
        err.print(f"{number}: not among the deliveries that failed, are uncertain or wait")
    out.print(f"{len({*again, *hurried})} will be sent again.")
    if missing:
        sys.exit(1)


@alerts.command("test")
@config_option
@click.argument("recipient")
def alerts_test(config_path: Path | None, recipient: str) -> None:
    """Send a test message to a recipient, now, and say what the receiver answered."""
    config = load_config(config_path)
    if recipient not in config.recipients:
        raise click.BadParameter(f"no recipient is called {recipient!r}; there are {', '.join(config.recipients)}")
    to = config.recipients[recipient]
    now = utc_now()
    message = compose_test(recipient=to, key=f"test:{recipient}:{now.isoformat()}", now=now)
    with open_client(config) as client:
        try:
            receipt = channels.open_sender(config.channels[to.channel], post=client.post).send(message, to.address)
        except DeliveryError as error:
            err.print(f"not delivered: {plain(error)}")
            sys.exit(1)
    out.print(f"delivered: {plain(receipt)}")
