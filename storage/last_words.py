"""What people said last of many stories at once, for lists whose rows are stories, or lead to one.

What lives here: the rows of those stories, a statement for each kind of word. What must not: lists of stories
(`story_lines`), and one story with all that was ever said of it (`review`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, func, select

from monitor.model import Assignment, Verdict
from storage import review
from storage.among import among
from storage.review_tables import assignments, notes, verdicts
from storage.schema import matches, members


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """By story, or by story and watch. What nobody said is not there."""

    watches: Mapping[int, str]  # the watch that matched loudest
    verdicts: Mapping[tuple[int, str], Verdict]
    assignments: Mapping[int, Assignment]
    notes: Mapping[int, int]  # how many stand


def of_stories(connection: Connection, stories: Collection[int]) -> LastWords:
    """What was said last of each of them."""
    return LastWords(
        watches=_watches(connection, stories),
        verdicts=verdicts_of(connection, stories),
        assignments=assignments_of(connection, stories),
        notes=notes_of(connection, stories),
    )


def verdicts_of(connection: Connection, stories: Collection[int]) -> dict[tuple[int, str], Verdict]:
    """The last verdict on each story, for each watch."""
    return {(row.story_id, row.watch): review.verdict(row) for row in _said(connection, verdicts, stories)}


def assignments_of(connection: Connection, stories: Collection[int]) -> dict[int, Assignment]:
    """To whom each story was given last."""
    return {row.story_id: review.assignment(row) for row in _said(connection, assignments, stories)}


def notes_of(connection: Connection, stories: Collection[int]) -> dict[int, int]:
    """How many notes stand: of each its newest wording, where that is not empty."""
    later = notes.alias("later")
    replaced = select(later.c.id).where(later.c.replaces == notes.c.id).exists()
    rows = connection.execute(
        select(members.c.story_id, func.count().label("standing"))
        .join(notes, notes.c.entry_id == members.c.entry_id)
        .where(among(members.c.story_id, stories), notes.c.text != "", ~replaced)
        .group_by(members.c.story_id)
    )
    return {row.story_id: row.standing for row in rows}


def _watches(connection: Connection, stories: Collection[int]) -> Mapping[int, str]:
    """An alert before a line of the digest, then by weight."""
    loudness = (matches.c.level == "alert", matches.c.score, matches.c.id.desc())
    rows = connection.execute(
        select(members.c.story_id, matches.c.watch)
        .join(matches, matches.c.entry_id == members.c.entry_id)
        .where(among(members.c.story_id, stories))
        .order_by(*loudness)
    )
    return {row.story_id: row.watch for row in rows}


def _said(connection: Connection, table: Table, stories: Collection[int]) -> CursorResult[Any]:
    """What was said of those stories, the last word last."""
    query = select(table, members.c.story_id).join(members, members.c.entry_id == table.c.entry_id)
    return connection.execute(query.where(among(members.c.story_id, stories)).order_by(table.c.id))
