"""What flows through `refresh`: fetch → parse → changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.model.asked import Feed
from monitor.model.pushed import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave us to ask "has it changed?" with: kept and sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None
    url: str = ""  # that gave them, and is sent them; "" means the URL that the feed is asked at

    @property
    def are_any(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer of status 200 or 304; everything else is a FetchError."""

    url: str  # that was asked
    final_url: str  # that answered
    permanent_url: str | None  # where an unbroken chain of 301/308 led, if there was one
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # decoded from its content encoding; b"" for 304, and where its hash is the known one
    body_hash: str  # SHA-256 of the body as received, hex; "" for 304


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One item of a feed, as the feed gives it: nothing made up, markup gone from all but `content`."""

    id: str  # guid, atom:id, rdf:about, JSON Feed id; "" where the feed has none
    link: str  # absolute http(s) URL, or ""
    title: str  # visible text
    summary: str  # visible text; of the content's beginning, cut with " …", where the feed has none
    content: str  # HTML as the feed wrote it, or "": to be sanitised wherever it is shown
    author: str
    published: datetime | None
    updated: datetime | None
    tags: tuple[str, ...] = ()
    content_base: str = ""  # the address that relative addresses in `content` are joined to


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedEntry:
    """A known entry that stands in the body with the very bytes of the last reading: who it is, without its texts."""

    fingerprint: str
    key: str
    content_hash: str
    id: str
    link: str
    title: str
    published: datetime | None
    updated: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is kept of one reading of a feed's body, so that the next need read only what is new."""

    frame: str  # the fingerprint of all that stood around the entries
    entries: tuple[UnchangedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a body whose entries could be read all the same: truncated, capped, an encoding that lies."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed body, read. A body that is no feed is a ParseError instead."""

    title: str
    link: str
    language: str
    entries: tuple[ParsedEntry, ...]
    problem: Problem | None = None
    interval_hint: timedelta | None = None  # the longest of <ttl> and sy:updatePeriod/updateFrequency
    rests: tuple[int, ...] = ()  # hours of the week, from Monday's first in UTC, that <skipHours> and <skipDays> name
    unchanged: tuple[UnchangedEntry, ...] = ()  # entries that were not read again, besides `entries`
    frame: str = ""  # the fingerprint of all that stands around the entries
    fingerprints: tuple[str, ...] = ()  # of each entry's bytes, where those can be told from what is around them
    hubs: tuple[str, ...] = ()  # URLs that tell of new entries, as written
    itself: str = ""  # the URL that the feed gives as its own, as written

    @property
    def everything(self) -> tuple[ParsedEntry | UnchangedEntry, ...]:
        """All entries that the body holds, the unread ones last."""
        return (*self.entries, *self.unchanged)

    @property
    def size(self) -> int:
        return len(self.entries) + len(self.unchanged)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the database remembers of one feed: everything `refresh` needs to know before it asks the server again."""

    id: int
    feed: Feed
    validators: Validators = Validators()
    body_hash: str = ""
    interval_hint: timedelta | None = None  # what the feed's own body asked for last time
    rests: tuple[int, ...] = ()  # the hours of the week in which it asked to be left alone then
    next_poll_at: datetime | None = None  # None: never polled
    last_success_at: datetime | None = None
    failures: int = 0  # in a row
    redirect_to: str = ""  # a permanent redirect that has been seen `redirect_seen` times in a row
    redirect_seen: int = 0
    request_url: str = ""  # where `feed.url` has permanently moved to; "" means feed.url itself
    habit: tuple[float, ...] = ()  # when it brings items, as `index_rule` reads it; empty: not known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What is remembered of an entry so that it is not told twice."""

    key: str
    content_hash: str
    link: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedEntry:
    """A parsed entry with its identity in this feed."""

    key: str  # unique in the feed, stable over polls
    content_hash: str  # of title, summary, content: what makes an edit
    entry: ParsedEntry
    backlog: bool = False  # older than the feed's first poll by our reckoning: stored and searchable, never alerted
    fingerprint: str = ""  # of the bytes in which it stood; "" where the feed has no such


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Parsed entries against what is known."""

    new: tuple[KeyedEntry, ...]
    edited: tuple[KeyedEntry, ...]
    same: int
    standing: tuple[KeyedEntry, ...] = ()  # those of the same that were read again


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutcome:
    """The intent of `refresh`: all that one poll decided, written in one transaction."""

    feed_id: int
    polled_at: datetime
    next_poll_at: datetime
    result: Literal["read", "unchanged", "failed", "gone", "postponed"]
    reason: str  # why `next_poll_at` is when it is, in words
    rest_until: datetime | None = None  # what the server or the feed asked for: nobody may have it asked before
    status: int | None = None
    validators: Validators = Validators()
    body_hash: str = ""
    interval_hint: timedelta | None = None
    rests: tuple[int, ...] = ()
    problem: Problem | None = None  # of a failed poll, or of a body that was read with losses
    changes: Changes = Changes(new=(), edited=(), same=0)
    title: str = ""
    language: str = ""
    redirect_to: str = ""
    redirect_seen: int = 0
    request_url: str = ""
    place: str = ""  # a URL of the host that is asked next time; "" where that is as it was
    habit: tuple[float, ...] = ()
    offer: Offer | None = None  # who tells of its new entries, by the body that was read
    reading: Reading | None = None  # what the next poll may leave unread
    gap: bool = False  # this poll and the one before share no item: what came and went between is missed
