"""The names that feeds give their elements, and what is read of each.

What lives here: namespaces, what children of an item are read as, and which of them tell nothing. What must not: how
an element is read. A name that is not here is the feed library's: it may know more.
"""

from __future__ import annotations

from functools import lru_cache

from monitor.feeds.xml_tree import split_tag

ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
SYNDICATION = "{http://purl.org/rss/1.0/modules/syndication/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
FEEDBURNER = "{http://rssnamespace.org/feedburner/ext/1.0}"
XHTML = "{http://www.w3.org/1999/xhtml}"
XML = "{http://www.w3.org/XML/1998/namespace}"
RSS = ("", "{http://purl.org/rss/1.0/}", "{http://my.netscape.com/rdf/simple/0.9/}")  # its dialects

# What large outlets write in the place of a namespace's name.
OTHERWISE = {
    "//search.yahoo.com/mrss/": MEDIA,
    "http://search.yahoo.com/mrss": MEDIA,
    "http://www.rssboard.org/media-rss": MEDIA,
    "http://www.itunes.com/DTDs/Podcast-1.0.dtd": ITUNES,
    "http://purl.org/dc/elements/1.1": DC,
    "http://purl.org/rss/1.0/modules/content": CONTENT,
}

Known = dict[str, str]  # tag → what it is read as; "" for what tells nothing

# What is read of an item, and as what: names in the feed's own dialect, then those of others' namespaces. Several
# names with one meaning are read in the document's order.
_OF_RSS = {
    "title": "title",
    "link": "links",
    "guid": "guid",
    "description": "descriptions",
    "pubDate": "pubDate",
    "category": "tags",
    "author": "authors",
}
_OF_OTHERS = {
    f"{DC}title": "dc:title",
    f"{MEDIA}title": "media:title",
    f"{ATOM}link": "atom:links",
    f"{FEEDBURNER}origLink": "original links",
    f"{ITUNES}summary": "descriptions",
    f"{CONTENT}encoded": "contents",
    f"{DC}creator": "creators",
    f"{ITUNES}author": "itunes:authors",
    f"{ATOM}published": "atom:published",
    f"{TERMS}issued": "issued",
    f"{TERMS}created": "created",
    f"{DC}date": "dc:date",
    f"{ATOM}updated": "atom:updated",
    f"{TERMS}modified": "modified",
    f"{DC}subject": "tags",
    f"{MEDIA}category": "tags",
    f"{MEDIA}keywords": "tags",
    f"{ITUNES}category": "tags",
    f"{ITUNES}keywords": "tags",
}
_OF_ATOM = {
    **{f"{ATOM}{name}": name for name in ("id", "title", "summary", "content", "published", "updated")},
    f"{ATOM}link": "atom:links",
    f"{ATOM}author": "authors",
    f"{ATOM}category": "tags",
    f"{FEEDBURNER}origLink": "original links",
}


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# What the library reads of an RSS item beyond that, and what of an Atom entry tells nothing here.
_LEFT = _names(
    "title link guid id description pubdate published updated created modified issued category keywords author name"
    " managingeditor creator date subject summary abstract content body fullitem xhtml_body item entry tags"
)
_PASSED_OVER = _names("rights contributor source")
# Of these namespaces, or of whatever bears their usual prefixes, the library reads more than what is named here.
_SPEAKING = {
    DC: _names("creator date subject title identifier type format language source rights publisher coverage relation"),
    CONTENT: frozenset({"encoded"}),
    ATOM: frozenset({"link", "updated", "published"}),
    "{http://purl.org/atom/ns#}": frozenset[str](),
    XHTML: frozenset[str](),
}
_PREFIXES = frozenset({"dc", "dcterms", "content", "atom", "media", "itunes", "xhtml", "feedburner"})
_MUTE = (TERMS, MEDIA, ITUNES, SYNDICATION, FEEDBURNER)  # what is not read of these tells nothing


@lru_cache(maxsize=64)
def _of_dialect(dialect: str) -> Known:
    return {f"{dialect}{name}": meaning for name, meaning in _OF_RSS.items()} | _OF_OTHERS


def known_in_rss(dialect: str) -> Known:
    """What children of an item are read as, for a feed to add what else it has. `dialect`: its namespace, in braces."""
    return dict(_of_dialect(dialect))


def known_in_atom() -> Known:
    return dict(_OF_ATOM)


def is_mute_in_rss(tag: str, prefix: str | None, dialect: str) -> bool:
    """Whether a child of an item that is not known tells nothing, to the library either."""
    space, name = split_tag(tag)
    if ":" in name:
        return not _has_usual_prefix(name)
    if space in {"", dialect}:
        return name in _OF_RSS or name.lower() not in _LEFT
    if space in _SPEAKING:
        return name in _SPEAKING[space]
    return space in _MUTE or (space not in RSS and (prefix or "").lower() not in _PREFIXES)


def is_mute_in_atom(tag: str, prefix: str | None) -> bool:
    """The same of a child of an Atom entry."""
    space, name = split_tag(tag)
    if space == ATOM:
        return name in _PASSED_OVER
    if tag in {f"{MEDIA}keywords", f"{MEDIA}category"}:
        return False
    return space in _MUTE or bool(space and space not in _SPEAKING and (prefix or "").lower() not in _PREFIXES)


@lru_cache(maxsize=4096)
def is_odd_in_rss(tag: str, dialect: str) -> bool:
    """Whether this child of the channel may be its title, link or language, or another's, under an odd name."""
    space, name = split_tag(tag)
    if ":" in name:
        return _has_usual_prefix(name)
    return space in {"", dialect} and name != name.lower() and name.lower() in {"title", "link", "language"}


def _has_usual_prefix(name: str) -> bool:
    """Of a name whose namespace the document forgot to declare: whether one can tell which was meant."""
    return name.partition(":")[0].lower() in _PREFIXES
