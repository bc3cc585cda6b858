"""What people say of stories at the review desk, and what the desk shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

VerdictKind = Literal[
    "kept",  # what the watch is for
    "starred",  # the same, and above others
    "refused",  # not relevant
    "open",  # an earlier verdict was taken back
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person said of a story for a watch. The last one counts.

    `version` grows with each; whoever says something new names the version that they saw.
    """

    version: int
    watch: str  # "": of the story, whoever watches it
    kind: VerdictKind
    reason: str  # in the person's words; "" where none were given
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note on a story, in its newest wording."""

    id: int  # of its first wording
    version: int  # of its newest
    text: str
    by: str  # who wrote this wording
    at: datetime
    begun_by: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Whose a story is."""

    version: int
    assignee: str  # "": nobody's, any more
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedWords:
    """The words of an entry for the word index: folded, each once."""

    entry_id: int
    title: tuple[str, ...]
    body: tuple[str, ...]  # of the summary and the text
