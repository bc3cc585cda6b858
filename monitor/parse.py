"""A feed's body to ParsedFeed: RSS 0.9x to 2.0, RDF, Atom, CDF and JSON Feed.

What lives here: the order of the steps, and everything that is known of the feed library; its dicts go no further. What
must not: the network, the clock, files. Hostile bodies can take seconds and gigabytes here: `isolate` sets the limits.

    bytes → decoding → text → repair → XML → feed library → fields, dates → ParsedFeed
                             ↘ jsonfeed ↗          ↘ imposters → ParseError
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser

from monitor import fields
from monitor.dates import parse_date
from monitor.decoding import Decoded, content_type, decode
from monitor.errors import ParseError
from monitor.imposters import challenged, imposter
from monitor.jsonfeed import read_json_feed
from monitor.model import ParsedEntry, ParsedFeed, Problem
from monitor.repair import repair

_LARGEST_BODY = 32 * 1024 * 1024
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|RDF|channel)(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<(?:html|head|body)(?=[\s>])", re.IGNORECASE)  # a document type proves nothing
_ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_ENDS = re.compile(
    r"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*>|<(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\b[^>]*/>", re.IGNORECASE
)
_TAIL = 4_096  # characters: advertising and comments follow the end of real feeds
_PERIODS = {
    "minutely": 1,
    "hourly": 60,
    "daily": 1440,
    "dayly": 1440,
    "weekly": 10080,
    "monthly": 43200,
    "yearly": 525600,
}
_LONGEST_HINT = timedelta(days=365)
_SRS_NAME = re.compile(r"\ssrsName\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")  # a bad one makes the library lose the whole feed
# The title and caption of a picture, which the library takes for the entry's own.
_OF_MEDIA = re.compile(r"(</?media:)(title|description)(?=[\s/>])", re.IGNORECASE)
# Longer than any name. The library's search for an address in it takes time by the square of its length.
_LONG_AUTHOR = re.compile(
    r"(<(?:\w+:)?(?:author|creator|managingEditor|webMaster|name)\b[^<>]{0,200}>(?:<!\[CDATA\[)?[^<\]]{1024})[^<\]]+",
    re.IGNORECASE,
)
_MAIL_FIRST = re.compile(r"\S+@\S+ \(([^()]+)\)$")  # desk@ledger.example (Ana Ruiz), as RSS has it
_MAIL_LAST = re.compile(r"([^()<>@]+) [(<]\S+@\S+[)>]$")
_OLDEST = 1970  # the feed library reads some numbers as dates of the 18th century

_Dict = Mapping[str, Any]  # feedparser's: every key may be missing, every value of any type


def parse_feed(body: bytes, *, headers: Mapping[str, str], url: str) -> ParsedFeed:
    """The feed in `body`, as served with `headers` from `url`. What was lost on the way is in `problem`.

    Raises ParseError for a body that is no feed, or of which nothing can be read.
    """
    if len(body) > _LARGEST_BODY:
        raise ParseError("too-large", f"the body has {len(body):,} bytes; at most {_LARGEST_BODY:,} are read")
    if challenged(headers):
        raise imposter("", headers)
    decoded = decode(body, content_type=content_type(headers))
    text = decoded.text.strip("\0\ufeff \t\r\n")
    if not text:
        raise ParseError("empty", "the body is empty; expected a feed")
    losses = _decoding_losses(decoded)
    if text.startswith(("{", "[")):
        return read_json_feed(text, losses, url=url)
    return _read_xml(text[_root(text, headers) :], losses, url=url)


def _decoding_losses(decoded: Decoded) -> list[Problem]:
    if decoded.damaged:
        return [Problem(kind="encoding", message=f"some bytes are not {decoded.encoding}; each is shown as \ufffd")]
    if decoded.claimed:
        return [
            Problem(kind="encoding", message=f"declared as {decoded.claimed}, read as {decoded.encoding}, which it is")
        ]
    return []


def _root(text: str, headers: Mapping[str, str]) -> int:
    """Where reading starts: at the top, or behind a warning that a script printed before its feed."""
    root, page = _ROOT.search(text), _PAGE.search(text)
    if not root or (page and page.start() < root.start()):
        raise imposter(text, headers)
    declaration = text.rfind("<?xml", 0, root.start())
    doctype = text.find("<!DOCTYPE", 0, root.start())
    starts = [start for start in (declaration, doctype) if start >= 0]
    return min(starts) if starts else root.start()


def _read_xml(text: str, losses: list[Problem], *, url: str) -> ParsedFeed:
    cut_off = not _ENDS.search(text, max(0, len(text) - _TAIL))
    text, total = _first_items(repair(text))
    result = _library(_tamed(text))
    entries = _entries(result, losses, url=url)
    if cut_off:
        if not entries:
            raise ParseError("not-a-feed", "the feed is cut off before its first entry")
        losses.append(
            Problem(kind="truncated", message="the feed is cut off before its end; the last entry may be incomplete")
        )
    feed = result["feed"]
    title, plain = _value(feed, "title")
    return ParsedFeed(
        title=fields.title(title, losses, plain=plain and _is_atom(result)),
        link=fields.link(_string(feed, "link"), base=url),
        language=_string(feed, "language")[: fields.LONGEST_NAME],
        entries=fields.first_entries(entries, max(total, len(entries)), losses),
        problem=fields.summed(losses),
        interval_hint=_interval(feed),
    )


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
    return _OF_MEDIA.sub(r"\1own\2", _SRS_NAME.sub("", text))


def _library(text: str) -> _Dict:
    """What feedparser makes of the document. Given bytes in memory, it opens neither files nor connections."""
    try:
        result: _Dict = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, LookupError, AttributeError, TypeError, AssertionError, RecursionError) as error:
        raise ParseError("not-a-feed", f"the feed cannot be read: {type(error).__name__}: {error}") from error
    return result


def _is_atom(result: _Dict) -> bool:
    return str(result.get("version") or "").startswith("atom")


def _entries(result: _Dict, losses: list[Problem], *, url: str) -> list[ParsedEntry]:
    base = fields.link(_string(result["feed"], "link"), base=url) or url
    atom = _is_atom(result)
    return [_entry(entry, losses, base=url if atom else base, atom=atom) for entry in result["entries"]]


def _entry(entry: _Dict, losses: list[Problem], *, base: str, atom: bool) -> ParsedEntry:
    link = _link(entry, base)
    title, plain = _value(entry, "title")
    published, updated = _date(entry, "published"), _date(entry, "updated")
    if not published:  # RSS has no "updated": dc:date is when the item came out, and the only date of most RDF
        published, updated = (_date(entry, "created"), updated) if atom else (_date(entry, "created") or updated, None)
    return ParsedEntry(
        id=_string(entry, "id").strip(),
        link=link,
        title=fields.title(title, losses, plain=plain and atom),
        summary=_summary(entry, losses),
        content=_content(entry, losses, base=link or base),
        author=_author(entry),
        published=published,
        updated=updated,
        tags=fields.tags([str(tag.get("term") or tag.get("label") or "") for tag in _dicts(entry, "tags")]),
    )


def _link(entry: _Dict, base: str) -> str:
    """The entry's page: its link, an alternate of any type, a guid that is a permalink, FeedBurner's original."""
    alternates = [
        _string(link, "href") for link in _dicts(entry, "links") if link.get("rel", "alternate") == "alternate"
    ]
    guid = _string(entry, "id")
    permalink = guid if guid.startswith(("http://", "https://")) and entry.get("guidislink", True) else ""
    candidates = (_string(entry, "link"), *alternates, permalink, _string(entry, "feedburner_origlink"))
    links = (fields.link(candidate, base=base) for candidate in candidates)
    return next((link for link in links if link), "")


def _summary(entry: _Dict, losses: list[Problem]) -> str:
    """The feed's own summary. feedparser copies the content where there is none, and then leaves out the detail."""
    summary = _string(entry, "summary") if "summary_detail" in entry else ""
    if not summary and not _dicts(entry, "content"):
        summary = _string(entry, "media_owndescription")  # of a video, it is all there is
    return fields.text(summary, losses)


def _content(entry: _Dict, losses: list[Problem], *, base: str) -> str:
    """The fullest of the contents that the entry offers."""
    contents = [content for content in _dicts(entry, "content") if _string(content, "value")]
    if not contents:
        return ""
    fullest = max(contents, key=lambda content: len(content["value"]))
    value = html.escape(fullest["value"], quote=False) if fullest.get("type") == "text/plain" else fullest["value"]
    return fields.safe_html(value, losses, base=fields.link(_string(fullest, "base"), base=base) or base)


def _author(entry: _Dict) -> str:
    """Names, without their addresses. Of one author the text as printed is read: the library cuts some in two."""
    names = [fields.name(_string(author, "name")) for author in _dicts(entry, "authors")]
    several = list(dict.fromkeys(name for name in names if name))
    if len(several) > 1:
        return ", ".join(several)[: fields.LONGEST_NAME]
    author = fields.name(_string(entry, "author")) or "".join(several)
    found = _MAIL_FIRST.match(author) or _MAIL_LAST.match(author)
    return found[1].strip() if found else author


def _date(entry: _Dict, key: str) -> datetime | None:
    """Our reading of the date as printed; the library's for the Greek, Hungarian and Korean that we cannot read."""
    if found := parse_date(_string(entry, key)):
        return found
    parsed = (
        dict.get(entry, f"{key}_parsed") if isinstance(entry, dict) else None
    )  # no aliases: updated is not published
    if not parsed or parsed[0] < _OLDEST:
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _interval(feed: _Dict) -> timedelta | None:
    """The longer of <ttl> and the syndication module's period: how rarely the feed asks to be read."""
    ttl = _number(_string(feed, "ttl")) or 0
    period = _PERIODS.get(_string(feed, "sy_updateperiod").strip().lower(), 0)
    minutes = max(ttl, period / (_number(_string(feed, "sy_updatefrequency")) or 1))
    return min(timedelta(minutes=minutes), _LONGEST_HINT) if minutes > 0 else None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text := text.strip()) else None


def _value(item: _Dict, key: str) -> tuple[str, bool]:
    """A text construct, and whether the feed declares it to be plain text."""
    detail = item.get(f"{key}_detail")
    kind = detail.get("type") if isinstance(detail, Mapping) else ""
    return _string(item, key), kind == "text/plain"


def _string(item: _Dict, key: str) -> str:
    """A string without aliases and without surprises: dicts and lists where feeds nest what they should not are ""."""
    value = dict.get(item, key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _dicts(item: _Dict, key: str) -> list[_Dict]:
    values = dict.get(item, key) if isinstance(item, dict) else None
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
