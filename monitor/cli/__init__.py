"""The commands: composition root, and the only place that prints, exits or configures logging.

    work.py    init, check, once, run, digest         stage.py   stage parse|extract|match|group|origin
    stories.py, corrections.py  stories …             feeds.py, add.py, health.py  feeds …
    alerts.py  alerts …                               demo.py    demo
    ledger.py  ledger                                 watches.py explain, backtest
    pauses.py  watches …                              users.py  users …
    options.py what commands share                    paint.py   how it looks

Exit codes: 0 done · 1 done, and something in it failed · 2 the command or the configuration is wrong · 3 the database
refused · 75 another Tipsheet is at work, try later.
"""

from __future__ import annotations

import sys

import click
from rich.text import Text

from monitor.cli.add import add
from monitor.cli.alerts import alerts
from monitor.cli.corrections import merge, move, split, undo
from monitor.cli.demo import demo
from monitor.cli.feeds import feeds
from monitor.cli.health import health
from monitor.cli.ledger import ledger
from monitor.cli.paint import err, plain
from monitor.cli.pauses import watch_states
from monitor.cli.stage import stage
from monitor.cli.stories import stories
from monitor.cli.users import users
from monitor.cli.watches import backtest_command, explain_command
from monitor.cli.work import check, completion, digest, init, once, run
from monitor.errors import AccountError, ConfigError, InstanceError, StorageError, TipsheetError
from monitor.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="tipsheet")
def tipsheet() -> None:
    """Watch feeds, tell each story once, never lose an alert.

    Begin with `tipsheet demo`: an offline newsroom that shows all of it in half a minute.
    """


_COMMANDS = (
    demo, init, check, explain_command, backtest_command, once, run, watch_states, stories, ledger, alerts, feeds,
    digest, stage, users, completion,
)  # fmt: skip
for _command in _COMMANDS:
    tipsheet.add_command(_command)
for _command in (split, merge, move, undo):
    stories.add_command(_command)
feeds.add_command(add)
feeds.add_command(health)


def main() -> None:
    """The entry point: errors that Tipsheet raises on purpose become a sentence and an exit code."""
    try:
        tipsheet(prog_name="tipsheet")
    except TipsheetError as error:
        _show(str(error))
        sys.exit(_exit_code(error))
    except OSError as error:
        if error.filename is None:
            raise
        _show(f"{error.filename}: {error.strerror}")  # a file that the user named for us to read or write
        sys.exit(1)


def _show(message: str) -> None:
    first, *others = message.splitlines() or [""]
    err.print(Text("tipsheet:", style="bold red"), plain(first))
    for line in others:
        err.print(plain(line))


def _exit_code(error: TipsheetError) -> int:
    if isinstance(error, ConfigError | AccountError):
        return 2
    if isinstance(error, InstanceError):
        return 75  # EX_TEMPFAIL
    return 3 if isinstance(error, StorageError) else 1
