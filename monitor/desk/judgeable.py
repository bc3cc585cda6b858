"""Rows that are no stories but lead to one, with what people said of it: a story is judged wherever it stands.

What must not live here: judging (`rooms.judging`), and lists of stories (`cards`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection

from monitor.model import VerdictKind
from storage import accounts, last_words
from storage.last_words import LastWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgeable:
    """What a row says of the story of its entry, under the names that stories have on their own lists."""

    story: int | None = None  # None: the entry has not been examined yet; nothing can be said of it
    watch: str = ""  # for which a verdict that is given here counts; "": no watch matches the story
    verdict: VerdictKind = "open"
    reason: str = ""
    judged_by: str = ""
    version: int = 0  # of the verdict: what is said next names it; 0: there is none
    notes: int = 0
    assignee: str = ""
    assignment: int = 0  # its version


_NAMES = tuple(field.name for field in fields(Judgeable))


class Said:
    """What was said of the stories of a list, story by story, as the first fields of its rows."""

    def __init__(self, connection: Connection, stories: Iterable[int | None], *, watch: str = "") -> None:
        """`watch`: for which verdicts are given on this list; "": for each story the one that matched it loudest."""
        self._words = last_words.of_stories(connection, {story for story in stories if story is not None})
        self._watch = watch

    def of(self, story: int | None) -> dict[str, Any]:
        """The fields of a `Judgeable`, for a row that is one."""
        found = Judgeable() if story is None else _judgeable(self._words, story, self._watch)
        return {name: getattr(found, name) for name in _NAMES}


def one(connection: Connection, story: int, *, watch: str = "") -> Judgeable:
    """What was said of one story."""
    return Judgeable(**Said(connection, (story,), watch=watch).of(story))


def people(connection: Connection) -> tuple[str, ...]:
    """To whom a story can be given."""
    return tuple(account.name for account in accounts.listing(connection) if not account.disabled)


def _judgeable(words: LastWords, story: int, watch: str) -> Judgeable:
    watch = watch or words.watches.get(story, "")
    verdict, assignment = words.verdicts.get((story, watch)), words.assignments.get(story)
    return Judgeable(
        story=story,
        watch=watch,
        verdict=verdict.kind if verdict else "open",
        reason=verdict.reason if verdict else "",
        judged_by=verdict.by if verdict else "",
        version=verdict.version if verdict else 0,
        notes=words.notes.get(story, 0),
        assignee=assignment.assignee if assignment else "",
        assignment=assignment.version if assignment else 0,
    )
