"""The world around the program that is killed: two feeds that live, and receivers that count.

What lives here: the clock of it all, what is published (stories, edits, copies under another outlet), conditional
answers, the webhook's receiver, and what came of each story. What must not: the program, or when it is killed.

A story carries a token, "A00042Z", and so does everything that is written of it: its edits, its copies, its alerts. So
a receiver that gets a second alert of a story, for whatever reason, sees that it is one. An entry, for programs that
know no stories, is its feed and its token: "relay-A00042Z".
"""

from __future__ import annotations

import hashlib
import random
import re
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.kill_moods import KEEPS, UNANSWERED, WAITS, Moods

WIRE, RELAY = "wire", "relay"
_IN_FEED = 200  # entries that a feed shows, unless it is told to show more
_RECENT = 12  # of its newest entries that may be edited, or copied
_OLD = timedelta(days=30)  # the age of the back-catalogue
# Words that many stories share, as news does. Nothing may be grouped by these alone.
_COMMON = (
    "officials", "residents", "council", "report", "records", "agency", "contract", "county", "budget", "court",
    "hearing", "lawyers", "decision", "state", "department", "workers", "schools", "company", "service", "data",
    "protest", "letter", "public", "meeting", "week", "documents", "program", "federal", "city", "police", "security",
)  # fmt: skip


def token_in(text: str) -> str:
    """The story that a text is about; "?" for none."""
    found = re.search(r"A\d{5}Z", text)
    return found[0] if found else "?"


class Calendar:
    """The time in the program's world: hours are skipped, so that what waits for hours need not be waited for."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def skip(self, by: timedelta) -> None:
        self.ahead += by


@dataclass
class Copies:
    """What one receiver got: how often the alert of each story (or entry) came, under which ids, in which bytes."""

    count: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    bodies: dict[str, set[bytes]] = field(default_factory=dict)

    def take(self, story: str, message_id: str, body: bytes) -> None:
        self.count[story] += 1
        self.ids.setdefault(story, set()).add(message_id)
        self.bodies.setdefault(story, set()).add(body)

    @property
    def differing(self) -> int:
        """Stories that came under more than one id, or in other bytes the second time."""
        return sum(len(self.ids[story]) > 1 or len(self.bodies[story]) > 1 for story in self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a feed. `story` is what it is about."""

    story: str
    title: str
    summary: str
    published: datetime
    edited: bool = False

    def entry(self, feed: str) -> str:
        return f"{feed}-{self.story}"

    def rss(self, feed: str) -> str:
        return (
            f"<item><guid isPermaLink='false'>{self.entry(feed)}</guid><title>{self.title}</title>"
            f"<link>http://{feed}.example/{self.story}</link><description>{self.summary}</description>"
            f"<pubDate>{format_datetime(self.published)}</pubDate></item>"
        )


class Press:
    """Two outlets: the wire publishes stories and edits them; the relay prints some of them again, and its own."""

    def __init__(self, chance: random.Random, clock: Calendar, moods: Moods, in_feed: int = _IN_FEED) -> None:
        self.stories: list[str] = []  # each to be told once to everybody; the back-catalogue is not among them
        self.entries: list[str] = []  # the same with the copies, each by its feed
        self.posted: list[tuple[str, bytes]] = []  # what the webhook's receiver took: id, body
        self._clock, self._moods, self._in_feed = clock, moods, in_feed
        self.done: Counter[str] = Counter()  # what happened here: edits, copies, answers by status
        self._feeds: dict[str, list[Item]] = {WIRE: [], RELAY: []}
        self._copied: set[str] = set()
        self._chance = chance
        self._numbers = iter(range(100_000))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.back_catalogue = [self._write(clock() - _OLD) for _ in self._feeds]
        for items, old in zip(self._feeds.values(), self.back_catalogue, strict=True):
            items.append(old)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # ---- what is published ----

    def publish(self, number: int) -> None:
        """New stories; with each of them, one time in three an edit of an earlier entry, one in three a copy."""
        for _ in range(number):
            item = self._write(self._clock())
            self._print(self._chance.choice((WIRE, WIRE, RELAY)), item)
            self.stories.append(item.story)
            self._chance.choice((self._edit, self._copy, lambda: None))()

    def _print(self, feed: str, item: Item) -> None:
        self._feeds[feed].append(item)
        self.entries.append(item.entry(feed))

    def _write(self, published: datetime) -> Item:
        story = f"A{next(self._numbers):05d}Z"
        shared = self._chance.sample(_COMMON, 10)
        summary = " ".join(word for common in shared for word in (self._word(), common, self._word()))
        title = f"Urgent {story} {' '.join(self._word() for _ in range(5))}"
        return Item(story=story, title=title, summary=summary, published=published)

    def _word(self) -> str:
        return "".join(self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))

    def _edit(self) -> None:
        """A word is added to an entry that has probably been told by now."""
        items = self._feeds[self._chance.choice((WIRE, RELAY))]
        place = self._chance.randrange(max(1, len(items) - _RECENT), len(items)) if len(items) > 1 else 0
        if place and not items[place].edited:
            items[place] = replace(items[place], summary=f"{items[place].summary} {self._word()}", edited=True)
            self.done["edits"] += 1

    def _copy(self) -> None:
        """The relay prints a story of the wire once more, under a headline of its own."""
        items = [item for item in self._feeds[WIRE][1:][-_RECENT:] if item.story not in self._copied]
        if items:
            item = self._chance.choice(items)
            self._copied.add(item.story)
            title = f"{item.title} {self._word()}"
            self._print(RELAY, replace(item, title=title, published=self._clock()))
            self.done["copies"] += 1

    # ---- the server ----

    def feed(self, name: str) -> bytes:
        items = "".join(item.rss(name) for item in reversed(self._feeds[name][-self._in_feed :]))
        return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        press = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = press.feed(self.path.strip("/"))
                etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                same = self.headers["If-None-Match"] == etag
                press.done["304" if same else "200"] += 1
                self.send_response(304 if same else 200)
                self.send_header("ETag", etag)
                self.send_header("Content-Type", "application/rss+xml")
                if not same:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not same:
                    self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mood = press._moods.draw()
                time.sleep(WAITS.get(mood, 0))
                if mood in KEEPS:
                    press.posted.append((self.headers["webhook-id"], body))
                if mood in UNANSWERED:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response({"says later": 503, "refuses": 410}.get(mood, 204))
                if mood == "says later":
                    self.send_header("Retry-After", "30")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

            def handle(self) -> None:
                # The peer is killed all the time; that its connection breaks is the point.
                with suppress(ConnectionError):
                    super().handle()

        return Handler
