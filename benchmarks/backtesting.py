"""What a backtest of an archive costs: entries a second from a real database, against matching them from memory.

    python -m benchmarks.backtesting

Archives of made-up articles are written into SQLite, twice as many each time; each is tried with the shipped watch, and
with a hundred queries in one reading. The floor is the same matching without database, stories and policy.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.model import Attribution, Examined, Feed, KeyedEntry, ParsedEntry, Placement, Watch
from monitor.watches.backtest import Archived, backtest
from monitor.watches.matching import CompiledWatch, Matcher, compile_watch
from monitor.watches.pack import read_pack
from monitor.watches.packs import shipped
from monitor.words.language import with_language
from storage import claims, entries, examinations, feeds
from storage.database import Database

PACK = "tech-and-immigration-enforcement"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZES = (1_000, 2_000, 4_000)
WORDS_EACH = 120  # of a feed's entry: a title, a summary, sometimes a text
FEED = Feed(url="https://paper.example/feed", name="Paper", outlet="paper.example", language="en")
_VOCABULARY = [*(f"word{number}" for number in range(4_000)), "ICE", "cloud", "Palantir", "border", "phone", "ferry"]


def fill(database: Database, size: int) -> None:
    """An archive in which each entry is a story of its own, spread over a week."""
    dice = random.Random(size)
    with database.write() as connection:
        feeds.remember(connection, (FEED,))
    for begin in range(0, size, 500):
        new = [_entry(number, dice) for number in range(begin, min(begin + 500, size))]
        at = NOW - timedelta(days=7) * (1 - begin / size) + timedelta(minutes=1)
        with database.write() as connection:
            entries.add(connection, 1, new, {}, now=at)
        with database.write() as connection:
            me = claims.new_claimant()
            due = entries.claim_due(
                connection, {FEED.url: FEED}, claimant=me, now=NOW, lease=timedelta(hours=1), limit=500
            )
            examinations.record(connection, [_alone(entry.id) for entry in due], claimant=me, recipients={}, now=at)


def _entry(number: int, dice: random.Random) -> KeyedEntry:
    title = " ".join(dice.choices(_VOCABULARY, k=10))
    parsed = ParsedEntry(
        id=str(number), link=f"https://paper.example/{number}", title=title,
        summary=" ".join(dice.choices(_VOCABULARY, k=WORDS_EACH - 10)), content="", author="",
        published=None, updated=None,
    )  # fmt: skip
    return KeyedEntry(key=str(number), content_hash=str(number), entry=parsed)


def _alone(entry: int) -> Examined:
    placement = Placement(id=str(entry), story=str(entry), relation="new", of=None, similarity=0.0)
    nobody = Attribution(origin=(), credits=())
    return Examined(entry_id=entry, matches=(), placement=placement, attribution=nobody, decisions=())


def watches(number: int) -> Sequence[CompiledWatch]:
    """The shipped watch, or so many queries."""
    if number == 1:
        return [compile_watch(Watch(name=PACK, pack=PACK), read_pack(shipped(PACK), PACK), {})]
    return [
        compile_watch(Watch(name=str(n), query=f"word{n} AND (ICE OR word{n + 1})"), None, {}) for n in range(number)
    ]


def cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def tried(database: Database, chosen: Sequence[CompiledWatch]) -> int:
    """One backtest as the command does it; how many entries it read."""
    since = NOW - timedelta(days=8)
    with database.read() as connection:
        rows = entries.archive(connection, {FEED.url: FEED}, since=since, until=NOW)
        archive = (Archived(entry=entry, placement=placement) for entry, placement in rows)
        return backtest(chosen, archive, since=since, until=NOW)[0].entries


def matched(documents: Sequence[Archived], chosen: Sequence[CompiledWatch]) -> None:
    matcher = Matcher(chosen)
    for one in documents:
        matcher.match(with_language(one.entry.document))


def main() -> None:
    """Print a line for each archive and each set of watches."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder) / 'tipsheet.db'}") as database:
            fill(database, size)
            with database.read() as connection:
                rows = entries.archive(connection, {FEED.url: FEED}, since=NOW - timedelta(days=8), until=NOW)
                documents = [Archived(entry=entry, placement=placement) for entry, placement in rows]
            if len(documents) != size:
                raise SystemExit(f"expected {size} entries in the archive, found {len(documents)}")
            for number in (1, 100):
                chosen = watches(number)
                taken, floor = cpu(lambda: tried(database, chosen)), cpu(lambda: matched(documents, chosen))  # noqa: B023
                print(
                    f"{size:6,} entries × {number:3} watches: {taken:5.2f} s of CPU, {size / taken:7,.0f} entries/s, "
                    f"{taken / floor:.2f} × matching alone"
                )


if __name__ == "__main__":
    main()
