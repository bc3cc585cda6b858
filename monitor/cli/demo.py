"""`tipsheet demo`: the real pipeline on an offline newsroom, and what a user wants to see of it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

import click
import yaml
from platformdirs import user_data_path
from rich.text import Text

from monitor.cli.logs import configure_logging
from monitor.cli.paint import out, plain
from monitor.cli.work import work_off
from monitor.clock import utc_now
from monitor.demo.mailroom import Letter, Mailroom
from monitor.demo.newsroom import Newsroom
from monitor.errors import TipsheetError
from monitor.pipeline import digests
from monitor.run import open_stages
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from monitor.watches.near_miss import why_not
from storage import entries, feeds, stories
from storage.database import Database

SECRET_NAME = "TIPSHEET_DEMO_SECRET"  # noqa: S105 - a variable's name
SECRET = "whsec_dGhlLWRlbW8tcmVjZWl2ZXItb24tdGhpcy1tYWNoaW5l"  # noqa: S105 - of a receiver on this machine, for show
WATCH = "tech and immigration enforcement"
SHOWN = 12  # of the entries that came near


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a second run must know of the first, so that the same day is on again: same times, same addresses."""

    opened: datetime
    port: int


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its database, its mail and its digest [default: in your data directory].",
)
@click.option("--fresh", is_flag=True, help="Forget earlier runs and begin the day anew.")
@click.option("-v", "--verbose", is_flag=True, help="Log each unit of work on standard error.")
def demo(directory: Path | None, fresh: bool, verbose: bool) -> None:
    """An offline newsroom: a dozen outlets' feeds in, one alert out."""
    configure_logging(verbose=verbose)
    place = directory or user_data_path("tipsheet") / "demo"
    if fresh:
        forget(place)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open_newsroom(place) as newsroom, Mailroom(directory=place / "mail") as mailroom:
        config = write_config(place, newsroom, mailroom)
        _welcome(newsroom)
        with Database(f"sqlite:///{place / 'tipsheet.db'}") as database:
            with open_stages(config, database, stop=Event()) as stages:
                started = stages.clock()
                tally = work_off(stages)
            if tally["entries"]:
                _show_day(tally, database, config, newsroom, mailroom, place, started)
            else:
                _show_nothing_new(tally, place)


def forget(place: Path) -> None:
    """Remove what earlier runs made, and nothing else that may lie there."""
    for name in ("day.json", "feeds.yaml", "tipsheet.db", "tipsheet.db-shm", "tipsheet.db-wal", "digest.html"):
        (place / name).unlink(missing_ok=True)
    for letter in (place / "mail").glob("*.eml"):
        letter.unlink()


# ---- the newsroom ----------------------------------------------------------------------------------------------------


@contextmanager
def open_newsroom(place: Path) -> Iterator[Newsroom]:
    """The newsroom of the run before, at its address; a new day where there was none or its port is taken."""
    memory = place / "day.json"
    day = _remembered(memory)
    try:
        with Newsroom(port=day.port if day else 0, opened=day.opened if day else utc_now()) as newsroom:
            memory.write_text(json.dumps({"opened": newsroom.opened.isoformat(), "port": newsroom.port}))
            yield newsroom
    except TipsheetError as error:
        if day is None or "port" not in str(error):
            raise
        raise TipsheetError(f"{error}; `tipsheet demo --fresh` begins a new day on a free one") from error


def _remembered(memory: Path) -> Day | None:
    try:
        stored = json.loads(memory.read_text())
        return Day(opened=datetime.fromisoformat(stored["opened"]), port=int(stored["port"]))
    except (OSError, ValueError, KeyError):
        return None


def write_config(place: Path, newsroom: Newsroom, mailroom: Mailroom) -> Config:
    """The demo's feeds.yaml: the same kind of file that a user writes, at the addresses of this run."""
    path = place / "feeds.yaml"
    tree = {
        "contact": f"{newsroom.base}/",
        "fetch": {"gap": "0s"},
        "network": {"allow": ["127.0.0.0/8"], "ports": [newsroom.port]},
        "channels": [
            {
                "name": "mail",
                "kind": "email",
                "host": mailroom.host,
                "port": mailroom.port,
                "security": "none",
                "from": "Tipsheet <tipsheet@demo.example>",
            },
            {"name": "bot", "kind": "webhook", "url": newsroom.hook_url, "secret": f"${{{SECRET_NAME}}}"},
        ],
        "recipients": [
            {"name": "desk", "channel": "mail", "address": "desk@demo.example", "digest_at": "07:00"},
            {"name": "newsroom bot", "channel": "bot"},
        ],
        "watches": [{"name": WATCH, "pack": "tech-and-immigration-enforcement"}],
        "feeds": [
            {
                "name": outlet.name,
                "url": outlet.url,
                "outlet": outlet.domain,
                "language": outlet.language,
                "every": "1s",
            }
            for outlet in newsroom.outlets
        ],
    }
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return read_config(path, {SECRET_NAME: SECRET})


# ---- what is shown ---------------------------------------------------------------------------------------------------


def _heading(text: str) -> None:
    out.print()
    out.print(Text(text, style="bold"))


def _line(text: str, style: str = "") -> None:
    """A line of our own making with feeds' words in it; the terminal wraps it, so that it can be copied whole."""
    out.print(Text(plain(text), style=style))


def _welcome(newsroom: Newsroom) -> None:
    _heading("Tipsheet demo: nothing leaves this machine")
    _line(f"A newsroom is open on {newsroom.base}: {len(newsroom.outlets)} outlets, a mail server, a webhook receiver.")


def _show_nothing_new(tally: dict[str, int], place: Path) -> None:
    _heading("Nothing new.")
    _line(
        f"{tally['polled']} feeds were asked and brought nothing that is not known; {tally['failed']} fails as before."
    )
    _line(f"No story is told twice. `{_command()} demo --fresh` begins the day anew. All of it lies in {place}")


def _show_day(
    tally: dict[str, int],
    database: Database,
    config: Config,
    newsroom: Newsroom,
    mailroom: Mailroom,
    place: Path,
    started: datetime,
) -> None:
    _show_counts(tally, database, started)
    _show_alerts(mailroom.letters)
    _show_hooks(newsroom)
    _show_quiet(database, config, started)
    _show_troubled(database)
    _show_next(_write_digest(database, config, place), place)


def _show_counts(tally: dict[str, int], database: Database, started: datetime) -> None:
    with database.read() as connection:
        found = stories.listing(connection, since=started)
    told = sum(row.level == "alert" for row in found)
    feeds_read = tally["polled"] - tally["failed"]
    _heading(f"{tally['entries']} entries read from {feeds_read} feeds: {told} {'story' if told == 1 else 'stories'}.")
    for row in found:
        _line(f"  {row.level:6}  {row.title}  (told by {row.outlets} outlets)")


def _show_alerts(letters: list[Letter]) -> None:
    alerts = [letter.message for letter in letters if "digest" not in str(letter.message["List-Id"])]
    _heading(f"The {'one alert' if len(alerts) == 1 else f'{len(alerts)} alerts'}, as mailed:")
    for message in alerts:
        out.print()
        for name in ("From", "To", "Subject"):
            _line(f"  │ {name}: {message[name]}", style="cyan")
        _line("  │", style="cyan")
        body = message.get_body(("plain",))
        for line in (body.get_content() if body else "").splitlines():
            _line(f"  │ {line}")


def _show_hooks(newsroom: Newsroom) -> None:
    for hook in newsroom.hooks:
        _heading("The same as a signed webhook:")
        _line(f"  webhook-id: {hook.headers.get('webhook-id', '')}, {len(hook.body):,} bytes of JSON")


def _show_quiet(database: Database, config: Config, started: datetime) -> None:
    """Entries that hold something of the watch and were rightly left alone: the other half of trust."""
    with database.read() as connection:
        kept = [document for document, matched in entries.seen_since(connection, since=started) if not matched]
    near = [(document, why) for document in kept for item in config.compiled if (why := why_not(item, document))]
    _heading(f"{len(kept)} entries stayed quiet. {len(near)} of them came near, such as:")
    # The ones that a false friend explains first: they are what other programs wake people for.
    for document, why in sorted(near, key=lambda pair: "speaks of" not in pair[1])[:SHOWN]:
        _line(f"  {document.title} ({document.feed})")
        _line(f"      {why}", style="dim")


def _show_troubled(database: Database) -> None:
    with database.read() as connection:
        troubled = [row for row in feeds.listing(connection) if row.problem]
    _heading("Feeds that need a look, while the others went on:")
    for row in troubled:
        _line(f"  {row.name}: {'failing' if row.failures else 'read'}: {row.problem}")


def _write_digest(database: Database, config: Config, place: Path) -> Path:
    """What a reporter would find at seven in the morning."""
    now = utc_now()
    recipient = config.recipients["desk"]
    with database.read() as connection:
        message = digests.compose(
            connection, recipient, shipped(), since=None, until=now, key="demo", now=now, watches=config.compiled,
            alone=True,
        )  # fmt: skip
    page = place / "digest.html"
    page.write_text(message.html, encoding="utf-8")
    return page


def _show_next(page: Path, place: Path) -> None:
    _heading("Look at it:")
    _line(f"  the digest, in a browser:    {page}")
    _line(f"  the mail, in a mail client:  {place / 'mail'}")
    _heading("What to type next:")
    command, database = _command(), f"sqlite:///{place / 'tipsheet.db'}"
    steps = (
        (f"{command} demo", "again: nothing new, nothing told twice"),
        (f"{command} stories --database {database}", "what the demo's database remembers"),
        (f"{command} web --config {place / 'feeds.yaml'} --database {database}", "the review desk, in a browser"),
        _own_file(command),
        (f"{command} check", "what is wrong with it, if anything"),
        (f"{command} once", "ask its real servers, mail what is new; `run` does so until told to stop"),
    )
    for typed, purpose in steps:
        out.print(Text.assemble("  ", (plain(typed), "bold"), f"   {purpose}"))


def _own_file(command: str) -> tuple[str, str]:
    if Path("feeds.yaml").exists():
        return "$EDITOR feeds.yaml", "the file that is here already: put your address into it"
    return f"{command} init", "write a feeds.yaml of your own, and put your address into it"


def _command() -> str:
    """What a user types to run Tipsheet: the installed command, or the checkout's."""
    if shutil.which("tipsheet") or Path(sys.argv[0]).name == "tipsheet":
        return "tipsheet"
    return "./dev run" if (Path(__file__).parents[2] / "dev").exists() else "python -m monitor"
