"""A feed's body to ParsedFeed: RSS 0.9x to 2.0, RDF, Atom, CDF, JSON Feed and news sitemaps.

What lives here: the order of the steps, and everything that is known of the feed library; its dicts go no further. What
must not: the network, the clock, files. Hostile bodies can take seconds and gigabytes here: `isolate` sets the limits.

    bytes → xml_tree → elements → raw → ParsedFeed, of a plain feed; of others
    bytes → decoding → text → xml_tree → elements → raw → ParsedFeed
                          ↘ repair → xml_tree → elements, or else the feed library → raw → ParsedFeed
                          ↘ jsonfeed, sitemap → raw → ParsedFeed     ↘ imposters → ParseError
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.errors import ParseError
from monitor.feeds import fields
from monitor.feeds.dates import parse_date
from monitor.feeds.decoding import Decoded, claims_utf8, content_type, decode
from monitor.feeds.elements import read_tree
from monitor.feeds.imposters import challenged, imposter
from monitor.feeds.jsonfeed import read_json_feed
from monitor.feeds.raw import RawEntry, RawFeed, shaped
from monitor.feeds.repair import repair
from monitor.feeds.sitemap import read_sitemap
from monitor.feeds.xml_tree import xml_root
from monitor.model import ParsedFeed, Problem

LARGEST_BODY = 32 * 1024 * 1024  # bytes
# How most feeds begin: in UTF-8, and without a document type.
_PLAIN = re.compile(rb"(?:\s|<(?:\?|!--)[^<>]{0,1000}>){0,100}<(?:rss|feed|rdf:RDF)[\s>]")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|RDF|channel|urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<(?:html|head|body)(?=[\s>])", re.IGNORECASE)  # a document type proves nothing
_ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/><])", re.IGNORECASE)
_ENDS = re.compile(
    r"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*(?:>|\Z)|<(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\b[^>]*/>", re.IGNORECASE
)
_MOST_TAGS = 500_000  # of a broken feed: the library takes 20 s for a million, and real feeds stay under 80,000
_LAST_BRACKET = re.compile(r"</[\w:.-]+\s*\Z")  # all that is missing
_PROLOGUE = 65_536  # characters in which a document type stands
_TAIL = 4_096  # characters: advertising and comments follow the end of real feeds
_SRS_NAME = re.compile(r"\ssrsName\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")  # a bad one makes the library lose the whole feed
# The title and caption of a picture, which the library takes for the entry's own.
_OF_MEDIA = re.compile(r"<(/?media:)(title|description)(?:\s[^<>]*?)?(/?)>", re.IGNORECASE)
# Longer than any name. The library's search for an address in it takes time by the square of its length.
_LONG_AUTHOR = re.compile(
    r"(<(?:\w+:)?(?:author|creator|managingEditor|webMaster|name)\b[^<>]{0,200}>(?:<!\[CDATA\[)?[^<\]]{1024})[^<\]]+",
    re.IGNORECASE,
)

# What it has been seen to raise on hostile or merely odd documents; its tag reader's own error is a RuntimeError.
_LIBRARY_FAULTS = (ValueError, LookupError, AttributeError, TypeError, AssertionError, RuntimeError, ArithmeticError)

_Dict = Mapping[str, Any]  # feedparser's: every key may be missing, every value of any type


def parse_feed(body: bytes, *, headers: Mapping[str, str], url: str) -> ParsedFeed:
    """The feed in `body`, as served with `headers` from `url`. What was lost on the way is in `problem`.

    Raises ParseError for a body that is no feed, or of which nothing can be read.
    """
    if len(body) > LARGEST_BODY:
        raise ParseError("too-large", f"the body has {len(body):,} bytes; at most {LARGEST_BODY:,} are read")
    if challenged(headers):
        raise imposter("", headers)
    if feed := _as_served(body, content_type(headers)):
        return shaped(feed, [], total=len(feed.entries) + feed.unread, url=url)
    decoded = decode(body, content_type=content_type(headers))
    text = decoded.text.strip("\0\ufeff \t\r\n")
    if not text:
        raise ParseError("empty", "the body is empty; expected a feed")
    losses = _decoding_losses(decoded)
    if text.startswith(("{", "[")):
        return read_json_feed(text, losses, url=url)
    root = _root(text, headers)
    if root[0].endswith(("urlset", "sitemapindex")):
        return _read_sitemap(text[root.start() :], losses, url=url)
    return _read_xml(text[_beginning(text, root) :], losses, url=url)


def _as_served(body: bytes, content_type: str) -> RawFeed | None:
    """A feed that needs neither decoding nor repair, as nine in ten: one that claims to be UTF-8, and is."""
    document = body.removeprefix(codecs.BOM_UTF8)
    if not _PLAIN.match(document) or b"\x7f" in document or not claims_utf8(document, content_type=content_type):
        return None
    return _from_tree(document)


def _decoding_losses(decoded: Decoded) -> list[Problem]:
    if decoded.damaged:
        return [Problem(kind="encoding", message=f"some bytes are not {decoded.encoding}; each is shown as \ufffd")]
    if decoded.claimed:
        return [
            Problem(kind="encoding", message=f"declared as {decoded.claimed}, read as {decoded.encoding}, which it is")
        ]
    return []


def _root(text: str, headers: Mapping[str, str]) -> re.Match[str]:
    """The first tag of the feed."""
    root = _ROOT.search(text)
    if not root or _PAGE.search(text, 0, root.start()):
        raise imposter(text, headers)
    return root


def _beginning(text: str, root: re.Match[str]) -> int:
    """Where reading starts: at the top, or behind a warning that a script printed before its feed."""
    declaration = text.rfind("<?xml", 0, root.start())
    doctype = text.find("<!DOCTYPE", 0, root.start())
    starts = [start for start in (declaration, doctype) if start >= 0]
    return min(starts) if starts else root.start()


def _read_sitemap(text: str, losses: list[Problem], *, url: str) -> ParsedFeed:
    root = xml_root(text)
    if root is None:
        root = xml_root(repair(text), lenient=True)
        losses.append(
            Problem(kind="truncated", message="the sitemap is broken or cut off; some entries may be missing")
        )
    if root is None:
        raise ParseError("not-a-feed", "the sitemap cannot be read as XML")
    feed = read_sitemap(root)
    return shaped(feed, losses, total=len(feed.entries), url=url)


def _read_xml(text: str, losses: list[Problem], *, url: str) -> ParsedFeed:
    if _LAST_BRACKET.search(text, max(0, len(text) - _TAIL)):
        text += ">"
    if feed := _as_it_stands(text):  # well-formed, and so complete
        return shaped(feed, losses, total=len(feed.entries) + feed.unread, url=url)
    cut_off = not _ENDS.search(text, max(0, len(text) - _TAIL)) or text.rfind("<![CDATA[") > text.rfind("]]>")
    repaired = repair(text)
    document, total = _first_items(repaired)
    feed = _from_tree(repaired) or _from_tree(_up_to_its_end(repaired)) or _read_by_library(document)
    if cut_off:
        if not feed.entries:
            raise ParseError("not-a-feed", "the feed is cut off before its first entry")
        losses.append(Problem(kind="truncated", message="the feed is cut off; its last entry may be incomplete"))
    return shaped(feed, losses, total=max(total, len(feed.entries) + feed.unread), url=url)


def _as_it_stands(text: str) -> RawFeed | None:
    """A feed that needs no repair: XML without a document type, every character and reference of it allowed."""
    if "<!DOCTYPE" in text[:_PROLOGUE] or "\x7f" in text:
        return None
    return _from_tree(text)


def _from_tree(document: str | bytes) -> RawFeed | None:
    root = xml_root(document) if document else None
    return read_tree(root) if root is not None else None


def _up_to_its_end(text: str) -> str:
    """The document without what a server wrote behind its last tag; "" where that is nothing, or holds entries."""
    ends = [found.end() for found in _ENDS.finditer(text, max(0, len(text) - _TAIL))]
    behind = text[ends[-1] :] if ends else ""
    return text[: ends[-1]] if behind.strip() and not _ITEM.search(behind) else ""


def _first_items(text: str) -> tuple[str, int]:
    """The document without the items past the cap, closed as it began, and how many items it had."""
    starts = [found.start() for found in _ITEM.finditer(text)]
    if len(starts) <= fields.MOST_ENTRIES:
        return text, len(starts)
    opened = re.findall(r"<((?:[\w.-]+:)?(?:rss|feed|RDF|channel))(?=[\s>])", text[: starts[0]], re.IGNORECASE)
    rdf = any(name.lower().endswith("rdf") for name in opened)
    closing = opened[:1] if rdf else reversed(opened)  # RDF closes its channel before the items
    return text[: starts[fields.MOST_ENTRIES]] + "".join(f"</{name}>" for name in closing), len(starts)


def _tamed(text: str) -> str:
    """The document without what makes the library slow, wrong or break."""
    text = _LONG_AUTHOR.sub(r"\1", text)
    return _OF_MEDIA.sub(r"<\1own\2\3>", _SRS_NAME.sub("", text))


def _library(text: str) -> _Dict:
    """What feedparser makes of the document. Given bytes in memory, it opens neither files nor connections."""
    import feedparser  # slow to load, and few feeds need it

    try:
        result: _Dict = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _LIBRARY_FAULTS as error:
        raise ParseError("not-a-feed", f"the feed cannot be read: {type(error).__name__}: {error}") from error
    return result


def _read_by_library(document: str) -> RawFeed:
    tags = document.count("<")
    if tags > _MOST_TAGS:
        raise ParseError("too-large", f"the feed is broken, and its {tags:,} tags are too many to make sense of")
    result = _library(_tamed(document))
    feed = result["feed"]
    atom = str(result.get("version") or "").startswith("atom")
    return RawFeed(
        title=_string(feed, "title"),
        title_plain=atom and _is_plain(feed, "title"),
        link=_string(feed, "link"),
        language=_string(feed, "language"),
        entries=[_entry(entry, atom=atom) for entry in result["entries"][: fields.MOST_ENTRIES]],
        two_dates=atom,
        base="" if atom else _string(feed, "link"),
        ttl=_string(feed, "ttl"),
        period=_string(feed, "sy_updateperiod"),
        frequency=_string(feed, "sy_updatefrequency"),
        hubs=_related(feed, "hub"),
        itself=next(iter(_related(feed, "self")), ""),
    )


def _entry(entry: _Dict, *, atom: bool) -> RawEntry:
    content = _fullest(entry)
    return RawEntry(
        id=_string(entry, "id").strip(),
        permalink=bool(entry.get("guidislink", True)),
        links=_links(entry),
        title=_string(entry, "title") or _string(entry, "media_owntitle"),
        title_plain=atom and _is_plain(entry, "title"),
        # The library copies the content where there is no summary, and then leaves out the detail.
        summary=_string(entry, "summary") if "summary_detail" in entry else "",
        caption=_string(entry, "media_owndescription"),
        content=_string(content, "value"),
        content_plain=content.get("type") == "text/plain",
        content_base=_string(content, "base"),
        authors=_authors(entry),
        published=_date(entry, "published") or _date(entry, "created"),
        updated=_date(entry, "updated"),
        tags=[str(tag.get("term") or tag.get("label") or "") for tag in _dicts(entry, "tags")],
    )


def _links(entry: _Dict) -> list[str]:
    """Its link, alternates of any type, FeedBurner's original."""
    alternates = [
        _string(link, "href") for link in _dicts(entry, "links") if link.get("rel", "alternate") == "alternate"
    ]
    return [_string(entry, "link"), *alternates, _string(entry, "feedburner_origlink")]


def _related(feed: _Dict, relation: str) -> list[str]:
    links = _dicts(feed, "links")
    return [_string(link, "href") for link in links if relation in _string(link, "rel").lower().split()]


def _fullest(entry: _Dict) -> _Dict:
    """The longest of the contents that the entry offers."""
    return max(_dicts(entry, "content"), key=lambda content: len(_string(content, "value")), default={})


def _authors(entry: _Dict) -> list[str]:
    """Several authors by name; a single one as printed, because the library cuts some addresses in two."""
    names = [name for author in _dicts(entry, "authors") if (name := _string(author, "name"))]
    return names if len(set(names)) > 1 else [_string(entry, "author") or "".join(names[:1])]


def _date(entry: _Dict, key: str) -> datetime | None:
    """Our reading of the date as printed; the library's for the Greek, Hungarian and Korean that we cannot read."""
    printed = _string(entry, key)
    if printed.isascii():
        return parse_date(printed)
    if found := parse_date(printed):
        return found
    parsed = (
        dict.get(entry, f"{key}_parsed") if isinstance(entry, dict) else None
    )  # no aliases: updated is not published
    if not parsed:
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _is_plain(item: _Dict, key: str) -> bool:
    """Whether the feed declares a text construct to be no markup."""
    detail = item.get(f"{key}_detail")
    return isinstance(detail, Mapping) and detail.get("type") == "text/plain"


def _string(item: _Dict, key: str) -> str:
    """A string without aliases and without surprises: dicts and lists where feeds nest what they should not are ""."""
    value = dict.get(item, key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _dicts(item: _Dict, key: str) -> list[_Dict]:
    values = dict.get(item, key) if isinstance(item, dict) else None
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
