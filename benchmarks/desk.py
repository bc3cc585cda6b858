"""How long the desk takes to show a day, and how that grows with the stories of the day.

    python -m benchmarks.desk [STORIES …]        default: 5 50 500 2000

Each day is built in a database of its own: stories of eight reports, one in ten for two watches, with verdicts and
notes on some. Asked over HTTP on loopback, by the same client, in turn: the day's page, the same as JSON, and, as the
floor, the very bytes of the page from a server that only holds them. Printed are the medians in milliseconds at the
client, and for the page the CPU time of both together, the page's size, and the ratio to the floor. One story of a
thousand reports is shown too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.desk.place import Desk
from monitor.desk.server import furnish, open_beside
from monitor.model import Examined, Feed
from monitor.run import open_client
from monitor.settings.config import DeskPlace
from storage import entries, examinations, feeds, review
from storage.database import Database
from tests.browser import free_port
from tests.rows import RECIPIENTS, decision, examined, keyed, match

SIZES = (5, 50, 500, 2_000)
REPORTS = 8
ROUNDS = 15
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEEDS = tuple(
    Feed(url=f"https://paper{n}.example/feed", name=f"Paper {n}", outlet=f"paper{n}.example") for n in range(REPORTS)
)
FILE = """
contact: https://desk.example/
channels: [{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}]
recipients: [{name: reader, channel: mail, address: reader@desk.example}]
watches: [{name: ferries, query: ferry}, {name: harbours, query: harbour}]
feeds: [{name: Paper, url: "https://paper.example/feed", outlet: paper.example}]
"""
SUMMARY = "The ferry was kept in the harbour by fog, its owner said; passengers waited for nine hours on the quay. "


def main() -> int:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    print("stories   page, ms  CPU, ms  JSON, ms  floor, ms  ratio      kB  CPU ms a story")
    for size in sizes:
        with furnished(size, REPORTS) as desk:
            page, cpu, data, floor, kilobytes = measure(desk, "/")
        counted = f"{size:7,} {page:10.1f} {cpu:8.1f} {data:9.1f} {floor:10.1f}"
        print(f"{counted} {page / floor:6.1f} {kilobytes:7.0f} {cpu / size:15.2f}")
    with furnished(1, 1_000) as desk:
        page, cpu, data, floor, kilobytes = measure(desk, "/stories/1")
    print(
        f"one story of 1,000 reports: page {page:.1f} ms (CPU {cpu:.1f}), JSON {data:.1f} ms, floor {floor:.1f} ms, "
        f"{kilobytes:.0f} kB"
    )
    return 0


def measure(desk: Desk, path: str) -> tuple[float, float, float, float, float]:
    """Medians in milliseconds of the page, its CPU time, its JSON and the floor; the page's size in kB."""
    took: dict[str, list[float]] = {"page": [], "cpu": [], "data": [], "floor": []}
    with httpx.Client(timeout=60, headers={"Accept": "text/html"}) as client:
        body = client.get(desk.home + path).content
        data = f"{desk.home}{'/day' if path == '/' else path}.json"
        with holding(body) as floor:
            for number in range(ROUNDS + 2):
                for name, address in (("page", desk.home + path), ("data", data), ("floor", floor)):
                    began, worked = time.perf_counter(), time.process_time()
                    client.get(address).raise_for_status()
                    if number > 1:  # the first ones warm the caches of both
                        took[name].append((time.perf_counter() - began) * 1_000)
                        if name == "page":
                            took["cpu"].append((time.process_time() - worked) * 1_000)
    page, cpu, of_data, of_floor = (statistics.median(took[name]) for name in ("page", "cpu", "data", "floor"))
    return page, cpu, of_data, of_floor, len(body) / 1_000


@contextmanager
def furnished(stories: int, reports: int) -> Iterator[Desk]:
    """A desk with a day of so many stories, of so many reports each."""
    with free_port() as port:
        place = DeskPlace(host="127.0.0.1", port=port, address="", trusted_proxies=())
    with tempfile.TemporaryDirectory() as name, Database(f"sqlite:///{name}/tipsheet.db") as database:
        file = Path(name) / "feeds.yaml"
        file.write_text(FILE, encoding="utf-8")
        fill(database, stories, reports)
        desk = furnish(place, path=file, database=database, clock=lambda: NOON, open_client=open_client)
        with open_beside(desk, place):
            yield desk


def fill(database: Database, stories: int, reports: int) -> None:
    with database.write() as connection:
        feeds.remember(connection, FEEDS)
        for feed in range(len(FEEDS)):
            new = [
                keyed(f"{story}-{report}", f"Ferry {story} waits in the harbour, report {report}", summary=SUMMARY)
                for story in range(stories)
                for report in range(feed, reports, len(FEEDS))
            ]
            entries.add(connection, feed + 1, new, {}, now=NOON - timedelta(hours=1))
        claimed = entries.claim_due(
            connection, {feed.url: feed for feed in FEEDS}, claimant="me", now=NOON, lease=timedelta(hours=1),
            limit=stories * reports,
        )  # fmt: skip
        first: dict[str, int] = {}
        found = [told(int(one.document.id), first, one.document.title) for one in claimed]
        examinations.record(connection, found, claimant="me", recipients=RECIPIENTS, now=NOON)
        for story in range(1, stories + 1, 5):
            review.judge(connection, story, "kept", watch="ferries", by="ada", now=NOON)
            review.add_note(connection, story, "Ask the owner.", by="ada", now=NOON)


def told(entry: int, first: dict[str, int], title: str) -> Examined:
    began = first.setdefault(title.split(" waits")[0], entry)
    watches = [match("ferries"), match("harbours", "digest")][: 1 + (began % 10 == 0)]
    if began == entry:
        return examined(entry, decision(watch="ferries"), matches=watches)
    return examined(entry, story=began, relation="rewrite", matches=watches[:1])


@contextmanager
def holding(body: bytes) -> Iterator[str]:
    """The address of a server that holds these bytes and does nothing else."""

    async def give(request: Request) -> Response:
        return Response(body, media_type="text/html")

    with free_port() as port:
        pass
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/", give)]), port=port, log_config=None, access_log=False, lifespan="off"
        )
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    sys.exit(main())
