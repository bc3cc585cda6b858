"""How fast the archive is searched, and how that grows from 1,000 entries to 100,000.

    python -m benchmarks.searching [--entries N]

Entries are stretches of 120 words of made-up articles, whose words are as unevenly used as those of a language. Each
query is asked for its first page of 50, through the word index and the matcher, as the desk asks it: what comes back
are documents with the places that matched. The peer is what a database does without an index: `LIKE` on title and text,
the newest first, until it has a page; it finds pieces of words too and gives numbers alone. Where a query cannot be
written as LIKE, the peer asks for its words. CPU milliseconds, the median of five; what indexing costs stands below.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from threading import Event
from typing import TypeVar

from sqlalchemy import Connection, and_, insert, or_, select

from benchmarks.matching_texts import Newsroom, made_up
from monitor.model import Feed, Filters
from monitor.pipeline.index import IndexWords
from monitor.pipeline.search import SIZE, asked, find
from storage import feeds
from storage.database import Database
from storage.schema import entries

ARTICLES = 4_000  # that stretches are cut from
STRETCH, STEP = 120, 12  # words of an entry, and to the next entry from the same article
START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query, and the same as pieces of text for LIKE: all of one of the rows."""

    name: str
    text: str
    likes: tuple[tuple[str, ...], ...]


def main() -> None:
    """Print a row for each query and size, then what indexing costs."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--entries", type=int, default=100_000, help="of the largest archive")
    largest = options.parse_args().entries
    room = made_up(ARTICLES)
    asked_for = list(queries(room))
    print(f"{'query':24} {'entries':>8} {'hits':>5} {'looked at':>9} {'ms':>8} {'LIKE ms':>8} {'LIKE / index':>12}")
    costs = []
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder) / 'db'}") as database:
        with database.write() as connection:
            feeds.remember(connection, [Feed(url="https://a.example/feed", name="A", outlet="a.example")])
        kept = 0
        for size in (largest // 100, largest // 10, largest):
            fill(database, room, kept, size)
            costs.append((size, indexed(database, size - kept), _bytes(database)))
            kept = size
            for query in asked_for:
                _print_row(database, query, size)
    for size, cost, (index, whole) in costs:
        print(
            f"indexing, up to {size:,}: {cost:.2f} ms an entry; {index / size:.0f} of {whole / size:.0f} bytes an entry"
        )


def queries(room: Newsroom) -> Iterator[Query]:
    """From a word that a third of the entries have to a name that nobody has."""
    common, often, seldom = room.words[8], room.words[150], room.words[4_000]
    first, second = room.names[400]
    yield Query(name="a common word", text=common, likes=((common,),))
    yield Query(name="a word", text=often, likes=((often,),))
    yield Query(name="a rare word", text=seldom, likes=((seldom,),))
    yield Query(name="a name", text=f'"{first} {second}"', likes=((f"{first} {second}",),))
    yield Query(name="two words", text=f"{often} AND {room.words[151]}", likes=((often, room.words[151]),))
    yield Query(name="near", text=f"{often} NEAR/5 {room.words[151]}", likes=((often, room.words[151]),))
    names = room.names[500:540]
    anyone = " OR ".join(f'"{one} {other}"' for one, other in names)
    yield Query(
        name="any of 40 names, a word", text=f"({anyone}) AND {often}",
        likes=tuple((f"{one} {other}", often) for one, other in names),
    )  # fmt: skip
    yield Query(name="a beginning", text=f"{seldom[:4]}*", likes=((seldom[:4],),))
    yield Query(name="but not", text=f"{often} AND NOT {common}", likes=((often,),))
    nowhere = f"{room.words[9]} {room.words[30]} {room.words[20]}"
    yield Query(name="common words in a row", text=f'"{nowhere}"', likes=((nowhere,),))
    words = room.words[8:58]
    yield Query(name="any of 50 words", text=" OR ".join(words), likes=tuple((word,) for word in words))
    short = sorted({word[:2] for word in room.words[100:150]})
    anything = " OR ".join(f"{one}*" for one in short)
    yield Query(name="any of many beginnings", text=anything, likes=tuple((one,) for one in short))
    yield Query(name="the same, a rare word", text=f"({anything}) AND {seldom}", likes=((seldom,),))
    yield Query(name="nobody's name", text="xylophonist", likes=(("xylophonist",),))


def fill(database: Database, room: Newsroom, kept: int, size: int) -> None:
    """Entries up to that many, examined and not indexed."""
    rows = ({**entry(room, number), "feed_id": 1} for number in range(kept, size))
    while some := list(islice(rows, 1_000)):
        with database.write() as connection:
            connection.execute(insert(entries), some)


def entry(room: Newsroom, number: int) -> dict[str, object]:
    article = room.articles[number % len(room.articles)]
    begin = number // len(room.articles) * STEP
    text = " ".join(article.text.split()[begin : begin + STRETCH])
    return {
        "key": str(number), "content_hash": "", "link": f"https://a.example/{number}", "title": article.title,
        "summary": "", "content": "", "text": text, "author": "", "language": "en", "tags": [],
        "first_seen_at": START + timedelta(minutes=number), "backlog": False,
    }  # fmt: skip


def indexed(database: Database, count: int) -> float:
    """Milliseconds for each entry."""
    begun = time.process_time()
    done = sum(IndexWords(database=database, stop=Event())())
    assert done == count
    return (time.process_time() - begun) * 1_000 / count


def _bytes(database: Database) -> tuple[int, int]:
    """Of the word index, and of the whole file."""
    with database.read() as connection:
        pages = connection.exec_driver_sql("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'entry_words%'").scalar_one()
        whole = connection.exec_driver_sql("SELECT sum(pgsize) FROM dbstat").scalar_one()
    return int(pages or 0), int(whole)


def _print_row(database: Database, query: Query, size: int) -> None:
    question = asked(query.text, {})
    with database.read() as connection:
        found, by_index = timed(lambda: find(connection, question, Filters()))
        _, by_like = timed(lambda: _liked(connection, query.likes))
    more = "+" if found.resume_before else ""
    print(
        f"{query.name:24} {size:8,} {len(found.hits):4}{more:1} {found.looked_at:9,} {by_index:8.2f} {by_like:8.2f} "
        f"{by_like / by_index:12.1f}"
    )


def _liked(connection: Connection, likes: Sequence[Sequence[str]]) -> list[int]:
    fields = entries.c.title, entries.c.text
    rows = [and_(*(or_(*(field.contains(piece) for field in fields)) for piece in pieces)) for pieces in likes]
    query = select(entries.c.id).where(or_(*rows)).order_by(entries.c.id.desc()).limit(SIZE + 1)
    return list(connection.execute(query).scalars())


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What came of it, and CPU milliseconds: the median."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        result = work()
        taken.append((time.process_time() - begun) * 1_000)
    return result, median(taken)


if __name__ == "__main__":
    main()
