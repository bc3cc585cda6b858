"""Lists of feeds from other readers, tidy or not, and our own list for them."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import opml
from monitor.model import Feed

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


def document(body: str) -> bytes:
    return f"<?xml version='1.0'?><opml version='2.0'><head><title>x</title></head><body>{body}</body></opml>".encode()


def test_folders_and_categories_become_tags() -> None:
    found = opml.read(
        document(
            """<outline text="Local"><outline title="Border">
            <outline type="rss" text="Ledger" xmlUrl="https://feeds.ledger.example/all" htmlUrl="https://www.ledger.example"
                     category="/news/us,Local, courts" language="es"/>
            </outline></outline>"""
        )
    )
    assert found.skipped == ()
    assert found.feeds == (
        Feed(
            url="https://feeds.ledger.example/all",
            name="Ledger",
            outlet="ledger.example",
            language="es",
            tags=("Local", "Border", "news", "us", "courts"),
        ),
    )


@pytest.mark.parametrize(
    ("outline", "url"),
    [
        ('<outline text="a" xmlUrl="https://a.example/f?a=1&amp;copy=2"/>', "https://a.example/f?a=1&copy=2"),
        ('<outline text="a" xmlUrl="https://a.example/f?a=1&copy=2"/>', "https://a.example/f?a=1&copy=2"),
        ("<OUTLINE text=a xmlurl=https://a.example/f>", "https://a.example/f"),
        ('<outline text="R&D <b> &nbsp;" XMLURL=" https://a.example/f ">', "https://a.example/f"),
        ('<outline text="a" type="rss" url="http://a.example/f"/>', "http://a.example/f"),
        ('<outline xmlUrl="https://a.example/f"></outline></outline></outline>', "https://a.example/f"),
    ],
)
def test_untidy_outlines_are_read(outline: str, url: str) -> None:
    assert [feed.url for feed in opml.read(document(outline)).feeds] == [url]


@pytest.mark.parametrize(
    ("address", "site", "outlet"),
    [
        ("https://www.ledger.example/rss", "", "ledger.example"),
        ("https://rss.ledger.example/", "", "ledger.example"),
        ("https://news.ledger.example/", "", "news.ledger.example"),
        ("https://feeds.example/ledger", "https://ledger.example/home", "ledger.example"),
        ("https://rss.example/ledger", "not an address", "rss.example"),
    ],
)
def test_the_outlet_is_the_site_or_else_the_host(address: str, site: str, outlet: str) -> None:
    (feed,) = opml.read(document(f'<outline xmlUrl="{address}" htmlUrl="{site}"/>')).feeds
    assert (feed.outlet, feed.name) == (outlet, outlet)


def test_what_is_no_feed_is_skipped_with_its_line_and_the_reason() -> None:
    found = opml.read(
        document(
            """
            <outline text="Folder"></outline>
            <outline text="Podcast site" htmlUrl="https://p.example/"/>
            <outline text="Old" xmlUrl="ftp://old.example/f"/>
            <outline text="Bad" xmlUrl="http://[::1"/>
            <outline text="Ledger" xmlUrl="https://l.example/f"/>
            <outline text="Ledger too" xmlUrl="https://l.example/f"/>
            """
        )
    )
    assert [feed.name for feed in found.feeds] == ["Ledger"]
    assert found.skipped == (
        "line 3: Podcast site: no feed address (xmlUrl)",
        "line 4: Old: 'ftp://old.example/f' is no http or https address",
        "line 5: Bad: 'http://[::1' is no http or https address",
        "line 7: Ledger too: the same address as Ledger",
    )


def test_names_are_made_unique() -> None:
    outlines = "".join(f'<outline text="News" xmlUrl="https://{host}.example/"/>' for host in "abc")
    assert [feed.name for feed in opml.read(document(outlines)).feeds] == ["News", "News (2)", "News (3)"]


def test_a_list_cut_off_gives_what_it_holds() -> None:
    whole = document("".join(f'<outline text="{n}" xmlUrl="https://a.example/{n}"/>' for n in range(10)))
    assert len(opml.read(whole[: len(whole) // 2]).feeds) in {4, 5}


@pytest.mark.parametrize("source", [b"", b"<html><body>404", b"{}", b"\x00\xff\xfe", b"<opml><body></body></opml>"])
def test_what_is_no_list_is_refused(source: bytes) -> None:
    with pytest.raises(ParseError, match="no outline"):
        opml.read(source)


def test_entities_are_not_resolved() -> None:
    source = b"""<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
        <opml><body><outline text="&b;&c;" xmlUrl="https://a.example/"/></body></opml>"""
    (feed,) = opml.read(source).feeds
    assert feed.name == "&b;&c;"


def test_deep_folders_are_no_harm() -> None:
    source = document('<outline text="f">' * 20_000 + '<outline text="a" xmlUrl="https://a.example/"/>')
    (feed,) = opml.read(source).feeds
    assert feed.tags == ("f",)


def test_the_list_is_what_other_readers_expect() -> None:
    feeds = [
        Feed(url="https://a.example/f?x=1&y=2", name="A & B", outlet="a.example", tags=("Courts", "us")),
        Feed(url="https://b.example/f", name="B", outlet="b.example", enabled=False),
    ]
    root = ElementTree.fromstring(opml.write(feeds, title="Tip\x00sheet", created=NOW))
    assert root.findtext("head/title") == "Tipsheet"
    assert root.findtext("head/dateCreated") == "Tue, 01 Jul 2025 12:00:00 +0000"
    ours = root.find("body/outline[@text='Courts']/outline")
    assert ours is not None
    assert ours.attrib == {
        "type": "rss",
        "text": "A & B",
        "title": "A & B",
        "xmlUrl": "https://a.example/f?x=1&y=2",
        "htmlUrl": "https://a.example/",
        "category": "Courts,us",
    }
    at_rest = root.find("body/outline[@text='B']")
    assert at_rest is not None
    assert at_rest.get("isComment") == "true"


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
tags = names.filter(lambda name: not set(name) & set(",/"))
feeds = st.builds(
    Feed,
    url=st.integers(0, 99).map(lambda number: f"https://a.example/{number}?x=1&lt=2"),
    name=names,
    outlet=st.sampled_from(["a.example", "news.b.example"]),
    language=st.sampled_from(["", "en", "es-MX"]),
    tags=st.lists(tags, max_size=3, unique=True).map(tuple),
    enabled=st.booleans(),
)


@given(st.lists(feeds, min_size=1, max_size=5, unique_by=(lambda feed: feed.url, lambda feed: feed.name)))
def test_what_is_written_is_read_back(written: list[Feed]) -> None:
    read = opml.read(opml.write(written, title="t", created=NOW).encode())
    assert read.skipped == ()
    assert sorted(read.feeds, key=lambda feed: feed.url) == sorted(written, key=lambda feed: feed.url)
