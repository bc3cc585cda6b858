"""Items → a feed: Atom, RSS 2.0 and JSON Feed (pure).

What lives here: how each format writes a feed and an item. What must not: what an item says, or where the feed lies.

An item is written for itself, so that a feed in a file can keep the items that it has. Whatever no XML may hold is left
out; nothing of an item looks like a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

GENERATOR = "<generator>Tipsheet</generator>"
JSON_MARK = "_tipsheet"  # what JSON Feed leaves to whoever writes one

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a feed that we write."""

    id: str  # a URI, the same for good
    title: str
    link: str  # a safe one, or ""
    published: datetime
    updated: datetime
    html: str  # ours: what of it was a stranger's is escaped
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What stands around the items."""

    id: str  # a URI by which readers tell this feed from others
    title: str
    updated: datetime
    home: str = ""  # the page that it is the feed of
    address: str = ""  # its own


@dataclass(frozen=True, slots=True)
class Format:
    """How a feed is written."""

    media_type: str
    item: Callable[[Item], str]
    whole: Callable[[FeedHead, Sequence[str]], str]  # with its items as `item` wrote them


def xml(text: str) -> str:
    """A text as XML may hold it, escaped."""
    return escape(_NO_XML.sub("", text))


def iso(moment: datetime) -> str:
    """ "2026-03-04T09:40:00Z"."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ---- Atom ------------------------------------------------------------------------------------------------------------


def _atom_entry(item: Item) -> str:
    parts = [
        f"<id>{xml(item.id)}</id>",
        f"<title>{xml(item.title)}</title>",
        f"<published>{iso(item.published)}</published>",
        f"<updated>{iso(item.updated)}</updated>",
        f'<link href="{xml(item.link)}"/>' if item.link else "",
        f'<content type="html">{xml(item.html)}</content>',
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _atom(head: FeedHead, entries: Sequence[str]) -> str:
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{xml(head.title)}</title>",
        f"<id>{xml(head.id)}</id>",
        f"<updated>{iso(head.updated)}</updated>",
        f'<link rel="alternate" type="text/html" href="{xml(head.home)}"/>' if head.home else "",
        f'<link rel="self" type="application/atom+xml" href="{xml(head.address)}"/>' if head.address else "",
        "<author><name>Tipsheet</name></author>",
        GENERATOR,
    ]
    return "\n".join([*filter(None, lines), *entries, "</feed>", ""])


# ---- RSS -------------------------------------------------------------------------------------------------------------


def _rss_item(item: Item) -> str:
    parts = [
        f"<title>{xml(item.title)}</title>",
        f"<link>{xml(item.link)}</link>" if item.link else "",
        f'<guid isPermaLink="false">{xml(item.id)}</guid>',
        f"<pubDate>{_mail_date(item.published)}</pubDate>",
        f"<description>{xml(item.html)}</description>",
    ]
    return f"<item>{''.join(parts)}</item>"


def _rss(head: FeedHead, items: Sequence[str]) -> str:
    itself = f'<atom:link rel="self" type="application/rss+xml" href="{xml(head.address)}"/>'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">',
        "<channel>",
        f"<title>{xml(head.title)}</title>",
        f"<link>{xml(head.home)}</link>",
        f"<description>{xml(head.title)}</description>",
        f"<lastBuildDate>{_mail_date(head.updated)}</lastBuildDate>",
        itself if head.address else "",
        GENERATOR,
    ]
    return "\n".join([*filter(None, lines), *items, "</channel>", "</rss>", ""])


def _mail_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


# ---- JSON Feed -------------------------------------------------------------------------------------------------------


def _json_item(item: Item) -> str:
    written = {"id": item.id, "title": item.title, "date_published": iso(item.published)}
    if item.updated != item.published:
        written["date_modified"] = iso(item.updated)
    written |= {"content_html": item.html, "content_text": item.text}
    if item.link:
        written["url"] = item.link
    return json.dumps(written)


def _json(head: FeedHead, items: Sequence[str]) -> str:
    opening: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": head.title}
    if head.home:
        opening["home_page_url"] = head.home
    if head.address:
        opening["feed_url"] = head.address
    opening[JSON_MARK] = {"id": head.id, "updated": iso(head.updated)}
    listed = ",\n".join(items)
    return f'{json.dumps(opening)[:-1]}, "items": [\n{listed}\n]}}\n'


ATOM = Format("application/atom+xml", _atom_entry, _atom)
RSS = Format("application/rss+xml", _rss_item, _rss)
JSON_FEED = Format("application/feed+json", _json_item, _json)
