"""A line of a list of stories, as it is shown: one value for the page, the JSON and the CSV.

What must not live here: which stories a list holds, and their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from monitor.model import Level, StoryLine, VerdictKind
from monitor.review.ranking import Precedent
from monitor.story.outlets import Outlets
from monitor.story.report import sentence_of, title_marks

Marks = tuple[tuple[int, int], ...]  # (start, end) in code points, sorted, not overlapping


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story as one watch sees it. Outlets are named as readers know them."""

    story: int
    watch: str
    level: Level
    title: str
    title_marks: Marks
    outlet: str  # whose words these are
    link: str
    published: datetime | None
    first_seen: datetime
    sentence: str  # that matched
    marks: Marks
    score: float
    why: str
    origin: tuple[str, ...]  # who broke it, by the word of those who tell it
    outlets: tuple[str, ...]  # who tell it, in order of arrival
    entries: int
    goes_on: bool  # it began before the period of the list
    told: tuple[str, ...]  # what was decided: "desk: alert", for each recipient
    verdict: VerdictKind
    reason: str
    judged_by: str
    version: int  # of the verdict: what is said next names it; 0: there is none
    notes: int
    assignee: str
    assignment: int  # its version; 0: it was never anybody's
    seen: bool  # by whoever asks, since its last report
    news: tuple[str, ...] = ()  # what came since `news_since`, in words; empty: nothing, or all of it is new
    news_since: datetime | None = None  # when whoever asks looked last, or the day began; None: the story is all new
    unchanged: bool = False  # they looked on an earlier day, and since then it was only copied
    moved: tuple[str, ...] = ()  # why it stands where it stands, in words; empty: by the watch's own weight
    like: tuple[Precedent, ...] = ()  # the judged stories that moved it most


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a story since somebody looked."""

    words: tuple[str, ...]
    since: datetime
    unchanged: bool


def anchor_of(story: int, watch: str) -> str:
    """The name of a card within a page: a story stands there once for each watch."""
    return f"{story}-{crc32(watch.encode('utf-8', 'replace')):08x}"


def card_of(
    line: StoryLine,
    outlets: Outlets,
    *,
    since: datetime | None = None,
    came: Came | None = None,
    moved: tuple[str, ...] = (),
    like: tuple[Precedent, ...] = (),
) -> StoryCard:
    """The line as shown. `since`: when the period of the list began."""
    document, match, verdict, assignment = line.document, line.match, line.verdict, line.assignment
    sentence, marks = sentence_of(document, match)
    known = outlets.find(document.outlet)
    return StoryCard(
        story=line.story,
        watch=line.watch,
        level=match.level,
        title=document.title,
        title_marks=title_marks(match),
        outlet=known.name if known else document.feed or document.outlet,
        link=document.url,
        published=document.published,
        first_seen=line.first_seen,
        sentence=sentence,
        marks=marks,
        score=match.score,
        why=match.why,
        origin=line.origin,
        outlets=tuple(outlets.name(domain) for domain in line.outlets),
        entries=line.entries,
        goes_on=since is not None and line.began_at < since,
        told=tuple(f"{one.recipient}: {one.action}" for one in line.decisions),
        verdict=verdict.kind if verdict else "open",
        reason=verdict.reason if verdict else "",
        judged_by=verdict.by if verdict else "",
        version=verdict.version if verdict else 0,
        notes=line.notes,
        assignee=assignment.assignee if assignment else "",
        assignment=assignment.version if assignment else 0,
        seen=line.seen_at is not None and line.seen_at >= line.last_at,
        news=came.words if came else (),
        news_since=came.since if came else None,
        unchanged=came is not None and came.unchanged,
        moved=moved,
        like=like,
    )
