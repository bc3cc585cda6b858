"""What a storm costs and brings: entries of which each one is a story that a watch matches, examined and delivered.

    python -m benchmarks.storms [SIZE …]        default: 1000 10000

The floor is the same entries under a watch that matches none of them. Both are examined in turn, batch for batch, each
in a database of its own. Printed are the CPU time of both and their ratio, what memory was used at most, the messages
that each of two recipients got in the first hour and when the pause was over, and how many matches the database holds.
Fails if a match is lost, or an hour holds more messages than it may.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy import func, select

from monitor.model import Feed, KeyedEntry, Message, ParsedEntry
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.examine import Examine
from monitor.settings.config import read_config
from monitor.story.outlets import shipped
from storage import entries, feeds
from storage.database import Database
from storage.schema import matches

SIZES = (1_000, 10_000)
AN_HOUR = 10
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = Feed(url="https://paper.example/feed", name="Paper", outlet="paper.example", language="en")
CONFIG = f"""
contact: https://desk.example/
channels: [{{{{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}}}}]
recipients:
  - {{{{name: reader, channel: mail, address: reader@desk.example, digest_at: "07:00", an_hour: {AN_HOUR}}}}}
  - {{{{name: phone, channel: mail, address: phone@desk.example, an_hour: {AN_HOUR}}}}}
watches: [{{{{name: w, query: {{word}}}}}}]
feeds: [{{{{name: {FEED.name}, url: {FEED.url}, outlet: {FEED.outlet}}}}}]
"""


@dataclass
class Inbox:
    """Takes everything, and counts it."""

    took: Counter[str] = field(default_factory=Counter)  # "phone: alert"

    def send(self, message: Message, address: str) -> str:
        self.took[f"{address.partition('@')[0]}: {message.kind}"] += 1
        return "taken"


class Newsroom:
    """A database with a storm or a calm in it, and the two stages that work on it."""

    def __init__(self, folder: Path, word: str, size: int) -> None:
        self.now, self.inbox = START, Inbox()
        path = folder / f"{word}.yaml"
        path.write_text(CONFIG.format(word=word), encoding="utf-8")
        config = read_config(path, {})
        self.database = Database(f"sqlite:///{folder / word}.db")
        fill(self.database, size)
        self.examine = Examine(
            database=self.database, config=config, outlets=shipped(), clock=lambda: self.now, stop=Event()
        )
        self.deliver = Deliver(
            database=self.database, config=config, outlets=shipped(), senders={"mail": self.inbox},
            clock=lambda: self.now, stop=Event(),
        )  # fmt: skip

    def after(self, wait: timedelta) -> Counter[str]:
        """What has been delivered a while later, since the last time."""
        before, self.now = self.inbox.took.copy(), self.now + wait
        for _ in self.deliver():
            pass
        return self.inbox.took - before


def fill(database: Database, size: int) -> None:
    """Entries that have nothing in common but one word."""
    with database.write() as connection:
        feeds.remember(connection, (FEED,))
        entries.add(connection, 1, [_entry(number) for number in range(size)], {}, now=START)


def _entry(number: int) -> KeyedEntry:
    words = " ".join(f"q{number}w{place}" for place in range(30))
    parsed = ParsedEntry(
        id=str(number), link=f"https://paper.example/{number}", title=f"storm {words[:60]}", summary=words, content="",
        author="", published=None, updated=None,
    )  # fmt: skip
    return KeyedEntry(key=str(number), content_hash=str(number), entry=parsed)


def cpu_time(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def examine_in_turn(storm: Newsroom, calm: Newsroom) -> tuple[float, float]:
    """CPU seconds of each; entry for entry, so that what else the machine does falls on both."""
    spent = [0.0, 0.0]
    under_way = [storm.examine(), calm.examine()]
    open_ends = {0, 1}
    while open_ends:
        for place in sorted(open_ends):
            begin = time.process_time()
            if next(under_way[place], None) is None:
                open_ends.discard(place)
            spent[place] += time.process_time() - begin
    return spent[0], spent[1]


def show(size: int) -> bool:
    """One line for each fact; whether all is as promised."""
    with tempfile.TemporaryDirectory() as folder:
        storm, calm = Newsroom(Path(folder), "storm", size), Newsroom(Path(folder), "calm", size)
        of_storm, of_calm = examine_in_turn(storm, calm)
        first_hour: Counter[str] = Counter()
        delivering = cpu_time(lambda: first_hour.update(storm.after(timedelta(minutes=1))))
        rest = storm.after(timedelta(hours=24))
        with storm.database.read() as connection:
            kept = connection.execute(select(func.count()).select_from(matches)).scalar_one()
        storm.database.close()
        calm.database.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{size:>7,} entries  examined in {of_storm:.1f} s CPU, {of_storm / of_calm:.2f} times as long as where none")
    print(
        f"                 matches; delivered in {delivering:.2f} s; {memory:.0f} MB of memory at most, both together"
    )
    print(f"                 first hour: {_said(first_hour)}; at the end of the pause: {_said(rest)}")
    print(f"                 matches in the database: {kept:,}, lost: {size - kept}")
    hourly = Counter(who.partition(":")[0] for who in first_hour.elements())
    return kept == size and max(hourly.values()) <= AN_HOUR


def _said(took: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(took.items())) or "nothing"


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    kept = [show(size) for size in sizes]
    if not all(kept):
        sys.exit("a match was lost, or an hour held too many messages")


if __name__ == "__main__":
    main()
