"""What stood in a feed's body last time is not read again, and nothing that is new or edited is missed for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.abridged import abridge, read_changes, reading
from monitor.feeds.changes import decide
from monitor.feeds.parse import parse_feed
from monitor.model import Changes, KnownEntry, ParsedFeed, Reading

URL = "https://ferry.example/feed"
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
FEEDS = sorted((Path(__file__).parent / "data" / "feeds").glob("*.xml"))


def item(title: str, text: str = "", guid: str = "") -> str:
    mark = f"<guid isPermaLink='false'>{guid or title}</guid>"
    return f"<item>{mark}<title>{title}</title><description>{text}</description></item>"


def rss(*items: str, head: str = "", tail: str = "</channel></rss>", opening: str = "<rss version='2.0'>") -> bytes:
    return "\n".join([f"{opening}<channel><title>Ferry Times</title>", head, *items, tail]).encode()


@dataclass
class Reader:
    """Reads one feed again and again, and remembers what the database would."""

    abridges: bool = True
    url: str = URL
    headers: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, KnownEntry] = field(default_factory=dict)
    last: Reading | None = None
    read: list[int] = field(default_factory=list)  # how many entries each call of the parser found

    def poll(self, body: bytes) -> Changes:
        feed = self._feed(body)
        changes = decide(
            feed, known=[*self.known.values()], first_poll=not self.known, now=NOW, fresh_for=timedelta(days=2)
        )
        for one in (*changes.new, *changes.edited):
            self.known[one.key] = KnownEntry(
                key=one.key, content_hash=one.content_hash, link=one.entry.link, title=one.entry.title
            )
        self.last = reading(feed, changes) if self.abridges else None
        return changes

    def _feed(self, body: bytes) -> ParsedFeed:
        self.read = []
        return read_changes(self._parse, body, self.last, headers=self.headers, url=self.url)

    def _parse(self, body: bytes) -> ParsedFeed:
        feed = parse_feed(body, headers=self.headers, url=self.url)
        self.read.append(len(feed.entries))
        return feed


def titles(changes: Changes) -> tuple[list[str], list[str], int]:
    return (
        sorted(one.entry.title for one in changes.new),
        sorted(one.entry.title for one in changes.edited),
        changes.same,
    )


PORT, JUDGE, FERRY = item("Port signs data deal"), item("Judge orders release"), item("Ferry waits")
EDITED = item("Port signs data deal", "corrected")
CDATA = item("Odd", "<![CDATA[about </item> and <item> as such]]>")


@pytest.mark.parametrize(
    ("first", "second", "read"),
    [
        (rss(PORT, JUDGE), rss(PORT, JUDGE), [0]),
        (rss(PORT, JUDGE), rss(FERRY, PORT, JUDGE), [1]),
        (rss(PORT, JUDGE), rss(JUDGE, PORT), [0]),
        (rss(PORT, JUDGE), rss(EDITED, JUDGE), [1]),
        (rss(PORT, JUDGE), rss(JUDGE), [0]),
        # What may change around the items, and what may not.
        (
            rss(PORT, head="<pubDate>Tue, 01 Jul 2025 10:00:00 GMT</pubDate><!-- 10 ms -->"),
            rss(PORT, head="<pubDate>Tue, 01 Jul 2025 11:00:00 GMT</pubDate>"),
            [0],
        ),
        (rss(PORT), rss(PORT, tail="</channel></rss><!-- served from the cache -->"), [0]),
        (rss(PORT), rss(PORT, head="<link>https://elsewhere.example/</link>"), [1]),
        (rss(PORT), rss(PORT, opening="<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'>"), [1]),
        # What cannot be cut is read whole.
        (rss(CDATA, PORT), rss(CDATA, PORT), [2]),
        (rss(PORT, "<image/>", JUDGE), rss(PORT, "<image/>", JUDGE), [2]),
        # What had losses is read again when it may be read better; what gets them is read as far as it goes.
        (rss(PORT, JUDGE, tail=""), rss(PORT, JUDGE, tail=""), [2]),
        (rss(PORT, JUDGE), rss(PORT, JUDGE, tail=""), [2]),
        # Bytes that are no UTF-8 are decoded by what all of them say.
        (rss(PORT), rss(item("Café"), PORT).decode().encode("latin-1"), [2]),
        (rss(item("Café"), PORT).decode().encode("latin-1"), rss(item("Café"), PORT, JUDGE), [2]),
    ],
)  # fmt: skip
def test_how_many_entries_of_a_second_body_are_read(first: bytes, second: bytes, read: list[int]) -> None:
    reader, other = Reader(), Reader(abridges=False)
    for body in (first, second):
        assert titles(reader.poll(body)) == titles(other.poll(body))
    assert reader.read[-1:] == read


def test_a_body_that_cannot_be_read_without_what_was_cut_out_is_read_whole() -> None:
    """Without its entries, what is left of this one is cut off before its first."""
    reader = Reader()
    reader.poll(rss(PORT, JUDGE))
    changes = reader.poll(rss(PORT, JUDGE, tail="<item><title>Ferry in the mid"))
    assert (reader.read, changes.same) == ([3], 2)


def test_another_address_or_encoding_is_another_frame() -> None:
    body = rss(PORT)
    for change in ({"url": "https://elsewhere.example/feed"}, {"headers": {"Content-Type": "text/xml; charset=big5"}}):
        reader = Reader()
        reader.poll(body)
        again = replace(reader, **change)
        again.poll(body)
        assert again.read == [1]


def test_an_error_of_the_whole_body_is_told() -> None:
    reader = Reader()
    reader.poll(rss(PORT))
    with pytest.raises(ParseError, match="web page"):
        reader.poll(b"<html><body>gone</body></html>")


def test_an_entry_that_was_a_repeat_is_read_until_it_is_kept() -> None:
    """Two versions under one guid and link: one is kept. When it leaves, the other has become the entry's wording."""
    first, second = item("Ferry waits", "at noon", guid="g"), item("Ferry waits", "at one", guid="g")
    reader, other = Reader(), Reader(abridges=False)
    for body in (rss(first, second), rss(first, second), rss(second), rss(second)):
        assert titles(reader.poll(body)) == titles(other.poll(body))
    assert reader.read == [0]


def test_a_hostile_body_is_cut_in_time() -> None:
    began = time.process_time()
    for body in (b"<item>" * 500_000, b"<item></item>" * 300_000, b"<pubDate " * 500_000 + b"<item></item>"):
        abridge(body + b"<!--" * 100_000, None, headers={}, url=URL)
    assert time.process_time() - began < 3  # 0.2 as a rule; by the square of the length it would be minutes


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.stem)
def test_every_odd_feed_is_known_again(path: Path) -> None:
    """Read twice, it brings nothing, and as many entries as it has."""
    reader = Reader()
    try:
        first = reader.poll(path.read_bytes())
    except ParseError:
        return
    again = reader.poll(path.read_bytes())
    assert (again.new, again.edited, again.same) == ((), (), len(first.new) + first.same)


def written(guid: str, link: str, title: str, text: str) -> str:
    marks = (guid and f"<guid>{guid}</guid>") + (link and f"<link>https://ferry.example/{link}</link>")
    return f"<item>{marks}<title>{title}</title><description>{text}</description></item>"


HERE = "https://ferry.example/a"
ITEMS = st.tuples(
    st.sampled_from(["", "g", "h", HERE]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["Ferry waits", "Ferry waits again", "Port closes", "Judge orders release", ""]),
    st.sampled_from(["", "at noon", "at one"]),
)
BODIES = st.lists(ITEMS, max_size=5, unique_by=lambda item: item[2])  # two wordings of one entry are another test's


@settings(max_examples=300)
@given(BODIES, BODIES)
@example(  # three under one guid and link, then two: who they are is known, and the edit of one is no copy of the other
    [(HERE, "", "Ferry waits", ""), (HERE, "", "Ferry waits again", ""), (HERE, "a", "Judge orders release", "")],
    [(HERE, "a", "Judge orders release", ""), (HERE, "", "Ferry waits", "at noon")],
)
def test_an_abridged_reading_finds_all_that_a_whole_one_would(
    first: list[tuple[str, ...]], second: list[tuple[str, ...]]
) -> None:
    """Less only where it is wiser: an entry with the bytes of last time is that entry, whatever stands beside it."""
    reader, other = Reader(), Reader(abridges=False)
    for one in (reader, other):
        one.poll(rss(*[written(*item) for item in first]))
    body = rss(*[written(*item) for item in second])
    ours, theirs = told(reader.poll(body)), told(other.poll(body))
    assert ours <= theirs
    assert theirs - ours <= {(title, text) for _, _, title, text in set(first) & set(second)}


def told(changes: Changes) -> set[tuple[str, str]]:
    """The wording of all that is new or edited."""
    return {(one.entry.title, one.entry.summary) for one in (*changes.new, *changes.edited)}
