"""The program that `kills` kills, again and again: told to die at a named boundary, killed from outside, or left alone.

It imports everything once, then forks a child for each line on standard input, so that a run costs its work and not its
imports. A line is JSON: {"program": its name, "args": [...], "die": "marked" or null, "signal": 9, "of": "", "ahead":
3600}. It prints the child's process id, then its exit status.

Dying is SIGKILL to oneself: no handler, no clean-up, no flush, at the exact place. Production code knows nothing of it:
the boundaries are functions of it that are wrapped here, and the clock that is handed to it is `ahead` of ours by so
many seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from alerts.smtp import MailSender
from benchmarks import kill_floor
from monitor import run
from monitor.cli import tipsheet
from monitor.errors import TipsheetError
from monitor.isolate import IsolatedParser
from monitor.net.fetch import Client
from monitor.pipeline import deliver
from monitor.words.language import detect
from storage import entries, examinations, outbox
from storage.database import Database


@dataclass
class Fate:
    """What happens at the boundary, and of whose work alone: a story's token, or "" for all."""

    signal: signal.Signals = signal.SIGKILL  # or SIGSTOP: then it goes on when it is told to
    of: str = ""
    met: bool = False  # who was stopped once goes on for good


fate = Fate()


def die(*work: object) -> None:
    if not fate.met and fate.of in repr(work):
        fate.met = True
        os.kill(os.getpid(), fate.signal)


def _after(owner: Any, name: str) -> Callable[[], None]:
    """Die when the function has returned something: the result exists, and nobody has seen it."""

    def wrap() -> None:
        original = getattr(owner, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if result is not None:
                die(args, result)
            return result

        setattr(owner, name, dying)

    return wrap


def _before(owner: Any, name: str) -> Callable[[], None]:
    return lambda: setattr(owner, name, lambda *_args, **_kwargs: die())


def _after_commit(owner: Any, name: str) -> Callable[[], None]:
    """Die when the transaction in which the function did its work has been committed."""

    def wrap() -> None:
        original, write = getattr(owner, name), Database.write
        armed = [False]

        def arming(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            brought = name == "keep" and any(one.new for one in args[1])
            armed[0] = brought or result is not None or name == "settle"
            return result

        @contextlib.contextmanager
        def watched(self: Database, **how: Any) -> Iterator[Any]:
            with write(self, **how) as connection:
                yield connection
            if armed[0]:
                armed[0] = False
                die()

        setattr(owner, name, arming)
        Database.write = watched  # type: ignore[method-assign]

    return wrap


BOUNDARIES: dict[str, Callable[[], None]] = {
    "fetched": _after(Client, "get"),
    "parsed": _after(IsolatedParser, "parse"),
    "entries written": _before(entries, "edit"),  # inside the transaction, before its commit
    "entries committed": _after_commit(entries, "keep"),
    "examined": _before(examinations, "record"),
    "outbox committed": _after_commit(examinations, "record"),
    "claimed": _after_commit(outbox, "claim_next"),
    "attempt committed": _after_commit(outbox, "begin_attempt"),
    "composed": _after(deliver, "compose"),
    "connected": _after(MailSender, "_connected"),
    "data sent": _before(MailSender, "_verdict"),
    "250 read": _after(MailSender, "_verdict"),
    "mail sent": _after(MailSender, "send"),
    "webhook answered": _after(Client, "post"),
    "marked": _after_commit(outbox, "settle"),
}


FLOOR_BOUNDARIES: dict[str, Callable[[], None]] = {
    "fetched": _after(kill_floor, "fetch"),
    "250 read": _after(kill_floor, "mail"),
    "webhook answered": _after(kill_floor, "post"),
    "marked": _after(kill_floor, "mark"),
}

# The daemon's stages look for work so often here: a run of two seconds sees all of them at work beside each other.
_TICK = timedelta(seconds=0.25)


# Imported here, once: the program imports a command when it is asked for.
COMMANDS = tuple(importlib.import_module(f"monitor.cli.{name}") for name in ("work", "alerts"))


def work_tipsheet(args: list[str], ahead: timedelta) -> int:
    """In the child: one `tipsheet` command, as a process of its own would run it."""
    run.TICK = _TICK
    os.cpu_count = lambda: 1  # one parser: most of a run's time would go into starting a second one
    set_clock(ahead)
    try:
        tipsheet(args, prog_name="tipsheet", standalone_mode=False)
    except TipsheetError as error:
        print(error, file=sys.stderr)
        return 4
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def set_clock(ahead: timedelta) -> None:
    """Hand the program another clock, wherever a command takes the real one."""

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    work, alerts = COMMANDS
    work.open_stages = partial(run.open_stages, clock=clock)  # type: ignore[attr-defined]
    work.utc_now = alerts.utc_now = clock  # type: ignore[attr-defined]


def work_floor(args: list[str], ahead: timedelta) -> int:
    sent, mail_port, hook, *feeds = args
    kill_floor.run(Path(sent), int(mail_port), hook, feeds)
    return 0


Work = Callable[[list[str], timedelta], int]
PROGRAMS: Mapping[str, tuple[Work, Mapping[str, Callable[[], None]]]] = {
    "Tipsheet": (work_tipsheet, BOUNDARIES),
    "Send, then mark": (work_floor, FLOOR_BOUNDARIES),
}


def work(order: dict[str, Any]) -> int:
    program, boundaries = PROGRAMS[order["program"]]
    fate.signal, fate.of = signal.Signals(order["signal"]), order["of"]
    if order["die"]:
        boundaries[order["die"]]()
    return program(order["args"], timedelta(seconds=order["ahead"]))


def main() -> None:
    detect("What is loaded at its first use is loaded here, too.")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            # Its output is nobody's: what it did is asked of the receivers and the database.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os._exit(work(order))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
