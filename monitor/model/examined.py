"""What flows through `examine`: match → story → policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.model.asked import Level

Relation = Literal["new", "copy", "rewrite", "same-event", "update"]
Role = Literal["origin", "relay", "quoted", "wire", "self"]
FieldName = Literal["title", "summary", "text"]
CreditField = Literal["title", "summary", "text", "author"]
ErrandKind = Literal["page", "snapshot"]
EditKind = Literal["typo", "reworded", "reversed", "corrected", "withdrawn"]


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
    about: tuple[str, ...] = ()  # what its feed is about throughout, as a pack names its halves


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a document's field that made a match. `field` cut from `start` to `end` is the term as printed."""

    field: FieldName
    start: int
    end: int
    term: str  # the term of the watch that matched
    set: str  # name of the set that holds the term; "" for a term written in the query itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place where a document names somebody of the beat: a company, an agency, a programme."""

    entity: str
    kind: str
    field: FieldName
    start: int
    end: int
    sentence: int  # of its field, from 0: who stands in one sentence is named together
    lead: bool  # in the title, the summary or the first paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """One telling of a story, and whom it names."""

    story: int
    entry: int
    outlet: str  # domain
    title: str
    link: str
    at: datetime  # when it came out; when we saw it, where that was earlier or is all we know
    mentions: tuple[Mention, ...]


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
    domain: str  # "" for an outlet that is not on the list
    role: Role
    field: CreditField
    start: int  # of the name; it ends where it starts in a credit that is but a link
    end: int

    @property
    def is_link(self) -> bool:
        return self.start == self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """An outlet that reports of a story credit with it, and who does."""

    outlet: str  # display names
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who broke what a document tells, by its own words."""

    origin: tuple[str, ...]  # domains; empty: the text credits nobody
    credits: tuple[Credit, ...]
    document_source: tuple[str, ...] = ()  # who found it and is no outlet: "Tech Inquiry", "court ruling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A wording of an entry, and when it was first seen."""

    title: str
    summary: str
    text: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of two wordings: in both, in the old one only, in the new one only."""

    kind: Literal["kept", "gone", "added"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored entry, due for examination."""

    id: int
    document: Document  # document.id is str(id)
    feed_id: int
    first_seen: datetime
    backlog: bool
    edited: bool  # examined before, in an older wording
    version: int = 1  # of its wording
    content: str = ""  # what its feed gave as its text: HTML as it was written
    pages: bool = False  # whether its feed wants the page of every entry read
    before: Version | None = None  # that wording
    matched: tuple[str, ...] = ()  # the watches that it satisfied, or was told for in any wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What has gone out, or is on its way, to one recipient about one story for one watch."""

    watch: str
    recipient: str
    kind: Literal["alert", "update", "digest"]  # digest: listed in one, or to be listed in the next
    at: datetime | None = None  # when it went out; where it has not, when it was decided
    level: Level = "alert"  # of the match that led to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Policy's word on one match for one recipient; every "no" carries its reason."""

    watch: str
    recipient: str
    action: Literal["alert", "update", "digest", "nothing"]
    reason: str
    due_at: datetime | None = None  # for alert and update


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What a document is compared by, as bytes; of use only under the recipe by which it was made."""

    recipe: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The intent of `examine`: all that one entry led to, written in one transaction."""

    entry_id: int
    matches: tuple[Match, ...]
    placement: Placement | None  # None for an entry that no watch matched and no story holds
    attribution: Attribution
    decisions: tuple[Decision, ...]
    mentions: tuple[Mention, ...] = ()  # of a document that a watch matched
    version: int = 1  # of the wording that was examined
    errands: tuple[ErrandKind, ...] = ()  # what is to be had from the web because of it
    imprint: Imprint | None = None  # of the wording that was placed
