"""What flows through `deliver`: compose → send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.model.asked import Level
from monitor.model.examined import Attribution, Difference, Document, EditKind, Match, Relation, Version, Vote

MessageKind = Literal[
    "alert", "update", "digest", "test",
    "more",  # many stories at a line each, because the hour had room for no more messages
    "notice",  # what somebody should know of Tipsheet itself
    "reminder",  # of an alert that nobody has acknowledged
    "confirmation",  # the question whether a new address wants to hear
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EditNote:
    """The latest edit of a telling that was more than a typo mended."""

    kind: EditKind
    at: datetime
    title: tuple[Difference, ...] = ()  # the headline against the one before; empty: it is the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One stored entry as a member of its story, with all that was found in it."""

    document: Document
    first_seen: datetime
    relation: Relation
    attribution: Attribution
    matches: tuple[Match, ...]
    versions: tuple[Version, ...] = ()  # its wordings, the present one last; empty: it was never edited
    seen_within: timedelta | None = None  # so long before it was seen, its feed was read without it; None: not known
    first_look: bool = False  # it stood there when its feed was first read

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
    edit: EditNote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """When a story was first seen here."""

    at: datetime
    outlet: str  # display name, of whose report it was
    within: timedelta | None = None  # so long before, its feed was read without it; None: not known
    first_look: bool = False  # it stood there when its feed was first read
    dated_by: str = ""  # display name of an outlet that dates its own report before that
    dated_at: datetime | None = None


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
    votes: tuple[Vote, ...] = ()  # whom its reports credit, most first; they need not agree
    document_source: tuple[str, ...] = ()  # who found it and is no outlet
    evidence: tuple[str | Sighting, ...] = ()  # what `origin_note` is made of: English, and a time that is anybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """The footer of a digest: silence must be distinguishable from no news."""

    total: int
    healthy: int
    failing: tuple[tuple[str, str], ...]  # name of the feed, what is wrong in words
    silent: tuple[tuple[str, datetime], ...] = ()  # answer, but bring nothing for far longer than usual: name, since
    notices: tuple[str, ...] = ()  # what is wrong with watches, as sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What is remembered of a channel between two attempts, since something last got through."""

    failures: tuple[datetime, ...] = ()  # of the last minutes
    trips: int = 0  # how often in a row it was given a rest because nothing got through
    since: datetime | None = None  # when the rest was decided
    open_until: datetime | None = None  # the end of a rest that we gave it
    asked_until: datetime | None = None  # the end of a rest that its service asked for
    reason: str = ""  # of the last failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrouble:
    """What stands in the outbox of one channel, and what the owner was told of it."""

    channel: str
    dead: int  # deliveries that failed or are uncertain, of which the owner was not told
    waiting: int  # deliveries that were tried again and wait for another try
    since: datetime | None  # when the first of these was tried first
    sent_at: datetime | None  # when something last arrived
    told_at: datetime | None  # when the owner was last told of this channel
    reason: str  # what the receiver of one of them said last


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel sends: rendered once, at the first attempt, and sent again unchanged."""

    key: str  # names this alert for ever; Message-ID and webhook-id are made from it
    kind: MessageKind
    subject: str
    text: str
    html: str
    data: Mapping[str, object]  # the same as JSON, for webhooks
    created_at: datetime
    thread: str = ""  # messages of one story share it
    link: str = ""  # where the subject leads: http or https, or ""
    language: str = "en"  # of its words
    stop: str = ""  # the page on which its receiver says that it wants no more; "": there is none
    picture: str = ""  # a PNG in base64, which the HTML shows by its content id; "" for none
