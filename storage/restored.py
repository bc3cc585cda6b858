"""After a backup was put back: what may have gone out since it was made is held, listed, and not sent again.

What lives here: which deliveries that are. What must not: backups themselves.

Nobody knows what was told between the backup and now. So what waited in the backup is `uncertain`, which only a person
turns into sent again or left; and so is whatever is found anew that may have been found before: news that was out by
then, digests and reminders that were due by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select, update

from storage import claims, facts
from storage.database import insert_new
from storage.schema import entries, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedDigest:
    """A digest that was due before the restoration, and after the backup or not long before."""

    key: str
    day: str
    channel: str
    recipient: str
    address: str


def mark(connection: Connection, digests: Sequence[OwedDigest], *, made_at: datetime, now: datetime) -> int:
    """The rows are those of a backup of `made_at`, put back at `now`; how many deliveries are held."""
    waits = outbox.c.state == "waiting"
    reason = f"it waited when the backup of {_shown(made_at)} was made, and may have gone out since"
    held = connection.execute(update(outbox).where(waits).values(_held(reason) | claims.FREE)).rowcount
    for digest in digests:
        row = {
            "key": digest.key, "kind": "digest", "channel": digest.channel, "recipient": digest.recipient,
            "address": digest.address, "created_at": now, "attempts": 0,
        }  # fmt: skip
        reason = f"the digest of {digest.day} may have gone out before the backup of {_shown(made_at)} was put back"
        made = connection.execute(insert_new(connection, outbox).values(row | _held(reason)).returning(outbox.c.id))
        held += made.one_or_none() is not None
    facts.keep_restored(connection, made_at, now)
    return held


def of_news(connection: Connection, entry_id: int | None) -> dict[str, Any]:
    """How a delivery begins that an entry leads to: held, where it may have been told before; {}: as ever."""
    times = facts.restored(connection)
    if times is None or entry_id is None:
        return {}
    row = connection.execute(
        select(entries.c.feed_id, entries.c.published_at, entries.c.first_seen_at).where(entries.c.id == entry_id)
    ).one()
    made_at, at = times
    if row.published_at is None or row.published_at > row.first_seen_at:  # no word on when it came to be seen
        out_by_then = row.first_seen_at <= at or not _came_between(connection, row.feed_id, at, row.first_seen_at)
    else:
        out_by_then = row.published_at <= at
    return _found_again(made_at) if out_by_then else {}


def of_moment(connection: Connection, due: datetime) -> dict[str, Any]:
    """The same for what was due at a moment."""
    times = facts.restored(connection)
    return _found_again(times[0]) if times and due <= times[1] else {}


def _came_between(connection: Connection, feed_id: int, since: datetime, until: datetime) -> bool:
    """Whether the feed brought something before that after the restoration: then it has been seen since."""
    between = (entries.c.feed_id == feed_id) & (entries.c.first_seen_at > since) & (entries.c.first_seen_at < until)
    return bool(connection.execute(select(exists().where(between))).scalar_one())


def _found_again(made_at: datetime) -> dict[str, Any]:
    return _held(f"it may have been told before the backup of {_shown(made_at)} was put back")


def _held(reason: str) -> dict[str, Any]:
    return {"state": "uncertain", "reason": reason, "due_at": None}


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
