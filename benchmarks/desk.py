"""How long the desk takes to show a day, and how that grows with the stories of the day.

    python -m benchmarks.desk [STORIES …]        default: 5 50 500 2000

Each day is built in a database of its own: stories of eight reports, one in ten for two watches, with verdicts and
notes on some. A day of the last size is built once more as a later day of a newsroom that judges: every story began the
day before and goes on, so that each card says what came since, and verdicts of the day before order them, with reasons.
Asked over HTTP on loopback, by the same client: the day's page, the same as JSON, each in turn with the very bytes of
the answer from a server that only holds them. Printed are medians in milliseconds, inside the server and at the
client; the CPU time of both together, the page's size, and the ratio to the floor. One story of a thousand reports is
shown too.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.desk_clock import Clocked, Took, ask, opened
from monitor.desk.place import Desk
from monitor.model import Examined, Feed, VerdictKind
from storage import entries, examinations, feeds, review
from storage.database import Database
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
HEAD = "answer                     server, ms  client, ms  CPU, ms  floor, ms  ratio      kB"


def main() -> int:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    print(HEAD)
    for size in sizes:
        with furnished(size, REPORTS) as (desk, clocked):
            page = tell(f"{size:,} stories", ask(desk.home, "/", clocked, rounds=ROUNDS))
            tell(f"{size:,} stories, JSON", ask(desk.home, "/day.json", clocked, rounds=ROUNDS))
            print(f"    {page.server / size:.3f} ms a story")
    with furnished(sizes[-1], REPORTS, days=1) as (desk, clocked):
        tell(f"{sizes[-1]:,} that go on, learned", ask(desk.home, "/", clocked, rounds=ROUNDS))
    with furnished(1, 1_000) as (desk, clocked):
        tell("a story of 1,000 reports", ask(desk.home, "/stories/1", clocked, rounds=ROUNDS))
        tell("the same, JSON", ask(desk.home, "/stories/1.json", clocked, rounds=ROUNDS))
    return 0


def tell(said: str, took: Took) -> Took:
    """Print a line, and give it back."""
    counted = f"{took.server:10.1f} {took.client:11.1f} {took.cpu:8.1f} {took.floor:10.1f} {took.ratio:6.1f}"
    print(f"{said:26} {counted} {took.kilobytes:7.0f}", flush=True)
    return took


@contextmanager
def furnished(stories: int, reports: int, *, days: int = 0) -> Iterator[tuple[Desk, Clocked]]:
    """A desk with a day of so many stories, of so many reports each. `days`: how much earlier they began."""
    with tempfile.TemporaryDirectory() as name, Database(f"sqlite:///{name}/tipsheet.db") as database:
        file = Path(name) / "feeds.yaml"
        file.write_text(FILE, encoding="utf-8")
        fill(database, stories, reports, timedelta(days=days))
        with opened(database, file, lambda: NOON) as (desk, clocked):
            yield desk, clocked


def fill(database: Database, stories: int, reports: int, ago: timedelta) -> None:
    """The stories of a day; where they began `ago`, half of their reports came then, and half of them were judged."""
    first: dict[str, int] = {}
    early = reports // 2 if ago else reports
    with database.write() as connection:
        feeds.remember(connection, FEEDS)
    tell_all(database, stories, range(early), first, NOON - ago)
    judge(database, range(1, stories + 1, 2 if ago else 5), NOON - ago)
    if early < reports:
        tell_all(database, stories, range(early, reports), first, NOON)


def tell_all(database: Database, stories: int, reports: range, first: dict[str, int], at: datetime) -> None:
    """Those reports of every story, taken in and examined."""
    with database.write() as connection:
        for feed in range(len(FEEDS)):
            new = [
                keyed(f"{story}-{report}", f"Ferry {story} waits in the harbour, report {report}", summary=SUMMARY)
                for story in range(stories)
                for report in reports
                if report % len(FEEDS) == feed
            ]
            entries.add(connection, feed + 1, new, {}, now=at - timedelta(hours=1))
        claimed = entries.claim_due(
            connection, {feed.url: feed for feed in FEEDS}, claimant="me", now=at, lease=timedelta(hours=1),
            limit=stories * len(reports),
        )  # fmt: skip
        found = [told(int(one.document.id), first, one.document.title) for one in claimed]
        examinations.record(connection, found, claimant="me", recipients=RECIPIENTS, now=at)


def told(entry: int, first: dict[str, int], title: str) -> Examined:
    began = first.setdefault(title.split(" waits")[0], entry)
    watches = [match("ferries"), match("harbours", "digest")][: 1 + (began % 10 == 0)]
    if began == entry:
        return examined(entry, decision(watch="ferries"), matches=watches)
    return examined(entry, story=began, relation="rewrite", matches=watches[:1])


def judge(database: Database, stories: range, at: datetime) -> None:
    with database.write() as connection:
        for story in stories:
            kind: VerdictKind = "refused" if story % 3 == 0 else "kept"
            review.judge(connection, story, kind, watch="ferries", by="ada", now=at)
            review.add_note(connection, story, "Ask the owner.", by="ada", now=at)


if __name__ == "__main__":
    sys.exit(main())
