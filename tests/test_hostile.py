"""A cycle among servers that mean harm, or merely lie: each feed ends with a word, the good are read, we stay small.

What one document does to the parser is looked at in test_isolate, what one server does to the client in test_fetch;
here all of them are subscribed to at once.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path

import feedparser
import pytest

from monitor.errors import FetchError, ParseError
from monitor.feeds.parse import parse_feed
from monitor.model import ParsedFeed
from monitor.net.fetch import Client
from tests.hostile_documents import HOSTILE, deflate_bomb, gzip_bomb, zstd_bomb
from tests.memory import memory_grown
from tests.scripted_server import Answer, ScriptedServer
from tests.test_refresh import HOUR, MONDAY, Stand, body, parser, rss, stand

__all__ = ["parser", "stand"]  # fixtures
DATA = Path(os.environ.get("TIPSHEET_DATA", "nowhere")) / "data" / "feeds-hostile.tar.xz"
LIMIT = 1.5  # seconds for one request; 30 as shipped, by the same clock


def hastened(stand: Stand) -> Client:
    """A client whose patience ends sooner, and which bears as much as the shipped one."""
    return Client(stand.server.settings(total_timeout=LIMIT, connect_timeout=LIMIT))


# ---- bombs, drips, floods --------------------------------------------------------------------------------------------


def slowly(piece: bytes, head: bytes = b"") -> Callable[[], Iterable[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head
        for same in repeat(piece):
            time.sleep(0.05)
            yield same

    return pieces


def layered(times: int) -> bytes:
    packed = body("Deep down")
    for _ in range(times):
        packed = gzip.compress(packed)
    return packed


GIGABYTE = 1024  # megabytes
OK = b"HTTP/1.1 200 OK\r\n"


def encoded(packed: bytes, encoding: str = "") -> Answer:
    headers = {"Content-Encoding": encoding} if encoding else {}
    return Answer(body=packed, headers={"ETag": '"bomb"'} | headers)


MEAN: dict[str, tuple[Callable[[], Answer], str]] = {
    "gzip": (lambda: encoded(gzip_bomb(GIGABYTE), "gzip"), "too-large"),
    "gzip-unsaid": (lambda: encoded(gzip_bomb(GIGABYTE)), "too-large"),
    "gzip-twice": (lambda: encoded(gzip.compress(gzip_bomb(GIGABYTE)), "gzip"), "too-large"),
    "gzip-twice-said": (lambda: encoded(gzip.compress(gzip_bomb(GIGABYTE)), "gzip, gzip"), "encoding"),
    "gzip-21-times": (lambda: encoded(layered(21), "gzip"), "encoding"),
    "deflate": (lambda: encoded(deflate_bomb(GIGABYTE), "deflate"), "encoding"),
    "deflate-unsaid": (lambda: encoded(deflate_bomb(GIGABYTE)), "not-a-feed"),
    "brotli": (lambda: encoded(bytes(1_600), "br"), "encoding"),
    "zstandard": (lambda: encoded(zstd_bomb(GIGABYTE), "zstd"), "encoding"),
    "zstandard-unsaid": (lambda: encoded(zstd_bomb(GIGABYTE)), "not-a-feed"),
    "headers-drip": (lambda: Answer(raw=True, body=slowly(b"a", OK + b"X-Slow: ")), "timeout"),
    "body-drips": (lambda: Answer(body=slowly(b"<")), "timeout"),
    "without-end": (lambda: Answer(body=lambda: repeat(b"<item>" * 10_000)), "too-large"),
    "a-hundred-megabytes": (lambda: Answer(headers={"Content-Length": str(10**8)}, body=lambda: [b"<"]), "too-large"),
}


def test_bombs_and_drips_end_in_time_with_a_word_and_we_stay_small(stand: Stand) -> None:
    paths = {name: f"/{name}" for name in (*MEAN, "good")}
    stand.subscribe(*paths.values())
    for name, (answer, _) in MEAN.items():
        stand.server.script(paths[name], answer())
    stand.server.script("/good", rss("One"))
    with memory_grown() as grown, hastened(stand) as stand.client:
        began = time.monotonic()
        outcomes = stand.poll()
        took = time.monotonic() - began
    ends = {name: outcome.problem.kind for name, outcome in outcomes.items() if outcome.problem}
    assert ends == {name: kind for name, (_, kind) in MEAN.items()}
    assert outcomes["good"].result == "read"
    assert grown.megabytes <= 64
    assert took < 2 * LIMIT + 10, "two wait for their time limit; the others end at once"
    assert all(stand.row(name).problem and stand.validators(name) == (None, None) for name in MEAN)


# ---- hostile documents -----------------------------------------------------------------------------------------------


def test_hostile_documents_harm_no_other_feed_of_their_cycle(stand: Stand) -> None:
    """58 of them, with a good feed after every tenth. Each shows why it was not read, or is read."""
    names = [f"{number}-{'good' if number % 10 == 9 else 'bad'}" for number in range(len(HOSTILE) * 10 // 9)]
    bodies = iter(HOSTILE.values())
    stand.subscribe(*(f"/{name}" for name in names))
    for name in names:
        content = body("One", "Two") if name.endswith("good") else next(bodies)
        stand.server.script(f"/{name}", Answer(body=content, headers={"Content-Type": "application/rss+xml"}))
    with memory_grown() as grown:
        outcomes = stand.poll()
    assert outcomes.keys() == set(names)
    assert {outcome.result for name, outcome in outcomes.items() if name.endswith("good")} == {"read"}
    unread = [name for name, outcome in outcomes.items() if outcome.result == "failed"]
    assert unread
    assert all(stand.row(name).problem for name in unread)
    assert grown.megabytes <= 32


@pytest.mark.skipif(not DATA.exists(), reason="skipped: no data (set TIPSHEET_DATA)")
def test_hostile_bodies_that_were_met_harm_no_other_feed_of_their_cycle(stand: Stand) -> None:
    with tarfile.open(DATA) as members:
        contents = [found.read() for member in members if member.isfile() and (found := members.extractfile(member))]
    names = [f"{number}-bad" for number in range(len(contents))]
    stand.subscribe(*(f"/{name}" for name in (*names, "good")))
    stand.server.script("/good", rss("One"))
    for name, content in zip(names, contents, strict=True):
        stand.server.script(f"/{name}", Answer(body=content))
    with memory_grown() as grown:
        outcomes = stand.poll()
    assert outcomes["good"].result == "read"
    assert {outcome.result for outcome in outcomes.values()} == {"read", "failed"}
    assert grown.megabytes <= 32


def test_the_lenient_reader_gets_bytes_in_memory_and_neither_cleans_nor_resolves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a text it would open it as a file or an address; its cleaning takes time by the square of a length."""
    asked: list[tuple[object, dict[str, object]]] = []

    def spied(source: object, **options: object) -> object:
        asked.append((source, options))
        return real(source, **options)

    real = feedparser.parse
    monkeypatch.setattr(feedparser, "parse", spied)
    document = "<rss><channel><item><title>Stray</b> tag</title></item></channel></rss>"
    assert parse_feed(document.encode(), headers={}, url="https://ferry.example/").entries[0].title == "Stray tag"
    ((source, options),) = asked
    assert isinstance(source, io.BytesIO)
    assert options.pop("response_headers")
    assert options == {"sanitize_html": False, "resolve_relative_uris": False}


# ---- what a server says that it sends, and what it sends -------------------------------------------------------------

FEED = body("Ñandú")
LATIN = b"<?xml version='1.0' encoding='iso-8859-1'?>" + FEED.decode().encode("latin-1")
JSON = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", "title": "Ñandú"}]}'.encode()
)
PAGE = "<!doctype html><html><head><title>{}</title></head><body>{}</body></html>"

LIES: list[tuple[str, bytes, str]] = [
    # what the server says: a content type, or lines of headers; what it sends; the title that is read, or the error
    ("text/html", FEED, "Ñandú"),
    ("text/plain; charset=utf-8", FEED, "Ñandú"),
    ("application/octet-stream", FEED, "Ñandú"),
    ("application/json", FEED, "Ñandú"),
    ("image/png", FEED, "Ñandú"),
    ("", FEED, "Ñandú"),
    ("application/rss+xml", JSON, "Ñandú"),
    ("text/html; charset=iso-8859-1", JSON, "Ñandú"),
    ("application/rss+xml", gzip.compress(FEED), "Ñandú"),
    ("application/gzip", gzip.compress(JSON), "Ñandú"),
    ("text/xml; charset=iso-8859-1", b"\xef\xbb\xbf" + FEED, "Ñandú"),
    ("text/xml; charset=utf-8", LATIN, "Ñandú"),
    ("text/xml; charset=utf-16", FEED, "Ñandú"),
    ("text/xml; charset=iso-8859-1", b"<?xml version='1.0' encoding='utf-8'?>" + FEED, "Ñandú"),
    ("text/xml; charset=us-ascii", b"\xff\xfe" + FEED.decode().encode("utf-16-le"), "Ñandú"),
    ("text/xml; charset=utf-7", FEED, "Ñandú"),
    ("text/xml; charset=nonsense", LATIN, "Ñandú"),
    ("application/rss+xml", PAGE.format("Ledger", "<p>News").encode(), "html"),
    ("application/rss+xml", PAGE.format("Sign in", "<input type=password>").encode(), "login"),
    ("application/rss+xml", PAGE.format("Just a moment...", "").encode(), "challenge"),
    ("application/rss+xml", PAGE.format("Cookies", "<button>Accept all</button>").encode(), "html"),
    ("application/rss+xml\nCF-Mitigated: challenge", FEED, "challenge"),
    ("application/rss+xml", b"%PDF-1.7 \xe2\xe3\xcf\xd3", "not-a-feed"),
    ("application/rss+xml", b"\x89PNG\r\n\x1a\n" + bytes(99), "not-a-feed"),
    ("application/rss+xml", b'{"error": "not found"}', "not-a-feed"),
    ("application/rss+xml", b"", "empty"),
    ("application/rss+xml\nContent-Encoding: gzip", gzip.compress(FEED)[:-9], "encoding"),
    ("application/rss+xml\nContent-Encoding: br", FEED, "encoding"),
]


@pytest.fixture(scope="module")
def liar() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(liar: ScriptedServer) -> Iterator[Client]:
    with Client(liar.settings()) as asking:
        yield asking


@pytest.mark.parametrize(("said", "sent", "end"), LIES)
def test_what_is_sent_counts_and_not_what_is_said_of_it(
    said: str, sent: bytes, end: str, liar: ScriptedServer, client: Client
) -> None:
    """The right title, or an error with a name; never a feed without entries."""
    lines = f"Content-Type: {said}".splitlines()
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines) if value]
    liar.script("/feed", Answer(body=sent, headers=tuple(headers)))
    assert read(client, liar.url("/feed")) == end


def read(client: Client, url: str) -> str:
    """The first title, or the kind of the error."""
    try:
        fetched = client.get(url)
        feed: ParsedFeed = parse_feed(fetched.body, headers=fetched.headers, url=fetched.final_url)
    except (FetchError, ParseError) as error:
        return error.kind
    return feed.entries[0].title


@pytest.mark.parametrize(
    "page", [sent for _, sent, end in LIES if end in {"html", "login", "challenge", "empty"} and sent != FEED]
)
def test_a_page_in_a_feeds_place_takes_nothing_away(stand: Stand, page: bytes) -> None:
    """Neither the entries nor what the feed's own server gave us to ask with; and the next question waits longer."""
    stand.server.script("/a", rss("One", etag='"1"', modified=MONDAY), Answer(body=page, headers={"ETag": '"page"'}))
    stand.poll()
    first, second = (stand.poll(after=5 * HOUR)["a"] for _ in range(2))
    assert [outcome.result for outcome in (first, second)] == ["failed", "failed"]
    assert (stand.validators(), stand.titles()) == (('"1"', MONDAY), ["One"])
    assert second.next_poll_at - second.polled_at > 1.5 * (first.next_poll_at - first.polled_at)
