"""OPML, the list of feeds that every reader can export, to feeds and back.

What lives here: the format, read as it comes. What must not: files and the network. The document is untrusted: it
passes through the same decoding and repair as a feed, and a reader of tags, not of XML, so no entity is resolved and no
document type is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree as Writer

from monitor.errors import ParseError
from monitor.feeds.decoding import decode
from monitor.feeds.repair import printable, repair
from monitor.model import Feed

_FRONT = ("www.", "feeds.", "feed.", "rss.")  # labels that name a service of the outlet, not the outlet
_DEEPEST = 100  # folders in folders


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeeds:
    """What an OPML document holds. `skipped` names each outline that is no usable feed, its line and the reason."""

    feeds: tuple[Feed, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """An outline with its attributes by lower-case name, and the labels of the folders it lies in."""

    attributes: dict[str, str]
    folders: tuple[str, ...]
    line: int
    empty: bool  # written <outline …/>

    @property
    def folder(self) -> bool:
        """Whether it is there to hold others, and nobody will miss a feed."""
        return not self.empty and "htmlurl" not in self.attributes and self.attributes.get("type", "") != "rss"

    def skip(self, reason: str) -> str:
        """The line that tells a person what was left out."""
        return f"line {self.line}: {_label(self.attributes) or 'outline'}: {reason}"


class _Reader(HTMLParser):
    """Collects outlines, and keeps the stack of those that are open. Well-formed or not is all the same to it."""

    def __init__(self) -> None:
        super().__init__()
        self.outlines: list[_Outline] = []
        self._open: list[str] = []  # labels; "" for one that makes no tag

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "outline":
            self._add(attrs, empty=False)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "outline":
            self._add(attrs, empty=True)

    def handle_endtag(self, tag: str) -> None:
        if tag == "outline" and self._open:
            self._open.pop()

    def _add(self, attrs: list[tuple[str, str | None]], *, empty: bool) -> None:
        attributes = {name: " ".join((value or "").split()) for name, value in attrs}
        folders = tuple(label for label in self._open[:_DEEPEST] if label)
        self.outlines.append(_Outline(attributes=attributes, folders=folders, line=self.getpos()[0], empty=empty))
        if not empty:
            self._open.append("" if _address(attributes) else _label(attributes))


def read(source: bytes) -> OpmlFeeds:
    """The feeds of an OPML document, well-formed or not; folders and categories become tags, names are made unique.

    Raises ParseError where there is no outline at all.
    """
    feeds: dict[str, Feed] = {}
    skipped: list[str] = []
    names: set[str] = set()
    for outline in _outlines(source):
        feed = _feed(outline)
        if isinstance(feed, str):
            skipped += [outline.skip(feed)] if feed else []
        elif feed.url in feeds:
            skipped.append(outline.skip(f"the same address as {feeds[feed.url].name}"))
        else:
            feeds[feed.url] = replace(feed, name=_unique(feed.name, names))
    return OpmlFeeds(feeds=tuple(feeds.values()), skipped=tuple(skipped))


def rows(source: bytes) -> Iterator[tuple[int, Feed | str]]:
    """The line of each outline that is no folder, and its feed as it stands there, or why it is no usable one.

    Raises ParseError where there is no outline at all.
    """
    for outline in _outlines(source):
        if found := _feed(outline):
            yield outline.line, found


def write(feeds: Sequence[Feed], *, title: str, created: datetime) -> str:
    """OPML 2.0. A feed lies in the folder of its first tag and has all as categories; one at rest is a comment."""
    document = Writer.Element("opml", version="2.0")
    head = Writer.SubElement(document, "head")
    Writer.SubElement(head, "title").text = printable(title)
    Writer.SubElement(head, "dateCreated").text = format_datetime(created)
    body = Writer.SubElement(document, "body")
    folders: dict[str, Writer.Element] = {}
    for feed in feeds:
        parent = body
        if feed.tags:
            folder = printable(feed.tags[0])
            if folder not in folders:
                folders[folder] = Writer.SubElement(body, "outline", text=folder, title=folder)
            parent = folders[folder]
        Writer.SubElement(parent, "outline", _attributes(feed))
    Writer.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Writer.tostring(document, encoding="unicode") + "\n"


def _outlines(source: bytes) -> Sequence[_Outline]:
    reader = _Reader()
    reader.feed(repair(decode(source).text.lstrip("\ufeff")))
    reader.close()
    if not reader.outlines:
        raise ParseError("not-a-feed", "the document holds no outline; expected OPML")
    return reader.outlines


def _label(attributes: Mapping[str, str]) -> str:
    return attributes.get("text") or attributes.get("title") or ""


def _address(attributes: Mapping[str, str]) -> str:
    """xmlUrl, or what sloppy exporters call it."""
    if address := attributes.get("xmlurl"):
        return address
    return attributes.get("url", "") if attributes.get("type", "").lower() in {"rss", "atom", "feed"} else ""


def _feed(outline: _Outline) -> Feed | str:
    """The feed, or why there is none; "" for a folder, which nobody misses."""
    attributes = outline.attributes
    address = _address(attributes)
    if not address:
        return "" if outline.folder else "no feed address (xmlUrl)"
    host = _host(address)
    if not host:
        return f"{address[:200]!r} is no http or https address"
    outlet = _host(attributes.get("htmlurl", "")) or host
    return Feed(
        url=address,
        name=_label(attributes) or outlet,
        outlet=outlet,
        language=attributes.get("language", ""),
        tags=tuple(dict.fromkeys((*outline.folders, *_categories(attributes.get("category", ""))))),
        enabled=attributes.get("iscomment", "").lower() != "true",
    )


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"}:
        return ""
    for label in _FRONT:
        host = host.removeprefix(label) if host.count(".") > 1 else host
    return host


def _categories(value: str) -> Iterable[str]:
    """Comma-separated; one that begins with a slash is a path of tags."""
    for category in value.split(","):
        parts = category.split("/") if category.strip().startswith("/") else [category]
        yield from (tag for part in parts if (tag := part.strip()))


def _unique(name: str, names: set[str]) -> str:
    """The name, or the name with the first free number: watches tell feeds apart by it."""
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name} ({number})"
    names.add(candidate)
    return candidate


def _attributes(feed: Feed) -> dict[str, str]:
    attributes = {
        "type": "rss",
        "text": feed.name,
        "title": feed.name,
        "xmlUrl": feed.url,
        "htmlUrl": f"https://{feed.outlet}/",
    }
    attributes |= {"category": ",".join(tag.replace(",", " ") for tag in feed.tags)} if feed.tags else {}
    attributes |= {"language": feed.language} if feed.language else {}
    attributes |= {} if feed.enabled else {"isComment": "true"}
    return {name: printable(value) for name, value in attributes.items()}
