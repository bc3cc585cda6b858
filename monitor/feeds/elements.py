"""The feeds that nine servers in ten send, read straight from the tree: RSS in all its dialects, RDF, Atom 1.0.

What lives here: the well-formed cases, at a tenth of the feed library's time. What must not: leniency. At the first
thing that the library may know more of than we do (a format or an element not named here), `read_tree` gives up, and
the library reads the document. A benchmark holds both readings against each other on every real body.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import urljoin
from xml.sax.saxutils import unescape

from monitor.feeds.dates import parse_date
from monitor.feeds.fields import MOST_ENTRIES
from monitor.feeds.raw import RawEntry, RawFeed
from monitor.feeds.xml_tree import Element, inner_markup, split_tag

_Children = dict[str, list[Element]]  # by tag, each in the document's order

_ATOM = "{http://www.w3.org/2005/Atom}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_FEEDBURNER = "{http://rssnamespace.org/feedburner/ext/1.0}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DIALECTS = ("", "{http://purl.org/rss/1.0/}", "{http://my.netscape.com/rdf/simple/0.9/}")


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# What is read of an item, whichever dialect its names are in; and what the library reads of one beyond that.
_READ = frozenset({"title", "link", "guid", "description", "pubDate", "category", "author"})
_LEFT = _names(
    "title link guid id description pubdate published updated created modified issued category keywords author name"
    " managingeditor creator date subject summary abstract content body fullitem xhtml_body item entry tags"
)
# Of these namespaces, or of whatever bears their usual prefixes, the library reads more than what is named here.
_SPEAKING = {
    _DC: _names("creator date subject title identifier type format language source rights publisher coverage relation"),
    _CONTENT: frozenset({"encoded"}),
    _ATOM: frozenset({"link", "updated", "published"}),
    "{http://purl.org/atom/ns#}": frozenset[str](),
    _XHTML: frozenset[str](),
}
_MUTE = (_TERMS, _MEDIA, _ITUNES, _SYNDICATION, _FEEDBURNER)  # what is not read of these tells nothing
_PODCAST_CATEGORY = f"{_ITUNES}category"
_LISTS = frozenset({f"{_ITUNES}keywords", f"{_MEDIA}keywords"})  # names with commas between
_PREFIXES = frozenset({"dc", "dcterms", "content", "atom", "media", "itunes", "xhtml", "feedburner"})
_ATOM_ENTRY = _names("id title link summary content published updated author category rights contributor source")
# What large outlets write in the place of a namespace's name.
_OTHERWISE = {
    "//search.yahoo.com/mrss/": _MEDIA,
    "http://search.yahoo.com/mrss": _MEDIA,
    "http://www.rssboard.org/media-rss": _MEDIA,
    "http://www.itunes.com/DTDs/Podcast-1.0.dtd": _ITUNES,
    "http://purl.org/dc/elements/1.1": _DC,
    "http://purl.org/rss/1.0/modules/content": _CONTENT,
}
_KINDS = {"": "text", "text": "text", "text/plain": "text", "html": "html", "text/html": "html", "xhtml": "xhtml"}


class _Unusual(Exception):  # noqa: N818 - no error: somebody else reads on
    """Something that this reader leaves to the library."""


def read_tree(root: Element) -> RawFeed | None:
    """The feed under `root`, or None where the library is to read it."""
    _name_as_usual(root)
    try:
        feed = _atom_feed(root) if root.tag == f"{_ATOM}feed" else _rss_feed(root)
    except (_Unusual, ValueError):  # ValueError: no address in xml:base, no HTML in a text
        return None
    held = sum(1 for _ in root.iter("{*}item", "{*}entry", "{*}ITEM", "{*}ENTRY", "{*}Item", "{*}Entry"))
    return feed if held == len(feed.entries) + feed.unread else None  # items where the formats have none


def _name_as_usual(root: Element) -> None:
    for space in _OTHERWISE.keys() & root.nsmap.values():
        for element in root.iter(f"{{{space}}}*"):
            element.tag = _OTHERWISE[space] + split_tag(element.tag)[1]


# ---- RSS and RDF -----------------------------------------------------------------------------------------------------


def _rss_feed(root: Element) -> RawFeed:
    dialect = _dialect(root)
    top = _children(root)
    channel = _last(top, f"{dialect}channel")
    if channel is None:
        raise _Unusual
    found = _children(channel)
    if any(_is_odd(tag, dialect) for tag in found):
        raise _Unusual
    items = [*found.get(f"{dialect}item", ()), *top.get(f"{dialect}item", ())]
    read = set[str]()
    return RawFeed(
        title=_text(found, f"{dialect}title") or _text(found, f"{_DC}title"),
        link=_text(found, f"{dialect}link"),
        language=_text(found, f"{dialect}language") or _text(found, f"{_DC}language") or _language(root, channel),
        ttl=_text(found, f"{dialect}ttl"),
        period=_text(found, f"{_SYNDICATION}updatePeriod"),
        frequency=_text(found, f"{_SYNDICATION}updateFrequency"),
        skip_hours=_listed(found, f"{dialect}skipHours", f"{dialect}hour"),
        skip_days=_listed(found, f"{dialect}skipDays", f"{dialect}day"),
        entries=[_rss_entry(item, dialect, read) for item in items[:MOST_ENTRIES]],
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
    if root.tag != f"{_RDF}RDF":
        raise _Unusual
    return next((dialect for dialect in _DIALECTS if root.find(f"{dialect}channel") is not None), "")


def _language(root: Element, top: Element) -> str:
    return (top.get(f"{_XML}lang") or root.get(f"{_XML}lang") or "").replace("_", "-")


def _rss_entry(item: Element, dialect: str, read: set[str]) -> RawEntry:
    """`read` gathers the tags that have been looked at, as most of an item's are those of the item before."""
    found = _children(item)
    if unseen := found.keys() - read:
        if not all(_is_read(tag, dialect, found[tag][0].prefix) for tag in unseen):
            raise _Unusual
        read |= unseen
    guid = _last(found, f"{dialect}guid")
    summary, contents = _summary_and_contents(item, found, dialect)
    return RawEntry(
        id=_markup(guid) if guid is not None else item.get(f"{_RDF}about", "").strip(),
        permalink=guid is None or _attribute(guid, "ispermalink", "true") == "true",
        links=[
            *_texts(found, f"{dialect}link")[::-1],
            *_alternates(found, ""),
            *_texts(found, f"{_FEEDBURNER}origLink"),
        ],
        title=_text(found, f"{dialect}title") or _text(found, f"{_DC}title") or _text(found, f"{_MEDIA}title"),
        summary=summary,
        caption="" if summary or contents else _caption(item),
        content=max(contents, key=len, default=""),
        authors=[*_texts(found, f"{dialect}author"), *_texts(found, f"{_DC}creator")]
        or _texts(found, f"{_ITUNES}author"),
        published=_date(found, f"{dialect}pubDate", f"{_ATOM}published", f"{_TERMS}issued", f"{_TERMS}created"),
        updated=_date(found, f"{_DC}date", f"{_ATOM}updated", f"{_TERMS}modified"),
        tags=_rss_tags(item, found, dialect),
    )


@lru_cache(maxsize=4096)
def _is_read(tag: str, dialect: str, prefix: str | None) -> bool:
    """Whether all that an element of an item tells is read here."""
    space, name = split_tag(tag)
    if space in {"", dialect}:
        return name in _READ or name.lower() not in _LEFT
    if space in _SPEAKING:
        return name in _SPEAKING[space]
    return space in _MUTE or (space not in _DIALECTS and (prefix or "").lower() not in _PREFIXES)


@lru_cache(maxsize=4096)
def _is_odd(tag: str, dialect: str) -> bool:
    """Whether this is the channel's title, link or language in letters of another case."""
    space, name = split_tag(tag)
    return space in {"", dialect} and name != name.lower() and name.lower() in {"title", "link", "language"}


def _summary_and_contents(item: Element, found: _Children, dialect: str) -> tuple[str, list[str]]:
    """The first description of any kind is the summary; further ones are contents, as podcasts have them."""
    kinds = [tag for tag in (f"{dialect}description", f"{_ITUNES}summary") if tag in found]
    descriptions = [text for child in _in_order(item, found, kinds) if (text := _markup(child))]
    return (descriptions or [""])[0], descriptions[1:] + _texts(found, f"{_CONTENT}encoded")


def _rss_tags(item: Element, found: _Children, dialect: str) -> list[str]:
    tags: list[str] = []
    kinds = (f"{dialect}category", f"{_DC}subject", f"{_MEDIA}category", _PODCAST_CATEGORY, *_LISTS)
    for child in _in_order(item, found, [tag for tag in kinds if tag in found]):
        if child.tag == _PODCAST_CATEGORY:  # one within the other, each named by an attribute
            tags += [category.get("text", "") for category in child.iter(_PODCAST_CATEGORY)]
        else:
            tags += _markup(child).split(",") if child.tag in _LISTS else [_markup(child)]
    return tags


def _in_order(item: Element, found: _Children, kinds: list[str]) -> list[Element]:
    """The children of these kinds as the document has them."""
    return found[kinds[0]] if len(kinds) == 1 else list(item.iterchildren(*kinds)) if kinds else []


# ---- Atom ------------------------------------------------------------------------------------------------------------


def _atom_feed(root: Element) -> RawFeed:
    base = root.get(f"{_XML}base", "")
    found = _children(root)
    title = _last(found, f"{_ATOM}title")
    entries = found.get(f"{_ATOM}entry", [])
    return RawFeed(
        title=_construct(title),
        title_plain=_kind(title) == "text",
        link=(_alternates(found, base) or [""])[-1],
        language=_language(root, root),
        entries=[_atom_entry(entry, base) for entry in entries[:MOST_ENTRIES]],
        unread=len(entries[MOST_ENTRIES:]),
        two_dates=True,
        hubs=_related(found, "hub", base),
        itself=next(iter(_related(found, "self", base)), ""),
    )


def _atom_entry(entry: Element, base: str) -> RawEntry:
    found = _children(entry)
    if not all(_is_atom(tag, same[0].prefix) for tag, same in found.items()):
        raise _Unusual
    base = _joined(base, entry)
    title, summary, content = (_last(found, f"{_ATOM}{name}") for name in ("title", "summary", "content"))
    texts = _construct(summary), _construct(content)
    return RawEntry(
        id=_text(found, f"{_ATOM}id"),
        permalink=True,
        links=[*_alternates(found, base)[::-1], *_texts(found, f"{_FEEDBURNER}origLink")],
        title=_construct(title),
        title_plain=_kind(title) == "text",
        summary=texts[0],
        caption="" if any(texts) else _caption(entry),
        content=texts[1],
        content_plain=_kind(content) == "text",
        content_base=_joined(base, content) if content is not None else base,
        authors=[
            _text(person, f"{_ATOM}name") or _text(person, f"{_ATOM}email")
            for person in map(_children, found.get(f"{_ATOM}author", ()))
        ],
        published=_date(found, f"{_ATOM}published"),
        updated=_date(found, f"{_ATOM}updated"),
        tags=[category.get("term") or category.get("label") or "" for category in found.get(f"{_ATOM}category", ())],
    )


@lru_cache(maxsize=4096)
def _is_atom(tag: str, prefix: str | None) -> bool:
    space, name = split_tag(tag)
    if space == _ATOM:
        return name in _ATOM_ENTRY
    if tag in {f"{_MEDIA}keywords", f"{_MEDIA}category"}:
        return False
    return space in _MUTE or bool(space and space not in _SPEAKING and (prefix or "").lower() not in _PREFIXES)


def _construct(element: Element | None) -> str:
    """What an Atom text construct holds: text, or markup; of XHTML, what its `div` holds."""
    kind = _kind(element)
    if element is None:
        return ""
    if kind == "xhtml":
        wrapped = len(element) == 1 and element[0].tag == f"{_XHTML}div" and not (element[0].tail or "").strip()
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


def _alternates(found: _Children, base: str) -> list[str]:
    """The pages that Atom links lead to, HTML after the rest as the last one counts."""
    links = [link for link in found.get(f"{_ATOM}link", ()) if link.get("rel", "alternate") == "alternate"]
    links.sort(key=lambda link: link.get("type", "text/html") in {"text/html", "application/xhtml+xml"})
    return [urljoin(_joined(base, link), link.get("href", "").strip()) for link in links]


def _related(found: _Children, relation: str, base: str = "") -> list[str]:
    """Where the feed's own links of this relation lead."""
    links = [link for link in found.get(f"{_ATOM}link", ()) if relation in link.get("rel", "").lower().split()]
    return [urljoin(_joined(base, link), link.get("href", "").strip()) for link in links]


def _joined(base: str, element: Element) -> str:
    own: str = element.get(f"{_XML}base", "")
    return urljoin(base, own) if own else base


def _caption(entry: Element) -> str:
    return next((_markup(text) for text in entry.iter(f"{_MEDIA}description")), "")


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


def _attribute(element: Element, name: str, default: str) -> str:
    """An attribute whatever the case of its name."""
    return next((value for key, value in element.items() if key.lower() == name), default)
