"""Tipsheet as one of the programs of `peers`: `tipsheet once` whole, and its first stage alone.

Run as a script, this file is that first stage alone: `once` without looking at what was read. With `staying` it is a
process that stays, as the daemon's is, and does as `peers_staying` says; with `whole` through all the stages.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

from sqlalchemy import update

from benchmarks.peers_programs import Program, rows
from benchmarks.processor import spent
from monitor.run import Stages, open_stages
from monitor.settings.config import read_config
from monitor.version import VERSION
from storage.database import Database
from storage.schema import feeds

_ROOT = Path(__file__).parents[1]
_WATCH = {"name": "the shipped watch", "pack": "tech-and-immigration-enforcement"}


class Tipsheet(Program):
    name = "Tipsheet"
    how = "tipsheet once: fetched, stored, and each entry matched with the shipped watch, grouped and credited; SQLite"

    def install(self, cache: Path) -> str:
        return VERSION

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        port = int(urls[0].rpartition(":")[2].partition("/")[0])
        blocks = {
            "contact": "https://tipsheet.example/", "network": {"allow": ["127.0.0.0/8"], "ports": [port]},
            "channels": [], "recipients": [], "watches": [_WATCH],
            "feeds": [{"name": f"f{n}", "url": url, "outlet": f"paper-{n}.example"} for n, url in enumerate(urls)],
        }  # fmt: skip
        (directory / "feeds.yaml").write_text(json.dumps(blocks))

    def command(self, directory: Path) -> list[str]:
        return [sys.executable, "-m", "monitor", "once", "--database", _url(directory)]

    def idle(self, directory: Path) -> list[str]:
        return self.command(directory)

    def staying(self, directory: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.peers_tipsheet", _url(directory), "staying", "whole"]

    def records(self, directory: Path) -> Iterator[str]:
        return rows(directory / "tipsheet.db", "SELECT title, summary FROM entries")

    def make_due(self, directory: Path) -> None:
        """The hour that a feed rests is over: what `once` would find then, it finds now."""
        with Database(_url(directory)) as database, database.write() as connection:
            connection.execute(update(feeds).values(next_poll_at=None))

    def environment(self, directory: Path) -> Mapping[str, str]:
        return {**super().environment(directory), "PYTHONPATH": str(_ROOT)}


class FirstStage(Tipsheet):
    name = "Tipsheet, reading only"
    how = "the first stage of once: fetched and stored, as the others do"

    def command(self, directory: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.peers_tipsheet", _url(directory)]

    def staying(self, directory: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.peers_tipsheet", _url(directory), "staying"]


def _url(directory: Path) -> str:
    return f"sqlite:///{directory / 'tipsheet.db'}"


def _work(url: str, *how: str) -> None:
    config = read_config(Path("feeds.yaml"), {})
    with Database(url) as database, open_stages(config, database, stop=Event()) as stages:
        if "staying" not in how:
            deque(stages.refresh(), maxlen=0)
            return
        for _ in sys.stdin:
            began = spent()
            _round(stages, whole="whole" in how)
            print(spent() - began, flush=True)


def _round(stages: Stages, *, whole: bool) -> None:
    """What the daemon's jobs do, one after the other."""
    deque(stages.refresh(), maxlen=0)
    if whole:
        deque(stages.examine(), maxlen=0)
        deque(stages.deliver(), maxlen=0)
        deque(stages.index_words(), maxlen=0)


if __name__ == "__main__":
    _work(*sys.argv[1:])
