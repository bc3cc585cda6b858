"""How long each page of the desk takes over archives of a hundredth, a tenth and all of N entries, and how that grows.

    python -m benchmarks.desk_rooms [--entries N] [--engine postgresql] [--only WORD]

What stands in such an archive, `desk_archive` says: at N = 100,000 a story of 10,000 reports, 10,000 feeds, 1,000
watches and some 80,000 deliveries. Each page is asked over HTTP on loopback by the same client, in turn with the very
bytes of the page from a server that only holds them. Printed are medians in milliseconds, inside the server and at the
client, the CPU time of both together, the floor, and the ratio to it. Exports are read to their end; by how much the
process grew for each is printed below, and how long `tipsheet stories show` of the largest story takes as a command.
PostgreSQL is that of the tests.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import urlencode

import httpx

from benchmarks.desk import HEAD, tell
from benchmarks.desk_archive import AGENCIES, COMPANIES, feeds_of, fill, last_moment, write_file
from benchmarks.desk_clock import ask, opened
from benchmarks.matching_texts import Newsroom, made_up
from benchmarks.searching import ARTICLES, queries
from monitor.pipeline.index import IndexWords
from storage.database import Database
from tests.engines import ENGINES, new_database

ROUNDS = 5
SEARCHES = ("a word", "a rare word", "near", "but not", "common words in a row", "any of many beginnings")


def main() -> None:
    """Print a row for each page and size."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--entries", type=int, default=100_000, help="of the largest archive")
    options.add_argument("--engine", choices=ENGINES, default="sqlite")
    options.add_argument("--only", default="", help="pages whose name holds this")
    given = options.parse_args()
    room = made_up(ARTICLES)
    for size in (given.entries // 100, given.entries // 10, given.entries):
        with tempfile.TemporaryDirectory() as name, new_database(given.engine, Path(name)) as url:
            file = write_file(Path(name), room, size)
            with Database(url) as database:
                fill(database, room, size)
                assert sum(IndexWords(database=database, stop=Event())()) == size
                print(f"\n{size:,} entries on {given.engine}\n{HEAD}")
                measure(database, file, room, size, given.only)
            if given.only in "stories show":
                print(f"stories show, as a command: {shown(url):.0f} ms")


def measure(database: Database, file: Path, room: Newsroom, size: int, only: str) -> None:
    with opened(database, file, lambda: last_moment(size)) as (desk, clocked):
        for said, address in pages(room, size):
            if only in said:
                tell(said, ask(desk.home, address, clocked, rounds=ROUNDS))
        for said, address in exports():
            if only in said:
                tell_export(said, desk.home + address)


def pages(room: Newsroom, size: int) -> Iterator[tuple[str, str]]:
    """What is asked for, and its address."""
    for query in queries(room):
        if query.name in SEARCHES:
            yield f"search: {query.name}", f"/search?{urlencode({'q': query.text})}"
    yield "every entry", "/search?until=2999-01-01"
    yield "today", "/"
    yield "a story of a tenth", "/stories/1"
    yield "the same, JSON", "/stories/1.json"
    yield "a story of four", "/stories/2"
    yield "near that of a tenth", "/stories/1/near"
    yield "near one of four", "/stories/9/near"
    yield "near, by words", f"/stories/9/near?{urlencode({'q': room.words[150]})}"
    yield "the watches", "/watches"
    yield "a watch", "/watches/w0"
    yield "a beat", "/watches/beat"
    yield "the feeds", "/feeds"
    yield "a feed", f"/feeds/{feeds_of(size)}"
    yield "the deliveries", "/deliveries"
    yield "the deliveries of a story", "/deliveries?story=1"
    yield "companies", "/companies"
    yield "a pair", f"/companies/pair?{urlencode({'row': COMPANIES[0], 'column': AGENCIES[0]})}"
    yield "a picture of pairs", "/companies/weeks.svg"
    yield "pictures", "/pictures?days=90"
    yield "stories by day", "/pictures/stories.svg?size=small"
    yield "outlets by day", "/pictures/outlets.svg"


def exports() -> Iterator[tuple[str, str]]:
    yield "export: a search, CSV", "/search/whole.csv?until=2999-01-01"
    yield "export: a watch, JSON Lines", "/watch/stories.jsonl?watch=w0"


def tell_export(said: str, address: str) -> None:
    """Read it to its end, and print what it took of memory."""
    before, began, lines, length = _peak(), time.perf_counter(), 0, 0
    with httpx.stream("GET", address, timeout=600) as answer:
        for piece in answer.iter_bytes():
            lines, length = lines + piece.count(b"\n"), length + len(piece)
    took = time.perf_counter() - began
    grown = _peak() - before
    print(f"{said:27} {lines:,} lines, {length / 1e6:.1f} MB in {took:.1f} s; memory + {grown:.1f} MB", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def shown(url: str) -> float:
    """Milliseconds of the command, its start with it; the quickest of three."""
    command = [sys.executable, "-m", "monitor", "stories", "show", "1", "--database", url]
    took = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
        took.append(time.perf_counter() - began)
    return min(took) * 1_000


if __name__ == "__main__":
    main()
