"""Which feeds a page offers: its text and headers → addresses that are worth asking.

What lives here: where pages name their feeds, and in which order those places are believed. What must not: asking
(`pipeline.discover` does), and reading a feed (`parse`).

A page is hostile until read. So there is no parser to break: one scan over its first two million characters, that never
looks at one of them twice, stops at the tags that matter, and gives up on a tag that is longer than any honest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

LOOKED_AT = 2_000_000  # characters of a page
MOST = 500  # candidates of a page; a list of an outlet's feeds has some dozens

_LONGEST_TAG = 4_000  # characters
_LONGEST_ADDRESS = 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,20}")
_TAG_END = re.compile(r"""(?>[^>"']+|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_LINK = re.compile(r"""<([^<>]{1,2000})>((?>[^,"<]+|"[^"]*")*)""")
# What these hold is not of the page; each with how it ends.
_SILENT = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template", "textarea", "svg")}
_TYPES = frozenset(
    {
        "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/rss",
        "text/rss+xml", "text/atom+xml", "application/rss", "application/xml", "text/xml",
    }
)  # fmt: skip
_LOOKS_LIKE_A_FEED = re.compile(
    r"(?:^|[/._-])(?:rss2?|atom|feeds?|rdf)(?:[/._-]|$)|\.(?:rss|rdf|atom)$"
    r"|(?:^|[?&])(?:feed|format|output|outputtype|alt)=(?:rss2?|atom|rdf|feed)",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"comment|coment|respuestas|/replies", re.IGNORECASE)  # what readers write, and no news
_FEED_HOST = re.compile(r"(?:^|\.)(?:feeds?|rss|feedburner)\.")
_GUESSES = ("/feed", "/rss", "/feed.xml")
_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)
_KINDS = (
    (re.compile(r"<(?:\w{1,20}:)?rss\b", re.IGNORECASE), "RSS"),
    (re.compile(r"<(?:\w{1,20}:)?RDF\b", re.IGNORECASE), "RSS (RDF)"),
    (re.compile(r"<(?:\w{1,20}:)?feed\b", re.IGNORECASE), "Atom"),
    (re.compile(r"<(?:\w{1,20}:)?urlset\b", re.IGNORECASE), "news sitemap"),
    (re.compile(r"^\s*\{"), "JSON Feed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed, and who says so."""

    url: str
    how: str  # in words: "named by the page"
    aside: bool = False  # comments on articles rather than articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a page offers. `named`: as its feeds, by itself or its server; `linked`: links that look like feeds."""

    named: tuple[Candidate, ...] = ()
    linked: tuple[Candidate, ...] = ()


def read_page(text: str, *, url: str, headers: Mapping[str, str]) -> Offer:
    """The feeds that a page offers, the likelier ones first. `url` is the page's own; header names in lower case."""
    base, named, linked = url, list(_of_header(headers.get("link", ""), url)), []
    for name, attributes in _tags(text[:LOOKED_AT]):
        address = attributes.get("href", "").strip()[:_LONGEST_ADDRESS]
        if name == "base":
            base = _joined(url, address) or url
        elif name == "link" and _names_a_feed(attributes):
            named.append(_candidate(base, address, "named by the page", attributes.get("title", "")))
        elif name == "a" and (target := _joined(base, address)) and _seems_a_feed(target, url):
            linked.append(_candidate(base, address, "linked in the page"))
        if len(named) + len(linked) >= MOST:
            break
    known = {candidate.url for candidate in named}
    return Offer(
        named=_ordered(named), linked=_ordered(candidate for candidate in linked if candidate.url not in known)
    )


def guesses(url: str) -> tuple[Candidate, ...]:
    """Where feeds usually lie, for a site that names none."""
    return tuple(Candidate(url=urljoin(url, path), how="not named anywhere, found by trying") for path in _GUESSES)


def news_sitemaps(robots: str, *, url: str) -> tuple[Candidate, ...]:
    """The sitemaps of news that a robots.txt names; those of pages hold a site's whole past."""
    addresses = (urljoin(url, found[1]) for found in _SITEMAP.finditer(robots[:LOOKED_AT]))
    news = dict.fromkeys(address for address in addresses if "news" in address.lower() and _joined(url, address))
    return tuple(Candidate(url=address, how="a news sitemap that robots.txt names") for address in news)


def kind_of(body: bytes) -> str:
    """What a body that could be read as a feed is called; "feed" for what has no name."""
    head = body[:4_000].replace(b"\0", b"").decode("latin-1")
    return next((kind for shape, kind in _KINDS if shape.search(head)), "feed")


# ---- where pages name them -------------------------------------------------------------------------------------------


def _names_a_feed(attributes: Mapping[str, str]) -> bool:
    relations = attributes.get("rel", "").lower().split()
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    return "href" in attributes and ("feed" in relations or ("alternate" in relations and kind in _TYPES))


def _of_header(value: str, url: str) -> Iterator[Candidate]:
    """RFC 8288: `</feed>; rel="alternate"; type="application/rss+xml", …`."""
    for found in _LINK.finditer(value[:16_000]):
        parameters = _attributes(found[2].replace(";", " "))
        if _names_a_feed({**parameters, "href": found[1]}):
            yield _candidate(url, found[1].strip(), "named by the server")


def _seems_a_feed(target: str, page: str) -> bool:
    """Whether a link's address has the look of a feed, and lies with the page's own site or a host of feeds."""
    parts, ours = urlsplit(target), (urlsplit(page).hostname or "").split(".")[-2:]
    host = parts.hostname or ""
    near = host.split(".")[-2:] == ours or _FEED_HOST.search(f"{host}.")
    return bool(near and (_LOOKS_LIKE_A_FEED.search(parts.path) or _LOOKS_LIKE_A_FEED.search(parts.query)))


def _candidate(base: str, address: str, how: str, title: str = "") -> Candidate:
    target = _joined(base, address)
    return Candidate(url=target, how=how, aside=bool(_ASIDE.search(f"{target} {title}")))


def _joined(base: str, address: str) -> str:
    """The address as an absolute http(s) URL without its fragment; "" for any other. `feed:` once stood for http."""
    address = re.sub(r"^feed:(?://)?(?=https?:)", "", address, flags=re.IGNORECASE)
    address = re.sub(r"^feed:", "http:", address, flags=re.IGNORECASE)
    try:
        target = urljoin(base, address).partition("#")[0]
        parts = urlsplit(target)
    except ValueError:
        return ""
    return target if address and parts.scheme in {"http", "https"} and parts.hostname else ""


def _ordered(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each address once, articles before comments, else as the page has them."""
    once: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.url:
            once.setdefault(candidate.url, candidate)
    return tuple(sorted(once.values(), key=lambda candidate: candidate.aside))


# ---- the page, as tags -----------------------------------------------------------------------------------------------


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The `link`, `a` and `base` tags with their attributes, outside comments and scripts."""
    at = text.find("<")
    while at >= 0:
        found = _NAME.match(text, at + 1)
        name, end = (found[0].lower(), found.end()) if found else ("", at + 1)
        if text.startswith("<!--", at):
            end = _or_all(text.find("-->", at + 4), text)
        elif name in _SILENT:
            closing = _SILENT[name].search(text, end)
            end = closing.end() if closing else len(text)
        elif name in {"link", "a", "base"}:
            tag = _TAG_END.match(text, end, end + _LONGEST_TAG)
            end = tag.end() if tag else end + _LONGEST_TAG
            if tag:
                yield name, _attributes(tag[0])
        at = text.find("<", end)


def _or_all(end: int, text: str) -> int:
    """What is never closed holds the rest of the page."""
    return end if end >= 0 else len(text)


def _attributes(tag: str) -> dict[str, str]:
    """Names in lower case; of a repeated one the first counts, as in browsers."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(tag):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found
