"""What changed on the stories of a list since the reader looked, in words.

What must not live here: what counts as a change (`monitor.review.news`).

A reader has looked at a story who opened it or judged it. For a story that goes on and that they never looked at, what
the day brought is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from monitor.desk.views import many
from monitor.model import EditKind, StoryLine
from monitor.review.news import News, news
from monitor.story.answers import may_answer
from monitor.story.outlets import Outlets
from storage import dated_reports

_NAMED = 3  # outlets, at most
_EDITED: Mapping[EditKind, str] = {"withdrawn": "withdrew it", "corrected": "corrected it", "reversed": "reversed it"}


def looked_at(line: StoryLine, person: str) -> datetime | None:
    """When a person last looked at a story; None: never."""
    verdict = line.verdict
    judged = verdict.at if verdict and verdict.by == person else None
    return max(filter(None, (line.seen_at, judged)), default=None)


def since_looked(
    connection: Connection, lines: Sequence[StoryLine], *, person: str, morning: datetime
) -> dict[tuple[int, str], News]:
    """By story and watch: what came since `person` looked; where they never did, since the morning of the day, if the
    story is older. Stories that began in it and that they never looked at are left out: all of them is new."""
    asked: dict[tuple[int, str], datetime] = {}
    for line in lines:
        since = looked_at(line, person) or (morning if line.began_at < morning else None)
        if since is not None:
            asked[line.story, line.watch] = since
    if not asked:
        return {}
    ids = {story for story, _ in asked}
    reports = dated_reports.of_stories(connection, ids, since=min(asked.values()), may_answer=may_answer)
    leads = {(line.story, line.watch): int(line.document.id) for line in lines}
    return {key: news(reports[key[0]], leads[key], since) for key, since in asked.items()}


def in_words(found: News, outlets: Outlets) -> Iterator[str]:
    """What came, the weightiest first."""
    for outlet in found.answers:
        yield f"answered, says {outlets.name(outlet)}"
    if found.origin:
        yield f"broken by {', '.join(found.origin)}, as is said now"
    yield from (f"{outlets.name(outlet)} {_EDITED[kind]}" for outlet, kind in found.edits)
    if found.headline:
        yield "headline changed"
    if found.outlets:
        yield f"+{many(len(found.outlets), 'outlet')}: {_listed(map(outlets.name, found.outlets), len(found.outlets))}"
    elif found.reports:
        yield f"+{many(found.reports, 'report')}"
    if found.copies:
        yield f"+{many(found.copies, 'copy', 'copies')}"


def _listed(names: Iterable[str], count: int) -> str:
    shown = ", ".join(list(names)[:_NAMED])
    return shown if count <= _NAMED else f"{shown} and {count - _NAMED} more"
