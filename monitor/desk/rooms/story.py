"""One story: who tells it, who broke it, how it changed, whom it names, who was told, and what people say of it.

What must not live here: saying something of it (`judging`, `regrouping`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from alerts import credit
from monitor.desk.cards import Marks, StoryCard, card_of
from monitor.desk.pages import page
from monitor.desk.timeline import Timeline, timeline
from monitor.desk.visit import Reader, Visit
from monitor.model import (
    Assignment,
    Correction,
    Difference,
    EditKind,
    Filters,
    Note,
    Recipient,
    Relation,
    StoryReport,
    Telling,
    Verdict,
    Version,
    Vote,
)
from monitor.story.outlets import Outlets
from monitor.story.report import tell
from monitor.story.versions import around_changes, differences, edit_kind
from storage import accounts, corrections, decisions, errands, mentions, outbox, review, stories, story_lines
from storage.decisions import DecisionRow
from storage.errands import ErrandRow
from storage.mentions import Named
from storage.outbox import OutboxRow
from storage.stories import MemberRow

router = APIRouter(tags=["stories"])

Of = Annotated[int | None, Query(ge=1, description="The page lists the copies of this entry; the data has all.")]
Start = Annotated[int, Query(ge=0, description="How many reports the page leaves out at the top; the data has all.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One wording against the one before: only the fields that differ, each as pieces kept, gone and added."""

    at: datetime
    kind: EditKind
    title: tuple[Difference, ...]
    summary: tuple[Difference, ...]
    text: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """One entry as a member of the story."""

    entry: int
    outlet: str  # display name
    title: str
    link: str
    published: datetime | None
    first_seen: datetime
    relation: Relation
    of: int | None  # the entry that it copies or retells
    why: str  # it belongs here
    placed_by: str  # arrival, merge, person
    credits: tuple[str, ...]  # outlets whose finding it says it is
    broke_it: bool
    edits: tuple[Edit, ...]  # oldest first
    snapshot: str  # the address of a copy that an archive keeps; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """A story, whole."""

    story: int
    asked: int  # another number where the story was merged into an older one since
    of: int | None  # the entry whose copies the page lists
    start: int  # how many reports the page leaves out at the top
    title: str
    title_marks: Marks
    sentence: str
    marks: Marks
    first_seen: datetime
    origin: tuple[str, ...]
    origin_note: str  # the evidence, by the reader's clock
    votes: tuple[Vote, ...]
    document_source: tuple[str, ...]
    cards: tuple[StoryCard, ...]  # one for each watch that matched
    rows: tuple[Teller, ...]  # in order of arrival
    named: tuple[Named, ...]
    decisions: tuple[DecisionRow, ...]
    deliveries: tuple[OutboxRow, ...]
    verdicts: tuple[Verdict, ...]  # all that were given, the last one last
    notes: tuple[Note, ...]  # as they stand
    note_histories: tuple[tuple[Note, ...], ...]  # every wording of each, the newest last; also of those taken back
    assignment: Assignment | None
    assignments: tuple[Assignment, ...]  # whose it ever was, the last one last
    corrections: tuple[Correction, ...]
    seen_by: Mapping[str, datetime]
    people: tuple[str, ...]

    @property
    def standing(self) -> Sequence[tuple[Note, Sequence[Note]]]:
        """The notes as they stand, each with its earlier wordings, the newest first."""
        return [(note, earlier[::-1]) for *earlier, note in self.note_histories if note.text]

    @property
    def taken_back(self) -> Sequence[Sequence[Note]]:
        """Every wording of the notes that were taken back; the last one is the taking back."""
        return [wordings for wordings in self.note_histories if not wordings[-1].text]

    @property
    def timeline(self) -> Timeline[Teller]:
        """What the page shows of the reports."""
        return timeline(self.rows, of=self.of, start=self.start)


def one_story(visit: Reader, story: int, of: Of = None, start: Start = 0) -> StoryPage:
    """A story, whole; under the number of the older one where it was merged."""
    desk = visit.desk
    with desk.database.read() as connection:
        kept = stories.kept(connection, story)
        if kept is None:
            raise HTTPException(404, f"there is no story {story}")
        shown = _read(connection, visit, kept, story, of, start)
    _see(visit, kept)
    return shown


page(router, "/stories/{story:int}", template="story.html", name="story")(one_story)


def _read(
    connection: Connection, visit: Visit, story: int, asked: int, of: int | None, start: int
) -> StoryPage:  # fmt: skip
    outlets = visit.desk.outlets
    members = stories.members_of(connection, story)
    tellings = stories.tellings(connection, story)
    lines = story_lines.lines(connection, Filters(story=story), person=visit.name)
    report = tell(story, lines[0].watch if lines else "", tellings, outlets)
    ids = [member.entry for member in members]
    assigned, noted = review.assignment_history(connection, story), review.note_histories(connection, story)
    return StoryPage(
        story=story,
        asked=asked,
        of=of,
        start=start,
        title=report.lead.title,
        title_marks=report.title_marks,
        sentence=report.sentence,
        marks=report.marks,
        first_seen=report.first_seen,
        origin=report.origin,
        origin_note=credit.origin_note(report, _listener(visit)),
        votes=report.votes,
        document_source=report.document_source,
        cards=tuple(card_of(line, outlets) for line in lines),
        rows=tuple(_tellers(report, members, tellings, errands.of_entries(connection, ids), outlets)),
        named=mentions.named_in(connection, story),
        decisions=decisions.decisions_of(connection, story),
        deliveries=outbox.listing(connection, story=story),
        verdicts=review.verdict_history(connection, story),
        notes=tuple(wordings[-1] for wordings in noted if wordings[-1].text),
        note_histories=noted,
        assignment=assigned[-1] if assigned else None,
        assignments=assigned,
        corrections=tuple(
            one
            for one in corrections.listing(connection)
            if story in (one.story, *one.stories) or not set(ids).isdisjoint(one.entries)
        ),
        seen_by=review.seen_by(connection, story),
        people=tuple(one.name for one in accounts.listing(connection) if not one.disabled),
    )


def _tellers(
    report: StoryReport,
    members: Sequence[MemberRow],
    tellings: Sequence[Telling],
    fetched: Mapping[int, Sequence[ErrandRow]],
    outlets: Outlets,
) -> Iterable[Teller]:
    told = {one.entry_id: one for one in (report.lead, *report.members)}
    versions = {int(telling.document.id): telling.versions for telling in tellings}
    first: set[str] = set()  # of the outlets that broke it, those whose first report came by
    for row in members:
        one = told[row.entry]
        broke = one.outlet in report.origin and one.outlet not in first
        first.add(one.outlet)
        yield Teller(
            entry=row.entry, outlet=one.outlet, title=row.title, link=row.link, published=row.published,
            first_seen=row.first_seen, relation=one.relation, of=row.of, why=row.why, placed_by=row.placed_by,
            credits=one.credits, broke_it=broke, edits=tuple(_edits(versions[row.entry])),
            snapshot=next((one.result for one in fetched.get(row.entry, ()) if _is_snapshot(one)), ""),
        )  # fmt: skip


def _is_snapshot(errand: ErrandRow) -> bool:
    return errand.kind == "snapshot" and errand.state == "done"


def _edits(versions: Sequence[Version]) -> Iterable[Edit]:
    for old, new in pairwise(versions):
        changed = {
            name: tuple(around_changes(differences(getattr(old, name), getattr(new, name))))
            if getattr(old, name) != getattr(new, name)
            else ()
            for name in ("title", "summary", "text")
        }
        yield Edit(at=new.seen, kind=edit_kind(old, new), **changed)


def _listener(visit: Visit) -> Recipient:
    """The reader, as messages know one: by whose clock the evidence is told."""
    return Recipient(name=visit.name, channel="desk", address="", zone=str(visit.zone))


def _see(visit: Visit, story: int) -> None:
    if visit.person and not visit.by_key:
        with visit.desk.database.write() as connection:
            review.see(connection, story, person=visit.name, now=visit.now)
