"""What a poll brought: parsed entries against what is known of the feed.

What lives here: the identity of an entry, what counts as an edit, what counts as backlog, and the guard against a feed
that publishes its archive again. What must not: a clock, a database, or what anybody wants to hear about.

An entry is recognised by the first of these that is known, each distrusted as real feeds have taught:
  guid     the same for all, reused for the next article, or printed with http one day and https the next
  link     the home page for all entries; or right, under a guid that changes with every poll
  title    for entries that have neither
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from typing import Self
from urllib.parse import urlsplit

from monitor.model import Changes, KeyedEntry, KnownEntry, ParsedEntry, ParsedFeed, UnchangedEntry
from monitor.words.text import visible_text

# An address of the web as `urlsplit` parts it, in a third of its time: each entry of each poll has two.
_ADDRESS = re.compile(r"https?://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_LONGEST_KEY = 200
_NOISE = re.compile(r"(?:^|&)(?:utm_[^=&]*|fbclid|gclid|mc_[ce]id|cmpid|ns_[a-z]+)=[^&]*", re.IGNORECASE)
_ALIKE = 0.5  # share of common words at which two titles under one guid are one article, edited
_VERSIONS = 2  # titles that one guid with one link may have in a document: an edit; with more, neither means anything
_ARCHIVE_COUNT, _ARCHIVE_SHARE = 10, 0.5  # entries, and share of a feed, that make it its archive again
RECENT = 300  # of the newest known entries at least …
_DOCUMENTS = 5  # … and as many as so many documents hold
_NO_DATE = datetime(1990, 1, 1, tzinfo=UTC)  # older ones are a template's zero, not a time


def decide(
    parsed: ParsedFeed,
    *,
    known: Sequence[KnownEntry],
    first_poll: bool,
    now: datetime,
    fresh_for: timedelta,
    last_read: datetime | None = None,
    texts: Mapping[str, str] | None = None,
) -> Changes:
    """Which entries are new, which edited, and how many the same. An entry twice in one document counts once.

    `backlog` marks new entries published more than `fresh_for` before `now` or, if that is longer ago, before
    `last_read`, when the feed was last heard: after an outage its news is late, not old. It also marks the undated
    ones of a first poll, and what a feed publishes again. `texts` has the visible text of each content, where
    that was read already.
    """
    oldest = min(now, last_read or now) - fresh_for
    memory = _Memory.of(known)
    shapes = _shapes(parsed.everything, texts or {})
    unread = {entry.key for entry in parsed.unchanged}
    marks = parsed.fingerprints or repeat("")
    read = [_Found.of(*one, memory) for one in zip(parsed.entries, shapes, marks, strict=False)]
    found = _without_repeats(item for item in read if item.keyed.key not in unread)
    found = _with_archive_held(found, memory, total=len(found) + len(unread))
    new = [item.keyed for item in found if not item.known]
    edited = [item.keyed for item in found if item.is_edited]
    return Changes(
        new=tuple(_held(item) if _is_backlog(item.entry, first_poll, oldest) else item for item in new),
        edited=tuple(edited),
        same=parsed.size - len(new) - len(edited),
        standing=tuple(item.keyed for item in found if item.known and not item.is_edited),
    )


def memory_of(parsed: ParsedFeed) -> int:
    """How many of the newest known entries a document is compared with, beside those that its keys name.

    By links and words alone an entry is known again when its guid has changed, which happens to what stood in the feed
    a moment ago. Comparing each poll with all that a feed ever brought would cost the more, the longer it is watched.
    """
    return max(RECENT, _DOCUMENTS * parsed.size)


def keys_of(parsed: ParsedFeed, texts: Mapping[str, str]) -> frozenset[str]:
    """Every key under which an entry of this document can be known, however long ago it was last seen."""
    return frozenset(key for entry in parsed.entries for key in _keys(entry, texts))


def hold_undated(found: Changes) -> Changes:
    """The same, with new entries that bear no date kept as backlog: in a flood they are more likely an archive."""
    return replace(found, new=tuple(_held(item) if _is_undated(item.entry) else item for item in found.new))


# ---- identity --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """An entry's marks of identity, and whether this document lets them identify anything."""

    guid: str
    link: str
    title: str
    dated_title: str  # with the time at which it was published, so that "Police log" is another each day
    words: str  # the content hash
    guid_shared: bool = False  # entries with other links or titles have it too
    link_shared: bool = False  # entries with other guids or titles have it too
    title_shared: bool = False  # entries with other words have it too

    @classmethod
    def of(cls, entry: ParsedEntry | UnchangedEntry, texts: Mapping[str, str]) -> Self:
        title = _folded(entry.title)
        return cls(
            guid=_canonical(entry.id),
            link=_canonical(entry.link),
            title=title,
            dated_title=f"{title} {entry.published.isoformat() if entry.published else ''}".strip(),
            words=entry.content_hash if isinstance(entry, UnchangedEntry) else _content_hash(entry, texts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """The known entries, by what they can be recognised by."""

    by_key: dict[str, KnownEntry]
    by_link: dict[str, KnownEntry]  # only links that one entry has
    by_words: dict[str, KnownEntry]

    @classmethod
    def of(cls, known: Sequence[KnownEntry]) -> Self:
        counts = Counter(_canonical(entry.link) for entry in known)
        return cls(
            by_key={entry.key: entry for entry in known},
            by_link={link: entry for entry in known if (link := _canonical(entry.link)) and counts[link] == 1},
            by_words={entry.content_hash: entry for entry in known},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An entry with its identity, and what was known under it."""

    keyed: KeyedEntry
    known: KnownEntry | None

    @classmethod
    def of(cls, entry: ParsedEntry, shape: _Shape, mark: str, memory: _Memory) -> Self:
        known = _recognise(shape, memory)
        key = known.key if known else _new_key(shape, memory)
        keyed = KeyedEntry(key=key, content_hash=shape.words, entry=entry, fingerprint=mark)
        return cls(keyed=keyed, known=known)

    @property
    def is_edited(self) -> bool:
        return self.known is not None and self.known.content_hash != self.keyed.content_hash


def _shapes(entries: Sequence[ParsedEntry | UnchangedEntry], texts: Mapping[str, str]) -> list[_Shape]:
    """Each entry's marks, with those that this document has worn out marked as such."""
    shapes = [_Shape.of(entry, texts) for entry in entries]
    titles = Counter((guid, link) for guid, link, _ in {(shape.guid, shape.link, shape.title) for shape in shapes})
    shapes = [replace(shape, link="") if titles[shape.guid, shape.link] > _VERSIONS else shape for shape in shapes]
    guids = Counter(guid for guid, _ in {(shape.guid, shape.link or shape.title) for shape in shapes})
    links = Counter(link for link, _ in {(shape.link, shape.guid or shape.title) for shape in shapes})
    words = Counter(title for title, _ in {(shape.dated_title, shape.words) for shape in shapes})
    worn = [(guids[shape.guid] > 1, links[shape.link] > 1, words[shape.dated_title] > 1) for shape in shapes]
    return [
        replace(shape, guid_shared=guid, link_shared=link, title_shared=title) if guid or link or title else shape
        for shape, (guid, link, title) in zip(shapes, worn, strict=True)
    ]


def _recognise(shape: _Shape, memory: _Memory) -> KnownEntry | None:
    """The known entry that this one is, if it is one."""
    if shape.guid and (known := _by_both(shape, memory) or _by_guid(shape, memory)):
        return known
    if shape.link and not shape.link_shared and (known := memory.by_link.get(shape.link)):
        return known
    if shape.guid:
        return None
    if shape.link:
        return memory.by_key.get(_link_key(shape))
    return memory.by_key.get(_title_key(shape)) or memory.by_words.get(shape.words)


def _by_both(shape: _Shape, memory: _Memory) -> KnownEntry | None:
    """The entry known by this guid and its link; or its title, if it came with others that wore the same link out."""
    if known := memory.by_key.get(_both_key(shape)):
        return known
    known = memory.by_key.get(_bounded("both", f"{shape.guid} {shape.title}"))
    return known if known and _canonical(known.link) == shape.link else None


def _by_guid(shape: _Shape, memory: _Memory) -> KnownEntry | None:
    """The entry known by this guid, unless the guid has moved on to another article."""
    if not (known := memory.by_key.get(_guid_key(shape))):
        return None
    link, title = _canonical(known.link), _folded(known.title)
    if link and shape.link:
        same = link == shape.link or (not shape.guid_shared and _alike(title, shape.title))
    else:
        same = not shape.guid_shared or title == shape.title
    return known if same else None


def _new_key(shape: _Shape, memory: _Memory) -> str:
    """The key of an entry that nobody knows. It must come out the same whatever else the next document holds."""
    if shape.guid:
        taken = shape.guid_shared or _guid_key(shape) in memory.by_key
        return _both_key(shape) if taken else _guid_key(shape)
    if shape.link:
        return _link_key(shape)
    return _title_key(shape)


def _keys(entry: ParsedEntry, texts: Mapping[str, str]) -> Iterator[str]:
    guid, link, title = _canonical(entry.id), _canonical(entry.link), _folded(entry.title)
    if guid:
        yield from (_bounded("guid", guid), _bounded("both", f"{guid} {link}"), _bounded("both", f"{guid} {title}"))
        return
    if link:
        yield from (_bounded("link", link), _bounded("both", f"{link} {title}"))
    shape = _Shape.of(entry, texts)
    yield from (_title_key(replace(shape, title_shared=shared)) for shared in (False, True))


def _guid_key(shape: _Shape) -> str:
    return _bounded("guid", shape.guid)


def _both_key(shape: _Shape) -> str:
    """For guids that name more than one article."""
    return _bounded("both", f"{shape.guid} {shape.link or shape.title}")


def _link_key(shape: _Shape) -> str:
    return _bounded("both", f"{shape.link} {shape.title}") if shape.link_shared else _bounded("link", shape.link)


def _title_key(shape: _Shape) -> str:
    """For entries without guid and link. Those without a title too are known by their words alone."""
    alone = shape.title and not shape.title_shared
    return _bounded("title", shape.dated_title if alone else f"{shape.dated_title} {shape.words}")


def _bounded(kind: str, value: str) -> str:
    if len(value) > _LONGEST_KEY - 10:
        value = "sha256:" + hashlib.sha256(value.encode()).hexdigest()
    return f"{kind}:{value}"


@lru_cache(maxsize=8_192)  # a link is asked for as guid, as link, as what is known, poll after poll
def _canonical(address: str) -> str:
    """A guid or link without what changes while it stays the same: scheme, "www.", trackers, a trailing slash."""
    address = " ".join(address.split())
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return address
    host, path, query, fragment = found.groups(default="")
    if not host.isascii() or "[" in host or "]" in host:  # of which some are no hosts
        try:
            urlsplit(address)
        except ValueError:
            return address
    host = host.lower().removeprefix("www.").removesuffix(":80").removesuffix(":443")
    query = _NOISE.sub("", query).strip("&") if query else ""
    return "".join((host and f"//{host}", path.rstrip("/"), query and f"?{query}", fragment and f"#{fragment}"))


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _alike(one: str, other: str) -> bool:
    ours, theirs = set(re.findall(r"\w+", one)), set(re.findall(r"\w+", other))
    return bool(ours & theirs) and len(ours & theirs) / len(ours | theirs) >= _ALIKE


def _content_hash(entry: ParsedEntry, texts: Mapping[str, str]) -> str:
    """Of what a reader sees alone: image sizes, scripts, trackers in links and dates change without an edit."""
    text = texts.get(entry.content)
    words = "\0".join((entry.title, entry.summary, visible_text(entry.content) if text is None else text))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


# ---- repeats, archives, backlog --------------------------------------------------------------------------------------


def _without_repeats(found: Iterable[_Found]) -> list[_Found]:
    """One of each key: the version already known, else the first, so that two versions never edit each other."""
    kept: dict[str, _Found] = {}
    for item in found:
        if item.keyed.key not in kept or (item.known and item.known.content_hash == item.keyed.content_hash):
            kept[item.keyed.key] = item
    return list(kept.values())


def _with_archive_held(found: list[_Found], memory: _Memory, *, total: int) -> list[_Found]:
    """Where most of a known feed is "new" in words or under links that we know, that is backlog: kept, not alerted.

    `total`: how many entries the feed holds, those that were not read among them.
    """
    new = [item for item in found if not item.known]
    seen = [item for item in new if _seen(item.keyed, memory)] if memory.by_key else []
    if len(seen) < _ARCHIVE_COUNT or len(new) <= _ARCHIVE_SHARE * total:
        return found
    again = {item.keyed.key for item in seen}
    held = [replace(item, keyed=_held(item.keyed)) for item in found if item.keyed.key in again]
    return [item for item in found if item.keyed.key not in again] + held


def _seen(keyed: KeyedEntry, memory: _Memory) -> bool:
    """By its own words, or by a link that only one entry had. A title says nothing: "Police log" is told every day."""
    return keyed.content_hash in memory.by_words or _canonical(keyed.entry.link) in memory.by_link


def _held(keyed: KeyedEntry) -> KeyedEntry:
    """The same as backlog."""
    return keyed if keyed.backlog else replace(keyed, backlog=True)


def _is_backlog(entry: ParsedEntry, first_poll: bool, oldest: datetime) -> bool:
    if _is_undated(entry):
        return first_poll
    date = entry.published or entry.updated
    return date is not None and date < oldest


def _is_undated(entry: ParsedEntry) -> bool:
    date = entry.published or entry.updated
    return date is None or date < _NO_DATE
