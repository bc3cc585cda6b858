"""What a day's forgetting costs on PostgreSQL: ./dev bench forgetting [--entries N ...] [--url URL]

An archive of ninety days, of which the texts of the last thirty are kept: the first forgetting takes sixty days at
once, as after a change of the file; then it is a day later, and one day's texts go, as they do on every day.
It is what the daemon does (`storage.retention`), some at a time. Beside it stands what parts by months could do
at best: the same texts in a table that is parted by days, of which the oldest part is dropped.

Seconds are of the wall clock; the bytes that the server writes to its log do not depend on what else the machine does.
Without a URL, of a server whose user may make databases, it is the PostgreSQL that is installed for the tests.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import create_engine, text

from benchmarks.storage import NOW, bundled, feed_of, log_position, new_database
from monitor.model import Retention
from storage import feeds, retention, word_index
from storage.database import Database

DAYS, KEPT = 90, 30
DAY = timedelta(days=1)
KEEP = Retention(
    texts=KEPT * DAY, matched=None, decisions=KEPT * DAY, attempts=KEPT * DAY, messages=KEPT * DAY, audit=KEPT * DAY
)
# Two kilobytes that can hardly be packed.
WORDS = "(SELECT string_agg(md5(n::text || i::text), ' ') FROM generate_series(1, 60) i)"

_FILL = f"""
INSERT INTO entries (feed_id, key, content_hash, link, title, summary, content, text, author, language, tags,
                     first_seen_at, backlog, version, indexed)
SELECT 1, n::text, n::text, 'https://f1.example/' || n, 'Headline ' || n, 'Summary ' || n, {WORDS}, '', '', 'en', '[]',
       CAST(:oldest AS timestamptz) + n * (CAST(:days AS double precision) / :entries) * interval '1 day',
       false, 1, true
FROM generate_series(0, :entries - 1) n
"""
_PART = """
CREATE TABLE parted (day date NOT NULL, id bigint NOT NULL, content text NOT NULL, PRIMARY KEY (day, id))
PARTITION BY RANGE (day)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What something took."""

    seconds: float
    written: int  # bytes, to the server's log
    rows: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--url", help="a PostgreSQL")
    asked = parser.parse_args()
    server = asked.url or bundled()
    for entries in asked.entries:
        measure(entries, server)


def measure(entries: int, server: str) -> None:
    with new_database(server) as url, Database(url) as database:
        fill(database, entries)
        first = cost(database, lambda: forget(database, days=0))
        part(database)  # what is kept now
        vacuum(database)
        daily = cost(database, lambda: forget(database, days=1))
        nothing = cost(database, lambda: forget(database, days=1))
        dropped = cost(database, lambda: drop_oldest(database))
    print(f"\n{entries:,} entries of {DAYS} days with two kilobytes of text each, PostgreSQL")
    print(f"  {'':<34}{'texts':>8}{'seconds':>9}{'MB of log':>11}")
    show(f"the first time, {DAYS - KEPT} days", first)
    show("each day, one day's texts", daily)
    show("a day on which nothing is to go", nothing)
    show("one day's part is dropped", dropped)
    print(f"  a day's texts go in {daily.seconds / dropped.seconds:.1f} times what dropping their part takes")


def show(name: str, found: Cost) -> None:
    print(f"  {name:<34}{found.rows:>8,}{found.seconds:>9.3f}{found.written / 1e6:>11.2f}")


def fill(database: Database, entries: int) -> None:
    with database.write() as connection:
        word_index.create(connection)
        feeds.remember(connection, [feed_of(1)])
        asked = {"oldest": NOW - DAYS * DAY, "days": DAYS, "entries": entries}
        connection.execute(text(_FILL), asked)
    vacuum(database)


def forget(database: Database, *, days: int) -> int:
    return retention.forget(database, KEEP, now=NOW + days * DAY)["texts"]


def part(database: Database) -> None:
    """The texts that are kept, in a table that is parted by days."""
    with database.write() as connection:
        connection.execute(text(_PART))
        for day in range(KEPT + 1):
            begin = (NOW - (KEPT - day) * DAY).date()
            bounds = f"FROM ('{begin}') TO ('{begin + DAY}')"
            connection.execute(text(f"CREATE TABLE parted_{day} PARTITION OF parted FOR VALUES {bounds}"))
        texts = "SELECT first_seen_at::date, id, content FROM entries WHERE content <> ''"
        connection.execute(text(f"INSERT INTO parted {texts}"))


def drop_oldest(database: Database) -> int:
    """The oldest part that is a whole day: what stands in it, nobody counts."""
    with database.write() as connection:
        connection.execute(text("DROP TABLE parted_1"))
    return 0


def vacuum(database: Database) -> None:
    """What the server does by itself now and then, so that no kind of work pays for what was before it."""
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def cost(database: Database, work: Callable[[], int]) -> Cost:
    before, begun = log_position(database), time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - begun
    return Cost(seconds=seconds, written=log_position(database) - before, rows=rows)


if __name__ == "__main__":
    main()
