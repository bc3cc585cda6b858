"""What a word index in parts saves on PostgreSQL: ./dev bench parts [--entries N ...] [--months M] [--url URL]

An archive of so many entries, of as many months, stands in the word index as Tipsheet keeps it, in a part for each
month; its peer is the same index in one table, as it was before. Then the entries of the present month come, a lot of
500 to each in turn: that is the daily work of an archive that grows. After it the newest entries with a word are
asked for, a page of them, once also by the plan that the server makes by itself; and a day's words are forgotten.

Words are made up, as unevenly used as those of a language. Seconds are of the wall clock; the bytes that the server
writes to its log do not depend on what else the machine does. Without a URL, of a server whose user may make databases,
it is the PostgreSQL that is installed for the tests.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec

from sqlalchemy import create_engine, text

from benchmarks.storage import bundled, feed_of, log_position, new_database
from monitor.model import Filters, IndexedWords
from storage import feeds, parts, word_index
from storage.database import Database
from storage.search import candidates

LOT, LOTS = 500, 20
IN_TITLE, IN_BODY = 10, 150
VOCABULARY = 11  # natural logarithm of how many words there are
PAGE = 51  # as the desk asks
WORDS = {"a common word": "w5", "a word": "w500", "a rare word": "w50000", "nobody's word": "nobody"}
P = ParamSpec("P")

# Some words for each row of `n`; the sum only says that each has its own.
_SOME = (
    f"(SELECT string_agg('w' || floor(exp(random() * {VOCABULARY} + (n + i) * 0)), ' ') FROM generate_series(1, %d) i)"
)
_FILL = f"""
INSERT INTO entry_words (rowid, title, body)
SELECT n % :months * CAST({parts.STRETCH} AS bigint) + n / :months, {_SOME % IN_TITLE}, {_SOME % IN_BODY}
FROM generate_series(0, :entries - 1) n
"""
_ENTRIES = f"""
INSERT INTO entries (id, feed_id, key, content_hash, link, title, summary, content, text, author, language, tags,
                     first_seen_at, backlog, version, indexed)
SELECT id, 1, id, '', '', '', '', '', '', '', '', '[]', now(), false, 1, id < :months * CAST({parts.STRETCH} AS bigint)
FROM (SELECT n % :months * CAST({parts.STRETCH} AS bigint) + n / :months AS id FROM generate_series(0, :entries - 1) n
      UNION ALL SELECT :months * CAST({parts.STRETCH} AS bigint) + n FROM generate_series(0, {LOT * LOTS - 1}) n) ids
"""


@dataclass(kw_only=True)
class Index:
    """One of the two, and what was found of it."""

    name: str
    database: Database
    seconds: dict[str, float] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)  # megabytes to the server's log

    def measure(
        self, what: str, work: Callable[Concatenate[Database, P], object], *more: P.args, **by: P.kwargs
    ) -> None:
        """What `work` on it took is added to what it took before."""
        before, begun = log_position(self.database), time.perf_counter()
        work(self.database, *more, **by)
        self.seconds[what] = self.seconds.get(what, 0) + time.perf_counter() - begun
        self.written[what] = self.written.get(what, 0) + (log_position(self.database) - before) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--url", help="a PostgreSQL")
    asked = parser.parse_args()
    server = asked.url or bundled()
    for entries in asked.entries:
        compare(entries, asked.months, server)


def compare(entries: int, months: int, server: str) -> None:
    with ExitStack() as open_:
        parted, whole = (
            Index(name=name, database=open_.enter_context(Database(open_.enter_context(new_database(server)))))
            for name in ("in parts", "one table")
        )
        with parted.database.write() as connection:
            for month in range(months + 1):
                parts.make(connection, month)
        with whole.database.write() as connection:
            connection.execute(text("DROP TABLE entry_words"))
            word_index.create(connection)  # as it is before it is parted
        for index in (parted, whole):
            fill(index.database, entries, months)
        bring(parted, whole, months)
        for index in (parted, whole):
            search(index)
            index.measure("a day is forgotten", forget, entries, months)
    show(entries, months, parted, whole)


def fill(database: Database, entries: int, months: int) -> None:
    """The archive; its index is made when all words are there, which is quicker."""
    with database.write() as connection:
        (made,) = connection.execute(text(_INDEX)).scalars()
        connection.execute(text(f"DROP INDEX {made.split()[2]}"))
        feeds.remember(connection, [feed_of(1)])
        connection.execute(text(_ENTRIES), {"entries": entries, "months": months})
        connection.execute(text("SELECT setseed(0.5)"))
        connection.execute(text(_FILL), {"entries": entries, "months": months})
        connection.execute(text(made.replace(" ON ONLY ", " ON ")))  # the index of each part too
    maintain(database, "VACUUM ANALYZE")


_INDEX = "SELECT indexdef FROM pg_indexes WHERE tablename = 'entry_words' AND indexdef LIKE '%USING gin%'"


def bring(parted: Index, whole: Index, months: int) -> None:
    """The present month, to each in turn."""
    chance = random.Random(7)
    maintain(parted.database, "CHECKPOINT")
    for lot in range(LOTS):
        words = [made_up(chance, months * parts.STRETCH + lot * LOT + n) for n in range(LOT)]
        for index in (parted, whole)[:: 1 if lot % 2 else -1]:
            index.measure("entries come", put, words)
    for index in (parted, whole):
        maintain(index.database, "ANALYZE")  # as the server does within a minute


def made_up(chance: random.Random, entry: int) -> IndexedWords:
    words = [f"w{int(math.exp(chance.random() * VOCABULARY))}" for _ in range(IN_TITLE + IN_BODY)]
    return IndexedWords(entry_id=entry, title=tuple({*words[:IN_TITLE]}), body=tuple({*words[IN_TITLE:]}))


def put(database: Database, words: list[IndexedWords]) -> None:
    with database.write() as connection:
        word_index.put(connection, words)


def search(index: Index) -> None:
    for name, word in WORDS.items():
        newest(index.database, word)
        index.measure(name, newest, word)
    index.measure("a rare word, its plan", unadvised, WORDS["a rare word"])


def newest(database: Database, word: str) -> int:
    with database.read() as connection:
        return len(candidates(connection, [[word]], Filters(), limit=PAGE))


def unadvised(database: Database, word: str) -> None:
    """The same as the server would do it by itself, without what `storage.search` tells it."""
    with database.read() as connection:
        held = word_index.holding(connection, [[word]])
        connection.execute(held.order_by(held.selected_columns.id.desc()).limit(PAGE)).all()


def forget(database: Database, entries: int, months: int) -> None:
    """As retention does: the words beside the headlines of a day of the first month."""
    with database.write() as connection:
        word_index.keep_titles_only(connection, range(entries // months // 30))


def maintain(database: Database, command: str) -> None:
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(command))
    engine.dispose()


def show(entries: int, months: int, parted: Index, whole: Index) -> None:
    print(f"\n{entries:,} entries of {months} months in the word index, and {LOT * LOTS:,} more that come, PostgreSQL")
    print(f"  {'':<22}{parted.name:>12}{whole.name:>12}{'ratio':>8}{'MB of log':>12}{whole.name:>12}{'ratio':>8}")
    for what in whole.seconds:
        row = f"  {what:<22}{parted.seconds[what]:>10.3f} s{whole.seconds[what]:>10.3f} s"
        row += f"{whole.seconds[what] / parted.seconds[what]:>8.2f}"
        if whole.written[what] > 0.1:
            ratio = whole.written[what] / max(parted.written[what], 0.01)
            row += f"{parted.written[what]:>12.2f}{whole.written[what]:>12.2f}{ratio:>8.2f}"
        print(row)


if __name__ == "__main__":
    main()
