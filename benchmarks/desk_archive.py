"""An archive of any size for the desk to show, written straight into its tables.

What lives here: rows, and a feeds.yaml that fits them. What must not: what is measured.

Of N entries, a minute apart, a tenth tell the first story, every third of them in words of its own; the others tell
stories of four. Every story's first entry, and all of the first story, matched one of N/100 watches, named a company
and an agency, and led to deliveries, to N in all. There are N/10 feeds with habits, every tenth of them failing. One
story in fifty was judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.matching_texts import Newsroom
from benchmarks.searching import START, entry
from storage import schema
from storage.database import Database
from storage.review_tables import verdicts

PACK = "tech-and-immigration-enforcement"  # says which kinds of names there are
COMPANIES = tuple(f"Company {number}" for number in range(40))
AGENCIES = tuple(f"Agency {number}" for number in range(12))
_OF_A_STORY = 4  # entries
_TABLES = (
    schema.feeds, schema.entries, schema.stories, schema.members, schema.matches, schema.mentions, schema.decisions,
    schema.outbox, verdicts,
)  # fmt: skip
_BODY = "What happened, who says so, and where to read it, in the words of the message. " * 40


def feeds_of(size: int) -> int:
    return size // 10


def watches_of(size: int) -> int:
    return size // 100


def reports_of(size: int) -> int:
    """Of the first story."""
    return size // 10


def last_moment(size: int) -> datetime:
    return START + timedelta(minutes=size)


def write_file(folder: Path, room: Newsroom, size: int) -> Path:
    """Its feeds.yaml."""
    lines = [
        "contact: https://desk.example/",
        "channels: [{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}]",
        "recipients: [{name: reader, channel: mail, address: reader@desk.example}]",
        "watches:",
        f"  - {{name: beat, pack: {PACK}}}",
        *(f"  - {{name: w{n}, query: {room.words[100 + n]}}}" for n in range(watches_of(size))),
        "feeds:",
        *(f'  - {{name: F{n}, url: "{_address(n)}", outlet: f{n}.example}}' for n in range(1, feeds_of(size) + 1)),
    ]
    (file := folder / "feeds.yaml").write_text("\n".join(lines), encoding="utf-8")
    return file


def fill(database: Database, room: Newsroom, size: int) -> None:
    """All of it, but for the word index."""
    rows.write(database, _rows(room, size), _TABLES)


def _rows(room: Newsroom, size: int) -> Iterator[rows.Row]:
    """In an order in which each row finds those that it speaks of."""
    yield from (("feeds", _feed(number, size)) for number in range(1, feeds_of(size) + 1))
    yield from _story(room, 1, range(1, reports_of(size) + 1), size)
    for story, first in enumerate(range(reports_of(size) + 1, size + 1, _OF_A_STORY), start=2):
        yield from _story(room, story, range(first, min(first + _OF_A_STORY, size + 1)), size)


def _address(feed: int) -> str:
    return f"https://f{feed}.example/feed"


def _feed(number: int, size: int) -> dict[str, Any]:
    now = last_moment(size)
    failures = 5 if number % 10 == 0 else 0
    by_hour = [0.2 + hour / 24 for hour in range(24)]
    return {
        "id": number, "url": _address(number), "name": f"F{number}", "outlet": f"f{number}.example", "active": True,
        "polls": 100, "failures": failures, "failing_since": now - timedelta(days=2) if failures else None,
        "polled_at": now - timedelta(minutes=9), "succeeded_at": now - timedelta(minutes=9),
        "changed_at": now - timedelta(hours=1), "next_poll_at": now + timedelta(minutes=6),
        "next_poll_reason": "every 15 min", "problem_kind": "404" if failures else "",
        "problem": "it answers 404" if failures else "", "title": "", "language": "en",
        "habit": [*by_hour, *[14.0] * 24, 1.0, 90.0, 1.5, 2.0, 30],
    }  # fmt: skip


def _story(room: Newsroom, story: int, ids: range, size: int) -> Iterator[rows.Row]:
    first = ids[0]
    began, last = (START + timedelta(minutes=one) for one in (first, ids[-1]))
    for one in ids:
        row = {**entry(room, one), "id": one, "feed_id": 1 + one % feeds_of(size)}
        yield "entries", row | {"summary": str(row["text"])[:200], "published_at": row["first_seen_at"]}
    yield "stories", {"id": story, "began_with": first, "began_at": began, "last_at": last}
    for one in ids:
        relation = "new" if one == first else "rewrite" if one % 3 == 0 else "copy"
        of = None if one == first else first
        place = {"relation": relation, "of_entry_id": of, "similarity": 0.5, "why": "most of it is in the first"}
        yield "members", {"entry_id": one, "story_id": story} | place
        if story == 1 or one == first:
            yield from _found(one, story, size)
    if story % 50 == 0:
        kind = "refused" if story % 100 == 0 else "kept"
        yield "verdicts", {"entry_id": first, "watch": _watch(story, size), "verdict": kind, "reason": ""} | _by(last)


def _watch(story: int, size: int) -> str:
    return f"w{story % watches_of(size)}"


def _by(at: datetime) -> dict[str, Any]:
    return {"said_by": "ada", "said_at": at}


def _found(one: int, story: int, size: int) -> Iterator[rows.Row]:
    """What an examination found in an entry, and what went out because of it."""
    at, watch = START + timedelta(minutes=one), _watch(story, size)
    spans = [{"field": "text", "start": at, "end": at + 5, "term": "w", "set": ""} for at in range(20, 200, 40)]
    match = {"level": "alert", "score": 1.0, "why": "named in the text", "spans": spans}
    yield "matches", {"entry_id": one, "watch": watch} | match
    for kind, names in (("companies", COMPANIES), ("agencies", AGENCIES)):
        place = {"field": "title", "start": 0, "end": 5, "sentence": 0, "lead": True}
        yield "mentions", {"entry_id": one, "entity": names[one // 7 % len(names)], "kind": kind} | place
    reason = {"recipient": "reader", "action": "alert", "reason": "it is new", "decided_at": at}
    yield "decisions", {"entry_id": one, "watch": watch} | reason
    for copy in range(1 if story == 1 else _OF_A_STORY):
        message = {"subject": f"Story {story}", "text": _BODY, "data": {}, "created_at": at.isoformat()}
        way = {"channel": "mail", "recipient": "reader", "address": "reader@desk.example", "state": "sent"}
        yield "outbox", way | {
            "key": f"{one}-{copy}", "kind": "alert", "watch": watch, "story_id": story, "entry_id": one,
            "reason": "accepted", "created_at": at, "sent_at": at, "attempts": 1, "message": message,
        }  # fmt: skip
