"""The program that `kills` kills, again and again: told to die at a named boundary, killed from outside, or left alone.

It imports everything once, then forks a child for each line on standard input, so that a run costs its work and not its
imports. A line is JSON: {"program": "tipsheet" or "floor", "args": [...], "die": "marked" or null}. It prints the
child's process id, then its exit status.

Dying is SIGKILL to oneself: no handler, no clean-up, no flush, at the exact place. Production code knows nothing of it:
the boundaries are functions of it that are wrapped here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from alerts.smtp import MailSender
from benchmarks import kill_floor
from monitor import run
from monitor.cli import tipsheet
from monitor.errors import TipsheetError
from monitor.isolate import IsolatedParser
from monitor.net.fetch import Client
from storage import entries, examinations, outbox
from storage.database import Database


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _after(owner: Any, name: str) -> Callable[[], None]:
    """Die when the function has returned something: the result exists, and nobody has seen it."""

    def wrap() -> None:
        original = getattr(owner, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if original(*args, **kwargs) is not None:
                die()

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
            armed[0] = bool(args[2]) if name == "add" else result is not None or name == "settle"
            return result

        @contextlib.contextmanager
        def watched(self: Database) -> Iterator[Any]:
            with write(self) as connection:
                yield connection
            if armed[0]:
                die()

        setattr(owner, name, arming)
        Database.write = watched  # type: ignore[method-assign]

    return wrap


BOUNDARIES: dict[str, Callable[[], None]] = {
    "fetched": _after(Client, "get"),
    "parsed": _after(IsolatedParser, "parse"),
    "entries written": _before(entries, "edit"),  # inside the transaction, before its commit
    "entries committed": _after_commit(entries, "add"),
    "examined": _before(examinations, "record"),
    "outbox committed": _after_commit(examinations, "record"),
    "claimed": _after_commit(outbox, "claim_next"),
    "attempt committed": _after_commit(outbox, "begin_attempt"),
    "connected": _after(MailSender, "_connected"),
    "data sent": _before(MailSender, "_verdict"),
    "250 read": _after(MailSender, "_verdict"),
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


def work_tipsheet(args: list[str]) -> int:
    """In the child: one `tipsheet` command, as a process of its own would run it."""
    run.TICK = _TICK
    try:
        tipsheet(args, prog_name="tipsheet", standalone_mode=False)
    except TipsheetError as error:
        print(error, file=sys.stderr)
        return 4
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def work_floor(args: list[str]) -> int:
    sent, mail_port, hook, *feeds = args
    kill_floor.run(Path(sent), int(mail_port), hook, feeds)
    return 0


PROGRAMS: Mapping[str, tuple[Callable[[list[str]], int], Mapping[str, Callable[[], None]]]] = {
    "tipsheet": (work_tipsheet, BOUNDARIES),
    "floor": (work_floor, FLOOR_BOUNDARIES),
}


def work(order: dict[str, Any]) -> int:
    program, boundaries = PROGRAMS[order["program"]]
    if order["die"]:
        boundaries[order["die"]]()
    return program(order["args"])


def main() -> None:
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
