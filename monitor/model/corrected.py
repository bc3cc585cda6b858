"""What a person says about stories: which belong together, which do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CorrectionKind = Literal["split", "merge", "move"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A story as far as it matters who is in it."""

    story: int
    began_with: int  # the entry that the story's number goes with, wherever that entry is put
    entries: tuple[int, ...]  # in order of arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Entries that leave their story for another, or for one of their own."""

    entries: tuple[int, ...]
    story: int | None  # None: a story of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """What a correction does. `apart` are pairs of entries that are not to be in one story from now on."""

    moves: tuple[Move, ...]
    apart: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction that was made, as it is shown."""

    id: int
    kind: CorrectionKind
    story: int  # of which it was said
    entries: tuple[int, ...]  # that moved
    at: datetime
    by: str
    why: str  # in the person's words; "" where none were given
    stories: tuple[int, ...] = ()  # in which its entries stood before
    undone_at: datetime | None = None
    undone_by: str = ""
