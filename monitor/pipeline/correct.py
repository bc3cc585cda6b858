"""A person's word on stories → which entries go where → commit; whoever must hear of a story now is told by `examine`.

It is one transaction, so that neither a merge nor an arrival comes between what was read and what is written. A running
Tipsheet notices at its next batch, and reads its stories again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from monitor.errors import ConflictError, CorrectionError
from monitor.model import Correction, CorrectionKind, Group, Move, Regrouping
from monitor.story import corrections as decide
from storage import audit, stories
from storage import corrections as rows
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What came of it."""

    correction: int
    stories: Mapping[int, tuple[int, ...]]  # each story concerned, with the entries of the correction that it has now
    examined_again: int  # entries that are due, because somebody must hear of their story


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """Corrections by one person at one moment.

    Who looked at stories before they speak gives their versions in `seen`, by story: where somebody else said something
    of one of them since, or it became part of another, a ConflictError tells it, and nothing was changed.
    """

    database: Database
    by: str
    why: str
    now: datetime
    seen: Mapping[int, int] = field(default_factory=dict)
    logged_as: str = ""  # who, in the audit log; "": as in `by`

    def split(self, story: int, chosen: Collection[int]) -> Corrected:
        """The chosen entries of a story, and its others, are two stories from now on."""
        with self.database.write() as connection:
            self._must_be_as_seen(connection)
            group = _group(connection, story)
            return self._make(connection, decide.split(group, chosen), "split", group.story, chosen)

    def merge(self, one: int, other: int) -> Corrected:
        """Two stories are one."""
        with self.database.write() as connection:
            self._must_be_as_seen(connection)
            groups = _group(connection, one), _group(connection, other)
            regrouping = decide.merge(*groups)
            (moved,) = regrouping.moves
            return self._make(connection, regrouping, "merge", moved.story or one, moved.entries)

    def move(self, chosen: Collection[int], story: int) -> Corrected:
        """The chosen entries belong to that story and to no other."""
        with self.database.write() as connection:
            self._must_be_as_seen(connection)
            target = _group(connection, story)
            regrouping = decide.move(_groups_of(connection, chosen), chosen, target)
            return self._make(connection, regrouping, "move", target.story, chosen)

    def undo(self, correction: int | None) -> Corrected:
        """Entries stand again as they did before a correction; the last one unless told."""
        with self.database.write() as connection:
            made = _standing(rows.listing(connection), correction)
            moves: list[Move] = []
            for home, ids in rows.homes(connection, made.id).items():
                groups = [
                    _living(connection, story) for story in sorted(set(rows.stories_of(connection, ids).values()))
                ]
                moves += decide.put_back(groups, home, ids).moves
            concerned = rows.undo(connection, made, moves, by=self.by, now=self.now)
            self._log(connection, concerned, f"undone: correction {made.id}, {made.kind}")
            return self._told(connection, made.id, concerned, made.entries)

    def _must_be_as_seen(self, connection: Connection) -> None:
        made = rows.listing(connection) if self.seen else ()
        for story, version in self.seen.items():
            found = rows.group(connection, story)
            words = decide.said_of(found, made) if found else ()
            if words and len(words) > version:
                raise _faster(story, words)
            if found and (living := stories.kept(connection, story)) != story:
                said = f"story {story} became a part of story {living} meanwhile; look at that before you say more"
                raise ConflictError(said, by="", at=self.now, version=len(words))

    def _make(
        self, connection: Connection, regrouping: Regrouping, kind: CorrectionKind, story: int, chosen: Collection[int]
    ) -> Corrected:
        made, concerned = rows.make(
            connection, regrouping, kind=kind, story_id=story, by=self.by, why=self.why, now=self.now
        )
        self._log(connection, concerned, f"{kind}, correction {made}")
        return self._told(connection, made, concerned, chosen)

    def _log(self, connection: Connection, concerned: Collection[int], detail: str) -> None:
        subject = f"stories {', '.join(map(str, sorted(concerned)))}"
        audit.append(
            connection, self.logged_as or self.by, "stories corrected", subject=subject, detail=detail, now=self.now
        )

    def _told(
        self, connection: Connection, made: int, concerned: Collection[int], chosen: Collection[int]
    ) -> Corrected:
        again = rows.examine_again(connection, concerned, decide.must_hear, now=self.now)
        held: dict[int, tuple[int, ...]] = dict.fromkeys(sorted(concerned), ())
        for entry, story in rows.stories_of(connection, chosen).items():
            held[story] = (*held.get(story, ()), entry)
        living = {story: entries for story, entries in held.items() if stories.kept(connection, story) == story}
        return Corrected(correction=made, stories=living, examined_again=again)


def version_of(connection: Connection, story: int) -> int:
    """How much people have said so far of what a story holds: what the next word on it names."""
    group = rows.group(connection, story)
    return len(decide.said_of(group, rows.listing(connection))) if group else 0


def _faster(story: int, words: Sequence[decide.Said]) -> ConflictError:
    last = words[-1]
    said = (
        f"{last.by} was faster with story {story}, at {last.at:%H:%M} UTC ({last.what}); look at it before you say more"
    )
    return ConflictError(said, by=last.by, at=last.at, version=len(words), said=last.what)


def _group(connection: Connection, story: int) -> Group:
    kept = stories.kept(connection, story)
    if kept is None:
        raise CorrectionError(f"there is no story {story}; `tipsheet stories` lists them")
    return _living(connection, kept)


def _living(connection: Connection, story: int) -> Group:
    group = rows.group(connection, story)
    assert group is not None  # noqa: S101 - who asks has just read its number
    return group


def _groups_of(connection: Connection, chosen: Collection[int]) -> list[Group]:
    held = rows.stories_of(connection, chosen)
    strangers = sorted(set(chosen) - held.keys())
    if strangers:
        raise CorrectionError(f"entry {strangers[0]} is in no story; `tipsheet stories show STORY` numbers its entries")
    return [_living(connection, story) for story in sorted(set(held.values()))]


def _standing(made: Sequence[Correction], wanted: int | None) -> Correction:
    """The correction that is to be undone; none that a later one builds on."""
    open_ones = [one for one in made if one.undone_at is None]
    found = [one for one in open_ones if wanted in (None, one.id)]
    if not found:
        raise CorrectionError(_missing(made, wanted))
    later = next(_later(open_ones, found[-1]), None)
    if later is not None:
        raise CorrectionError(f"correction {later.id} moved the same entries since; undo that one first")
    return found[-1]


def _later(made: Sequence[Correction], this: Correction) -> Iterator[Correction]:
    return (one for one in reversed(made) if one.id > this.id and set(one.entries) & set(this.entries))


def _missing(made: Sequence[Correction], wanted: int | None) -> str:
    undone = next((one for one in made if one.id == wanted), None)
    if undone is not None:
        return f"correction {wanted} was undone already, by {undone.undone_by}"
    return "there is no correction to undo" if wanted is None else f"there is no correction {wanted}"
