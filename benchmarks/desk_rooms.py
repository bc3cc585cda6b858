"""How long the desk takes to search the archive and to show and try watches, and how that grows.

    python -m benchmarks.desk_rooms [--entries N]

The archive is that of `searching`: stretches of made-up articles. Its sizes are a hundredth, a tenth and all of N. Each
page is asked over HTTP on loopback by the same client, in turn with the floor: the very bytes of the page from a server
that only holds them. Printed are the medians in milliseconds at the client, the CPU time of both together, the size of
the page and the ratio to the floor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.desk import FILE, holding
from benchmarks.matching_texts import Newsroom, made_up
from benchmarks.searching import ARTICLES, START, fill, indexed, queries
from monitor.desk.place import Desk
from monitor.desk.server import furnish, open_beside
from monitor.model import Feed
from monitor.run import open_client
from monitor.settings.config import DeskPlace
from storage import feeds
from storage.database import Database
from tests.browser import free_port

ROUNDS = 7
SEARCHES = ("a word", "a rare word", "near", "but not")


def main() -> None:
    """Print a row for each page and size."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--entries", type=int, default=100_000, help="of the largest archive")
    largest = options.parse_args().entries
    room, kept = made_up(ARTICLES), 0
    with free_port() as port:
        place = DeskPlace(host="127.0.0.1", port=port, address="", trusted_proxies=())
    with tempfile.TemporaryDirectory() as name, Database(f"sqlite:///{name}/db") as database:
        (file := Path(name) / "feeds.yaml").write_text(FILE, encoding="utf-8")
        with database.write() as connection:
            feeds.remember(connection, [Feed(url="https://a.example/feed", name="A", outlet="a.example")])
        desk = furnish(place, path=file, database=database, clock=lambda: START, open_client=open_client)
        print(f"{'page':28} {'entries':>8} {'ms':>8} {'CPU ms':>8} {'floor ms':>9} {'ratio':>6} {'kB':>6}")
        with open_beside(desk, place):
            for size in (largest // 100, largest // 10, largest):
                fill(database, room, kept, size)
                indexed(database, size - kept)
                kept = size
                for said, address in pages(room):
                    print_row(desk, said, address, size)


def pages(room: Newsroom) -> Iterator[tuple[str, str]]:
    """What is asked for, and its address."""
    for query in queries(room):
        if query.name in SEARCHES:
            yield f"search: {query.name}", f"/search?{urlencode({'q': query.text})}"
    yield "every entry", "/search?until=2999-01-01"
    yield "the watches", "/watches"
    yield "a watch", "/watches/ferries"


def print_row(desk: Desk, said: str, address: str, size: int) -> None:
    took: dict[str, list[float]] = {"page": [], "cpu": [], "floor": []}
    with httpx.Client(timeout=60, headers={"Accept": "text/html"}) as client:
        body = client.get(desk.home + address).raise_for_status().content
        with holding(body) as floor:
            for _ in range(ROUNDS):
                for name, asked in (("page", desk.home + address), ("floor", floor)):
                    began, worked = time.perf_counter(), time.process_time()
                    client.get(asked).raise_for_status()
                    took[name].append((time.perf_counter() - began) * 1_000)
                    if name == "page":
                        took["cpu"].append((time.process_time() - worked) * 1_000)
    page, cpu, held = (statistics.median(took[name]) for name in ("page", "cpu", "floor"))
    print(f"{said:28} {size:8,} {page:8.1f} {cpu:8.1f} {held:9.1f} {page / held:6.1f} {len(body) / 1_000:6.1f}")


if __name__ == "__main__":
    main()
