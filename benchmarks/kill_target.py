"""The program that `kills` kills: `tipsheet once`, again and again, told to die at a named boundary or left alone.

It imports everything once, then forks a child for each line on standard input, so that a run costs its work and not its
imports. A line is JSON: {"args": [...], "die": "sent" or null}. It prints the child's process id, then its exit status.

Dying is SIGKILL to oneself: no handler, no clean-up, no flush, at the exact place. Production code knows nothing of it:
the boundaries are functions of it that are wrapped here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from alerts.smtp import MailSender
from monitor.cli import tipsheet
from monitor.errors import TipsheetError
from monitor.fetch import Client
from monitor.isolate import IsolatedParser
from storage import entries, outbox, stories
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
    "examined": _before(stories, "record"),
    "outbox committed": _after_commit(stories, "record"),
    "claimed": _after_commit(outbox, "claim_next"),
    "attempt committed": _after_commit(outbox, "begin_attempt"),
    "connected": _after(MailSender, "_connected"),
    "data sent": _before(MailSender, "_verdict"),
    "250 read": _after(MailSender, "_verdict"),
    "webhook answered": _after(Client, "post"),
    "marked": _after_commit(outbox, "settle"),
}


def work(args: list[str], boundary: str | None) -> int:
    """In the child: one `tipsheet` command, as a process of its own would run it."""
    if boundary:
        BOUNDARIES[boundary]()
    try:
        tipsheet(args, prog_name="tipsheet", standalone_mode=False)
    except TipsheetError as error:
        print(error, file=sys.stderr)
        return 4
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            # Its output is nobody's: what it did is asked of the sinks and the database.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os._exit(work(order["args"], order["die"]))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
