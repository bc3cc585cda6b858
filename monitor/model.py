"""The frozen values that flow between stages, in their order. Nothing lives here that reads the world, or decides.

Times are aware `datetime`s in UTC. Text offsets count code points. A `domain` is a registrable host in lower case
without "www." ("theguardian.com"). An empty string means "not known"; None is kept for times and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

Level = Literal["alert", "digest"]
Relation = Literal["new", "copy", "rewrite", "same-event", "update"]
Role = Literal["origin", "relay", "quoted", "wire", "self"]
FieldName = Literal["title", "summary", "text"]

# ---- what feeds.yaml says -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the user asked for it."""

    url: str  # exactly as written; requested exactly so
    name: str
    outlet: str  # domain of the outlet that publishes it
    language: str = ""  # BCP 47, the user's word for it; beats what the feed claims
    tags: tuple[str, ...] = ()
    enabled: bool = True
    every: timedelta | None = None  # an explicit interval; None: what its habit says
    max_delay: timedelta | None = None  # the longest time between two polls; its server can still ask for more


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What somebody wants to hear about: a query in the watch language, or a pack."""

    name: str
    query: str = ""  # the watch language; exactly one of `query` and `pack` is set
    pack: str = ""  # name of a shipped pack, or path of a pack file
    level: Level = "alert"  # the highest level that this watch may reach
    recipients: tuple[str, ...] = ()  # names of recipients; empty: all
    feeds: tuple[str, ...] = ()  # feed names or tags in scope; empty: all
    languages: tuple[str, ...] = ()  # empty: all
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who hears, where, and when the digest comes."""

    name: str
    channel: str  # name of a channel
    address: str  # an email address, or "" where the channel's own target is the address
    digest_at: time | None = None  # local hour of the daily digest; None: no digest
    zone: str = "UTC"  # IANA name
    updates: Literal["at-once", "digest", "never"] = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way out. `settings` are the channel's own, with secrets already resolved; never logged."""

    name: str
    kind: Literal["email", "webhook"]
    settings: Mapping[str, str | int | bool] = field(repr=False)


# ---- refresh: fetch → parse → changes ------------------------------------------------------------------------------


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
    content: str  # sanitised HTML, or ""
    author: str
    published: datetime | None
    updated: datetime | None
    tags: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the database remembers of one feed: everything `refresh` needs to know before it asks the server again."""

    id: int
    feed: Feed
    validators: Validators = Validators()
    body_hash: str = ""
    interval_hint: timedelta | None = None  # what the feed's own body asked for last time
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Parsed entries against what is known."""

    new: tuple[KeyedEntry, ...]
    edited: tuple[KeyedEntry, ...]
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutcome:
    """The intent of `refresh`: all that one poll decided, written in one transaction."""

    feed_id: int
    polled_at: datetime
    next_poll_at: datetime
    result: Literal["read", "unchanged", "failed", "gone", "postponed"]
    reason: str  # why `next_poll_at` is when it is, in words
    status: int | None = None
    validators: Validators = Validators()
    body_hash: str = ""
    interval_hint: timedelta | None = None
    problem: Problem | None = None  # of a failed poll, or of a body that was read with losses
    changes: Changes = Changes(new=(), edited=(), same=0)
    title: str = ""
    language: str = ""
    redirect_to: str = ""
    redirect_seen: int = 0
    request_url: str = ""
    habit: tuple[float, ...] = ()
    gap: bool = False  # this poll and the one before share no item: what came and went between is missed


# ---- examine: match → story → policy ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An entry as the pure stages see it. `text` is the article or the feed's full content as visible text."""

    id: str
    title: str
    summary: str = ""
    text: str = ""
    outlet: str = ""  # domain, or a name where no domain is known
    url: str = ""
    author: str = ""
    language: str = ""
    published: datetime | None = None
    feed: str = ""  # the feed's name
    tags: tuple[str, ...] = ()  # the entry's and its feed's


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a document's field that made a match. `field` cut from `start` to `end` is the term as printed."""

    field: FieldName
    start: int
    end: int
    term: str  # the term of the watch that matched
    set: str  # name of the set that holds the term; "" for a term written in the query itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A watch that a document satisfies."""

    watch: str
    level: Level
    score: float  # 0 to 1
    why: str  # a sentence fragment for a person: "ICE (agency) near Azure (company) in the title"
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a document belongs among the stories of the window."""

    id: str  # of the document
    story: str  # id of the document that began the story
    relation: Relation
    of: str | None  # the document that it repeats, rewrites or updates
    similarity: float  # 0 to 1; what it measures depends on the relation and is said in `why`
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A place where a text names an outlet as its source."""

    outlet: str  # display name
    domain: str
    role: Role
    field: FieldName
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who broke what a document tells, by its own words."""

    origin: tuple[str, ...]  # domains; empty: the text credits nobody
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored entry, due for examination."""

    id: int
    document: Document  # document.id is str(id)
    feed_id: int
    first_seen: datetime
    backlog: bool
    edited: bool  # examined before, in an older wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What has gone out, or is on its way, to one recipient about one story for one watch."""

    watch: str
    recipient: str
    kind: Literal["alert", "update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Policy's word on one match for one recipient; every "no" carries its reason."""

    watch: str
    recipient: str
    action: Literal["alert", "update", "digest", "nothing"]
    reason: str
    due_at: datetime | None = None  # for alert and update


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The intent of `examine`: all that one entry led to, written in one transaction."""

    entry_id: int
    matches: tuple[Match, ...]
    placement: Placement | None  # None for an entry that no watch matched and no story holds
    attribution: Attribution
    decisions: tuple[Decision, ...]


# ---- deliver: compose → send -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One stored entry as a member of its story, with all that was found in it."""

    document: Document
    first_seen: datetime
    relation: Relation
    attribution: Attribution
    matches: tuple[Match, ...]

    @property
    def domain(self) -> str:
        return self.document.outlet

    @property
    def published(self) -> datetime | None:
        return self.document.published


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """One outlet's telling of a story, as a reader is shown it."""

    entry_id: int
    outlet: str  # display name
    domain: str
    title: str
    link: str
    published: datetime | None
    first_seen: datetime
    relation: Relation
    credits: tuple[str, ...] = ()  # display names of the outlets that it credits with the finding


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReport:
    """A story as an alert or a digest tells it to one recipient for one watch."""

    story_id: int
    watch: str
    level: Level
    score: float
    why: str
    lead: StoryMember  # the member whose words are shown: the origin's own report where we have it
    sentence: str  # the sentence that matched, from the lead
    marks: tuple[tuple[int, int], ...]  # the terms in `sentence`, sorted, not overlapping
    title_marks: tuple[tuple[int, int], ...]  # the terms in `lead.title`
    origin: tuple[str, ...]  # display names of who broke it; empty: nobody is credited
    origin_note: str  # the evidence, in words: "6 outlets credit it"; "first seen here 09:12, ± 15 min"
    members: tuple[StoryMember, ...]  # all others, oldest first
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """The footer of a digest: silence must be distinguishable from no news."""

    total: int
    healthy: int
    failing: tuple[tuple[str, str], ...]  # name of the feed, what is wrong in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel sends: rendered once, at the first attempt, and sent again unchanged."""

    key: str  # names this alert for ever; Message-ID and webhook-id are made from it
    kind: Literal["alert", "update", "digest", "test"]
    subject: str
    text: str
    html: str
    data: Mapping[str, object]  # the same as JSON, for webhooks
    created_at: datetime
    thread: str = ""  # messages of one story share it
