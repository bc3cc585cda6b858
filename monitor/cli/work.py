"""Commands that do the work: init, check, once, run, digest."""

from __future__ import annotations

import logging
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from monitor.cli.logs import configure_logging
from monitor.cli.options import (
    config_option,
    database_option,
    find_config,
    json_option,
    load_config,
    open_database,
    verbose_option,
)
from monitor.cli.paint import err, json_line, many, out, plain, plain_lines, progress
from monitor.clock import utc_now
from monitor.errors import ConfigError, Fault, StorageError
from monitor.model import Feed, FeedOutcome
from monitor.pipeline.arming import held_back, judge, sentence_of, untried
from monitor.pipeline.heartbeat import STAGES
from monitor.pipeline.journal import note
from monitor.pipeline.lists import left_out
from monitor.pipeline.resting import resting_channels
from monitor.run import Stages, open_stages, serve, stop_on_signals
from monitor.settings.config import Config, channel_faults, example_faults, fault_of, heartbeat_faults

if TYPE_CHECKING:
    from monitor.pipeline.deliver import Delivered

MOST_FAULTS = 100  # of the rows of lists that are named one by one


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="feeds.yaml")
def init(path: Path) -> None:
    """Write a commented feeds.yaml to begin with.

    It lists the shipped feeds and the shipped watch.
    """
    if path.exists():
        raise ConfigError((Fault(file=str(path), line=0, path="", message="exists already; it is not overwritten"),))
    path.write_text(_shipped_file(), encoding="utf-8")
    out.print(f"{plain(path)} is written. Put your address into it, then run: tipsheet check && tipsheet once")


def _shipped_file() -> str:
    """feeds.yaml lies at the top of a checkout, and in share/tipsheet of an installation."""
    for directory in (Path(__file__).parents[2], Path(sys.prefix) / "share" / "tipsheet"):
        if (directory / "feeds.yaml").exists():
            return (directory / "feeds.yaml").read_text(encoding="utf-8")
    raise ConfigError((Fault(file="feeds.yaml", line=0, path="", message="the shipped file is missing; reinstall"),))


@click.command()
@config_option
@database_option
@json_option
def check(config_path: Path | None, database_url: str | None, as_json: bool) -> None:
    """Say what is wrong with feeds.yaml.

    Every fault has its file, line and place, and what was expected. Where there is a database, watches that are new to
    it are tried on its last days, too.
    """
    from alerts import channel as channels  # every way out, which `once` loads when there is something to send

    try:
        config = load_config(config_path)
        faults = [
            *example_faults(config),
            *channel_faults(config, channels.check),
            *heartbeat_faults(config),
            *_busy_faults(config, database_url),
        ]
        listed = _Listed.of(config)
        faults += listed.faults
    except ConfigError as error:
        faults = list(error.faults)
    for fault in faults:
        if as_json:
            json_line(asdict(fault))
        else:
            err.print(plain_lines(str(fault)))
    if faults:
        if not as_json:
            err.print(f"{many(len(faults), 'fault')} in {plain(find_config(config_path))}")
        sys.exit(2)
    if not as_json:
        _show_valid(config, database_url, listed)


@dataclass(slots=True)
class _Listed:
    """What stands in the lists beside the file."""

    feeds: Counter[bool] = field(default_factory=Counter)  # enabled or not
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, config: Config) -> _Listed:
        """Reads all of them; of more faults than anybody reads, the first and the number of all."""
        listed, more = cls(), 0
        for row in progress(config.read_lists(), "Reading the lists", config.lists_mark().lines):
            if isinstance(row, Feed):
                listed.feeds[row.enabled] += 1
            elif len(listed.faults) < MOST_FAULTS:
                listed.faults.append(row)
            else:
                more += 1
        if more:
            message = f"{more:,} more rows of its lists have faults; mend these first"
            listed.faults.append(Fault(file=str(config.path), line=0, path="feed_lists", message=message))
        return listed


def _busy_faults(config: Config, database_url: str | None) -> list[Fault]:
    """Watches that would send more than people read, as far as the entries of the last days can tell."""
    try:
        with open_database(database_url, to_read=True) as database:
            found = judge(database, config, untried(database, config.compiled), now=utc_now())
            held = {name: reason for name, (_, reason) in found.items() if reason} | dict(held_back(database, config))
    except StorageError:  # none yet: nothing to try a watch on
        return []
    return [fault_of(config, name, sentence_of(name, reason)) for name, reason in held.items()]


def _resting(database_url: str | None) -> list[str]:
    """Channels that are left alone for now, as far as a database knows."""
    try:
        with open_database(database_url, to_read=True) as database, database.read() as connection:
            return resting_channels(connection, now=utc_now())
    except StorageError:  # none yet
        return []


def _show_valid(config: Config, database_url: str | None, listed: _Listed) -> None:
    feeds = listed.feeds + Counter(feed.enabled for feed in config.feeds.values())
    holders = [one for item in config.compiled for one in (item.watch, item.pack) if one is not None]
    examples = sum(len(one.must_match) + len(one.must_not_match) for one in holders)
    out.print(
        f"{plain(config.path)} is valid: {many(feeds[True], 'feed')} (and {feeds[False]} disabled), "
        f"{many(len(config.watches), 'watch', 'watches')}, {many(len(config.recipients), 'recipient')}; "
        f"all {examples} examples hold."
    )
    for placeholder in _placeholders(config):
        out.print(f"Note: {placeholder}")
    for sentence in _resting(database_url):
        out.print(f"Note: {plain(sentence)}")
    owner = config.recipients.get(config.owner)
    if owner and any(other.channel == owner.channel for other in config.recipients.values() if other != owner):
        out.print(
            f"Note: {plain(owner.name)} is not told of a fault of {plain(owner.channel)}, which is his channel too."
        )
    for channel in config.channels.values():
        if config.proxy and channel.kind == "email":
            out.print(f"Note: mail through {plain(channel.name)} goes to its server directly, not through the proxy.")


def _placeholders(config: Config) -> Iterator[str]:
    """What the shipped file leaves to its user, and is still as it was shipped."""
    if "//example." in config.contact:
        yield f"contact is {plain(config.contact)}; the servers you poll would like to know who you are."
    for recipient in config.recipients.values():
        if recipient.address.endswith(("@example.org", "@example.com", "@example.net")):
            yield f"{plain(recipient.name)} has the address {plain(recipient.address)}, which reaches nobody."


def warn_of_placeholders(config: Config) -> None:
    for placeholder in _placeholders(config):
        err.print(f"Note: {placeholder}")


def warn_of_refused(config: Config) -> None:
    """Said at every start, and at the foot of every digest: a watch that is not used is alerts that do not come."""
    for name, faults in config.refused.items():
        err.print(f"The watch {plain(name)} is not used, the others are:")
        for fault in faults:
            err.print(plain_lines(f"  {fault}"))


@click.command()
@config_option
@database_option
@json_option
@verbose_option
def once(config_path: Path | None, database_url: str | None, as_json: bool, verbose: bool) -> None:
    """Poll what is due, examine it, deliver, and exit. For cron, or to try things out."""
    configure_logging(verbose=verbose)
    config = load_config(config_path, lenient=True)
    warn_of_placeholders(config)
    warn_of_refused(config)
    stop = Event()
    stop_on_signals(stop)
    with open_database(database_url) as database, open_stages(config, database, stop=stop, show=progress) as stages:
        tally = work_off(stages)
        for stage in STAGES:
            stages.heartbeat.ended(stage, well=True)
        stages.heartbeat.beat()
        for name, reason in held_back(database, config).items():
            err.print(plain(sentence_of(name, reason)))
        with database.read() as connection:
            for sentence in (*left_out(connection), *resting_channels(connection, now=utc_now())):
                err.print(plain(sentence))
    if as_json:
        json_line(tally)
    else:
        show_tally(tally)
    if tally["undelivered"] or config.refused:  # a feed that fails is no news; `feeds health` answers for it
        sys.exit(1)


def work_off(stages: Stages) -> dict[str, int]:
    """All that is due now, through all three stages, with progress shown; what happened, counted.

    A stage that has nothing to do is not put together.
    """
    tally: Counter[str] = Counter(
        polled=0, unchanged=0, failed=0, entries=0, examined=0, matched=0, pages=0, delivered=0, undelivered=0
    )
    if feeds := stages.count_feeds():
        for outcome in progress(stages.refresh(), "Reading feeds", feeds):
            _count_poll(tally, outcome)
    _examine_and_deliver(stages, tally)
    if pages := stages.count_pages():
        for read in progress(stages.read_pages(), "Reading articles", pages):
            tally["pages"] += read.state == "done"
    if tally["pages"]:  # no alert waited for them; what they tell beyond the feeds comes after
        _examine_and_deliver(stages, tally)
    if stages.config.archive:
        deque(stages.save_pages(), maxlen=0)
    if stages.may_index():  # no alert waits for it
        deque(stages.index_words(), maxlen=0)
    stages.forget_old_texts()
    return dict(tally)


def _examine_and_deliver(stages: Stages, tally: Counter[str]) -> None:
    if stages.may_examine():
        for examined in progress(stages.examine(), "Looking for stories", stages.count_entries()):
            tally["examined"] += 1
            tally["matched"] += bool(examined.matches)
    stages.ask_new_addresses()
    stages.queue_digests()
    stages.queue_reminders()
    stages.tell_owner()
    if stages.may_deliver():
        due = stages.deliver.count_due(close_window=True)
        for delivered in progress(stages.deliver(close_window=True), "Delivering", due):
            tally["delivered" if delivered.state == "sent" else "undelivered"] += 1
            show_undelivered(delivered)


def _count_poll(tally: Counter[str], outcome: FeedOutcome) -> None:
    if outcome.result == "postponed":
        return
    tally["polled"] += 1
    tally["unchanged"] += outcome.result == "unchanged"
    tally["failed"] += outcome.result in ("failed", "gone")
    tally["entries"] += len(outcome.changes.new)


def show_undelivered(delivered: Delivered) -> None:
    if delivered.state != "sent":
        err.print(plain(f"{delivered.item.recipient}: {delivered.state}: {delivered.reason}"))


def show_tally(tally: dict[str, int]) -> None:
    if not tally["polled"] and not tally["delivered"]:
        out.print("Nothing is due. `tipsheet feeds health` says when each feed is asked next.")
        return
    out.print(
        f"{many(tally['polled'], 'feed')} polled ({tally['unchanged']} unchanged, {tally['failed']} failing), "
        f"{many(tally['entries'], 'new entry', 'new entries')}, "
        f"{tally['matched']} of interest, {many(tally['delivered'], 'message')} delivered."
    )
    if tally["failed"]:
        out.print("`tipsheet feeds health` says what ails the failing feeds.")
    if tally["undelivered"]:
        out.print("`tipsheet alerts` lists what could not be delivered.")


@click.command()
@config_option
@database_option
@verbose_option
@click.option("--log-json", is_flag=True, help="Log as JSON, one object a line.")
def run(config_path: Path | None, database_url: str | None, verbose: bool, log_json: bool) -> None:
    """Watch until told to stop (SIGTERM, Ctrl-C).

    One instance for each database of SQLite. On a PostgreSQL it is one of the workers, and the one that hubs speak to.
    """
    configure_logging(verbose=True, as_json=log_json, debug=verbose)
    config = load_config(config_path, lenient=True)
    warn_of_placeholders(config)
    warn_of_refused(config)
    for name in config.refused:
        note("refused", level=logging.ERROR, watch=name)
    from monitor.cli.worker import open_when_there, share

    with open_when_there(database_url) as database:
        if database.is_for_many:
            share(config, database, door=True)
        else:
            with open_stages(config, database, stop=Event()) as stages:
                serve(stages)


@click.command()
@config_option
@database_option
@click.option("--recipient", help="Whose digest [default: the first recipient of the file].")
@click.option("--hours", type=click.IntRange(min=1), default=24, show_default=True, help="How far to look back.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "markdown", "json"]),
    metavar="FORM",
    default="text",
    show_default=True,
    help="text, html, markdown or json.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the HTML page to this file.")
def digest(
    config_path: Path | None, database_url: str | None, recipient: str | None, hours: int, form: str, html: Path | None
) -> None:
    """Print the digest as it would be mailed now."""
    from alerts.folder import FORMS
    from monitor.pipeline import digests
    from monitor.story.outlets import shipped

    config = load_config(config_path, with_secrets=False, lenient=True)
    name = recipient or next(iter(config.recipients))
    if name not in config.recipients:
        expected = ", ".join(config.recipients)
        raise click.BadParameter(
            f"no recipient is called {name!r}; expected one of {expected}", param_hint="--recipient"
        )
    now = utc_now()
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        since = now - timedelta(hours=hours)
        message = digests.compose(
            connection,
            config.recipients[name],
            shipped(),
            since=since,
            until=now,
            key="preview",
            now=now,
            watches=config.compiled,
            alone=True,
        )
    if html is None:
        click.echo(plain_lines(FORMS[form][1](message)), nl=form == "text")
    else:
        html.write_text(message.html, encoding="utf-8")
        out.print(f"{plain(html)} is written.")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script.

    To use it: `tipsheet completion bash >> ~/.bashrc`.
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if kind is None:
        raise click.BadParameter(f"no completion for {shell}")
    click.echo(kind(root, {}, "tipsheet", "_TIPSHEET_COMPLETE").source())
