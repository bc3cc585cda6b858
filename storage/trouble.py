"""How each channel stands, as far as its owner must know: what failed, what waits, what last arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from storage import facts
from storage.schema import Instant, attempts, outbox


def of_channel(connection: Connection, channel: str) -> dict[str, object]:
    """The fields of a `ChannelTrouble`."""
    told_at = facts.owner_told_at(connection, channel)
    mine = outbox.c.channel == channel
    waiting = mine & (outbox.c.state == "waiting") & outbox.c.first_try_at.is_not(None)
    count, since = connection.execute(
        select(func.count(), func.min(outbox.c.first_try_at, type_=Instant)).where(waiting)
    ).one()
    sent_at = connection.execute(select(func.max(outbox.c.sent_at, type_=Instant)).where(mine)).scalar_one()
    dead = mine & outbox.c.state.in_(("failed", "uncertain"))
    ended = select(attempts.c.outbox_id).where(attempts.c.ended_at > told_at) if told_at else None
    new = dead if ended is None else dead & outbox.c.id.in_(ended)
    failed = connection.execute(select(func.count()).select_from(outbox).where(new)).scalar_one()
    said = select(outbox.c.reason).where(waiting | new).order_by(outbox.c.id.desc()).limit(1)
    reason = connection.execute(said).scalar_one_or_none() or ""
    return {
        "channel": channel, "dead": failed, "waiting": count, "since": since, "sent_at": sent_at, "told_at": told_at,
        "reason": reason,
    }  # fmt: skip


def told(connection: Connection, channel: str, *, now: datetime) -> None:
    facts.keep_owner_told(connection, channel, now)
