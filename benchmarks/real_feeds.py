"""`./dev bench real-feeds [--json]`: the whole of `tipsheet once` on real and hostile feed bodies, served over HTTP.

Reads $TIPSHEET_DATA/data: feeds-real.jsonl (with feedparser's entry count for each body), feeds-real.tar.xz,
feeds-hostile.tar.xz. Four passes over one database: as they are; again, unchanged; again with every body's bytes
changed and no entry of it; and the hostile bodies among the good ones. The floor is feedparser alone, its defaults, in
this run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote, unquote

import feedparser
from rich.console import Console
from rich.progress import track

from monitor.model import FeedOutcome
from monitor.run import open_stages, utc_now
from monitor.settings.config import Config, read_config
from storage.database import Database
from storage.schema import feeds as feed_table

HEAD = """
contact: http://127.0.0.1/
fetch: {{gap: 0s, at_once: 8}}
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
channels: [{{name: mail, kind: email, host: 127.0.0.1, port: 9, security: none, from: tipsheet@real.example}}]
recipients: [{{name: desk, channel: mail, address: desk@real.example}}]
watches: [{{name: the pack, pack: tech-and-immigration-enforcement, level: digest}}]
feeds:
"""


@dataclass
class Shelf:
    """Feed bodies by path, as the server hands them out."""

    bodies: dict[str, bytes]
    suffix: bytes = b""
    served: Counter[str] = field(default_factory=Counter)


@contextmanager
def served(shelf: Shelf) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path).lstrip("/")
            body = shelf.bodies[path] + shelf.suffix
            shelf.served[path] += 1
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if body.lstrip()[:1] == b"{" else "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def unpacked(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: file.read() for member in archive if (file := archive.extractfile(member))}


def configure(directory: Path, port: int, paths: list[str]) -> Config:
    lines = [
        f"  - {{name: '{path}', url: 'http://127.0.0.1:{port}/{quote(path)}', outlet: o{number}.example, every: 1s}}"
        for number, path in enumerate(paths)
    ]
    file = directory / "feeds.yaml"
    file.write_text(HEAD.format(port=port) + "\n".join(lines) + "\n", encoding="utf-8")
    return read_config(file, {})


@dataclass
class Pass:
    """One `once` over all feeds."""

    outcomes: dict[str, FeedOutcome]
    examined: int
    seconds: float
    cpu: float

    @property
    def new(self) -> int:
        return sum(len(outcome.changes.new) for outcome in self.outcomes.values())

    def entries(self, path: str) -> int:
        changes = self.outcomes[path].changes
        return len(changes.new) + len(changes.edited) + changes.same


def cpu_seconds() -> float:
    """Of this process and of the parsers behind it that have ended."""
    ours, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


def once(config: Config, url: str, label: str, *, later: timedelta) -> Pass:
    """`tipsheet once` on its own clock, so that a pass need not wait for the next poll to be due."""
    began, cpu = time.monotonic(), cpu_seconds()
    with (
        Database(url) as database,
        open_stages(config, database, stop=Event(), clock=lambda: utc_now() + later) as stages,
    ):
        with database.read() as connection:
            names = {row.id: row.name for row in connection.execute(feed_table.select())}
        polls = track(stages.refresh(), label, len(config.feeds), console=Console(stderr=True), transient=True)
        outcomes = {names[outcome.feed_id]: outcome for outcome in polls}
        examined = sum(1 for _ in stages.examine())
        list(stages.deliver())
    return Pass(outcomes, examined, time.monotonic() - began, cpu_seconds() - cpu)


def measure_floor(bodies: dict[str, bytes]) -> tuple[float, int]:
    """feedparser alone, as a program that only reads would call it."""
    began = time.process_time()
    found = sum(len(feedparser.parse(BytesIO(body)).entries) for body in bodies.values())
    return time.process_time() - began, found


def measure(data: Path) -> dict[str, Any]:
    index = {row["path"]: row for row in map(json.loads, (data / "feeds-real.jsonl").read_text().splitlines())}
    real, hostile = unpacked(data / "feeds-real.tar.xz"), unpacked(data / "feeds-hostile.tar.xz")
    real = {path: real[path] for path in index}
    floor, floor_entries = measure_floor(real)
    shelf = Shelf(real)
    with tempfile.TemporaryDirectory() as name, served(shelf) as port:
        directory, url = Path(name), f"sqlite:///{name}/real.db"
        config = configure(directory, port, list(real))
        first = once(config, url, "As they are", later=timedelta())
        second = once(config, url, "Unchanged", later=timedelta(days=2))
        shelf.suffix = b"\n"
        third = once(config, url, "Other bytes", later=timedelta(days=4))
        shelf.bodies, shelf.suffix = hostile | dict(list(real.items())[:20]), b""
        among = once(configure(directory, port, list(shelf.bodies)), url, "Hostile ones", later=timedelta(days=6))
    short = [path for path, row in index.items() if first.entries(path) < row["entries"]]
    return {
        "bodies": len(real),
        "read": sum(outcome.result == "read" for outcome in first.outcomes.values()),
        "entries": sum(first.entries(path) for path in real),
        "feedparser_entries": sum(row["entries"] for row in index.values()),
        "feedparser_entries_here": floor_entries,
        "short": short,
        "stored": first.new,
        "examined": first.examined,
        "second_new": second.new,
        "second_unchanged": sum(outcome.result == "unchanged" for outcome in second.outcomes.values()),
        "third_new": third.new,
        "hostile": len(hostile),
        "hostile_named": sum(among.outcomes[path].problem is not None for path in hostile),
        "hostile_read": sum(among.outcomes[path].result == "read" for path in hostile),
        "hostile_harmed": [path for path in shelf.bodies if path in real and among.outcomes[path].result == "failed"],
        "seconds": round(first.seconds, 1),
        "cpu": round(first.cpu, 1),
        "feedparser_cpu": round(floor, 1),
        "unchanged_cpu": round(second.cpu, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench real-feeds")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ.get("TIPSHEET_DATA", "")) / "data"
    if not os.environ.get("TIPSHEET_DATA") or not data.is_dir():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    found = measure(data)
    if options.json:
        print(json.dumps(found))
    else:
        show(found)
    harmed = found["short"] or found["second_new"] or found["third_new"] or found["hostile_harmed"]
    sys.exit(1 if harmed or found["read"] < found["bodies"] else 0)


def show(found: dict[str, Any]) -> None:
    print(f"{found['read']} of {found['bodies']} real bodies read: {found['entries']:,} entries", end=" ")
    print(f"(feedparser: {found['feedparser_entries']:,}; fewer than feedparser on {len(found['short'])} bodies)")
    for path in found["short"]:
        print(f"  fewer: {path}")
    print(f"a second pass: {found['second_unchanged']} unchanged, {found['second_new']} new", end="; ")
    print(f"a third, every body with other bytes: {found['third_new']} new")
    print(
        f"{found['hostile']} hostile bodies: {found['hostile_read']} read, {found['hostile_named']} with a named",
        end=" ",
    )
    print(f"problem; good feeds beside them that failed: {len(found['hostile_harmed'])}")
    print(f"fetch, parse, match, group and store: {found['cpu']} s of CPU, {found['seconds']} s", end=" ")
    print(f"(feedparser alone: {found['feedparser_cpu']} s of CPU; the unchanged pass: {found['unchanged_cpu']} s)")


if __name__ == "__main__":
    main()
