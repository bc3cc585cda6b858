"""Lines of the review desk for tests of what verdicts teach, each with only what a test is about."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from monitor.model import Document, Level, Match, Span, StoryLine, Verdict, VerdictKind
from tests.conftest import NOON

_numbers = count(1)


def line(
    title: str, kind: VerdictKind | None = None, *, story: int = 0, summary: str = "", watch: str = "ferries",
    outlets: tuple[str, ...] = ("ferry.example",), term: str = "", level: Level = "alert", began_at: datetime = NOON,
) -> StoryLine:  # fmt: skip
    """A story with that headline and verdict. `term` is the word of the title that matched."""
    number = story or next(_numbers)
    start = title.find(term) if term else 0
    spans = (Span(field="title", start=start, end=start + len(term), term=term, set=""),) if term else ()
    verdict = Verdict(version=1, watch=watch, kind=kind, reason="", by="ada", at=NOON) if kind else None
    return StoryLine(
        story=number, watch=watch, document=Document(id=str(number), title=title, summary=summary),
        match=Match(watch=watch, level=level, score=1.0, why="", spans=spans), first_seen=began_at, backlog=False,
        entries=1, outlets=outlets, began_at=began_at, last_at=began_at, origin=(), decisions=(), verdict=verdict,
        notes=0, assignment=None, seen_at=None,
    )  # fmt: skip
