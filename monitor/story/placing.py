"""What was found of a document, as the placement that is kept and shown: its relation, and why in words.

What lives here: wording and rounding. What must not: memory, or the question whether something is near enough
(`grouping`).
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.model import Placement, Relation
from monitor.story.window import Known, Reading


def new(reading: Reading) -> Placement:
    return placed(reading, reading.document.id, "new", 0.0, "nothing like it in the window")


def repeat(reading: Reading, known: Known, share: float, why: str) -> Placement:
    """An outlet that prints its own article in other words updates it; all else that repeats words is a copy."""
    changed = reading.wording.runs != known.wording.runs
    relation: Relation = "update" if changed and reading.document.outlet == known.outlet else "copy"
    return placed(reading, known.story.id, relation, share, why, known.id)


def named(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("#")}


def in_common(share: float) -> str:
    return f"{share:.0%} of the shorter text word for word"


def placed(
    reading: Reading, story: str, relation: Relation, likeness: float, why: str, of: str | None = None
) -> Placement:
    similarity = round(min(likeness, 1.0), 4)
    return Placement(id=reading.document.id, story=story, relation=relation, of=of, similarity=similarity, why=why)
