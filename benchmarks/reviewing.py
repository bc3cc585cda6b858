"""How fast the desk's day is read from the database, from 50 stories to 500.

    python -m benchmarks.reviewing

Each story has three reports of three outlets, one of which matched, decisions for two recipients and a credit; half of
them have a verdict, a tenth a note and somebody whose they are. They stand in a database with twenty times as many
entries. The floor is SQLite alone, handing out the stories' entries and matches; the peer reads the stories one by one,
as the page of a single story does. CPU milliseconds, the median of five.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks import rows
from benchmarks.matching_texts import made_up
from benchmarks.searching import timed
from monitor.model import Document, Feed, Filters, StoryLine
from storage import feeds, review, schema, stories, story_lines
from storage.database import Database
from storage.review_tables import assignments, notes, verdicts

MIDNIGHT = datetime(2026, 2, 18, tzinfo=UTC)
SIZES = (50, 150, 500)  # stories of a day
REPORTS, BEFORE = 3, 20  # entries of a story; stories that came before, for each of the day
OUTLETS = 40
_TABLES = (
    schema.entries, schema.stories, schema.members, schema.matches, schema.decisions, schema.credits, verdicts, notes,
    assignments,
)  # fmt: skip
_FLOOR = """
SELECT stories.*, entries.title, entries.summary, entries.text, entries.link, matches.* FROM entries
JOIN members ON members.entry_id = entries.id JOIN stories ON stories.id = members.story_id
LEFT JOIN matches ON matches.entry_id = entries.id WHERE entries.first_seen_at >= '2026-02-18'
"""


def main() -> None:
    """Print a row for each size of a day."""
    print(
        f"{'stories':>8} {'day, ms':>9} {'SQLite, ms':>11} {'one by one, ms':>15} {'/ SQLite':>9} {'one by one /':>13}"
    )
    articles = made_up(500).articles
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder) / 'db'}") as database:
            fill(database, articles, size)
            with database.read() as connection:
                _print_row(connection, size)


def _print_row(connection: Connection, size: int) -> None:
    found, taken = timed(lambda: day(connection))
    assert len(found) == size
    _, floor = timed(lambda: connection.exec_driver_sql(_FLOOR).all())
    _, peer = timed(lambda: one_by_one(connection, found))
    print(f"{size:8,} {taken:9.1f} {floor:11.1f} {peer:15.1f} {taken / floor:9.1f} {peer / taken:13.1f}")


def day(connection: Connection) -> tuple[StoryLine, ...]:
    return story_lines.lines(connection, Filters(since=MIDNIGHT, until=MIDNIGHT + timedelta(days=1)), person="ada")


def one_by_one(connection: Connection, lines: tuple[StoryLine, ...]) -> None:
    for line in lines:
        stories.tellings(connection, line.story)
        review.verdict_history(connection, line.story)
        review.notes_of(connection, line.story)
        review.assignment_history(connection, line.story)


def fill(database: Database, articles: list[Document], size: int) -> None:
    """The stories of the day, behind those of the days before."""
    total = size * (BEFORE + 1)
    with database.write() as connection:
        feeds.remember(connection, [_feed(number) for number in range(OUTLETS)])
    told = (row for story in range(1, total + 1) for row in _story(story, articles, today=story > size * BEFORE))
    rows.write(database, told, _TABLES)


def _feed(number: int) -> Feed:
    outlet = f"outlet{number}.example"
    return Feed(url=f"https://{outlet}/feed", name=outlet, outlet=outlet)


def _story(story: int, articles: list[Document], *, today: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    first = (story - 1) * REPORTS + 1
    at = MIDNIGHT + timedelta(minutes=story % 1_000) - (timedelta() if today else timedelta(days=story % 60 + 1))
    for entry in range(first, first + REPORTS):
        yield "entries", _entry(entry, articles[entry % len(articles)], at)
    yield "stories", {"id": story, "began_with": first, "began_at": at, "last_at": at}
    for entry in range(first, first + REPORTS):
        relation = "new" if entry == first else "rewrite"
        yield "members", {"entry_id": entry, "story_id": story, "relation": relation, "similarity": 0.5, "why": ""}
    spans = [{"field": "text", "start": at, "end": at + 5, "term": "w", "set": ""} for at in range(100, 1_000, 100)]
    watched = {"entry_id": first, "watch": "beat"}
    yield "matches", watched | {"level": "alert", "score": 1.0, "why": "named in the text", "spans": spans}
    for recipient in ("desk", "night"):
        made = {"recipient": recipient, "action": "alert", "reason": "it is new", "decided_at": at}
        yield "decisions", watched | made
    named = {"outlet": "Courier", "domain": "courier.example", "role": "origin", "names_origin": True}
    yield "credits", named | {"entry_id": first + 1, "field": "text", "start": 0, "end": 7}
    yield from _said(story, first, at)


def _said(story: int, entry: int, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    by = {"entry_id": entry, "said_by": "ada", "said_at": at}
    if story % 2:
        yield "verdicts", by | {"watch": "beat", "verdict": "kept", "reason": ""}
    if story % 10 == 0:
        yield "notes", by | {"text": "Ask the harbour."}
        yield "assignments", by | {"assignee": "bea"}


_keys = count()


def _entry(entry: int, article: Document, at: datetime) -> dict[str, Any]:
    return {
        "id": entry, "feed_id": 1 + entry % OUTLETS, "key": f"k{next(_keys)}", "content_hash": "",
        "link": f"https://a.example/{entry}", "title": article.title, "summary": article.text[:200], "content": "",
        "text": article.text, "author": "", "language": "en", "tags": [], "first_seen_at": at, "backlog": False,
    }  # fmt: skip


if __name__ == "__main__":
    main()
