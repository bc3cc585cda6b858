"""The feeds that nine servers in ten send, read straight from the tree: RSS in all its dialects, RDF, Atom 1.0.

What lives here: the well-formed cases, in a fraction of the feed library's time. What must not: leniency. At the first
thing that the library may know more of than we do (a format or an element not named here), `read_tree` gives up, and
the library reads the document. A benchmark holds both readings against each other on every real body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urljoin
from xml.sax.saxutils import unescape

from monitor.feeds.dates import parse_date
from monitor.feeds.fields import MOST_ENTRIES
from monitor.feeds.names import (
    ATOM,
    DC,
    ITUNES,
    MEDIA,
    OTHERWISE,
    RDF,
    RSS,
    SYNDICATION,
    XHTML,
    XML,
    Known,
    is_mute_in_atom,
    is_mute_in_rss,
    is_odd_in_rss,
    known_in_atom,
    known_in_rss,
)
from monitor.feeds.raw import RawEntry, RawFeed
from monitor.feeds.xml_tree import Element, inner_markup, split_tag

_Children = dict[str, list[Element]]  # by tag, or by what they are read as; each in the document's order
_PODCAST_CATEGORY = f"{ITUNES}category"
_LISTS = frozenset({f"{ITUNES}keywords", f"{MEDIA}keywords"})  # names with commas between
_KINDS = {"": "text", "text": "text", "text/plain": "text", "html": "html", "text/html": "html", "xhtml": "xhtml"}


class _Unusual(Exception):  # noqa: N818 - no error: somebody else reads on
    """Something that this reader leaves to the library."""


def read_tree(root: Element) -> RawFeed | None:
    """The feed under `root`, or None where the library is to read it."""
    _name_as_usual(root)
    try:
        feed = _atom_feed(root) if root.tag == f"{ATOM}feed" else _rss_feed(root)
    except (_Unusual, ValueError):  # ValueError: no address in xml:base, no HTML in a text
        return None
    held = sum(1 for _ in root.iter("{*}item", "{*}entry", "{*}ITEM", "{*}ENTRY", "{*}Item", "{*}Entry"))
    return feed if held == len(feed.entries) + feed.unread else None  # items where the formats have none


def _name_as_usual(root: Element) -> None:
    for space in OTHERWISE.keys() & root.nsmap.values():
        for element in root.iter(f"{{{space}}}*"):
            element.tag = OTHERWISE[space] + split_tag(element.tag)[1]


# ---- RSS and RDF -----------------------------------------------------------------------------------------------------


def _rss_feed(root: Element) -> RawFeed:
    dialect = _dialect(root)
    top = _children(root)
    channel = _last(top, f"{dialect}channel")
    if channel is None:
        raise _Unusual
    found = _children(channel)
    if any(is_odd_in_rss(tag, dialect) for tag in found):
        raise _Unusual
    items = [*found.get(f"{dialect}item", ()), *top.get(f"{dialect}item", ())]
    known = known_in_rss(dialect)
    return RawFeed(
        title=_text(found, f"{dialect}title") or _text(found, f"{DC}title"),
        link=_text(found, f"{dialect}link"),
        language=_text(found, f"{dialect}language") or _text(found, f"{DC}language") or _language(root, channel),
        ttl=_text(found, f"{dialect}ttl"),
        period=_text(found, f"{SYNDICATION}updatePeriod"),
        frequency=_text(found, f"{SYNDICATION}updateFrequency"),
        skip_hours=_listed(found, f"{dialect}skipHours", f"{dialect}hour"),
        skip_days=_listed(found, f"{dialect}skipDays", f"{dialect}day"),
        entries=[_rss_entry(item, dialect, known) for item in items[:MOST_ENTRIES]],
        unread=len(items[MOST_ENTRIES:]),
        two_dates=False,
        base=_text(found, f"{dialect}link"),
        hubs=_related(found, "hub"),
        itself=next(iter(_related(found, "self")), ""),
    )


def _dialect(root: Element) -> str:
    """The namespace of the feed's own names, with its braces."""
    space, name = split_tag(root.tag)
    if name == "rss":
        return space
    if root.tag != f"{RDF}RDF":
        raise _Unusual
    return next((dialect for dialect in RSS if root.find(f"{dialect}channel") is not None), "")


def _language(root: Element, top: Element) -> str:
    return (top.get(f"{XML}lang") or root.get(f"{XML}lang") or "").replace("_", "-")


def _rss_entry(item: Element, dialect: str, known: Known) -> RawEntry:
    found = _read_as(item, known, lambda child: is_mute_in_rss(child.tag, child.prefix, dialect))
    guid = _last(found, "guid")
    descriptions = _texts(found, "descriptions") or [""]
    contents = [*descriptions[1:], *_texts(found, "contents")]
    return RawEntry(
        id=_markup(guid) if guid is not None else item.get(f"{RDF}about", "").strip(),
        permalink=guid is None or _is_permalink(guid),
        links=[
            *_texts(found, "links")[::-1],
            *_alternates(found.get("atom:links", ()), ""),
            *_texts(found, "original links"),
        ],
        title=_text(found, "title") or _text(found, "dc:title") or _text(found, "media:title"),
        summary=descriptions[0],
        caption="" if descriptions[0] or contents else _caption(item),
        content=max(contents, key=len, default=""),
        authors=[*_texts(found, "authors"), *_texts(found, "creators")] or _texts(found, "itunes:authors"),
        published=_date(found, "pubDate", "atom:published", "issued", "created"),
        updated=_date(found, "dc:date", "atom:updated", "modified"),
        tags=_rss_tags(found.get("tags", ())),
    )


def _is_permalink(guid: Element) -> bool:
    """By its attribute, whatever the case of that one's name."""
    said: str | None = guid.get("isPermaLink")
    if said is None:
        said = next((value for key, value in guid.items() if key.lower() == "ispermalink"), "true")
    return said == "true"


def _rss_tags(children: Sequence[Element]) -> list[str]:
    tags: list[str] = []
    for child in children:
        if child.tag == _PODCAST_CATEGORY:  # one within the other, each named by an attribute
            tags += [category.get("text", "") for category in child.iter(_PODCAST_CATEGORY)]
        else:
            tags += _markup(child).split(",") if child.tag in _LISTS else [_markup(child)]
    return tags


# ---- Atom ------------------------------------------------------------------------------------------------------------


def _atom_feed(root: Element) -> RawFeed:
    base = root.get(f"{XML}base", "")
    found = _children(root)
    title = _last(found, f"{ATOM}title")
    entries = found.get(f"{ATOM}entry", [])
    known = known_in_atom()
    return RawFeed(
        title=_construct(title),
        title_plain=_kind(title) == "text",
        link=(_alternates(found.get(f"{ATOM}link", ()), base) or [""])[-1],
        language=_language(root, root),
        entries=[_atom_entry(entry, base, known) for entry in entries[:MOST_ENTRIES]],
        unread=len(entries[MOST_ENTRIES:]),
        two_dates=True,
        hubs=_related(found, "hub", base),
        itself=next(iter(_related(found, "self", base)), ""),
    )


def _atom_entry(entry: Element, base: str, known: Known) -> RawEntry:
    found = _read_as(entry, known, lambda child: is_mute_in_atom(child.tag, child.prefix))
    base = _joined(base, entry)
    title, summary, content = _last(found, "title"), _last(found, "summary"), _last(found, "content")
    texts = _construct(summary), _construct(content)
    return RawEntry(
        id=_text(found, "id"),
        permalink=True,
        links=[*_alternates(found.get("atom:links", ()), base)[::-1], *_texts(found, "original links")],
        title=_construct(title),
        title_plain=_kind(title) == "text",
        summary=texts[0],
        caption="" if any(texts) else _caption(entry),
        content=texts[1],
        content_plain=_kind(content) == "text",
        content_base=_joined(base, content) if content is not None else base,
        authors=[
            _text(person, f"{ATOM}name") or _text(person, f"{ATOM}email")
            for person in map(_children, found.get("authors", ()))
        ],
        published=_date(found, "published"),
        updated=_date(found, "updated"),
        tags=[category.get("term") or category.get("label") or "" for category in found.get("tags", ())],
    )


def _construct(element: Element | None) -> str:
    """What an Atom text construct holds: text, or markup; of XHTML, what its `div` holds."""
    kind = _kind(element)
    if element is None:
        return ""
    if kind == "xhtml":
        wrapped = len(element) == 1 and element[0].tag == f"{XHTML}div" and not (element[0].tail or "").strip()
        return inner_markup(element[0] if wrapped else element).strip()
    if kind == "html" and len(element):  # TypePad escapes its HTML and wraps it in a div all the same
        return unescape(inner_markup(element)).strip()
    return _markup(element)


def _kind(construct: Element | None) -> str:
    """ "text", "html" or "xhtml"; base64 and media types are for the library."""
    kind = "text" if construct is None else _KINDS.get(construct.get("type", "").lower())
    if not kind:
        raise _Unusual
    return kind


# ---- both ------------------------------------------------------------------------------------------------------------


def _children(parent: Element) -> _Children:
    found: _Children = {}
    child: Element
    for child in parent:
        found.setdefault(child.tag, []).append(child)
    return found


def _read_as(parent: Element, known: Known, is_mute: Callable[[Element], bool]) -> _Children:
    """The children that are read, by what they are read as. `known` learns the tags of others, which must tell nothing.

    Raises _Unusual for a child of which the library may know more.
    """
    found: _Children = {}
    child: Element
    for child in parent:
        tag = child.tag
        meaning = known.get(tag)
        if meaning is None:
            if not is_mute(child):
                raise _Unusual
            meaning = known[tag] = ""
        if meaning in found:
            found[meaning].append(child)
        elif meaning:
            found[meaning] = [child]
    return found


def _alternates(links: Sequence[Element], base: str) -> list[str]:
    """The pages that Atom links lead to, HTML after the rest as the last one counts."""
    links = [link for link in links if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: link.get("type", "text/html") in {"text/html", "application/xhtml+xml"})
    return [urljoin(_joined(base, link), link.get("href", "").strip()) for link in links]


def _related(found: _Children, relation: str, base: str = "") -> list[str]:
    """Where the feed's own links of this relation lead."""
    links = [link for link in found.get(f"{ATOM}link", ()) if relation in link.get("rel", "").lower().split()]
    return [urljoin(_joined(base, link), link.get("href", "").strip()) for link in links]


def _joined(base: str, element: Element) -> str:
    own: str = element.get(f"{XML}base", "")
    return urljoin(base, own) if own else base


def _caption(entry: Element) -> str:
    return next((_markup(text) for text in entry.iter(f"{MEDIA}description")), "")


def _last(found: _Children, tag: str) -> Element | None:
    """The last child of that name, as the last one counts."""
    return found[tag][-1] if tag in found else None


def _text(found: _Children, tag: str) -> str:
    """The text of the last child of that name that has any."""
    for child in reversed(found.get(tag, [])):
        if text := _markup(child):
            return text
    return ""


def _texts(found: _Children, tag: str) -> list[str]:
    return [text for child in found[tag] if (text := _markup(child))] if tag in found else []


def _listed(found: _Children, tag: str, part: str) -> list[str]:
    return [text for parent in found.get(tag, ()) for text in _texts(_children(parent), part)]


def _date(found: _Children, *tags: str) -> datetime | None:
    """The first date, unless one is in a script of which the library knows months that we do not."""
    for tag in tags:
        text = _text(found, tag)
        if date := parse_date(text) if text else None:
            return date
        if not text.isascii():
            raise _Unusual
    return None


def _markup(element: Element) -> str:
    """The text of an element; of one that has children, which few templates escape, their markup."""
    return (inner_markup(element) if len(element) else element.text or "").strip()
