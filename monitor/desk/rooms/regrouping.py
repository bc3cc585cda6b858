"""A person's word at the desk on which entries tell one story: split, merge, move, undo.

What must not live here: which stories are near (`pipeline.near`), and what follows from a word (`pipeline.correct`).

A reporter chooses with whom (`near`), is shown what would be put together or parted (`regroup`), says why, and sends
it. What another person did meanwhile, or what cannot be, is told on that page, with all that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from monitor.desk.answers import Done, Next, done
from monitor.desk.pages import page
from monitor.desk.rooms.judging import Version
from monitor.desk.views import many, render
from monitor.desk.visit import Reviewer, Visit
from monitor.errors import ConflictError, CorrectionError
from monitor.pipeline import near
from monitor.pipeline.correct import Correct, Corrected, version_of
from monitor.pipeline.near import NearStory
from storage import stories
from storage.stories import MemberRow

router = APIRouter(tags=["stories"])

_TO_CHOOSE, _TO_KNOW_IT_BY = 300, 6  # reports of a story that are shown

Kind = Literal["split", "merge", "move"]
Chosen = Annotated[list[int], Form(default_factory=list, description="The entries that are meant.")]
OtherStory = Annotated[int, Form(description="The other story's number.")]
Why = Annotated[str, Form(max_length=500, description="A sentence for whoever wonders later.")]
OtherVersion = Annotated[int, Form(description="Of the other story, as you saw it: `version` of what was shown.")]
Meant = Annotated[
    list[int], Query(default_factory=list, description="Entries of the story that are meant; none: the whole story.")
]
Words = Annotated[str, Query(max_length=500, description="Words of a headline, or a story's number.")]
With = Annotated[int | None, Query(description="The other story; none: the entries become a story of their own.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRow:
    """A story that could be the same one."""

    story: int
    title: str
    outlet: str  # whose headline it is
    outlets: int
    entries: int
    began_at: datetime
    last_at: datetime
    watches: tuple[str, ...]
    shared: str  # words in common, names first; "": it is merely new, or was searched for


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStories:
    """The stories with which one could be put together, the likeliest first, then the newest; or those searched for."""

    story: int
    title: str
    q: str
    chosen: tuple[int, ...]  # entries that would move there; none: the whole story
    rows: tuple[NearRow, ...]

    @property
    def asked(self) -> str:
        """What the address of the next step carries."""
        return urlencode([("entries", entry) for entry in self.chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An entry of a story, as far as a person must know it to choose it."""

    entry: int
    title: str
    outlet: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the stories that a correction is about, as it stands."""

    story: int
    title: str
    outlets: int
    entries: int
    began_at: datetime
    version: int  # how much people said so far of what it holds: the form names it
    reports: tuple[Report, ...]  # those that were chosen first; some, where there are many


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupForm:
    """A correction before it is made: what would become of which stories."""

    kind: Kind
    one: Side
    other: Side | None
    chosen: tuple[int, ...]
    why: str
    faults: Mapping[str, str]  # by field: entries, other; "": of the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """What somebody sent, or is about to."""

    kind: Kind
    story: int
    chosen: tuple[int, ...]
    other: int | None
    why: str = ""


def near_stories(visit: Reviewer, story: int, entries: Meant, q: Words = "") -> NearStories:
    """Stories that could be the same as one, the likeliest first, then the newest; or those with such a headline."""
    with visit.desk.database.read() as connection:
        kept = _kept(connection, story)
        found = near.titled(connection, q) if q.strip() else near.near(connection, kept, entries)
        (mine,) = stories.outlines(connection, [kept])
    rows = tuple(_near_row(visit, one) for one in found if one.story.id != kept)
    return NearStories(story=kept, title=mine.title, q=q, chosen=tuple(entries), rows=rows)


def regroup_form(visit: Reviewer, story: int, entries: Meant, other: With = None) -> RegroupForm:
    """What a correction would do: merge with `other`, or move the entries there; without it, part them off."""
    kind: Kind = "split" if other is None else "move" if entries else "merge"
    return _form(visit, _Typed(kind=kind, story=story, chosen=tuple(entries), other=other))


page(router, "/stories/{story:int}/near", template="near.html")(near_stories)
page(router, "/stories/{story:int}/regroup", template="regroup.html")(regroup_form)


@router.post("/stories/{story:int}/split", response_model=Done)
def split(visit: Reviewer, story: int, entries: Chosen, why: Why = "", version: Version = 0) -> Response:
    """The chosen entries do not belong to the story: they are one of their own."""
    typed = _Typed(kind="split", story=story, chosen=tuple(entries), other=None, why=why)
    return _answer(visit, typed, {story: version}, lambda correct: correct.split(story, entries))


@router.post("/stories/{story:int}/merge", response_model=Done)
def merge(
    visit: Reviewer, story: int, other: OtherStory, why: Why = "", version: Version = 0, other_version: OtherVersion = 0
) -> Response:
    """Another story is the same as this one: both are told under the number of the older."""
    typed = _Typed(kind="merge", story=story, chosen=(), other=other, why=why)
    return _answer(visit, typed, {story: version, other: other_version}, lambda correct: correct.merge(story, other))


@router.post("/stories/{story:int}/move", response_model=Done)
def move(
    visit: Reviewer, story: int, entries: Chosen, other: OtherStory, why: Why = "", version: Version = 0,
    other_version: OtherVersion = 0,
) -> Response:  # fmt: skip
    """The chosen entries belong to another story."""
    typed = _Typed(kind="move", story=story, chosen=tuple(entries), other=other, why=why)
    return _answer(visit, typed, {story: version, other: other_version}, lambda correct: correct.move(entries, other))


@router.post("/corrections/{correction:int}/undo", response_model=Done)
def undo(visit: Reviewer, correction: int, next: Next = "/") -> Response:  # noqa: A002 - the name of the form's field
    """Take a correction back: its entries stand again as they did."""
    made = _correct(visit, "", {}).undo(correction)
    return done(visit, f"Correction {made.correction} is taken back.", next)


# ---- shown -----------------------------------------------------------------------------------------------------------


def _kept(connection: Connection, story: int) -> int:
    kept = stories.kept(connection, story)
    if kept is None:
        raise HTTPException(404, f"there is no story {story}")
    return kept


def _near_row(visit: Visit, near: NearStory) -> NearRow:
    row = near.story
    return NearRow(
        story=row.id, title=row.title, outlet=visit.desk.outlets.name(row.outlet), outlets=row.outlets,
        entries=row.entries, began_at=row.began_at, last_at=row.last_at, watches=row.watches, shared=near.shared,
    )  # fmt: skip


def _form(visit: Visit, typed: _Typed, faults: Mapping[str, str] | None = None) -> RegroupForm:
    most = _TO_KNOW_IT_BY if typed.kind == "merge" else _TO_CHOOSE
    with visit.desk.database.read() as connection:
        one = _side(visit, connection, _kept(connection, typed.story), typed.chosen, most)
        other = None if typed.other is None else stories.kept(connection, typed.other)
        two = None if other is None else _side(visit, connection, other, (), _TO_KNOW_IT_BY)
    if typed.other is not None and two is None and not faults:
        faults = {"other": f"there is no story {typed.other}"}
    return RegroupForm(kind=typed.kind, one=one, other=two, chosen=typed.chosen, why=typed.why, faults=faults or {})


def _side(visit: Visit, connection: Connection, story: int, chosen: Collection[int], most: int) -> Side:
    """A story as it stands; of its reports at most so many, those that were chosen first."""
    (row,) = stories.outlines(connection, [story])
    reports = sorted(stories.members_of(connection, story), key=lambda report: report.entry not in chosen)
    return Side(
        story=story, title=row.title, outlets=row.outlets, entries=row.entries, began_at=row.began_at,
        version=version_of(connection, story), reports=tuple(_report(visit, one) for one in reports[:most]),
    )  # fmt: skip


def _report(visit: Visit, row: MemberRow) -> Report:
    name = visit.desk.outlets.name(row.outlet)
    return Report(entry=row.entry, title=row.title, outlet=name, at=row.published or row.first_seen)


# ---- done ------------------------------------------------------------------------------------------------------------


def _correct(visit: Visit, why: str, seen: dict[int, int]) -> Correct:
    return Correct(database=visit.desk.database, by=visit.name, why=why.strip(), now=visit.now, seen=seen)


def _answer(visit: Visit, typed: _Typed, seen: dict[int, int], say: Callable[[Correct], Corrected]) -> Response:
    """What came of it; or, to a browser, the form again with the fault, and with the stories as they stand now."""
    try:
        made = say(_correct(visit, typed.why, seen))
    except (CorrectionError, ConflictError) as error:
        if not visit.wants_page:
            raise
        status, said = HTTPStatus.UNPROCESSABLE_ENTITY, str(error)
        if isinstance(error, ConflictError):
            status, said = HTTPStatus.CONFLICT, error.told(visit.zone)
        return render(visit, "regroup.html", status=status, page=_form(visit, typed, {_field(error, typed): said}))
    return _told(visit, made, typed.story)


def _field(error: CorrectionError | ConflictError, typed: _Typed) -> str:
    """Beside which field of the form it is told; "": above all."""
    if isinstance(error, ConflictError):
        return ""
    return "entries" if typed.kind == "split" or not (typed.chosen or typed.kind == "merge") else "other"


def _told(visit: Visit, made: Corrected, story: int) -> Response:
    said = f"Done: correction {made.correction}."
    if made.examined_again:
        again = many(made.examined_again, "entry", "entries")
        said += f" {again} will be examined again; whoever has not heard of the story is told once."
    living = story if story in made.stories else next(iter(made.stories), story)
    return done(visit, said, f"/stories/{living}")
