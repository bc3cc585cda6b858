"""The two programs under the knife, seen from outside: how each is started, killed, and asked what it knows.

What lives here: one run of Tipsheet (`once`, or the daemon) or of the floor. What must not: which runs, and what is
expected of them.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from benchmarks.kill_press import RELAY, WIRE, token_in
from storage import outbox
from storage.database import Database

Command = Literal["once", "run"]
PERSON, PROGRAM = "person", "program"

_SECRET = "whsec_a2lsbHMtYXJlLWNvdW50ZWQtYXQtdGhlLXJlY2VpdmVy"
_CONFIG = f"""
contact: http://127.0.0.1/
fetch: {{{{gap: 0s}}}}
network: {{{{allow: [127.0.0.0/8], ports: [{{port}}]}}}}
alerts: {{{{group_wait: 0s}}}}
channels:
  - {{{{name: mail, kind: email, host: 127.0.0.1, port: {{mail}}, security: none, from: tipsheet@kills.example}}}}
  - {{{{name: hook, kind: webhook, url: 'http://127.0.0.1:{{port}}/hook', secret: '${{{{KILLS_SECRET}}}}'}}}}
recipients:
  - {{{{name: {PERSON}, channel: mail, address: person@kills.example, an_hour: 100000}}}}
  - {{{{name: {PROGRAM}, channel: hook, an_hour: 100000}}}}
watches:
  - {{{{name: everything urgent, query: urgent, busy: true}}}}
feeds:
  - {{{{name: Wire, url: 'http://127.0.0.1:{{port}}/{WIRE}', outlet: wire.example, every: 1s}}}}
  - {{{{name: Relay, url: 'http://127.0.0.1:{{port}}/{RELAY}', outlet: relay.example, every: 1s}}}}
"""


class Target:
    """A program that is run, and sometimes killed. Close it at the end."""

    def __init__(self, directory: Path, program: str) -> None:
        self._program = program
        with (directory / "target.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.kill_target"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"KILLS_SECRET": _SECRET},
            )

    def run(
        self,
        command: Command = "once",
        *,
        die: str | None = None,
        after: float | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> bool:
        """One run; True when it was killed: by itself at a boundary, or by us after so many seconds.

        `meanwhile` is done while it runs.
        """
        assert self._process.stdin
        assert self._process.stdout
        order = {"program": self._program, "args": self.args(command), "die": die}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        timer = threading.Timer(after or 0, _kill, (child,))
        if after is not None:
            timer.start()
        if meanwhile:
            meanwhile()
        status = int(self._process.stdout.readline())
        timer.cancel()
        return os.WIFSIGNALED(status)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def args(self, command: Command) -> list[str]:
        raise NotImplementedError

    def waiting(self) -> int:
        """How many deliveries it knows of that are still to be made."""
        return 0

    def uncertain(self) -> set[tuple[str, str]]:
        """What it shows to a person as uncertain: (story, recipient)."""
        return set()


class Tipsheet(Target):
    """`tipsheet once` and `tipsheet run`, on one database."""

    def __init__(self, directory: Path, port: int, mail: int) -> None:
        super().__init__(directory, "tipsheet")
        self._config, self._file = directory / "feeds.yaml", directory / "kills.db"
        self._config.write_text(_CONFIG.format(port=port, mail=mail))

    def args(self, command: Command) -> list[str]:
        self._let_time_pass()
        return [command, "--config", str(self._config), "--database", self._url]

    def waiting(self) -> int:
        return len(self._listing("waiting"))

    def uncertain(self) -> set[tuple[str, str]]:
        return {(token_in(row.subject), row.recipient) for row in self._listing("uncertain")}

    def _let_time_pass(self) -> None:
        """The second that a feed rests is over at each start; waiting for it would be most of the time spent here."""
        if self._file.exists():
            with closing(sqlite3.connect(self._file)) as database, suppress(sqlite3.OperationalError), database:
                database.execute("UPDATE feeds SET next_poll_at = NULL")

    def _listing(self, state: str) -> tuple[outbox.OutboxRow, ...]:
        with Database(self._url) as database, database.read() as connection:
            return outbox.listing(connection, states=(state,), limit=100_000)

    @property
    def _url(self) -> str:
        return f"sqlite:///{self._file}"


class Floor(Target):
    """Send, then mark. It has no daemon: each run is one pass."""

    def __init__(self, directory: Path, port: int, mail: int) -> None:
        super().__init__(directory, "floor")
        here = f"http://127.0.0.1:{port}"
        self._args = [str(directory / "sent"), str(mail), f"{here}/hook", f"{here}/{WIRE}", f"{here}/{RELAY}"]

    def args(self, command: Command) -> list[str]:
        return self._args


def _kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
