"""Corrections: what a person said about stories, kept so that it can be shown, respected and undone.

What lives here: the rows. What must not: which entries go where (`monitor.story.corrections` decides it).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from monitor.model import Correction, CorrectionKind, Group, Move, Regrouping
from storage import folding
from storage.among import among
from storage.schema import corrections, decisions, entries, matches, members, outbox, stories

_STANDING = ("story_id", "relation", "of_entry_id", "similarity", "why", "placed_by")


def group(connection: Connection, story_id: int) -> Group | None:
    """Who is in a living story; None: there is none of that number."""
    began_with = connection.execute(select(stories.c.began_with).where(stories.c.id == story_id)).scalar_one_or_none()
    if began_with is None:
        return None
    ids = connection.execute(
        select(members.c.entry_id).where(members.c.story_id == story_id).order_by(members.c.entry_id)
    ).scalars()
    return Group(story=story_id, began_with=began_with, entries=tuple(ids))


def stories_of(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """The story in which each entry stands; entries in none are left out."""
    rows = connection.execute(
        select(members.c.entry_id, members.c.story_id)
        .where(among(members.c.entry_id, ids))
        .order_by(members.c.story_id, members.c.entry_id)
    )
    return {row.entry_id: row.story_id for row in rows}


# ---- made, and undone ------------------------------------------------------------------------------------------------


def make(
    connection: Connection,
    regrouping: Regrouping,
    *,
    kind: CorrectionKind,
    story_id: int,
    by: str,
    why: str,
    now: datetime,
) -> tuple[int, frozenset[int]]:
    """Put the entries where they belong, and remember it; returns the correction's id and the stories concerned."""
    moving = [entry for move in regrouping.moves for entry in move.entries]
    row = {
        "kind": kind, "story_id": story_id, "made_at": now, "made_by": by, "why": why,
        "before": _standing(connection, moving), "apart": [list(pair) for pair in regrouping.apart],
    }  # fmt: skip
    made = int(connection.execute(insert(corrections).values(row).returning(corrections.c.id)).scalar_one())
    said = f"{_SAID[kind]} by {by}" + (f": {why}" if why else "")
    return made, _regroup(connection, made, regrouping.moves, said, now)


_SAID: dict[CorrectionKind, str] = {"split": "parted from its story", "merge": "merged", "move": "moved here"}


def undo(connection: Connection, made: Correction, moves: Sequence[Move], *, by: str, now: datetime) -> frozenset[int]:
    """Put the entries back as they stood, by `moves`; returns the stories concerned."""
    concerned = _regroup(connection, made.id, moves, f"correction {made.id} was undone by {by}", now)
    for entry in connection.execute(select(corrections.c.before).where(corrections.c.id == made.id)).scalar_one():
        values = {name: entry[name] for name in _STANDING if name != "story_id"}
        connection.execute(update(members).where(members.c.entry_id == entry["entry_id"]).values(values))
    connection.execute(update(corrections).where(corrections.c.id == made.id).values(undone_at=now, undone_by=by))
    return concerned


def homes(connection: Connection, correction_id: int) -> dict[int, tuple[int, ...]]:
    """By the story to which they return: the entries that a correction moved."""
    before = connection.execute(select(corrections.c.before).where(corrections.c.id == correction_id)).scalar_one()
    found: dict[int, tuple[int, ...]] = {}
    for entry in before:
        found[entry["story_id"]] = (*found.get(entry["story_id"], ()), entry["entry_id"])
    return {_home(connection, story, ids): ids for story, ids in found.items()}


def _home(connection: Connection, story_id: int, returning: Collection[int]) -> int:
    """A story's number is where the entry that began it is: there now, or coming back with the others."""
    began_with = connection.execute(select(stories.c.began_with).where(stories.c.id == story_id)).scalar_one()
    return story_id if began_with in returning else stories_of(connection, [began_with]).get(began_with, story_id)


def _standing(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = connection.execute(select(members).where(among(members.c.entry_id, ids)).order_by(members.c.entry_id))
    return [dict(row) for row in rows.mappings()]


def _regroup(
    connection: Connection, correction_id: int, moves: Sequence[Move], why: str, now: datetime
) -> frozenset[int]:
    ids = [entry for move in moves for entry in move.entries]
    left = set(stories_of(connection, ids).values())
    reached = {_move(connection, move, correction_id, why, now) for move in moves}
    for story in left | reached:
        _date(connection, story)
        folding.part(connection, story, now=now)
    return frozenset(left | reached)


def _move(connection: Connection, move: Move, correction_id: int, why: str, now: datetime) -> int:
    story = _own(connection, move.entries, now) if move.story is None else move.story
    mine = members.c.entry_id.in_(move.entries)
    connection.execute(update(members).where(mine).values(story_id=story, placed_by="person", why=why))
    _relate(connection, story)
    begun = stories.c.began_with.in_(move.entries)
    connection.execute(update(stories).where(begun, stories.c.id != story).values(merged_into=story))
    connection.execute(update(stories).where(stories.c.id == story).values(merged_into=None))
    _take_along(connection, move.entries, story, correction_id)
    return story


def _own(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """The story that the first of the entries began, which may have been merged since; else a new one."""
    begun = connection.execute(
        select(stories.c.id).where(among(stories.c.began_with, ids)).order_by(stories.c.began_with).limit(1)
    ).scalar_one_or_none()
    if begun is None:
        row = {"began_with": min(ids), "began_at": now, "last_at": now}
        begun = connection.execute(insert(stories).values(row).returning(stories.c.id)).scalar_one()
    return int(begun)


def _relate(connection: Connection, story: int) -> None:
    """Who began the story is its "new"; who repeats an entry that is no longer here merely tells of the same event."""
    began_with = select(stories.c.began_with).where(stories.c.id == story).scalar_subquery()
    here = select(members.c.entry_id).where(members.c.story_id == story)
    mine = (members.c.story_id == story) & (members.c.placed_by == "person")
    alone = mine & ((members.c.relation == "new") | members.c.of_entry_id.not_in(here))
    connection.execute(update(members).where(alone).values(relation="same-event", of_entry_id=None))
    first = (members.c.story_id == story) & (members.c.entry_id == began_with)
    connection.execute(update(members).where(first).values(relation="new", of_entry_id=None))


def _date(connection: Connection, story: int) -> None:
    last = (
        select(func.max(entries.c.first_seen_at))
        .join(members, members.c.entry_id == entries.c.id)
        .where(members.c.story_id == story)
        .scalar_subquery()
    )
    connection.execute(
        update(stories).where(stories.c.id == story).values(last_at=func.coalesce(last, stories.c.last_at))
    )


# ---- what was told goes along ----------------------------------------------------------------------------------------


def _take_along(connection: Connection, ids: Sequence[int], story: int, correction_id: int) -> None:
    """What was told of an entry is known of the story in which it stands.

    An alert's key would keep the story that it leaves from ever alerting: it is free again.
    """
    theirs = among(outbox.c.entry_id, ids) & outbox.c.kind.in_(folding.NEWS) & (outbox.c.story_id != story)
    freed = outbox.c.key + literal(f":{correction_id}")
    connection.execute(update(outbox).where(theirs, outbox.c.key.startswith("alert:")).values(key=freed))
    connection.execute(update(outbox).where(theirs).values(story_id=story))


def examine_again(
    connection: Connection,
    story_ids: Collection[int],
    must_hear: Callable[[Collection[str], Collection[str]], bool],
    *,
    now: datetime,
) -> int:
    """Let the matched entries of those stories be examined that somebody `must_hear` of; how many entries."""
    due = [story for story in sorted(story_ids) if must_hear(*_ears(connection, story))]
    matched = select(matches.c.entry_id).join(members, members.c.entry_id == matches.c.entry_id)
    matched = matched.where(members.c.story_id.in_(due))
    return connection.execute(update(entries).where(entries.c.id.in_(matched)).values(examine_at=now)).rowcount


def _ears(connection: Connection, story: int) -> tuple[set[str], set[str]]:
    """About whom something was decided for entries of a story, and who was told of it."""
    decided = select(decisions.c.recipient).join(members, members.c.entry_id == decisions.c.entry_id)
    told = select(outbox.c.recipient).where(
        outbox.c.story_id == story, outbox.c.kind.in_(folding.NEWS), folding.is_told()
    )
    return (
        set(connection.execute(decided.where(members.c.story_id == story)).scalars()),
        set(connection.execute(told).scalars()),
    )


# ---- looked at -------------------------------------------------------------------------------------------------------


def state(connection: Connection) -> tuple[int, int]:
    """Another value after each correction and each undoing: by it a memory of stories knows that it is out of date."""
    row = connection.execute(
        select(func.coalesce(func.max(corrections.c.id), 0), func.count(corrections.c.undone_at))
    ).one()
    return int(row[0]), int(row[1])


def parted(connection: Connection) -> tuple[tuple[int, int], ...]:
    """Pairs of stories that must stay two, by the entries that began them."""
    rows = connection.execute(select(corrections.c.apart).where(corrections.c.undone_at.is_(None))).scalars()
    pairs = [tuple(pair) for row in rows for pair in row]
    ids = {entry for pair in pairs for entry in pair}
    query = select(members.c.entry_id, stories.c.began_with).join(stories, stories.c.id == members.c.story_id)
    began = {row.entry_id: row.began_with for row in connection.execute(query.where(among(members.c.entry_id, ids)))}
    found = {(began[one], began[other]) for one, other in pairs if one in began and other in began}
    return tuple(sorted(pair for pair in found if pair[0] != pair[1]))


def listing(connection: Connection, *, ids: Collection[int] | None = None) -> tuple[Correction, ...]:
    """The corrections that moved any of those entries, or all; oldest first."""
    rows = connection.execute(select(corrections).order_by(corrections.c.id)).all()
    found = tuple(map(_correction, rows))
    return found if ids is None else tuple(one for one in found if set(ids) & set(one.entries))


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        id=row.id, kind=row.kind, story=row.story_id, entries=tuple(entry["entry_id"] for entry in row.before),
        at=row.made_at, by=row.made_by, why=row.why, undone_at=row.undone_at, undone_by=row.undone_by,
        stories=tuple(sorted({entry["story_id"] for entry in row.before})),
    )  # fmt: skip
