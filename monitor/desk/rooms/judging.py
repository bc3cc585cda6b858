"""What a person says of a story: a verdict, a note, whose it is.

What must not live here: what verdicts teach (`monitor.review`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from monitor.desk import judgeable
from monitor.desk.answers import Done, Next, done
from monitor.desk.views import render
from monitor.desk.visit import Reader, Reviewer
from monitor.model import VerdictKind
from storage import review, stories

router = APIRouter(tags=["judging"])

Version = Annotated[
    int, Form(description="Of what you saw: 0 where there was none. Another's word in between is told.")
]

_SAID: dict[VerdictKind, str] = {
    "kept": "Kept.",
    "starred": "Starred.",
    "refused": "Not relevant: noted.",
    "open": "The verdict is taken back.",
}


@router.post("/stories/{story:int}/verdict", response_model=Done)
def judge(
    visit: Reviewer,
    story: int,
    kind: Annotated[VerdictKind, Form()],
    watch: Annotated[str, Form(description="For which watch; empty: whoever watches it.")] = "",
    reason: Annotated[str, Form(max_length=review.MAX_TEXT)] = "",
    version: Version = 0,
    next: Next = "",  # noqa: A002 - the name of the form's field
) -> Response:
    """Judge a story: kept, starred, refused (not relevant), or open again."""
    with visit.desk.database.write() as connection:
        review.judge(
            connection, story, kind, watch=watch, by=visit.name, now=visit.now, version=version, reason=reason.strip()
        )
    return done(visit, _SAID[kind], next or f"/stories/{story}")


@router.get("/stories/{story:int}/judging", response_class=HTMLResponse, include_in_schema=False)
def renewed_judging(visit: Reader, story: int, watch: str = "") -> HTMLResponse:
    """What stands below a row that leads to a story again, after something was said of it."""
    with visit.desk.database.read() as connection:
        kept = stories.kept(connection, story)
        if kept is None:
            raise HTTPException(404, f"there is no story {story}")
        return render(visit, "one_judging.html", page=judgeable.one(connection, kept, watch=watch))


@router.post("/stories/{story:int}/notes", response_model=Done)
def write_note(
    visit: Reviewer,
    story: int,
    text: Annotated[str, Form(max_length=review.MAX_TEXT)],
    next: Next = "",  # noqa: A002
) -> Response:
    """Write a note on a story."""
    with visit.desk.database.write() as connection:
        review.add_note(connection, story, text, by=visit.name, now=visit.now)
    return done(visit, "The note is kept.", next or f"/stories/{story}#notes")


@router.post("/notes/{note:int}", response_model=Done)
def change_note(
    visit: Reviewer,
    note: int,
    text: Annotated[str, Form(max_length=review.MAX_TEXT, description="Empty: the note is taken back.")] = "",
    version: Version = 0,
    next: Next = "/",  # noqa: A002
) -> Response:
    """Give a note another wording; the one before is kept."""
    with visit.desk.database.write() as connection:
        review.edit_note(connection, note, text, by=visit.name, now=visit.now, version=version)
    return done(visit, "The note is changed." if text.strip() else "The note is taken back.", next)


@router.post("/stories/{story:int}/assignment", response_model=Done)
def assign(
    visit: Reviewer,
    story: int,
    assignee: Annotated[str, Form(max_length=200, description="Empty: nobody's.")] = "",
    version: Version = 0,
    next: Next = "",  # noqa: A002
) -> Response:
    """Say whose a story is."""
    with visit.desk.database.write() as connection:
        review.assign(connection, story, assignee.strip(), by=visit.name, now=visit.now, version=version)
    said = f"It is {assignee.strip()}'s now." if assignee.strip() else "It is nobody's now."
    return done(visit, said, next or f"/stories/{story}")
