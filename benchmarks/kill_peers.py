"""rss2email under the same knife: a program that many use to have feeds mailed, as its own documentation sets it up.

What lives here: how it is told its feeds and our mail server, how it is run. What must not: the knife.

It mails each entry and knows no stories, so entries are counted, and it is killed at random points only: its
boundaries are its own business. It posts to no webhook.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from benchmarks.kill_press import RELAY, WIRE, Calendar, token_in
from benchmarks.kill_programs import PERSON, Command, Target
from benchmarks.peers_install import environment, version
from monitor.demo.mailroom import Letter

_CONFIG = """\
[DEFAULT]
from = feeds@kills.example
to = person@kills.example
email-protocol = smtp
smtp-server = 127.0.0.1
smtp-port = {mail}
smtp-auth = False
smtp-ssl = False
verbose = error
"""


class Rss2email(Target):
    """`r2e run`, again and again. NotInstalledError where it cannot be had."""

    tells, receivers = "entries", (PERSON,)

    def __init__(self, directory: Path, port: int, mail: int, clock: Calendar) -> None:
        commands = environment(user_cache_path("tipsheet") / "peers", "rss2email")
        self.name = f"rss2email {version(commands, 'rss2email')}"
        self._directory, self.log = directory, directory / "r2e.log"
        self._r2e = [str(commands / "r2e"), "--config", "r2e.cfg", "--data", "r2e.json"]
        (directory / "r2e.cfg").write_text(_CONFIG.format(mail=mail))
        for name in (WIRE, RELAY):
            self._ask("add", name, f"http://127.0.0.1:{port}/{name}")
        self._ask("run", "--no-send")  # the back-catalogue is no news

    def start(self, command: Command, *, die: str | None = None) -> int:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*self._r2e, "run"], stdout=log, stderr=log, **self._place())
        return self._process.pid

    def wait(self) -> int:
        return self._process.wait()

    def close(self) -> None:
        """It leaves nothing running."""

    def told_in_letter(self, letter: Letter) -> str:
        body = letter.message.get_body(("plain", "html"))
        text = body.get_content() if body else ""
        feed = re.search(r"http://(\w+)\.example/", text)
        return f"{feed[1] if feed else '?'}-{token_in(text)}"

    def _ask(self, *command: str) -> None:
        subprocess.run([*self._r2e, *command], check=True, capture_output=True, **self._place())

    def _place(self) -> dict[str, Any]:
        home = {"PATH": os.pathsep.join(os.get_exec_path()), "HOME": str(self._directory), "LANG": "C.UTF-8"}
        return {"cwd": self._directory, "env": home}
