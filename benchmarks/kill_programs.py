"""The programs under the knife, seen from outside: how each is started, killed, and asked what it knows.

What lives here: one run of Tipsheet (any command) or of the floor; a peer is `kill_peers`'s. What must not: which runs,
and what is expected of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from benchmarks.kill_press import RELAY, WIRE, Calendar, token_in
from monitor.demo.mailroom import Letter
from storage import outbox
from storage.database import Database

Command = Literal["once", "run"]
Paper = Literal["stories", "entries"]
PERSON, PROGRAM = "person", "program"

_SECRET = "whsec_a2lsbHMtYXJlLWNvdW50ZWQtYXQtdGhlLXJlY2VpdmVy"
CONFIG = f"""
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


class Target(ABC):
    """A program that is run, and sometimes killed. Close it at the end."""

    name: str
    log: Path
    tells: Paper  # what it sends one message each for: a story, with all its copies, or an entry
    receivers: tuple[str, ...] = (PERSON, PROGRAM)

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
        child = self.start(command, die=die)
        timer = threading.Timer(after or 0, kill, (child,))
        if after is not None:
            timer.start()
        if meanwhile:
            meanwhile()
        status = self.wait()
        timer.cancel()
        return status == -signal.SIGKILL

    @abstractmethod
    def start(self, command: Command, *, die: str | None = None) -> int:
        """Begin a run. Gives the id of its process; `wait` comes next."""

    @abstractmethod
    def wait(self) -> int:
        """The end of the run: its exit status, or less than nothing for the signal that ended it."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def told_in_letter(self, letter: Letter) -> str:
        """The story (or the entry) that a letter is about; "" for a digest, which tells many."""

    def told_in_post(self, message_id: str, body: bytes) -> str:
        """The story (or the entry) that a webhook is about."""
        raise NotImplementedError

    def last_words(self) -> str:
        """The end of what it wrote into its log."""
        return self.log.read_text(errors="replace")[-500:]

    def waiting(self) -> int:
        """How many deliveries it knows of that are still to be made."""
        return 0

    def uncertain(self) -> set[tuple[str, str]]:
        """What it shows to a person as uncertain: (story, recipient)."""
        return set()

    def send_failed_again(self) -> int:
        """What a person does who sees dead letters; how many there were."""
        return 0


class Forked(Target):
    """Runs in children of one process that has imported everything: a run costs its work and not its imports."""

    def __init__(self, directory: Path, clock: Calendar) -> None:
        self._clock, self.log = clock, directory / "target.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.kill_target"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"KILLS_SECRET": _SECRET},
            )

    def start(self, command: Command, *, die: str | None = None) -> int:
        return self._start(self._args(command), die=die)

    def _start(
        self, args: list[str], *, die: str | None = None, by: signal.Signals = signal.SIGKILL, of: str = ""
    ) -> int:
        assert self._process.stdin
        assert self._process.stdout
        order = {
            "program": self.name,
            "args": args,
            "die": die,
            "signal": by,
            "of": of,
            "ahead": self._clock.ahead.total_seconds(),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> int:
        assert self._process.stdout
        return os.waitstatus_to_exitcode(int(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    @abstractmethod
    def _args(self, command: Command) -> list[str]: ...


class Tipsheet(Forked):
    """`tipsheet once` and `tipsheet run`, on one database."""

    name, tells = "Tipsheet", "stories"

    def __init__(self, directory: Path, port: int, mail: int, clock: Calendar, config: str = CONFIG) -> None:
        super().__init__(directory, clock)
        self._config, self.file = directory / "feeds.yaml", directory / "kills.db"
        self._config.write_text(config.format(port=port, mail=mail))

    @classmethod
    def beside(cls, other: Tipsheet) -> Tipsheet:
        """Another process on the same database."""
        twin = cls.__new__(cls)
        Forked.__init__(twin, other.file.parent, other._clock)
        twin._config, twin.file = other._config, other.file
        return twin

    @property
    def lock(self) -> Path:
        """The file by which one instance keeps others out."""
        return self.file.with_name(f"{self.file.name}.lock")

    def start_to_die_of(self, story: str, at: str) -> int:
        """Begin a run that dies at a boundary if its work there is that story's."""
        return self._start(self._args("once"), die=at, of=story)

    def start_to_stop(self, at: str) -> int:
        """Begin a run that stops itself (SIGSTOP) at a boundary, and goes on when it is told to (SIGCONT)."""
        return self._start(self._args("once"), die=at, by=signal.SIGSTOP)

    def told_in_letter(self, letter: Letter) -> str:
        return "" if "<digests." in letter.message["List-Id"] else token_in(str(letter.message["Subject"]))

    def told_in_post(self, message_id: str, body: bytes) -> str:
        return token_in(body.decode())

    def waiting(self) -> int:
        return len(self.listing("waiting"))

    def uncertain(self) -> set[tuple[str, str]]:
        return {(token_in(row.subject), row.recipient) for row in self.listing("uncertain")}

    def send_failed_again(self) -> int:
        dead = [str(row.id) for row in self.listing("failed")]
        if dead:
            self._start(["alerts", "retry", "--database", self.url, *dead])
            self.wait()
        return len(dead)

    def listing(self, state: str) -> tuple[outbox.OutboxRow, ...]:
        with Database(self.url) as database, database.read() as connection:
            return outbox.listing(connection, states=(state,), limit=100_000)

    def _args(self, command: Command) -> list[str]:
        return [command, "--config", str(self._config), "--database", self.url]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"


class Floor(Forked):
    """Send, then mark. It has no daemon: each run is one pass."""

    name, tells = "Send, then mark", "entries"

    def __init__(self, directory: Path, port: int, mail: int, clock: Calendar) -> None:
        super().__init__(directory, clock)
        here = f"http://127.0.0.1:{port}"
        self._arguments = [str(directory / "sent"), str(mail), f"{here}/hook", f"{here}/{WIRE}", f"{here}/{RELAY}"]

    def told_in_letter(self, letter: Letter) -> str:
        return str(letter.message["Message-ID"]).strip("<>").partition("@")[0]

    def told_in_post(self, message_id: str, body: bytes) -> str:
        return message_id

    def _args(self, command: Command) -> list[str]:
        return self._arguments


def kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
