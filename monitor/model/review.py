"""What people say of stories at the review desk, and what the desk shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.model.examined import Decision, Document, Match, Relation, Version

VerdictKind = Literal[
    "kept",  # what the watch is for
    "starred",  # the same, and above others
    "refused",  # not relevant
    "open",  # an earlier verdict was taken back
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person said of a story for a watch. The last one counts.

    `version` grows with each; whoever says something new names the version that they saw.
    """

    version: int
    watch: str  # "": of a story that none matched
    kind: VerdictKind
    reason: str  # in the person's words; "" where none were given
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note on a story, in its newest wording."""

    id: int  # of its first wording
    version: int  # of its newest
    text: str
    by: str  # who wrote this wording
    at: datetime
    begun_by: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Whose a story is."""

    version: int
    assignee: str  # "": nobody's, any more
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A story on a list of the desk, as one watch sees it."""

    story: int
    watch: str
    document: Document  # of who broke it, if it matched, else of the clearest match; its text: a passage that matched
    match: Match  # its places are those in `document`
    first_seen: datetime  # of that entry
    backlog: bool  # whether it was older than its feed's first poll
    entries: int
    outlets: tuple[str, ...]  # domains, in order of arrival
    began_at: datetime
    last_at: datetime
    origin: tuple[str, ...]  # display names of those whom its texts name as the origin, the most named first
    decisions: tuple[Decision, ...]  # for each recipient the loudest
    verdict: Verdict | None
    notes: int
    assignment: Assignment | None
    seen_at: datetime | None  # when the person who asks looked at it last


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedReport:
    """A report of a story, as far as it matters what it brought, and when."""

    entry: int
    outlet: str  # domain
    first_seen: datetime
    relation: Relation
    names: tuple[str, ...]  # display names of those whom its text names as the origin
    title: str
    matches: tuple[Match, ...]  # of new reports only, and of those only whose headline may be an answer
    versions: tuple[Version, ...]  # every wording, the present one last; empty: it was never edited


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which stories, or which entries, a list holds; what is empty asks for nothing."""

    since: datetime | None = None
    until: datetime | None = None  # itself not included
    watch: str = ""
    outlet: str = ""  # domain
    verdict: VerdictKind | None = None  # "open": none was given, or it was taken back
    assignee: str = ""
    story: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedWords:
    """The words of an entry for the word index: folded, each once."""

    entry_id: int
    title: tuple[str, ...]
    body: tuple[str, ...]  # of the summary and the text
