"""The feeds that nine servers in ten send, read straight from the tree: RSS 2.0 and its kin, RDF, Atom 1.0.

What lives here: the well-formed and plain cases, at a quarter of the feed library's time. What must not: leniency. At
the first thing out of the ordinary (unescaped markup, a format or an extension not named here) `read_tree` gives up,
and the feed library reads the document. A test holds the two readings against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from monitor.dates import parse_date
from monitor.raw import RawEntry, RawFeed

_ATOM = "{http://www.w3.org/2005/Atom}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_FEEDBURNER = "{http://rssnamespace.org/feedburner/ext/1.0}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RSS_DIALECTS = {"rss": "", f"{_RDF}RDF": "{http://purl.org/rss/1.0/}"}

# Namespaces of which nothing is read here. Of any other one the library may know more than we do.
_SILENT = (
    "{http://purl.org/rss/1.0/modules/slash/}",
    "{http://wellformedweb.org/CommentAPI/}",
    "{http://www.georss.org/georss}",
    "{http://www.w3.org/2003/01/geo/wgs84_pos#}",
    "{http://purl.org/syndication/thread/1.0}",
    "{http://purl.org/rss/1.0/modules/taxonomy/}",
    "{http://webns.net/mvcb/}",
    "{com-wordpress:feed-additions:1}",
    "{http://www.youtube.com/xml/schemas/2015}",
    "{https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md}",
    "{http://www.rawvoice.com/rawvoiceRssModule/}",
    "{http://activitystrea.ms/spec/1.0/}",
    "{http://www.w3.org/2005/11/its}",
    "{http://prismstandard.org/namespaces/basic/2.0/}",
    "{http://www.pheedo.com/namespace/pheedo}",
    "{http://schemas.google.com/g/2005}",
    "{http://api.npr.org/nprml}",
    _FEEDBURNER,
    _SYNDICATION,
    _MEDIA,
)
_RSS_ITEM = frozenset(
    {"title", "link", "guid", "description", "pubDate", "category", "author", "comments", "enclosure", "source"}
)
_DC_ITEM = frozenset(
    {f"{_DC}{name}" for name in ("creator", "date", "subject", "identifier", "type", "format", "language", "source")}
)
_ATOM_ENTRY = frozenset(
    f"{_ATOM}{name}"
    for name in (
        "id",
        "title",
        "link",
        "summary",
        "content",
        "published",
        "updated",
        "author",
        "category",
        "rights",
        "contributor",
    )
)
_ATOM_IN_RSS = frozenset({f"{_ATOM}link", f"{_ATOM}updated", f"{_ATOM}published"})
_KINDS = {"": "text", "text": "text", "text/plain": "text", "html": "html", "text/html": "html"}


class _Unusual(Exception):  # noqa: N818 - no error: somebody else reads on
    """Something that this reader leaves to the library."""


def read_tree(document: str) -> RawFeed | None:
    """The feed in a repaired document, or None where the library is to read it."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - repaired: no document type, so no entities
        if root.tag == f"{_ATOM}feed":
            return _atom_feed(root)
        return _rss_feed(root, _RSS_DIALECTS[root.tag]) if root.tag in _RSS_DIALECTS else None
    except (ElementTree.ParseError, _Unusual, ValueError):  # ValueError: an xml:base that is no address
        return None


# ---- RSS and RDF -----------------------------------------------------------------------------------------------------


def _rss_feed(root: Element, dialect: str) -> RawFeed:
    channel = root.find(f"{dialect}channel")
    if channel is None:
        raise _Unusual
    items = [*channel.iterfind(f"{dialect}item"), *root.iterfind(f"{dialect}item")]
    return RawFeed(
        title=_text(channel, f"{dialect}title") or _text(channel, f"{_DC}title"),
        link=_text(channel, f"{dialect}link"),
        language=_text(channel, f"{dialect}language") or _text(channel, f"{_DC}language") or _language(root, channel),
        ttl=_text(channel, f"{dialect}ttl"),
        period=_text(channel, f"{_SYNDICATION}updatePeriod"),
        frequency=_text(channel, f"{_SYNDICATION}updateFrequency"),
        entries=[_rss_entry(item, dialect) for item in items],
        two_dates=False,
        base=_text(channel, f"{dialect}link"),
    )


def _language(root: Element, top: Element) -> str:
    return (top.get(f"{_XML}lang") or root.get(f"{_XML}lang") or "").replace("_", "-")


def _rss_entry(item: Element, dialect: str) -> RawEntry:
    for child in item:
        _check_rss_child(str(child.tag), dialect)
    guid = item.find(f"{dialect}guid")
    return RawEntry(
        id=_own_text(guid) if guid is not None else item.get(f"{_RDF}about", "").strip(),
        permalink=guid is None or _attribute(guid, "ispermalink", "true") == "true",
        links=[*_texts(item, f"{dialect}link")[::-1], *_alternates(item, ""), *_texts(item, f"{_FEEDBURNER}origLink")],
        title=_text(item, f"{dialect}title") or _text(item, f"{_MEDIA}title"),
        summary=_text(item, f"{dialect}description"),
        caption=_caption(item),
        content=max(_texts(item, f"{_CONTENT}encoded"), key=len, default=""),
        authors=[*_texts(item, f"{dialect}author"), *_texts(item, f"{_DC}creator")],
        published=_date(_text(item, f"{dialect}pubDate")) or _date(_text(item, f"{_ATOM}published")),
        updated=_date(_text(item, f"{_DC}date")) or _date(_text(item, f"{_ATOM}updated")),
        tags=[*_texts(item, f"{dialect}category"), *_texts(item, f"{_DC}subject")],
    )


def _check_rss_child(tag: str, dialect: str) -> None:
    if tag.startswith("{") and not (dialect and tag.startswith(dialect)):
        known = tag in _DC_ITEM or tag in _ATOM_IN_RSS or tag == f"{_CONTENT}encoded" or tag.startswith(_SILENT)
    else:
        known = tag.removeprefix(dialect) in _RSS_ITEM
    if not known or tag in {f"{_MEDIA}keywords", f"{_MEDIA}category"}:
        raise _Unusual


# ---- Atom ------------------------------------------------------------------------------------------------------------


def _atom_feed(root: Element) -> RawFeed:
    base = root.get(f"{_XML}base", "")
    title = root.find(f"{_ATOM}title")
    return RawFeed(
        title=_own_text(title),
        title_plain=_kind(title) == "text",
        link=(_alternates(root, base) or [""])[-1],
        language=_language(root, root),
        entries=[_atom_entry(entry, base) for entry in root.iterfind(f"{_ATOM}entry")],
        two_dates=True,
    )


def _atom_entry(entry: Element, base: str) -> RawEntry:
    if any(child.tag not in _ATOM_ENTRY and not str(child.tag).startswith(_SILENT) for child in entry):
        raise _Unusual
    base = urljoin(base, entry.get(f"{_XML}base", ""))
    title, summary, content = (entry.find(f"{_ATOM}{name}") for name in ("title", "summary", "content"))
    return RawEntry(
        id=_text(entry, f"{_ATOM}id"),
        permalink=True,
        links=[*_alternates(entry, base)[::-1], *_texts(entry, f"{_FEEDBURNER}origLink")],
        title=_own_text(title),
        title_plain=_kind(title) == "text",
        summary=_own_text(summary) if _kind(summary) else "",
        caption=_caption(entry),
        content=_own_text(content),
        content_plain=_kind(content) == "text",
        content_base=urljoin(base, content.get(f"{_XML}base", "")) if content is not None else base,
        authors=_people(entry),
        published=_date(_text(entry, f"{_ATOM}published")),
        updated=_date(_text(entry, f"{_ATOM}updated")),
        tags=[category.get("term") or category.get("label") or "" for category in entry.iterfind(f"{_ATOM}category")],
    )


def _kind(construct: Element | None) -> str:
    """ "text" or "html"; XHTML and base64 are for the library."""
    kind = "text" if construct is None else _KINDS.get(construct.get("type", "").lower())
    if not kind:
        raise _Unusual
    return kind


def _people(entry: Element) -> list[str]:
    authors = list(entry.iterfind(f"{_ATOM}author"))
    return [_text(author, f"{_ATOM}name") or _text(author, f"{_ATOM}email") for author in authors]


# ---- both ------------------------------------------------------------------------------------------------------------


def _alternates(parent: Element, base: str) -> list[str]:
    """The pages that Atom links of `parent` lead to, HTML after the rest as the last one counts."""
    links = [link for link in parent.iterfind(f"{_ATOM}link") if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: link.get("type", "text/html") in {"text/html", "application/xhtml+xml"})
    return [urljoin(urljoin(base, link.get(f"{_XML}base", "")), link.get("href", "").strip()) for link in links]


def _caption(entry: Element) -> str:
    return next((_own_text(text) for text in entry.iter(f"{_MEDIA}description")), "")


def _text(parent: Element, tag: str) -> str:
    """The text of the last child of that name, as the last one counts."""
    return next(reversed(_texts(parent, tag)), "")


def _date(text: str) -> datetime | None:
    """The date, unless it is in a script of which the library knows months that we do not."""
    date = parse_date(text)
    if not date and not text.isascii():
        raise _Unusual
    return date


def _texts(parent: Element, tag: str) -> list[str]:
    return [text for child in parent.iterfind(tag) if (text := _own_text(child))]


def _own_text(element: Element | None) -> str:
    if element is None:
        return ""
    if len(element):
        raise _Unusual
    return (element.text or "").strip()


def _attribute(element: Element, name: str, default: str) -> str:
    """An attribute whatever the case of its name."""
    values: Iterator[str] = (value for key, value in element.items() if key.lower() == name)
    return next(values, default)
