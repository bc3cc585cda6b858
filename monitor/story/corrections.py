"""A person's word on stories: which entries go where, who must stay apart, and what is to be told afterwards.

What lives here: the decisions, over who is in which story. What must not: rows, or how alike anything is. A person may
be wrong as well, so every correction can be undone; the grouper never undoes one.

The number of a story goes with the entry that began it. So an old number always leads to the story in which its first
entry stands now, and what was told of an entry is known of the story in which that entry stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.errors import CorrectionError
from monitor.model import Correction, CorrectionKind, Group, Move, Regrouping


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word on what a story holds."""

    at: datetime
    by: str
    what: CorrectionKind | Literal["undo"]


def split(group: Group, chosen: Collection[int]) -> Regrouping:
    """The chosen entries and the others are two stories."""
    leaving = _of_group(group, chosen)
    staying = _others(group, leaving)
    if not staying:
        raise CorrectionError(f"these are all entries of story {group.story}; name those that do not belong to it")
    moving = staying if group.began_with in leaving else leaving
    return Regrouping(moves=(Move(entries=moving, story=None),), apart=((leaving[0], staying[0]),))


def merge(one: Group, other: Group) -> Regrouping:
    """Two stories are one, under the number of the older."""
    if one.story == other.story:
        raise CorrectionError(f"both are story {one.story} already")
    older, younger = sorted((one, other), key=lambda group: group.story)
    return Regrouping(moves=(Move(entries=younger.entries, story=older.story),))


def move(groups: Sequence[Group], chosen: Collection[int], target: Group) -> Regrouping:
    """The chosen entries belong to `target` and not to the stories that they are in, `groups`."""
    if not chosen:
        raise CorrectionError("expected at least one entry")
    moves: list[Move] = []
    apart: list[tuple[int, int]] = []
    for group in groups:
        leaving = _of_group(group, set(chosen) & set(group.entries))
        if group.story == target.story:
            raise CorrectionError(f"entry {leaving[0]} is in story {target.story} already")
        staying = _others(group, leaving)
        moves += _leave(group, leaving, staying, target.story)
        apart += [(leaving[0], staying[0])] if staying else []
    return Regrouping(moves=tuple(moves), apart=tuple(apart))


def put_back(groups: Sequence[Group], home: int, chosen: Collection[int]) -> Regrouping:
    """The same without a word on who belongs to whom: a correction is undone. Who is at home already stays."""
    moves: list[Move] = []
    for group in groups:
        leaving = tuple(entry for entry in group.entries if entry in chosen)
        if leaving and group.story != home:
            moves += _leave(group, leaving, _others(group, leaving), home)
    return Regrouping(moves=tuple(moves))


def must_hear(decided: Collection[str], told: Collection[str]) -> bool:
    """Whether a story's matched entries are to be examined again after a correction.

    `decided` are the recipients about whom anything was decided for them, `told` those who were told of the story as it
    is now: whoever had only heard of it as part of another story is told once.
    """
    return bool(set(decided) - set(told))


def said_of(group: Group, made: Sequence[Correction]) -> tuple[Said, ...]:
    """What people said so far of which entries the story `group` holds, in order of time.

    Their number is the story's version: it grows with every word, whatever becomes of the entries.
    """
    about = [one for one in made if _concerns(one, group)]
    words = [Said(at=one.at, by=one.by, what=one.kind) for one in about]
    words += [Said(at=one.undone_at, by=one.undone_by, what="undo") for one in about if one.undone_at]
    return tuple(sorted(words, key=lambda word: word.at))


def _concerns(made: Correction, group: Group) -> bool:
    return group.story in (made.story, *made.stories) or group.began_with in made.entries


def _leave(group: Group, leaving: tuple[int, ...], staying: tuple[int, ...], target: int) -> Iterator[Move]:
    """Where the entry that began the story leaves it, the others need another number."""
    yield Move(entries=leaving, story=target)
    if staying and group.began_with in leaving:
        yield Move(entries=staying, story=None)


def _of_group(group: Group, chosen: Collection[int]) -> tuple[int, ...]:
    strangers = sorted(set(chosen) - set(group.entries))
    if strangers:
        raise CorrectionError(f"entry {strangers[0]} is not in story {group.story}")
    if not chosen:
        raise CorrectionError("expected at least one entry")
    return tuple(entry for entry in group.entries if entry in chosen)


def _others(group: Group, leaving: Collection[int]) -> tuple[int, ...]:
    held = frozenset(leaving)
    return tuple(entry for entry in group.entries if entry not in held)
