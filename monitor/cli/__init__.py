"""The commands: composition root, and the only place that prints, exits or configures logging.

    work.py    init, check, once, run, digest         stage.py   stage parse|extract|match|group|origin
    stories.py, corrections.py  stories …             feeds.py, add.py, health.py  feeds …
    alerts.py  alerts …                               demo.py    demo
    ledger.py  ledger                                 watches.py explain, backtest
    pauses.py  watches …                              web.py, users.py, db.py  web, users …, db …
    doctor.py  doctor                                 backup.py  backup, restore
    archive.py archive …
    commands.py one by its name                        options.py what they share
    worker.py  worker
    paint.py   how it looks

Exit codes: 0 done · 1 done, and something in it failed · 2 the command or the configuration is wrong · 3 the database
refused · 75 another Tipsheet is at work, try later.
"""

from __future__ import annotations

import gc
import sys

import click

from monitor.cli.commands import Commands
from monitor.errors import AccountError, ConfigError, InstanceError, StorageError, TipsheetError
from monitor.version import VERSION

# Objects made before garbage is looked for. Nearly all that a start makes stays; to look through it again and again,
# as Python would, takes a tenth of the start.
COLLECT_AFTER = (20_000, 20, 20)

_COMMANDS = Commands(
    {
        "demo": "demo",
        "init": "work.init",
        "check": "work.check",
        "explain": "watches.explain_command",
        "backtest": "watches.backtest_command",
        "once": "work.once",
        "run": "work.run",
        "worker": "worker",
        "web": "web",
        "watches": "pauses.watch_states",
        "stories": "stories",
        "ledger": "ledger",
        "alerts": "alerts",
        "recipients": "recipients",
        "feeds": "feeds",
        "doctor": "doctor",
        "digest": "work.digest",
        "stage": "stage",
        "users": "users",
        "db": "db",
        "archive": "archive",
        "backup": "backup.backup",
        "restore": "backup.restore",
        "completion": "work.completion",
    }
)


@click.group(commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="tipsheet")
def tipsheet() -> None:
    """Watch feeds, tell each story once, never lose an alert.

    Begin with `tipsheet demo`: an offline newsroom that shows all of it in half a minute.
    """


def main() -> None:
    """The entry point: errors that Tipsheet raises on purpose become a sentence and an exit code."""
    gc.set_threshold(*COLLECT_AFTER)
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
    from rich.text import Text  # what shows nothing need not wait for it

    from monitor.cli.paint import err, plain

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
