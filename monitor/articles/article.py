"""An HTML page → the article on it. The only module that knows an extractor.

What lives here: title, text, author, time and canonical address of one page. What must not: fetching (a link in the
page is read, never followed), storing, deciding whether the article matters.

A page is hostile until read: its size is bounded here, its time and memory by whoever calls this in a worker process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from monitor.articles.barriers import Barrier, barrier
from monitor.errors import ParseError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

SIZE_CAP = 5_000_000  # bytes or characters; the longest real articles seen stay under a fifth of it

_LONGEST_BYLINE = 200  # characters
_MARKS_TO_COMPARE = 20_000  # "<" in a page; where there are more, a second opinion may take minutes

_PUBLISHED = (
    {"property": "article:published_time"},
    {"itemprop": "datePublished"},
    {"name": "parsely-pub-date"},
    {"name": "date"},
    {"property": "og:article:published_time"},
    {"name": "DC.date.issued"},
)
_MARKS = ["title", "meta", "link", "time"]  # a tree of the whole page would take as long as the extractor
_BEGINNING = 10_000  # characters in which the first tag stands
_LANGUAGE = re.compile(
    r"<html\b[^>]*\slang\s*=\s*[\"']?([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)[\"'\s>]", re.IGNORECASE
)
_JSON_LD_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{4,40})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a reader came for. Text is visible text, one paragraph a line."""

    title: str = ""
    text: str = ""
    author: str = ""
    published: datetime | None = None  # UTC; a page that gives a day only is midnight of that day
    canonical: str = ""  # absolute http(s) address that the page calls its own, or ""
    language: str = ""  # BCP 47, as the page says
    barrier: Barrier = ""  # what stands before the article, whose text may be that one's


def extract(html: str | bytes, *, url: str = "") -> Article:
    """Read a page; fields that it does not have stay empty.

    `url` is where it was found; it resolves a relative canonical link. Raises ParseError of kind empty or too-large.
    """
    _check(html)
    markup = html if isinstance(html, str) else _decode(html)
    head = _head(markup[:SIZE_CAP])
    found = _read(markup, url)
    title, author = _text(found, "title") or _title(head), _text(found, "author")
    text = _below_the_head(_text(found, "text"), title, author)
    return Article(
        title=title,
        text=text,
        author=author,
        published=_published(head, markup) or _moment(_text(found, "date")),
        canonical=_canonical(head, url),
        language=_language(markup),
        barrier=barrier(markup, text),
    )


def _check(html: str | bytes) -> None:
    if not html.strip():
        raise ParseError("empty", "the page is empty")
    if len(html) > SIZE_CAP:
        raise ParseError("too-large", f"the page has {len(html):,} bytes; at most {SIZE_CAP:,} are read")


def _decode(body: bytes) -> str:
    return str(_extractor().utils.decode_file(body))


def _extractor() -> Any:
    """Imported with the first page: it takes as long as the rest of the program, and most runs read no page."""
    import trafilatura

    return trafilatura


def _read(markup: str, url: str) -> object:
    """The extractor's own record, or None where it found no article; `_text` reads its fields.

    Not fast, it compares what it found with what two other ways find, and an article of which it missed half is whole.
    """
    return _extractor().bare_extraction(
        markup,
        url=url or None,
        fast=markup.count("<") > _MARKS_TO_COMPARE,
        with_metadata=True,
        include_comments=False,
        include_tables=True,
    )


def _text(found: object, field: str) -> str:
    value = getattr(found, field, None)
    return value.strip() if isinstance(value, str) else ""


def _below_the_head(text: str, title: str, author: str) -> str:
    """The text without the headline and the byline above it, which would else run into its first sentence."""
    lines = text.split("\n")
    while len(lines) > 1 and (_plain(lines[0]) == _plain(title) or _is_byline(lines[0], author)):
        del lines[0]
    return "\n".join(lines)


def _is_byline(line: str, author: str) -> bool:
    """Whether it names all the authors, whom the extractor joins by semicolons, and is no sentence."""
    names = [_plain(name) for name in author.split(";") if name.strip()]
    short = len(line) <= _LONGEST_BYLINE and not line.endswith((".", "!", "?", "…"))
    return bool(names) and short and all(name in _plain(line) for name in names)


def _plain(line: str) -> str:
    return " ".join(line.casefold().split())


def _head(markup: str) -> BeautifulSoup:
    from bs4 import BeautifulSoup  # slow to load, and most runs read no page
    from bs4.filter import SoupStrainer

    return BeautifulSoup(markup, "lxml", parse_only=SoupStrainer(_MARKS))


def _title(head: BeautifulSoup) -> str:
    return " ".join(head.title.get_text(" ").split()) if head.title else ""


def _published(head: BeautifulSoup, markup: str) -> datetime | None:
    """The exact time from the head: the extractor keeps the day only, and who was first is a matter of minutes."""
    tags = (head.find(["meta", "time"], attrs=dict(wanted)) for wanted in _PUBLISHED)
    moments = (_moment(_attribute(tag, "content") or _attribute(tag, "datetime")) for tag in tags)
    written = _JSON_LD_PUBLISHED.search(markup)
    return next((moment for moment in moments if moment), None) or (_moment(written[1]) if written else None)


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _canonical(head: BeautifulSoup, url: str) -> str:
    link = _attribute(head.find("link", rel="canonical"), "href")
    address = link or _attribute(head.find("meta", property="og:url"), "content")
    try:
        absolute = urljoin(url, address.strip())
        return absolute if address and urlsplit(absolute).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _language(markup: str) -> str:
    written = _LANGUAGE.search(markup, 0, _BEGINNING)
    return written[1].replace("_", "-") if written else ""


def _attribute(tag: object, name: str) -> str:
    from bs4 import Tag  # loaded by now: see `_head`

    value = tag.get(name) if isinstance(tag, Tag) else None
    return value if isinstance(value, str) else ""
