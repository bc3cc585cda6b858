"""The reports of a few stories with their times: what each brought, and when.

What lives here: the rows. What must not: what is news of them (`monitor.review.news`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor.model import DatedReport, Match, Span
from storage import versions
from storage.among import among
from storage.schema import credits, entries, feeds, matches, members


def of_stories(
    connection: Connection, ids: Collection[int], *, since: datetime, may_answer: Callable[[str], bool]
) -> dict[int, tuple[DatedReport, ...]]:
    """By story, in order of arrival. Wordings are those of what changed after `since`, matches those of what came then
    under a headline that `may_answer`: there are many, and only of an answer it matters who is named."""
    columns = (members.c.story_id, members.c.entry_id, members.c.relation, feeds.c.outlet)
    rows = connection.execute(
        select(*columns, entries.c.title, entries.c.first_seen_at, entries.c.worded_at)
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(among(members.c.story_id, ids))
        .order_by(members.c.entry_id)
    ).all()
    news = [entry for _, entry, _, _, title, seen, _ in rows if seen > since and may_answer(title)]
    matched = _matches(connection, news)
    worded = versions.wordings(connection, [entry for _, entry, *_, at in rows if at and at > since])
    named = _named(connection, ids)
    found: dict[int, list[DatedReport]] = {}
    for story, entry, relation, outlet, title, seen, _ in rows:
        report = DatedReport(
            entry=entry, outlet=outlet, first_seen=seen, relation=relation, title=title,
            names=tuple(named.get(entry, ())), matches=tuple(matched.get(entry, ())), versions=worded.get(entry, ()),
        )  # fmt: skip
        found.setdefault(story, []).append(report)
    return {story: tuple(reports) for story, reports in found.items()}


def _matches(connection: Connection, ids: Collection[int]) -> dict[int, list[Match]]:
    found: dict[int, list[Match]] = {}
    for row in connection.execute(select(matches).where(among(matches.c.entry_id, ids)).order_by(matches.c.id)).all():
        found.setdefault(row.entry_id, []).append(_match(row))
    return found


def _match(row: Row[Any]) -> Match:
    spans = tuple(Span(**span) for span in row.spans)
    return Match(watch=row.watch, level=row.level, score=row.score, why=row.why, spans=spans)


def _named(connection: Connection, ids: Collection[int]) -> dict[int, list[str]]:
    """By entry: whom it names as the origin."""
    query = (
        select(credits.c.entry_id, credits.c.outlet)
        .join(members, members.c.entry_id == credits.c.entry_id)
        .where(among(members.c.story_id, ids), credits.c.names_origin)
        .order_by(credits.c.id)
    )
    found: dict[int, list[str]] = {}
    for entry, outlet in connection.execute(query).all():
        if outlet not in found.setdefault(entry, []):
            found[entry].append(outlet)
    return found
