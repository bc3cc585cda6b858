"""Which alerts a person has said were seen, and the reminders of those that nobody has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from storage import claims, restored
from storage.database import insert_new
from storage.schema import Instant, outbox

_ACKNOWLEDGED = ("alert", "update", "reminder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """The alert of which a reminder reminds."""

    alert: int
    sent_at: datetime
    number: int  # of the reminder, from 1


def acknowledge(connection: Connection, ids: Collection[int], *, now: datetime) -> tuple[int, ...]:
    """Somebody has seen these alerts, or those of which these reminders remind. The ids that are one or the other.

    A reminder that waits is not sent any more.
    """
    named = outbox.c.id.in_(ids) & outbox.c.kind.in_(_ACKNOWLEDGED)
    rows = connection.execute(select(outbox.c.id, outbox.c.reminds_of).where(named)).all()
    alerts = {row.reminds_of or row.id for row in rows}
    new = outbox.c.id.in_(alerts) & outbox.c.acked_at.is_(None)
    connection.execute(update(outbox).where(new).values(acked_at=now))
    waiting = outbox.c.reminds_of.in_(alerts) & (outbox.c.state == "waiting")
    values = {"state": "folded", "reason": "its alert was acknowledged", "due_at": None} | claims.FREE
    connection.execute(update(outbox).where(waiting).values(values))
    return tuple(row.id for row in rows)


def queue(connection: Connection, watch: str, wait: timedelta, *, most: int, now: datetime) -> int:
    """One more reminder of each alert of a watch that is `wait` past its last word and not acknowledged; how many.

    An alert has `most` reminders at most; one that is older than all of them is let be, so that a watch that is given
    reminders today does not remind of last year.
    """
    reminder = outbox.alias("reminder")
    alone = (outbox.c.kind == "alert") & (outbox.c.watch == watch) & (outbox.c.state == "sent")
    unseen = outbox.c.acked_at.is_(None) & (outbox.c.sent_at > now - (most + 1) * wait)
    last_word = func.coalesce(func.max(reminder.c.created_at), outbox.c.sent_at, type_=Instant)
    rows = connection.execute(
        select(outbox, func.count(reminder.c.id).label("reminders"), last_word.label("last_word"))
        .outerjoin(reminder, reminder.c.reminds_of == outbox.c.id)
        .where(alone, unseen, outbox.c.sent_at <= now - wait)
        .group_by(outbox.c.id)
        .having((func.count(reminder.c.id) < most) & (last_word <= now - wait))
    ).all()
    for row in rows:
        number = row.reminders + 1
        values = {
            "key": f"reminder:{number}:{row.key}", "kind": "reminder", "reminds_of": row.id, "watch": row.watch,
            "story_id": row.story_id, "entry_id": row.entry_id, "channel": row.channel, "recipient": row.recipient,
            "address": row.address, "state": "waiting", "attempts": 0, "due_at": now, "created_at": now,
            "reason": f"nobody has acknowledged the alert {row.id}; reminder {number} of {most}",
        }  # fmt: skip
        values |= restored.of_moment(connection, row.last_word + wait)
        connection.execute(insert_new(connection, outbox).values(values))
    return len(rows)


def reminded_of(connection: Connection, reminder: int) -> Reminded:
    """Of which alert a reminder reminds, and the how-manieth it is."""
    alert = outbox.alias("alert")
    row = connection.execute(
        select(alert.c.id, alert.c.sent_at)
        .join(outbox, outbox.c.reminds_of == alert.c.id)
        .where(outbox.c.id == reminder)
    ).one()
    until_it = (outbox.c.reminds_of == row.id) & (outbox.c.id <= reminder)
    number = connection.execute(select(func.count()).select_from(outbox).where(until_it)).scalar_one()
    return Reminded(alert=row.id, sent_at=row.sent_at, number=number)
