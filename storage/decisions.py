"""What was decided about entries, with the reasons, and which of it nobody was told at once.

What lives here: reading, for people. What must not: deciding (`alerts.policy`), or keeping it (`examinations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.schema import decisions, entries, feeds, members
from storage.schema import outbox as outbox_table


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """Why one entry was told, or kept quiet."""

    title: str
    outlet: str
    watch: str
    recipient: str
    action: str
    reason: str


def decisions_of(connection: Connection, story_id: int) -> tuple[DecisionRow, ...]:
    """Everything that was decided about a story, in order."""
    rows = connection.execute(
        select(decisions, entries.c.title, feeds.c.outlet)
        .join(entries, entries.c.id == decisions.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .join(members, members.c.entry_id == decisions.c.entry_id)
        .where(members.c.story_id == story_id)
        .order_by(decisions.c.id)
    )
    return tuple(map(_decision, rows))


def quiet(connection: Connection, *, since: datetime) -> tuple[DecisionRow, ...]:
    """Decisions of a period that told nobody anything at once, with their reasons.

    A report that a message about its story shows, or will show when it is written, was not kept quiet.
    """
    rows = connection.execute(
        select(decisions, entries.c.title, entries.c.worded_at, feeds.c.outlet, members.c.story_id)
        .join(entries, entries.c.id == decisions.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .outerjoin(members, members.c.entry_id == decisions.c.entry_id)
        .where(decisions.c.decided_at >= since, decisions.c.action.in_(("digest", "nothing")))
        .order_by(decisions.c.id)
    ).all()
    shown = _shown(connection, since=since)
    return tuple(_decision(row) for row in rows if not _is_shown(row, shown.get((row.story_id, row.recipient), {})))


def _decision(row: Row[Any]) -> DecisionRow:
    return DecisionRow(
        title=row.title, outlet=row.outlet, watch=row.watch,
        recipient=row.recipient, action=row.action, reason=row.reason,
    )  # fmt: skip


_ALL = 0  # stands for every entry of the story, in a message that has no words yet and will know of all


def _is_shown(row: Row[Any], shown: Mapping[int, datetime]) -> bool:
    """Whether a message shows the report in the wording that was decided about."""
    at = shown.get(row.entry_id)
    return _ALL in shown or (at is not None and (row.worded_at is None or row.worded_at <= at))


def _shown(connection: Connection, *, since: datetime) -> dict[tuple[int, str], dict[int, datetime]]:
    """(story, recipient) → the entries that messages of a period name, and when the last of these was written."""
    told = outbox_table.c
    news = told.kind.in_(("alert", "update")) & told.state.in_(("waiting", "sent", "uncertain"))
    young = (told.created_at >= since) | (told.state == "waiting") | (told.sent_at >= since)
    rows = connection.execute(
        select(told.story_id, told.recipient, told.message).where(news, young).order_by(told.created_at)
    )
    shown: dict[tuple[int, str], dict[int, datetime]] = {}
    for row in rows:
        named = shown.setdefault((row.story_id, row.recipient), {})
        if row.message is None:
            named[_ALL] = since
            continue
        data, at = row.message["data"], datetime.fromisoformat(row.message["created_at"])
        named |= {one["entry"]: at for one in (data.get("lead"), *data.get("members", ())) if one}
    return shown
