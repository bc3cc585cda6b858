"""The reports of a few stories with their times: what each brought, and when.

What lives here: the rows. What must not: what is news of them (`monitor.review.news`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor.model import DatedReport, Match, Span
from storage import versions
from storage.among import among
from storage.schema import credits, entries, feeds, matches, members


def of_stories(connection: Connection, ids: Collection[int], *, since: datetime) -> dict[int, tuple[DatedReport, ...]]:
    """By story, in order of arrival. Matches and wordings are those of what came or changed after `since`."""
    rows = connection.execute(
        select(members.c.story_id, members.c.entry_id, members.c.relation, feeds.c.outlet)
        .add_columns(entries.c.title, entries.c.first_seen_at, entries.c.worded_at)
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(among(members.c.story_id, ids))
        .order_by(members.c.entry_id)
    ).all()
    matched = _matches(connection, [row.entry_id for row in rows if row.first_seen_at > since])
    worded = versions.wordings(connection, [row.entry_id for row in rows if row.worded_at and row.worded_at > since])
    named = _named(connection, ids)
    found: dict[int, list[DatedReport]] = {}
    for row in rows:
        entry = row.entry_id
        report = DatedReport(
            entry=entry, outlet=row.outlet, first_seen=row.first_seen_at, relation=row.relation, title=row.title,
            names=tuple(named.get(entry, ())), matches=tuple(matched.get(entry, ())), versions=worded.get(entry, ()),
        )  # fmt: skip
        found.setdefault(row.story_id, []).append(report)
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
