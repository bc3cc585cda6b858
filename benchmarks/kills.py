"""`./dev bench kills [--kills N] [--json]`: kill -9 at every named boundary and at N random points, then count.

A feed server brings new stories, every one of which must reach a mailbox and a webhook, whatever happens. The program
is `tipsheet once`, killed and started again. Copies are counted by alert, at the receivers, not by what the database
believes: lost (not received, and not listed as uncertain), the most copies of one alert, and the uncertain.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from monitor.demo.mailroom import Mailroom
from storage import outbox
from storage.database import Database

BOUNDARIES = (
    "fetched", "parsed", "entries written", "entries committed", "examined", "outbox committed", "claimed",
    "attempt committed", "connected", "data sent", "250 read", "webhook answered", "marked",
)  # fmt: skip
CRASH_LOOP = 50
SECRET = "whsec_a2lsbHMtYXJlLWNvdW50ZWQtYXQtdGhlLXJlY2VpdmVy"
CONFIG = """
contact: http://127.0.0.1/
fetch: {{gap: 0s}}
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
alerts: {{group_wait: 0s}}
channels:
  - {{name: mail, kind: email, host: 127.0.0.1, port: {mail}, security: none, from: tipsheet@kills.example}}
  - {{name: hook, kind: webhook, url: 'http://127.0.0.1:{port}/hook', secret: '${{KILLS_SECRET}}'}}
recipients:
  - {{name: person, channel: mail, address: person@kills.example}}
  - {{name: program, channel: hook}}
watches:
  - {{name: everything urgent, query: urgent}}
feeds:
  - {{name: Wire, url: 'http://127.0.0.1:{port}/feed', outlet: wire.example, every: 0s}}
"""


@dataclass
class Copies:
    """What one receiver got: how often each alert came, and under which ids."""

    count: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    bodies: dict[str, set[bytes]] = field(default_factory=dict)

    def take(self, alert: str, message_id: str, body: bytes) -> None:
        self.count[alert] += 1
        self.ids.setdefault(alert, set()).add(message_id)
        self.bodies.setdefault(alert, set()).add(body)


class Wire:
    """A feed whose stories share no word but the watched one, and the webhook's receiver."""

    def __init__(self, chance: random.Random) -> None:
        self.stories: list[tuple[str, datetime]] = []
        self.hooks = Copies()
        self._chance = chance
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, number: int) -> None:
        for _ in range(number):
            words = " ".join(self._word() for _ in range(6))
            self.stories.append((f"Urgent {words} A{len(self.stories):05d}Z", datetime.now(UTC)))

    def _word(self) -> str:
        return "".join(self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))

    def feed(self) -> bytes:
        items = "".join(
            f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title>"
            f"<pubDate>{format_datetime(published)}</pubDate></item>"
            for title, published in reversed(self.stories[-200:])
        )
        return f"<rss version='2.0'><channel><title>Wire</title>{items}</channel></rss>".encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = wire.feed()
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                wire.hooks.take(_alert_in(body.decode()), self.headers["webhook-id"], body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

            def handle(self) -> None:
                # The peer is killed all the time; that its connection breaks is the point.
                with suppress(ConnectionError):
                    super().handle()

        return Handler


def _alert_in(text: str) -> str:
    found = re.search(r"A\d{5}Z", text)
    return found[0] if found else "?"


class Target:
    """The program under the knife."""

    def __init__(self, directory: Path, port: int, mail: int) -> None:
        config = directory / "feeds.yaml"
        config.write_text(CONFIG.format(port=port, mail=mail))
        self.database = f"sqlite:///{directory / 'kills.db'}"
        self._args = ["once", "--config", str(config), "--database", self.database]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.kill_target"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(directory / "target.log").open("wb"),
            text=True,
            env=os.environ | {"KILLS_SECRET": SECRET},
        )

    def run(self, *, die: str | None = None, after: float | None = None) -> bool:
        """One run; True when it was killed: by itself at a boundary, or by us after so many seconds."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"args": self._args, "die": die}) + "\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        timer = threading.Timer(after, _kill, (child,)) if after is not None else None
        if timer:
            timer.start()
        status = int(self._process.stdout.readline())
        if timer:
            timer.cancel()
        return os.WIFSIGNALED(status)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


def _kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


@contextmanager
def newsroom(seed: int) -> Iterator[tuple[Wire, Mailroom, Target]]:
    with tempfile.TemporaryDirectory() as directory, Mailroom() as mailroom:
        wire = Wire(random.Random(seed))
        target = Target(Path(directory), wire.port, mailroom.port)
        try:
            yield wire, mailroom, target
        finally:
            target.close()


def drain(wire: Wire, mails: Mailroom, target: Target) -> None:
    """Let it run in peace until everything that was published is accounted for."""
    for _ in range(30):
        target.run()
        told = len(received(mails).count.keys() | {alert for alert, _ in uncertain_alerts(target.database)})
        if told == len(wire.stories) and not unsettled(target.database):
            return
        time.sleep(0.2)


def received(mails: Mailroom) -> Copies:
    copies = Copies()
    for letter in mails.letters:
        message = letter.message
        copies.take(_alert_in(str(message["Subject"])), str(message["Message-ID"]), letter.data)
    return copies


def unsettled(url: str) -> int:
    with Database(url) as database, database.read() as connection:
        return len(outbox.listing(connection, states=("waiting",), limit=100_000))


def uncertain_alerts(url: str) -> set[tuple[str, str]]:
    """What a person is shown as uncertain: (alert, recipient)."""
    with Database(url) as database, database.read() as connection:
        rows = outbox.listing(connection, states=("uncertain",), limit=100_000)
    return {(_alert_in(row.subject), row.recipient) for row in rows}


def kill_at_boundaries(wire: Wire, target: Target, tally: Counter[str]) -> None:
    for boundary in BOUNDARIES:
        wire.publish(2)
        for _ in range(10):  # the boundary comes when its work is due
            if target.run(die=boundary):
                tally["kills"] += 1
                break
        else:
            raise SystemExit(f"the boundary {boundary!r} was never reached")


def kill_at_random(wire: Wire, target: Target, tally: Counter[str], kills: int, chance: random.Random) -> None:
    wire.publish(3)
    began = time.monotonic()
    target.run()
    whole = time.monotonic() - began
    killed = 0
    for _ in track(range(kills * 6), "Killing", console=Console(stderr=True), transient=True):
        wire.publish(chance.choice((1, 1, 3)))
        if target.run(after=chance.uniform(0, whole)):
            killed += 1
        if killed >= kills:
            break
    tally["kills"] += killed


def crash_loop(wire: Wire, mails: Mailroom, target: Target, tally: Counter[str]) -> None:
    """Die after every send, for ever: the ledger must stop it at two copies."""
    for boundary in ("250 read", "webhook answered"):
        drain(wire, mails, target)
        wire.publish(1)
        for _ in range(CRASH_LOOP):
            if not target.run(die=boundary):
                break
            tally["kills"] += 1


def measure(kills: int, seed: int) -> dict[str, int]:
    """One kill at every boundary, then kills at random points; then peace, then the count."""
    tally: Counter[str] = Counter(kills=0)
    with newsroom(seed) as (wire, mails, target):
        target.run()
        kill_at_boundaries(wire, target, tally)
        kill_at_random(wire, target, tally, kills, random.Random(seed + 1))
        drain(wire, mails, target)
        return dict(tally) | count(wire, mails, target)


def measure_crash_loop(seed: int) -> dict[str, int]:
    """The worst case, counted apart: it makes uncertain deliveries by design, instead of copies without end."""
    tally: Counter[str] = Counter(kills=0)
    with newsroom(seed) as (wire, mails, target):
        crash_loop(wire, mails, target, tally)
        drain(wire, mails, target)
        return dict(tally) | count(wire, mails, target)


def count(wire: Wire, mails: Mailroom, target: Target) -> dict[str, int]:
    receivers = {"person": received(mails), "program": wire.hooks}
    alerts = [_alert_in(title) for title, _ in wire.stories]
    shown = uncertain_alerts(target.database)
    counts = [copies.count[alert] for copies in receivers.values() for alert in alerts]
    named = [len(ids) for copies in receivers.values() for ids in copies.ids.values()]
    worded = [len(bodies) for copies in receivers.values() for bodies in copies.bodies.values()]
    return {
        "alerts": len(counts),
        "lost": sum(
            not copies.count[alert] and (alert, recipient) not in shown
            for recipient, copies in receivers.items()
            for alert in alerts
        ),
        "max_copies": max(counts),
        "copied": sum(number > 1 for number in counts),
        "differing": sum(number > 1 for number in (*named, *worded)),
        "uncertain": len(shown),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench kills", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100, help="at random points, beside one at each boundary")
    parser.add_argument("--seed", type=int, default=20260218)
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    found, loop = measure(options.kills, options.seed), measure_crash_loop(options.seed + 2)
    most = max(found["max_copies"], loop["max_copies"])
    lost, differing = found["lost"] + loop["lost"], found["differing"] + loop["differing"]
    if options.json:
        figures = {"kills": found["kills"], "alerts": found["alerts"], "lost": lost, "max_copies": most}
        print(json.dumps(figures | {"uncertain": found["uncertain"]}))
    else:
        print(
            f"{found['kills']} kills ({len(BOUNDARIES)} at named boundaries, the rest at random points), "
            f"{found['alerts']} alerts: {lost} lost, {found['copied']} came twice and none more than {most} times, "
            f"{differing} under another id or with other bytes, {found['uncertain']} shown as uncertain.\n"
            f"Crash loop (dies after every send, up to {CRASH_LOOP} restarts): stopped after {loop['kills']} kills, "
            f"at most {loop['max_copies']} copies, {loop['uncertain']} shown as uncertain."
        )
    sys.exit(1 if lost or most > 2 or differing else 0)


if __name__ == "__main__":
    main()
