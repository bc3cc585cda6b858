"""How feeds change under a reader's eyes, and what of it is news."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.changes import decide, keys_of
from monitor.model import Changes, KeyedEntry, KnownEntry, ParsedEntry, ParsedFeed

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
FRESH_FOR = timedelta(days=2)
HOUR_AGO = NOW - timedelta(hours=1)
LAST_WEEK = NOW - timedelta(days=7)


def entry(
    title: str, guid: str = "", link: str = "", *, summary: str = "", at: datetime | None = HOUR_AGO
) -> ParsedEntry:
    return ParsedEntry(
        id=guid, link=link, title=title, summary=summary, content="", author="", published=at, updated=None
    )


def feed(entries: Sequence[ParsedEntry]) -> ParsedFeed:
    return ParsedFeed(title="T", link="https://t.example/", language="en", entries=tuple(entries))


class Reader:
    """What the database would remember, poll after poll."""

    def __init__(self) -> None:
        self.known: dict[str, KnownEntry] = {}
        self.polled = False

    def poll(self, *entries: ParsedEntry, now: datetime = NOW) -> Changes:
        known = tuple(self.known.values())
        changes = decide(feed(entries), known=known, first_poll=not self.polled, now=now, fresh_for=FRESH_FOR)
        for item in (*changes.new, *changes.edited):
            self.known[item.key] = remembered(item)
        self.polled = True
        return changes


def remembered(item: KeyedEntry) -> KnownEntry:
    return KnownEntry(key=item.key, content_hash=item.content_hash, link=item.entry.link, title=item.entry.title)


def counts(changes: Changes) -> tuple[int, int, int]:
    return len(changes.new), len(changes.edited), changes.same


A = entry("Port signs data deal", guid="https://t.example/?p=1", link="https://t.example/port")
B = entry("Judge orders release", guid="https://t.example/?p=2", link="https://t.example/judge")

# first document, second document, what the second brings: new, edited, same
SECOND_POLLS: dict[str, tuple[list[ParsedEntry], list[ParsedEntry], tuple[int, int, int]]] = {
    "nothing happened": ([A, B], [A, B], (0, 0, 2)),
    "one came": ([A], [B, A], (1, 0, 1)),
    "one left": ([A, B], [B], (0, 0, 1)),
    "the order turned": ([A, B], [B, A], (0, 0, 2)),
    "the title was edited": ([A], [replace(A, title="Port signs big data deal")], (0, 1, 0)),
    "the content was edited": ([A], [replace(A, content="<p>more</p>")], (0, 1, 0)),
    "only markup moved": (
        [replace(A, content="<img src='a?w=1'>x")],
        [replace(A, content="<img src='a?w=2'> x")],
        (0, 0, 1),
    ),
    "all dates moved": ([A, B], [replace(A, published=NOW), replace(B, published=None)], (0, 0, 2)),
    "only a script changed": (
        [replace(A, content="x<script>a = 1</script>")],
        [replace(A, content="x<script>a = 2</script>")],
        (0, 0, 1),
    ),
    "guids became https": ([replace(A, id="http://t.example/?p=1")], [A], (0, 0, 1)),
    "guids gained noise": ([A], [replace(A, id=" https://www.t.example/?p=1&utm_source=rss ")], (0, 0, 1)),
    "a slash went": ([replace(A, id="https://t.example/a/")], [replace(A, id="https://t.example/a")], (0, 0, 1)),
    "guids changed, links did not": ([A, B], [replace(A, id="x-9"), replace(B, id="x-8")], (0, 0, 2)),
    "three under one guid and link became two, one edited": (
        [A, replace(A, title="Judge orders release"), replace(A, title="Ferry waits")],
        [A, replace(A, title="Ferry waits", summary="At noon.")],
        (0, 1, 1),
    ),
    "a guid and title that are shared by all came under another link": (
        [replace(A, link=""), replace(B, id=A.id, link="")],
        [replace(A, link="https://t.example/tuesday"), replace(B, id=A.id, link="https://t.example/friday")],
        (2, 0, 0),
    ),
    "guids vanished": ([A, B], [replace(A, id=""), replace(B, id="")], (0, 0, 2)),
    "guids appeared": ([replace(A, id=""), replace(B, id="")], [A, B], (0, 0, 2)),
    "the link moved with its host": ([A], [replace(A, link="https://new.example/port")], (0, 0, 1)),
    "a guid was reused for a new article": ([A], [replace(B, id=A.id)], (1, 0, 0)),
    "one guid for all, a third comes": (
        [replace(A, id="feed"), replace(B, id="feed")],
        [entry("Third", "feed", "https://t.example/3"), replace(A, id="feed"), replace(B, id="feed")],
        (1, 0, 2),
    ),
    "one guid for all, alone at first": (
        [replace(A, id="feed")],
        [replace(B, id="feed"), replace(A, id="feed")],
        (1, 0, 1),
    ),
    "one guid for all, and no links": (
        [entry("One", "feed"), entry("Two", "feed")],
        [entry("Three", "feed"), entry("Two", "feed"), entry("One", "feed")],
        (1, 0, 2),
    ),
    "one link for all": (
        [replace(A, link="https://t.example/"), replace(B, link="https://t.example/")],
        [entry("Third", guid="3", link="https://t.example/"), replace(A, link="https://t.example/")],
        (1, 0, 1),
    ),
    "one link for all, and no guids": (
        [entry("One", link="https://t.example/"), entry("Two", link="https://t.example/")],
        [entry("Three", link="https://t.example/"), entry("One", link="https://t.example/")],
        (1, 0, 1),
    ),
    "titles alone": ([entry("One"), entry("Two")], [entry("Three"), entry("Two"), entry("One")], (1, 0, 2)),
    "titles alone, re-dated": ([entry("One")], [entry("One", at=NOW)], (0, 0, 1)),
    "the same title with news in it": (
        [entry("Briefing", summary="a")],
        [entry("Briefing", summary="b", at=NOW)],
        (1, 0, 0),
    ),
    "no titles": ([entry("", summary="a", at=None)], [entry("", summary=text, at=None) for text in "bac"], (2, 0, 1)),
    "one guid and one link for all": (
        [entry(title, "g", "https://t.example/") for title in ("One", "Two", "Three")],
        [entry(title, "g", "https://t.example/") for title in ("Four", "One", "Two", "Three")],
        (1, 0, 3),
    ),
    "an empty feed": ([A, B], [], (0, 0, 0)),
    "twice in one document": ([A], [B, B, A, A], (1, 0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND_POLLS)
def test_what_a_second_poll_brings(name: str) -> None:
    first, second, expected = SECOND_POLLS[name]
    reader = Reader()
    assert counts(reader.poll(*first)) == (len(first), 0, 0)
    assert counts(reader.poll(*second)) == expected
    assert counts(reader.poll(*second)) == (0, 0, len(second))  # and a third brings nothing


def test_an_edit_keeps_the_key() -> None:
    reader = Reader()
    key = reader.poll(A).new[0].key
    assert reader.poll(replace(A, id="other", summary="more")).edited[0].key == key


def test_one_guid_with_two_links_in_one_document_is_two_entries() -> None:
    one, two = (
        entry("Storm update", guid="g", link="https://t.example/1"),
        entry("Storm update", guid="g", link="https://t.example/2"),
    )
    changes = Reader().poll(one, two)
    assert len({item.key for item in changes.new}) == 2


def test_two_versions_in_one_document_do_not_edit_each_other_for_ever() -> None:
    reader = Reader()
    one, two = replace(A, summary="first"), replace(A, summary="second")
    assert counts(reader.poll(one, two)) == (1, 0, 1)
    for entries in ([two, one], [one, two], [two, one]):
        assert counts(reader.poll(*entries)) == (0, 0, 2)


def test_keys_are_bounded() -> None:
    long = "https://t.example/" + "x" * 5_000
    for item in (entry("t", long), entry("t", link=long), entry("t" * 5_000), entry("t", "g" * 5_000, long)):
        (new,) = Reader().poll(item).new
        assert 0 < len(new.key) <= 200


# ---- backlog ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_poll", "published", "updated", "backlog"),
    [
        (True, HOUR_AGO, None, False),
        (True, LAST_WEEK, None, True),
        (True, None, None, True),
        (True, None, HOUR_AGO, False),
        (True, NOW + timedelta(days=9), None, False),
        (True, datetime(1970, 1, 1, tzinfo=UTC), None, True),
        (False, HOUR_AGO, None, False),
        (False, NOW - FRESH_FOR, None, False),
        (False, NOW - FRESH_FOR - timedelta(seconds=1), None, True),
        (False, None, None, False),
        (False, None, LAST_WEEK, True),
        (False, datetime(1970, 1, 1, tzinfo=UTC), None, False),
    ],
)
def test_what_is_too_old_to_alert(
    first_poll: bool, published: datetime | None, updated: datetime | None, backlog: bool
) -> None:
    item = replace(A, published=published, updated=updated)
    changes = decide(feed([item]), known=(), first_poll=first_poll, now=NOW, fresh_for=FRESH_FOR)
    assert [new.backlog for new in changes.new] == [backlog]


# ---- floods ----------------------------------------------------------------------------------------------------------

ARCHIVE = [entry(f"Story number {n}", guid=f"old-{n}", link=f"https://t.example/{n}") for n in range(50)]


def moved(item: ParsedEntry) -> ParsedEntry:
    return replace(item, id=f"new-{item.id}", link=item.link.replace("t.example", "moved.example"))


def test_a_feed_republished_under_new_addresses_is_no_news_but_what_is_new_in_it_is() -> None:
    reader = Reader()
    reader.poll(*ARCHIVE)
    fresh = entry("Raid at the plant", guid="new-50", link="https://moved.example/50")
    changes = reader.poll(fresh, *map(moved, ARCHIVE))
    assert [item.entry.title for item in changes.new if not item.backlog] == ["Raid at the plant"]
    assert sum(item.backlog for item in changes.new) == 50, "the others are kept and shown, and alert nobody"


def test_news_under_one_link_or_under_standing_titles_is_no_flood() -> None:
    reader = Reader()
    home = [entry(f"Old {number}", guid=f"old-{number}", link="https://t.example/") for number in range(15)]
    logs = [entry("Police log", guid=f"log-{number}", link=f"https://t.example/{number}") for number in range(15)]
    reader.poll(*home, *logs)
    news = [
        entry(f"News {number}", guid=f"news-{number}", link="https://t.example/", summary=f"{number} words")
        for number in range(15)
    ]
    more = [
        entry("Police log", guid=f"more-{number}", link=f"https://t.example/m{number}", summary=f"{number} arrests")
        for number in range(15)
    ]
    changes = reader.poll(*news, *more)
    assert [item.backlog for item in changes.new] == [False] * 30


def test_after_an_outage_news_is_late_and_not_old() -> None:
    late = entry("Raid at the plant", at=NOW - timedelta(days=3))
    feed = ParsedFeed(title="", link="", language="", entries=(late,))
    for last_read, backlog in ((NOW - timedelta(days=4), False), (NOW - timedelta(hours=1), True), (None, True)):
        changes = decide(feed, known=(), first_poll=False, now=NOW, fresh_for=timedelta(days=2), last_read=last_read)
        assert [item.backlog for item in changes.new] == [backlog]


def test_a_few_old_titles_are_no_flood() -> None:
    reader = Reader()
    reader.poll(*ARCHIVE)
    assert counts(reader.poll(*map(moved, ARCHIVE[:9]))) == (9, 0, 0)
    assert counts(Reader().poll(*ARCHIVE)) == (50, 0, 0)


# ---- laws ------------------------------------------------------------------------------------------------------------

words = st.sampled_from(["", "a", "b", "c", "Daily briefing"])
guids = st.sampled_from(["", "1", "2", "http://t.example/1", "https://t.example/1/"])
links = st.sampled_from(["", "https://t.example/", "https://t.example/1", "http://www.t.example/2"])
moments = st.sampled_from([None, HOUR_AGO, LAST_WEEK, NOW])
documents = st.lists(
    st.builds(
        lambda title, guid, link, text, at: entry(title, guid, link, summary=text, at=at),
        words,
        guids,
        links,
        words,
        moments,
    ),
    max_size=6,
)


@given(documents, documents)
def test_every_entry_is_counted_once_and_each_key_is_told_once(
    first: list[ParsedEntry], second: list[ParsedEntry]
) -> None:
    reader = Reader()
    for document in (first, second):
        before = set(reader.known)
        changes = reader.poll(*document)
        assert sum(counts(changes)) == len(document)
        keys = [item.key for item in changes.new]
        assert len(set(keys)) == len(keys)
        assert not before & set(keys)
        assert {item.key for item in changes.edited} <= before


pieces = st.sampled_from(
    [
        "https://",
        "WWW.",
        "t.example",
        ":443",
        "/",
        "?",
        "#",
        "&",
        "utm_x=1",
        "[",
        "::1]",
        "é",
        "ℂ",
        " ",
        "@",
        "a=b",
        "\\",
    ]
)


@given(st.sampled_from(["http://", "HTTPS://www.", ""]), st.lists(pieces, max_size=9).map("".join))
def test_an_address_is_parted_as_the_library_parts_it(start: str, rest: str) -> None:
    address = " ".join((start + rest).split())
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    expected = address
    if parts.scheme in ("http", "https") and "://" in address:
        host = parts.netloc.lower().removeprefix("www.").removesuffix(":443")
        query = re.sub(r"(?:^|&)utm_[^=&]*=[^&]*", "", parts.query).strip("&")
        expected = urlunsplit(("", host, parts.path.rstrip("/"), query, parts.fragment))
    assert not expected or f"guid:{expected}" in keys_of(feed([entry("", address)]), {})


@given(documents)
def test_the_same_document_again_brings_nothing(document: list[ParsedEntry]) -> None:
    reader = Reader()
    reader.poll(*document)
    assert counts(reader.poll(*document)) == (0, 0, len(document))


@given(documents)
def test_whatever_else_a_feed_brought_since_a_document_is_known_again_by_its_keys(document: list[ParsedEntry]) -> None:
    reader = Reader()
    reader.poll(*document)
    assert reader.known.keys() <= keys_of(feed(document), {})
