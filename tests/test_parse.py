"""Feeds of every format and every fault, and pages that are no feed.

Each file in data/feeds says itself what must be read from it, in its "Expect:" lines (JSON: under "_expect").
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import fields, parse
from monitor.feeds.decoding import decode
from monitor.feeds.elements import read_tree
from monitor.feeds.parse import parse_feed
from monitor.feeds.repair import repair
from monitor.feeds.sanitised import sanitised
from monitor.feeds.xml_tree import xml_root
from monitor.model import ParsedEntry, ParsedFeed

FEEDS = Path(__file__).parent / "data" / "feeds"
URL = "https://feeds.example/all.xml"
WHOLE = (FEEDS / "rss20.xml").read_bytes()
PLAIN = re.sub(rb"<!--.*?-->", b"", WHOLE, flags=re.DOTALL)


def read(body: bytes | str, content_type: str = "application/xml") -> ParsedFeed:
    content = body.encode() if isinstance(body, str) else body
    return parse_feed(content, headers={"Content-Type": content_type}, url=URL)


def rss(items: str, channel: str = "") -> str:
    return (
        f'<rss version="2.0"><channel><title>T</title><link>https://t.example/</link>{channel}{items}</channel></rss>'
    )


def expectations(path: Path) -> list[str]:
    if path.suffix == ".json":
        expected = json.loads(path.read_text("utf-8"))["_expect"]
        return [str(line) for line in expected]
    text = path.read_bytes().decode("utf-16" if path.name == "utf16.xml" else "utf-8", "replace")
    if path.name == "latin1_called_utf8.xml":
        text = path.read_bytes().decode("latin-1")
    if path.name == "windows1252.xml":
        text = path.read_bytes().decode("cp1252")
    return re.findall(r"^Expect: (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_a_feed_is_read_as_it_says(path: Path) -> None:
    feed = parse_feed(path.read_bytes(), headers={}, url=URL)
    names = {"feed": feed, "entries": feed.entries, "datetime": datetime, "timedelta": timedelta, "UTC": UTC}
    names["shown"] = shown
    lines = expectations(path)
    assert lines
    for line in lines:
        assert eval(line, names), f"{line}\n{feed}"  # the expressions are our own files'


def shown(entry: ParsedEntry) -> str:
    """Its content, where somebody is to look at it."""
    return sanitised(entry.content, base=entry.content_base)


def safe(feed: ParsedFeed) -> ParsedFeed:
    """The feed with its contents as they are shown."""
    return replace(feed, entries=tuple(replace(one, content=shown(one), content_base="") for one in feed.entries))


HTML = "<!doctype html><html><head><title>{}</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        (b"", {}, "empty"),
        (b" \n\t\r\n", {}, "empty"),
        (b"\0" * 1000, {}, "empty"),
        (b"\xef\xbb\xbf", {}, "empty"),
        (HTML.format("Ledger", "<p>News of the day").encode(), {"content-type": "application/rss+xml"}, "html"),
        (HTML.format("Sign in", "<form></form>").encode(), {}, "login"),
        (HTML.format("Welcome", "<input name=p type='password'>").encode(), {}, "login"),
        (HTML.format("Just a moment...", "").encode(), {}, "challenge"),
        (HTML.format("x", "<div class=g-recaptcha></div>").encode(), {}, "challenge"),
        (rss("").encode(), {"CF-Mitigated": "challenge"}, "challenge"),
        (HTML.format("Docs", "an example: <rss><channel><item>").encode(), {}, "html"),
        (b'{"code": "rest_forbidden", "message": "Sorry"}', {}, "not-a-feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "title": "x", "items": [{"id": "1"', {}, "not-a-feed"),
        (b"[" * 100_000, {}, "not-a-feed"),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3", {}, "not-a-feed"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", {}, "not-a-feed"),
        (b"just words", {}, "not-a-feed"),
        (b"<rss version='2.0'><channel><title>Cut before any it", {}, "not-a-feed"),
        (b"<?xml version='1.0' encoding='utf-7'?><rss>+ADw-item+AD4-</rss>", {}, "encoding"),
        (b"<rss></rss>".ljust(33 * 1024 * 1024), {}, "too-large"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, headers: dict[str, str], kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(body, headers=headers, url=URL)
    assert caught.value.kind == kind


def test_a_page_is_named_by_its_title() -> None:
    with pytest.raises(ParseError, match="a login page instead of the feed: 'Sign in to Ledger'"):
        read(HTML.format("Sign in to Ledger", ""))


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/plain; charset=utf-8", "application/octet-stream", "", "application/json"]
)
def test_the_content_type_is_not_trusted(content_type: str) -> None:
    assert read(rss("<item><title>Ñandú</title></item>"), content_type).entries[0].title == "Ñandú"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "国境で記者が拘束された"),
        ("euc-jp", "国境で記者が拘束された"),
        ("iso-2022-jp", "国境で記者が拘束された"),
        ("gb2312", "记者在边境被拘留"),
        ("big5", "記者在邊境被拘留"),
        ("euc-kr", "국경에서 기자 구금"),
        ("koi8-r", "Журналист задержан на границе"),
        ("windows-1251", "Журналист задержан на границе"),
        ("utf-16", "Журналист"),
        ("utf-32", "Журналист"),
    ],
)
def test_encodings_are_read_as_declared(encoding: str, text: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(f"<item><title>{text}</title></item>")
    feed = read(document.encode(encoding))
    assert (feed.entries[0].title, feed.problem) == (text, None)
    by_header = read(rss(f"<item><title>{text}</title></item>").encode(encoding), f"text/xml; charset={encoding}")
    assert by_header.entries[0].title == text


@pytest.mark.parametrize(
    ("header", "declared", "problem"),
    [
        ("utf-8", "utf-8", False),
        ("iso-8859-1", "utf-8", False),
        ("utf-8", "us-ascii", False),
        ("latin1", "ascii", True),
    ],
)
def test_an_encoding_that_nobody_got_right_is_told(header: str, declared: str, problem: bool) -> None:
    document = f'<?xml version="1.0" encoding="{declared}"?>' + rss("<item><title>Ñandú</title></item>")
    feed = read(document, f"text/xml; charset={header}")
    assert (feed.entries[0].title, feed.problem is not None) == ("Ñandú", problem)


def test_foreign_bytes_in_utf8_are_shown_and_told() -> None:
    document = rss("<item><title>Ni\u00f1os y m\u00e1s</title></item>" * 3).encode() + b"<!-- \xff -->"
    feed = read(document)
    assert feed.entries[0].title == "Niños y más"
    assert feed.problem is not None
    assert feed.problem.kind == "encoding"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://t.example/</loc></url></urlset>",
         "a sitemap of pages without news"),
        ("<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap/></sitemapindex>",
         "an index of sitemaps"),
    ],
)  # fmt: skip
def test_a_sitemap_without_news_is_no_feed(body: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as caught:
        read(body)
    assert caught.value.kind == "not-a-feed"


def test_a_sitemap_cut_off_keeps_the_news_before_the_cut_and_says_so() -> None:
    whole = (FEEDS / "news_sitemap.xml").read_text("utf-8")
    feed = read(whole[: whole.index("<news:title>Redada") + 14])
    assert feed.entries[0].title == "Cloud firm's deal with ICE & two counties"
    assert feed.problem is not None
    assert feed.problem.kind == "truncated"


# ---- broken in one of the usual ways ---------------------------------------------------------------------------------

ITEM = "<item><title>{}</title><description>The whole text.</description></item>"


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("<!DOCTYPE rss [<!ENTITY nbsp '&#160;'>]>" + rss(ITEM.format("Two&nbsp;words")), "Two words"),
        (rss(ITEM.format("Two&nbsp;words")), "Two words"),
        (rss(ITEM.format("Caf&eacute; raid")), "Café raid"),
        ("<!DOCTYPE rss [<!ENTITY eacute '&#233;'>]>" + rss(ITEM.format("D&eacute;j&agrave; vu")), "Déjà vu"),
        (rss(ITEM.format("AT&T and ICE")), "AT&T and ICE"),
        ("<!DOCTYPE rss [<!ENTITY co 'Fable Corp'>]>" + rss(ITEM.format("&co; sues")), "Fable Corp sues"),
        (rss(ITEM.format("Back\x08space")), "Backspace"),
        (("<?xml version='1.0' encoding='utf-8'?>" + rss(ITEM.format("Niños"))).encode("latin-1"), "Niños"),
        ("<?xml version='1.0' encoding='iso-8859-1'?>" + rss(ITEM.format("Niños")), "Niños"),
        ("<br/>Warning: no such file\n<?xml version='1.0'?>" + rss(ITEM.format("After junk")), "After junk"),
        (rss(ITEM.format("Stray</b> tag")), "Stray tag"),
        (rss(ITEM.format("Before the cut") + "<item><title>Cut in the mid")[:-15], "Before the cut"),
        (rss(ITEM.format("Before a script")) + "<script>show()</script>\n<!-- cached -->", "Before a script"),
        (rss("<item><title>Deep</title><x>" + "<y>" * 300 + "</y>" * 300 + "</x></item>"), "Deep"),
    ],
    ids=[
        "declared nbsp", "undeclared nbsp", "undeclared eacute", "declared eacute", "bare ampersand", "own entity",
        "control character", "latin-1 called utf-8", "utf-8 called latin-1", "junk before", "stray end tag", "cut off",
        "junk behind", "300 deep",
    ],
)  # fmt: skip
def test_a_broken_feed_is_read_whole_or_says_what_is_missing(document: bytes | str, title: str) -> None:
    feed = read(document)
    assert feed.entries[0].title == title
    assert feed.entries[0].summary == "The whole text." or "Deep" in title
    assert (feed.problem is not None and feed.problem.kind == "truncated") == ("cut" in title)


# ---- caps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        rss("".join(f"<item><title>n{n}</title></item>" for n in range(2_500))),
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel></channel>"
        + "".join(f"<item><title>n{n}</title></item>" for n in range(2_500))
        + "</rdf:RDF>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>"
        + "".join(f"<entry><title>n{n}</title></entry>" for n in range(2_500))
        + "</feed>",
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "items": [{"id": str(n), "title": f"n{n}"} for n in range(2_500)],
            }
        ),
    ],
    ids=["rss", "rdf", "atom", "json"],
)
def test_the_first_two_thousand_entries_are_read_and_the_cap_is_told(document: str) -> None:
    feed = read(document)
    assert [entry.title for entry in feed.entries] == [f"n{n}" for n in range(2_000)]
    assert feed.problem is not None
    assert feed.problem.kind == "capped"
    assert "2,500" in feed.problem.message


def test_long_fields_are_cut_and_told() -> None:
    parts = {"title": 70_000, "description": 1_100_000, "author": 50_000}
    item = "<item>" + "".join(f"<{name}>{'x' * length}</{name}>" for name, length in parts.items()) + "</item>"
    feed = read(rss(item))
    entry = feed.entries[0]
    assert (len(entry.title), len(entry.summary), len(entry.author)) == (65_536, 1_048_576, 1_024)
    assert feed.problem is not None
    assert feed.problem.message.count("was cut") == 2


# ---- two readers, one reading ----------------------------------------------------------------------------------------


def from_the_tree(path: Path) -> bool:
    root = xml_root(repair(decode(path.read_bytes()).text))
    return root is not None and read_tree(root) is not None


WELL_FORMED = [path for path in sorted(FEEDS.glob("*.xml")) if from_the_tree(path)]


def test_most_of_our_feeds_are_read_from_the_tree() -> None:
    assert len(WELL_FORMED) >= 10


def test_plain_feeds_are_read_as_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parse, "decode")
    assert len(parse_feed(PLAIN, headers={}, url=URL).entries) == 2


@pytest.mark.parametrize("path", WELL_FORMED, ids=lambda path: path.name)
def test_the_tree_and_the_library_say_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = path.read_bytes()
    from_tree = parse_feed(body, headers={}, url=URL)
    monkeypatch.setattr(parse, "read_tree", lambda _: None)
    assert safe(parse_feed(body, headers={}, url=URL)) == safe(from_tree)


@pytest.mark.parametrize(
    "document",
    [
        rss("<ITEM><title>t</title></ITEM>"),
        "<rss version='2.0'><channel><title>T</title></channel></rss>".replace(
            "</rss>", "<x><item><title>t</title></item></x></rss>"
        ),
        "<feed><entry><title>t</title></entry></feed>",
        rss("<item><title><i>t</i></title></item>"),
        rss("") + "<item><title>t</title></item>",
        rss("<item><title>t</title><x:unheard xmlns:x='urn:x'>y</x:unheard></item>"),
    ],
)
def test_what_the_tree_does_not_show_is_left_to_the_library(document: str) -> None:
    assert [entry.title for entry in read(document).entries] == ["t"]


@pytest.mark.parametrize(
    ("space", "element", "expected"),
    [
        ("http://purl.org/dc/elements/1.1", "<x:creator>Ana Ruiz</x:creator>", ("Ana Ruiz", "")),
        ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", "<x:author>Ana Ruiz</x:author>", ("Ana Ruiz", "")),
        (
            "http://purl.org/rss/1.0/modules/content",
            "<x:encoded>Why &lt;b&gt;so&lt;/b&gt;</x:encoded>",
            ("", "Why <b>so</b>"),
        ),
    ],
)
def test_what_many_call_a_namespace_is_read_without_the_library(
    space: str, element: str, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(parse, "_read_by_library")
    entry = read(f'<rss xmlns:x="{space}"><channel><item>{element}</item></channel></rss>').entries[0]
    assert (entry.author, entry.content) == expected


def test_a_namespace_that_nobody_declared_and_nobody_needs_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parse, "_read_by_library")
    feed = read(rss("<item><title>t</title><wfw:commentRss>https://t.example/c</wfw:commentRss></item>"))
    assert (feed.entries[0].title, feed.problem) == ("t", None)


@pytest.mark.parametrize("behind", ["\x80", "<rss><channel><item><title>lost</title></item></channel></rss>"])
def test_what_stands_behind_such_a_feed_is_not_passed_over(behind: str) -> None:
    """Whoever finds the namespace missing reads no further than the end of the feed."""
    feed = rss("<item><title>t</title><wfw:commentRss>https://t.example/c</wfw:commentRss></item>")
    assert xml_root(feed.encode()) is not None
    assert xml_root(feed.encode() + behind.encode("latin-1")) is None


@pytest.mark.parametrize("inside", ["item", "channel"])
def test_an_undeclared_namespace_whose_name_all_know_is_the_librarys(inside: str) -> None:
    element = "<dc:title>Known by its prefix</dc:title>"
    item, channel = (f"<item>{element}</item>", "") if inside == "item" else ("<item/>", element)
    feed = read(f"<rss version='2.0'><channel>{channel}{item}</channel></rss>")
    assert "Known by its prefix" in (feed.title, feed.entries[0].title)


@pytest.mark.parametrize("file", ["dtds/podcast-1.0.dtd", "DTDs/Podcast-1.0.dtd"])
def test_a_podcasts_categories_are_tags(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parse, "_read_by_library")
    item = '<item><x:category text="News"><x:category text="Courts"/></x:category><category>Ferries</category></item>'
    feed = read(f'<rss xmlns:x="http://www.itunes.com/{file}"><channel>{item}</channel></rss>')
    assert feed.entries[0].tags == ("News", "Courts", "Ferries")


def test_addresses_are_joined_to_the_page_of_their_own_entry() -> None:
    items = "".join(
        f"<item><link>https://t.example/{year}/a</link><c:encoded>&lt;img src='map.png'&gt;</c:encoded></item>"
        for year in (2024, 2025)
    )
    feed = read(f'<rss xmlns:c="http://purl.org/rss/1.0/modules/content/"><channel>{items}</channel></rss>')
    assert [shown(entry) for entry in feed.entries] == [
        '<img src="https://t.example/2024/map.png">',
        '<img src="https://t.example/2025/map.png">',
    ]


# ---- whatever comes --------------------------------------------------------------------------------------------------


@given(st.integers(0, len(WHOLE)))
@settings(max_examples=150, deadline=None)
def test_a_feed_cut_anywhere_is_read_or_refused_but_never_silently_short(length: int) -> None:
    try:
        feed = parse_feed(WHOLE[:length], headers={}, url=URL)
    except ParseError:
        return
    assert len(feed.entries) == 2 or feed.problem is not None


edits = st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(max_size=4)), min_size=1, max_size=8)


def edited(whole: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    body = bytearray(whole)
    for position, replacement in changes:
        body[position : position + len(replacement)] = replacement
    return bytes(body)


def outcome(body: bytes, content_type: str) -> ParsedFeed | str:
    try:
        return read(body, content_type)
    except ParseError as error:
        return str(error)


@given(edits, st.sampled_from(["", "text/xml; charset=utf-8", "text/xml; charset=latin-1"]))
@example([(PLAIN.index(b" xmlns:sy"), b"A"), (len(PLAIN) - 1, b"\x80")], "")
@settings(max_examples=100, deadline=None)
def test_a_feed_is_read_as_served_or_after_decoding_alike(changes: list[tuple[int, bytes]], content_type: str) -> None:
    for body in (PLAIN, edited(PLAIN, changes)):
        found = outcome(body, content_type)
        with mock.patch.object(parse, "_as_served", return_value=None):
            assert outcome(body, content_type) == found


@given(edits)
@settings(max_examples=200, deadline=None)
def test_a_feed_with_bytes_changed_anywhere_is_read_or_refused(changes: list[tuple[int, bytes]]) -> None:
    try:
        feed = parse_feed(edited(WHOLE, changes), headers={}, url=URL)
    except ParseError:
        return
    for entry in feed.entries:
        assert entry.link == "" or entry.link.startswith(("http://", "https://"))
        assert "<script" not in shown(entry).lower()
        assert not re.search("<[^<>]*onclick", shown(entry).lower())


@given(st.text(alphabet="ab1.:/?#&=%;~-@[]\\ _é", max_size=24))
@settings(max_examples=500, deadline=None)
def test_the_fast_way_to_an_address_is_the_thorough_way(rest: str) -> None:
    fast = fields.link(f"https://{rest}", base=URL)
    with mock.patch.object(fields, "_PLAIN_LINK", re.compile(r"(?!)")):
        assert fields.link(f"https://{rest}", base=URL) == fast


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_raise_anything_but_a_parse_error(body: bytes) -> None:
    with suppress(ParseError):
        parse_feed(body, headers={}, url=URL)


# ---- how rarely a feed asks to be read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "hint"),
    [
        ("", None),
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<ttl> 15 </ttl>", timedelta(minutes=15)),
        ("<ttl>always</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>999999999</ttl>", timedelta(days=365)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<sy:updatePeriod> Daily </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", timedelta(hours=12)),
        ("<sy:updatePeriod>always</sy:updatePeriod>", None),
        (
            "<sy:updatePeriod>minutely</sy:updatePeriod><sy:updateFrequency>5</sy:updateFrequency>",
            timedelta(seconds=12),
        ),
        (
            "<ttl>60</ttl><sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            timedelta(days=7),
        ),
    ],
)
def test_interval_hints(channel: str, hint: timedelta | None) -> None:
    document = rss("", channel).replace("<rss ", '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" ')
    assert read(document).interval_hint == hint


def daily(*hours: int) -> set[int]:
    return {hour + 24 * day for day in range(7) for hour in hours}


@pytest.mark.parametrize(
    ("asked", "rests"),
    [
        ("<skipHours><hour>0</hour><hour> 23 </hour></skipHours>", daily(0, 23)),
        ("<skipDays><day>Sunday</day></skipDays>", set(range(144, 168))),
        ("<skipDays><day>FRIDAY</day></skipDays><skipHours><hour>07</hour></skipHours>", daily(7) | {*range(96, 120)}),
        ("<skipHours><hour>24</hour><hour>-1</hour><hour>noon</hour><hour/><hour>1e1</hour></skipHours>", set()),
        ("<skipDays><day>Samstag</day><day>7</day></skipDays>", set()),
        (f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in range(24))}</skipHours>", set()),
        ("<skipHours>0 1 2</skipHours><skipDays/>", set()),
    ],
)  # fmt: skip
def test_the_hours_in_which_a_feed_rests(asked: str, rests: set[int]) -> None:
    body = f"<rss version='2.0'><channel><title>T</title>{asked}<item><title>A</title></item></channel></rss>"
    assert set(parse_feed(body.encode(), headers={}, url="https://t.example/").rests) == rests
