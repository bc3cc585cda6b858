"""What a delivery says: its row and the rows that it tells of → Message, in the words that are true when it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts.message import compose_alert
from alerts.summary import LINES, compose_more, compose_reminder
from monitor.errors import TipsheetError
from monitor.model import Message, Recipient, StoryReport
from monitor.pipeline import digests
from monitor.story.outlets import Outlets
from monitor.story.report import tell
from monitor.watches.matching import CompiledWatch
from storage import outbox, pacing, reminders, stories
from storage.outbox import OutboxItem


def compose(
    connection: Connection,
    item: OutboxItem,
    recipient: Recipient,
    outlets: Outlets,
    *,
    watches: Sequence[CompiledWatch] = (),
    now: datetime,
) -> Message:
    """The message of a delivery that has none yet; a digest says what came near these watches."""
    if item.kind == "digest":
        since = outbox.last_digest(connection, item.recipient, before=item.created_at)
        return digests.compose(
            connection, recipient, outlets, since=since, until=item.created_at, key=item.key, now=now, watches=watches
        )  # fmt: skip
    if item.kind == "more":
        return _more(connection, item, recipient, outlets, now)
    report = _report(connection, item.story_id or 0, item.watch, outlets)
    if item.kind == "reminder":
        return _reminder(connection, item, report, recipient, now)
    match item.kind:
        case "notice" | "test" | "confirmation":
            raise TipsheetError(f"a {item.kind} has its words from the beginning; this one has none")
        case kind:
            return compose_alert(report, recipient=recipient, key=item.key, kind=kind, now=now)


def _report(connection: Connection, story_id: int, watch: str, outlets: Outlets) -> StoryReport:
    return tell(story_id, watch, stories.tellings(connection, story_id), outlets)


def _more(connection: Connection, item: OutboxItem, recipient: Recipient, outlets: Outlets, now: datetime) -> Message:
    """What was folded into it; of a watch that was paused, what it found meanwhile."""
    folded = pacing.folded(connection, item.id)
    found = [(one.story_id, one.watch) for one in folded if one.story_id is not None]
    if item.watch:
        meanwhile = pacing.found_in_pause(connection, item.watch, item.recipient, since=item.created_at, until=now)
        found += [(story_id, item.watch) for story_id in meanwhile]
    watches = _once_each(found)
    reports = [_report(connection, story_id, watch, outlets) for story_id, watch in list(watches.items())[:LINES]]
    notices = [one.sentence for one in folded if one.sentence]
    return compose_more(reports, total=len(watches), notices=notices, recipient=recipient, key=item.key, now=now)


def _once_each(found: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Story → the first watch that it was to be told for."""
    watches: dict[int, str] = {}
    for story_id, watch in found:
        watches.setdefault(story_id, watch)
    return watches


def _reminder(
    connection: Connection, item: OutboxItem, report: StoryReport, recipient: Recipient, now: datetime
) -> Message:
    of = reminders.reminded_of(connection, item.id)
    return compose_reminder(
        report, alert=of.alert, sent_at=of.sent_at, number=of.number, recipient=recipient, key=item.key, now=now
    )  # fmt: skip
