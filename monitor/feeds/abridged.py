"""A body without what stood in it last time: of a feed that brings one new item, one item is read.

What lives here: bytes cut into items, the fingerprints by which an item is known again, and what is kept of a reading
so that the next can be shorter. What must not: any reading of what an item says. An item is known again only where all
its bytes are those of last time, and so is all that stands around the items; at the first doubt the body is read whole.

    body + last Reading → Abridged, some items cut out → the parser → ParsedFeed, with those cut out as `unchanged`
    ParsedFeed + Changes → the Reading to keep
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from monitor.errors import ParseError
from monitor.feeds.decoding import content_type
from monitor.feeds.fields import MOST_ENTRIES
from monitor.model import Changes, KeyedEntry, ParsedFeed, Reading, UnchangedEntry
from monitor.version import VERSION

_ITEM = re.compile(rb"<((?:[\w.-]+:)?(?:item|entry))(?=[\s>])")
# What may change around the items and tells nothing of them: times, counts, comments.
_PASSING = re.compile(
    rb"<((?:[\w.-]+:)?(?:lastBuildDate|pubDate|updated|modified|date|totalResults))(?:\s[^<>]*)?>[^<>]*</\1>|<!--[^<>]*-->"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abridged:
    """A body without the items that were read last time. One that cannot be cut is whole, and without fingerprints."""

    body: bytes
    frame: str = ""  # the fingerprint of all that stands around the items
    fingerprints: tuple[str, ...] = ()  # of the items that are left, in order
    unchanged: tuple[UnchangedEntry, ...] = ()  # those that were cut out


def read_changes(
    parse: Callable[[bytes], ParsedFeed], body: bytes, last: Reading | None, *, headers: Mapping[str, str], url: str
) -> ParsedFeed:
    """The feed in `body` as `parse` reads it, but for what `last` holds, which is `unchanged`.

    Raises what `parse` raises of the whole body.
    """
    part = abridge(body, last, headers=headers, url=url)
    if part.unchanged:
        with suppress(ParseError):
            feed = _completed(parse(part.body), part)
            if feed.frame:
                return feed
        part = abridge(body, None, headers=headers, url=url)
    return _completed(parse(body), part)


def abridge(body: bytes, last: Reading | None, *, headers: Mapping[str, str], url: str) -> Abridged:
    """`body` without the items that `last` holds, if it came from the same address in the same frame."""
    spans = _spans(body)
    if not spans:
        return Abridged(body=body)
    items = [memoryview(body)[start:end] for start, end in spans]
    head, tail = body[: spans[0][0]], body[spans[-1][1] :]
    frame = _fingerprint(repr((VERSION, url, content_type(headers), _lasting(head), _lasting(tail))).encode())
    fingerprints = [_fingerprint(item) for item in items]
    whole = Abridged(body=body, frame=frame, fingerprints=tuple(fingerprints))
    if not last or last.frame != frame:
        return whole
    known = {entry.fingerprint: entry for entry in last.entries}
    left = [(item, mark) for item, mark in zip(items, fingerprints, strict=True) if mark not in known]
    shorter = replace(
        whole,
        body=b"".join([head, *(item for item, _ in left), tail]),
        fingerprints=tuple(mark for _, mark in left),
        unchanged=tuple(known[mark] for mark in fingerprints if mark in known),
    )
    return shorter if _is_utf8(shorter.body) else whole  # how other bytes are to be decoded, the whole body says best


def _spans(body: bytes) -> list[tuple[int, int]]:
    """Where each item starts and ends; none where anything but white space stands between two, or one has no end."""
    first = _ITEM.search(body)
    if not first:
        return []
    opening, closing = b"<" + first[1], b"</" + first[1] + b">"
    spans: list[tuple[int, int]] = []
    start = end = first.start()
    while start >= 0 and not body[end:start].strip():
        end = body.find(closing, start) + len(closing)
        if end < len(closing):
            return []
        spans.append((start, end))
        if len(spans) > MOST_ENTRIES:  # of so many not all are read, and hundreds of thousands would fill our memory
            return []
        start = body.find(opening, end)
    return spans if start < 0 else []


def _lasting(around: bytes) -> bytes:
    return _PASSING.sub(b"", around)


def _fingerprint(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _completed(feed: ParsedFeed, part: Abridged) -> ParsedFeed:
    """The feed with its frame, fingerprints and what was cut out; as it is, where they do not belong together."""
    if feed.problem or len(feed.entries) != len(part.fingerprints):
        return feed
    return replace(feed, fingerprints=part.fingerprints, unchanged=part.unchanged, frame=part.frame)


def reading(feed: ParsedFeed, found: Changes) -> Reading | None:
    """What the next poll may leave unread, once `found` is kept; None of a body that cannot be cut, or had losses."""
    if not feed.frame:
        return None
    kept = (*found.new, *found.edited, *found.standing)
    return Reading(frame=feed.frame, entries=(*dict.fromkeys(feed.unchanged), *map(_unchanged, kept)))


def _unchanged(keyed: KeyedEntry) -> UnchangedEntry:
    entry = keyed.entry
    return UnchangedEntry(
        fingerprint=keyed.fingerprint,
        key=keyed.key,
        content_hash=keyed.content_hash,
        id=entry.id,
        link=entry.link,
        title=entry.title,
        published=entry.published,
        updated=entry.updated,
    )
