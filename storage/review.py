"""What people say of stories: verdicts, notes, whose a story is, who has seen it. Nothing said is written over.

What lives here: the rows of one story. What must not: lists of stories (`story_lines`), and what verdicts teach
(`monitor.review`).

What is said is kept with the entry that began the story, so that it goes with that entry: a merge carries it to the
story that stays, an undoing gives it back, and neither needs to know of it. Whoever says something names the last word
that they saw, its version; where that is not the last one, a ConflictError says whose came between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, insert, select, update

from monitor.errors import ConflictError, ReviewError
from monitor.model import Assignment, Note, Verdict, VerdictKind
from storage import stories as story_rows
from storage.database import insert_new
from storage.review_tables import assignments, notes, sightings, verdicts
from storage.schema import members, stories

MAX_TEXT = 20_000  # code points of a note or a reason

_VERDICTS: Mapping[VerdictKind, str] = {
    "kept": "kept", "starred": "starred", "refused": "not relevant", "open": "the verdict is taken back",
}  # fmt: skip

# ---- said ------------------------------------------------------------------------------------------------------------


def judge(
    connection: Connection, story_id: int, kind: VerdictKind, *,
    watch: str, by: str, now: datetime, version: int = 0, reason: str = "",
) -> Verdict:  # fmt: skip
    """A verdict on a story for a watch. `version` is that of the last verdict that `by` saw; 0: there was none."""
    entry = _beginning(connection, story_id)
    _must_be_last(_last(verdict_history(connection, story_id, watch=watch)), version, f"story {story_id}")
    row = {"watch": watch, "verdict": kind, "reason": _bounded(reason), "said_by": by, "said_at": now}
    made = _say(connection, verdicts, row | {"entry_id": entry})
    return Verdict(version=made, watch=watch, kind=kind, reason=reason, by=by, at=now)


def assign(
    connection: Connection, story_id: int, assignee: str, *, by: str, now: datetime, version: int = 0
) -> Assignment:
    """A story is somebody's from now on; "" makes it nobody's. `version` as with `judge`."""
    entry = _beginning(connection, story_id)
    _must_be_last(_last(assignment_history(connection, story_id)), version, f"story {story_id}")
    made = _say(connection, assignments, {"entry_id": entry, "assignee": assignee, "said_by": by, "said_at": now})
    return Assignment(version=made, assignee=assignee, by=by, at=now)


def add_note(connection: Connection, story_id: int, text: str, *, by: str, now: datetime) -> Note:
    """A note of its own: nobody's word is in its way."""
    if not text.strip():
        raise ReviewError("the note is empty; write something, or leave it")
    row = {"entry_id": _beginning(connection, story_id), "text": _bounded(text), "said_by": by, "said_at": now}
    made = _say(connection, notes, row)
    return Note(id=made, version=made, text=text, by=by, at=now, begun_by=by, begun_at=now)


def edit_note(connection: Connection, note_id: int, text: str, *, by: str, now: datetime, version: int) -> Note:
    """Another wording of a note, in place of the one whose `version` was seen; "" takes the note back."""
    wordings = _wordings(connection, note_id)
    if not wordings:
        raise ReviewError(f"there is no note {note_id}")
    _must_be_last(_note(wordings), version, f"note {note_id}")
    row = {"entry_id": wordings[0].entry_id, "text": _bounded(text), "said_by": by, "said_at": now}
    _say(connection, notes, row | {"replaces": version})
    return _note(_wordings(connection, note_id))


def see(connection: Connection, story_id: int, *, person: str, now: datetime) -> None:
    """A person looks at a story."""
    key = {"entry_id": _beginning(connection, story_id), "person": person}
    connection.execute(insert_new(connection, sightings).values(key | {"seen_at": now}))
    mine = (sightings.c.entry_id == key["entry_id"]) & (sightings.c.person == person)
    connection.execute(update(sightings).where(mine, sightings.c.seen_at < now).values(seen_at=now))


# ---- looked at -------------------------------------------------------------------------------------------------------


def verdict_history(connection: Connection, story_id: int, *, watch: str | None = None) -> tuple[Verdict, ...]:
    """Every verdict on a story, for one watch or for all, the last one last."""
    rows = _of_story(connection, verdicts, story_id)
    return tuple(verdict(row) for row in rows if watch in (None, row.watch))


def assignment_history(connection: Connection, story_id: int) -> tuple[Assignment, ...]:
    """Whose a story was, the last one last."""
    return tuple(map(assignment, _of_story(connection, assignments, story_id)))


def notes_of(connection: Connection, story_id: int) -> tuple[Note, ...]:
    """The notes on a story in the order in which they were begun; those that were taken back are left out."""
    return tuple(wordings[-1] for wordings in note_histories(connection, story_id) if wordings[-1].text)


def note_histories(connection: Connection, story_id: int) -> tuple[tuple[Note, ...], ...]:
    """Of each note on a story every wording, the newest last; also of those that were taken back."""
    chains: dict[int, list[Row[Any]]] = {}  # by their newest wording
    for row in _of_story(connection, notes, story_id):
        chains[row.id] = [*chains.pop(row.replaces, []), row]
    return tuple(map(_history, sorted(chains.values(), key=lambda wordings: wordings[0].id)))


def note_history(connection: Connection, note_id: int) -> tuple[Note, ...]:
    """Every wording of a note, the newest last."""
    return _history(_wordings(connection, note_id))


def seen_by(connection: Connection, story_id: int) -> dict[str, datetime]:
    """Who has looked at a story, and when last."""
    last = func.max(sightings.c.seen_at, type_=sightings.c.seen_at.type).label("seen_at")
    mine = members.c.story_id == story_rows.kept(connection, story_id)
    query = select(sightings.c.person, last).join(members, members.c.entry_id == sightings.c.entry_id).where(mine)
    rows = connection.execute(query.group_by(sightings.c.person).order_by(sightings.c.person))
    return {row.person: row.seen_at for row in rows}


def standing(table: Table) -> Select[Any]:
    """What was said last of each story, of verdicts for each watch; with `story_id`."""
    parts = [members.c.story_id, *([table.c.watch] if "watch" in table.c else [])]
    last = select(func.max(table.c.id)).join(members, members.c.entry_id == table.c.entry_id).group_by(*parts)
    query = select(table, members.c.story_id).join(members, members.c.entry_id == table.c.entry_id)
    return query.where(table.c.id.in_(last))


def latest_kinds(connection: Connection, *, limit: int) -> tuple[tuple[str, VerdictKind], ...]:
    """Of the latest verdicts that stand, the watch that each is on and what it says."""
    said = standing(verdicts).order_by(verdicts.c.id.desc()).limit(limit).subquery()
    return tuple((watch, kind) for watch, kind in connection.execute(select(said.c.watch, said.c.verdict)))


def last_verdict(connection: Connection) -> int:
    """The version of the last verdict on anything; 0 before the first."""
    return int(connection.execute(select(func.coalesce(func.max(verdicts.c.id), 0))).scalar_one())


def verdict(row: Row[Any]) -> Verdict:
    """A row of `verdicts`."""
    return Verdict(version=row.id, watch=row.watch, kind=row.verdict, reason=row.reason, by=row.said_by, at=row.said_at)


def assignment(row: Row[Any]) -> Assignment:
    """A row of `assignments`."""
    return Assignment(version=row.id, assignee=row.assignee, by=row.said_by, at=row.said_at)


# ---- how it is kept --------------------------------------------------------------------------------------------------


def _beginning(connection: Connection, story_id: int) -> int:
    """The entry that began a story. That of a story that was merged is in the older one now, and comes back with it."""
    began = connection.execute(select(stories.c.began_with).where(stories.c.id == story_id)).scalar_one_or_none()
    if began is None:
        raise ReviewError(f"there is no story {story_id}")
    return int(began)


def _say(connection: Connection, table: Table, row: Mapping[str, object]) -> int:
    return int(connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one())


def _of_story(connection: Connection, table: Table, story_id: int) -> tuple[Row[Any], ...]:
    """What was said of a story, and of those that were merged into it; in the order in which it was said."""
    mine = members.c.story_id == story_rows.kept(connection, story_id)
    query = select(table).join(members, members.c.entry_id == table.c.entry_id).where(mine).order_by(table.c.id)
    return tuple(connection.execute(query))


def _wordings(connection: Connection, note_id: int) -> list[Row[Any]]:
    """The wordings of a note, by the number of its first one."""
    first = connection.execute(select(notes).where(notes.c.id == note_id, notes.c.replaces.is_(None))).one_or_none()
    found = [] if first is None else [first]
    while found and (after := connection.execute(select(notes).where(notes.c.replaces == found[-1].id)).one_or_none()):
        found.append(after)
    return found


def _history(wordings: list[Row[Any]]) -> tuple[Note, ...]:
    return tuple(_note(wordings[: end + 1]) for end in range(len(wordings)))


def _note(wordings: list[Row[Any]]) -> Note:
    first, last = wordings[0], wordings[-1]
    return Note(
        id=first.id, version=last.id, text=last.text, by=last.said_by, at=last.said_at,
        begun_by=first.said_by, begun_at=first.said_at,
    )  # fmt: skip


def _last(history: tuple[Any, ...]) -> Any:
    return history[-1] if history else None


def _must_be_last(last: Verdict | Assignment | Note | None, version: int, what: str) -> None:
    if last is not None and last.version != version:
        said = f"{last.by} was faster with {what}, at {last.at:%H:%M} UTC; look at it before you say more"
        raise ConflictError(said, by=last.by, at=last.at, version=last.version, said=_in_words(last))


def _in_words(last: Verdict | Assignment | Note) -> str:
    """What somebody said, for whoever comes after them."""
    if isinstance(last, Verdict):
        return ": ".join(filter(None, (_VERDICTS[last.kind], last.reason)))
    if isinstance(last, Assignment):
        return f"it is {last.assignee}’s" if last.assignee else "it is nobody’s"
    return last.text or "the note is taken back"


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ReviewError(f"{len(text):,} characters are more than the {MAX_TEXT:,} that are kept")
    return text
