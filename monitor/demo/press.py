"""From a paper to bytes: feeds, article pages, the front page.

What lives here: printing, pure: the same paper, hour and address give the same bytes. What must not: sockets, clocks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor.demo.day import Item, Paper

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)
_CONTENT_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
    "login": "text/html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one address answers with."""

    body: bytes
    content_type: str
    modified: datetime
    validators: frozenset[str] = frozenset({"etag", "last-modified"})
    delay: float = 0.0  # seconds

    @property
    def etag(self) -> str:
        """Weak, because one tag stands for the body with and without gzip."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An item as its feed writes it. What is `Markup` goes out as it is; all else is escaped by the template."""

    id: str  # "" where the feed gives none
    link: str
    title: str
    summary: str
    content: str  # HTML, "" where the feed gives none
    author: str
    tags: tuple[str, ...]
    rfc822: str
    iso: str


def feed_path(paper: Paper) -> str:
    return f"/{paper.slug}/{paper.feed}"


def article_path(paper: Paper, item: Item) -> str:
    return f"/{paper.slug}/{item.slug}"


def pages(papers: tuple[Paper, ...], *, opened: datetime, base: str) -> dict[str, Page]:
    """Every page of the day, by path. `base` is the server's address without a slash at the end."""
    printed = {"/": print_front(papers, opened=opened, base=base)}
    for paper in papers:
        printed[feed_path(paper)] = print_feed(paper, opened=opened, base=base)
        for item in paper.items:
            printed[article_path(paper, item)] = print_article(paper, item, opened=opened)
    return printed


def print_front(papers: tuple[Paper, ...], *, opened: datetime, base: str) -> Page:
    """The page for a person who opens the newsroom in a browser: what is served where."""
    feeds = [(paper, base + feed_path(paper)) for paper in papers]
    return Page(body=_render("front.html", feeds=feeds), content_type="text/html; charset=utf-8", modified=opened)


def print_feed(paper: Paper, *, opened: datetime, base: str) -> Page:
    """The paper's feed, in its format and with its quirks."""
    entries = [_entry(paper, item, opened=opened, base=base) for item in newest_first(paper)]
    content_type = _CONTENT_TYPES[paper.format]
    return Page(
        body=_feed_body(paper, entries, opened=opened, base=base),
        content_type=f"{content_type}; charset={paper.charset}" if paper.charset else content_type,
        modified=_latest(paper, opened),
        validators=paper.validators,
        delay=paper.delay,
    )


def print_article(paper: Paper, item: Item, *, opened: datetime) -> Page:
    """The page that an entry links to."""
    published = opened - timedelta(minutes=item.minutes)
    body = _render("article.html", paper=paper, item=item, published=published)
    return Page(body=body, content_type="text/html; charset=utf-8", modified=published)


def newest_first(paper: Paper) -> list[Item]:
    return sorted(paper.items, key=lambda item: item.minutes)


def _latest(paper: Paper, opened: datetime) -> datetime:
    return opened - timedelta(minutes=min((item.minutes for item in paper.items), default=0))


def _feed_body(paper: Paper, entries: list[_Entry], *, opened: datetime, base: str) -> bytes:
    if paper.format == "json":
        return _json_feed(paper, entries, base=base)
    template = "login.html" if paper.format == "login" else f"{paper.format}.xml"
    return _render(
        template,
        encoding=paper.encoding,
        paper=paper,
        entries=entries,
        home=f"{base}/{paper.slug}/",
        address=base + feed_path(paper),
        modified=_latest(paper, opened),
    )


def _json_feed(paper: Paper, entries: list[_Entry], *, base: str) -> bytes:
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": paper.name,
        "description": paper.tagline,
        "home_page_url": f"{base}/{paper.slug}/",
        "feed_url": base + feed_path(paper),
        "language": paper.language,
        "items": [dict(_json_fields(entry)) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode(paper.encoding)


def _json_fields(entry: _Entry) -> Iterator[tuple[str, object]]:
    yield "id", entry.id
    yield "url", entry.link
    yield "title", entry.title
    yield "summary", entry.summary
    yield "content_html", entry.content
    yield "date_published", entry.iso
    yield "authors", [{"name": entry.author}] if entry.author else []
    yield "tags", entry.tags


def _entry(paper: Paper, item: Item, *, opened: datetime, base: str) -> _Entry:
    published = (opened - timedelta(minutes=item.minutes)).astimezone(timezone(timedelta(hours=paper.offset)))
    path = article_path(paper, item)
    link = path if "relative-links" in paper.quirks else base + path
    summary = _teaser(item, link) if "markup" in paper.quirks else _worded(paper, item.summary)
    return _Entry(
        id="" if "no-ids" in paper.quirks else f"tag:{paper.domain},2026:{item.slug}",
        link=link,
        title=_worded(paper, item.title),
        summary=summary,
        content=_html(item) if "full-text" in paper.quirks else "",
        author=item.by,
        tags=item.tags,
        rfc822=format_datetime(published),
        iso=published.isoformat(),
    )


def _worded(paper: Paper, text: str) -> str:
    """A text as the paper's software leaves it before the template escapes it."""
    if "careless" in paper.quirks:
        return Markup(text)  # noqa: S704 - to leave it unescaped is what this paper does wrong
    if "twice-escaped" in paper.quirks:
        return str(Markup.escape(text)).encode("ascii", "xmlcharrefreplace").decode()
    return text


def _teaser(item: Item, link: str) -> str:
    """The summary in the HTML that publishing software wraps it in: class names are not words."""
    return Markup('<p class="service intro">{}</p><p><a class="service-link" href="{}">More</a></p>').format(
        item.summary, link
    )


def _html(item: Item) -> str:
    return Markup("\n").join(Markup("<p>{}</p>").format(paragraph) for paragraph in item.paragraphs)


def _render(template: str, *, encoding: str = "utf-8", **values: object) -> bytes:
    """Characters that the encoding lacks become character references, as publishing software does it."""
    return _TEMPLATES.get_template(template).render(values).encode(encoding, "xmlcharrefreplace")
