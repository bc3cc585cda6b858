"""Which feeds a page offers: where pages name them, what is not believed, and that no page can take long."""

from __future__ import annotations

import time

import pytest

from monitor.feeds.discovery import Candidate, guesses, kind_of, news_sitemaps, read_page

PAGE = "https://ledger.example/news/"
RSS = 'type="application/rss+xml"'


def named(markup: str, **headers: str) -> list[str]:
    return [candidate.url for candidate in read_page(markup, url=PAGE, headers=headers).named]


def linked(markup: str) -> list[str]:
    return [candidate.url for candidate in read_page(markup, url=PAGE, headers={}).linked]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(f'<link rel="alternate" {RSS} href="/rss">', ["https://ledger.example/rss"], id="RSS"),
        pytest.param("<link rel=alternate type=application/atom+xml href=atom.xml>", [f"{PAGE}atom.xml"], id="Atom, unquoted"),
        pytest.param("<link rel='alternate' type='application/feed+json' href='//cdn.example/f.json'/>", ["https://cdn.example/f.json"], id="JSON Feed"),
        pytest.param(f'<LINK HREF="/rss" {RSS.upper()} REL="Alternate Home">', ["https://ledger.example/rss"], id="any case, any order"),
        pytest.param('<link rel="feed" href="/all">', ["https://ledger.example/all"], id="rel=feed needs no type"),
        pytest.param('<link rel="alternate" type="application/rss+xml; charset=utf-8" href="/r">', ["https://ledger.example/r"], id="a type with a charset"),
        pytest.param(f'<link rel="alternate" {RSS} title="Town > Country" href="/rss?a=1&amp;b=2">', ["https://ledger.example/rss?a=1&b=2"], id="a bracket in a title, an entity"),
        pytest.param(f'<base href="https://www.ledger.example/x/"><link rel="alternate" {RSS} href="rss">', ["https://www.ledger.example/x/rss"], id="a base"),
        pytest.param(f'<link rel="alternate" {RSS} href="feed://ledger.example/f"><link rel="alternate" {RSS} href="feed:https://ledger.example/g">', ["http://ledger.example/f", "https://ledger.example/g"], id="feed:"),
        pytest.param(f'<link rel="alternate" {RSS} href="/comments/feed/"><link rel="alternate" {RSS} href="/feed/">', ["https://ledger.example/feed/", "https://ledger.example/comments/feed/"], id="comments come last"),
        pytest.param(f'<link rel="alternate" {RSS} href="/f"><link rel="alternate" {RSS} href="/f#top">', ["https://ledger.example/f"], id="each once"),
        pytest.param(f'<p>no head<div><link rel="alternate" {RSS} href="/late"></div>', ["https://ledger.example/late"], id="below the head"),
        pytest.param('<link rel="alternate" type="application/json+oembed" href="/o"><link rel="alternate" type="application/json" href="/wp-json/">', [], id="oEmbed and an API are no feeds"),
        pytest.param('<link rel="alternate" hreflang="es" href="/es/"><link rel="stylesheet" href="/feed.css">', [], id="translations, styles"),
        pytest.param(f'<!-- <link rel="alternate" {RSS} href="/old"> -->', [], id="in a comment"),
        pytest.param(f"<script>let a = '<link rel=\"alternate\" {RSS} href=\"/js\">'</script>", [], id="in a script"),
        pytest.param(f'<link rel="alternate" {RSS}>', [], id="without an address"),
        pytest.param(f'<link rel="alternate" {RSS} href="javascript:alert(1)"><link rel="alternate" {RSS} href="file:///etc/passwd"><link rel="alternate" {RSS} href="http://[::1">', [], id="no web address"),
    ],
)  # fmt: skip
def test_what_a_page_names(markup: str, expected: list[str]) -> None:
    assert named(markup) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('</feed>; rel="alternate"; type="application/rss+xml"', ["https://ledger.example/feed"]),
        ('<https://hub.example/>; rel="hub", </f>; type="application/atom+xml"; rel=alternate', ["https://ledger.example/f"]),
        ('</wp-json/>; rel="https://api.w.org/", </?p=1>; rel=shortlink', []),
        ('</f>; rel="alternate"; title="a, b; c"; type="text/xml"', ["https://ledger.example/f"]),
        ("<", []),
    ],
)  # fmt: skip
def test_what_a_server_names_in_its_link_header(header: str, expected: list[str]) -> None:
    assert named("", link=header) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/rss.xml", True), ("/feed/", True), ("/local/atom.xml", True), ("/feeds/politics", True),
        ("/index.rdf", True), ("/?feed=rss2", True), ("/news?format=rss", True), ("rss", True),
        ("https://feeds.ledger.example/top", False), ("https://feeds.ledger.example/rss/top", True),
        ("https://feeds.feedburner.com/ledger/rss", True), ("https://www.ledger.example/rss", True),
        ("https://reader.example/subscribe/feed/https://ledger.example/rss", False),
        ("/rssi-measurements", False), ("/feedback", False), ("/atomic-age", False), ("/newsfeeder", False),
        ("mailto:rss@ledger.example", False), ("#rss", False),
    ],
)  # fmt: skip
def test_which_links_look_like_feeds_of_the_page(address: str, expected: bool) -> None:
    assert bool(linked(f'<a class=x href="{address}">Subscribe</a>')) is expected


def test_a_link_to_what_the_page_names_is_no_second_candidate() -> None:
    offer = read_page(f'<link rel="alternate" {RSS} href="/rss"><a href="/rss">RSS</a>', url=PAGE, headers={})
    assert offer.named == (Candidate(url="https://ledger.example/rss", how="named by the page"),)
    assert offer.linked == ()


def test_what_is_tried_last() -> None:
    assert [candidate.url for candidate in guesses("https://ledger.example/a/b?c")] == [
        "https://ledger.example/feed", "https://ledger.example/rss", "https://ledger.example/feed.xml",
    ]  # fmt: skip
    robots = (
        "User-agent: *\nDisallow: /x\nSitemap: https://ledger.example/sitemap.xml\n"
        "sitemap: /news-sitemap.xml\nSitemap: ftp://ledger.example/news.xml\nSitemap: /news-sitemap.xml\n"
    )
    assert [candidate.url for candidate in news_sitemaps(robots, url="https://ledger.example/robots.txt")] == [
        "https://ledger.example/news-sitemap.xml"
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'<?xml version="1.0"?>\n<rss version="2.0">', "RSS"),
        ("<rss>".encode("utf-16"), "RSS"),
        (b'<rdf:RDF xmlns="http://purl.org/rss/1.0/">', "RSS (RDF)"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">', "Atom"),
        (b'<urlset xmlns:news="x">', "news sitemap"),
        (b' {"version": "https://jsonfeed.org/version/1.1"}', "JSON Feed"),
        (b"<Channel>", "feed"),
    ],
)
def test_what_a_feed_is_called(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind


HOSTILE = {
    "tags never closed": "<a " * 700_000,
    "quotes never closed": '<link "' * 300_000,
    "comments never closed": "<!--" * 500_000,
    "scripts never closed": "<script" * 300_000,
    "an address without end": '<a href="' + "a" * 2_000_000,
    "brackets": "<" * 2_000_000,
    "spaces": "<a x" + " " * 2_000_000,
    "attributes": "<a " + "x " * 1_000_000 + ">",
    "half a million links": "<a href=/feed>" * 150_000,
    "strange letters": "İ<script>" * 200_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_no_page_can_keep_the_scan_busy(page: str) -> None:
    """Twice the page takes twice the time: nothing is looked at again and again."""

    def seconds(text: str) -> float:
        began = time.process_time()
        read_page(text, url=PAGE, headers={"link": text})
        return time.process_time() - began

    half = min(seconds(page[: len(page) // 2]) for _ in range(2))
    assert seconds(page) < max(4 * half, 0.5)
