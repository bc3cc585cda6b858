"""A person's word at the desk on which entries tell one story: split, merge, move, undo.

What must not live here: what follows from it (`pipeline.correct`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from monitor.desk.answers import Done, Next, done
from monitor.desk.views import many
from monitor.desk.visit import Reviewer, Visit
from monitor.pipeline.correct import Correct, Corrected

router = APIRouter(tags=["stories"])

Chosen = Annotated[list[int], Form(description="The entries that are meant.")]
Why = Annotated[str, Form(max_length=500, description="A sentence for whoever wonders later.")]


@router.post("/stories/{story:int}/split", response_model=Done)
def split(visit: Reviewer, story: int, entries: Chosen, why: Why = "") -> Response:
    """The chosen entries do not belong to the story: they are one of their own."""
    return _told(visit, _correct(visit, why).split(story, entries), story)


@router.post("/stories/{story:int}/merge", response_model=Done)
def merge(visit: Reviewer, story: int, other: Annotated[int, Form()], why: Why = "") -> Response:
    """Another story is the same as this one: both are told under the number of the older."""
    return _told(visit, _correct(visit, why).merge(story, other), story)


@router.post("/stories/{story:int}/move", response_model=Done)
def move(visit: Reviewer, story: int, entries: Chosen, other: Annotated[int, Form()], why: Why = "") -> Response:
    """The chosen entries belong to another story."""
    return _told(visit, _correct(visit, why).move(entries, other), story)


@router.post("/corrections/{correction:int}/undo", response_model=Done)
def undo(visit: Reviewer, correction: int, next: Next = "/") -> Response:  # noqa: A002 - the name of the form's field
    """Take a correction back: its entries stand again as they did."""
    made = _correct(visit, "").undo(correction)
    return done(visit, f"Correction {made.correction} is taken back.", next)


def _correct(visit: Visit, why: str) -> Correct:
    return Correct(database=visit.desk.database, by=visit.name, why=why.strip(), now=visit.now)


def _told(visit: Visit, made: Corrected, story: int) -> Response:
    said = f"Done: correction {made.correction}."
    if made.examined_again:
        again = many(made.examined_again, "entry", "entries")
        said += f" {again} will be examined again; whoever has not heard of the story is told once."
    living = story if story in made.stories else next(iter(made.stories), story)
    return done(visit, said, f"/stories/{living}")
