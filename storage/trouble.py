"""How each channel stands, as far as its owner must know: what failed, what waits, what last arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.model import ChannelTrouble
from storage import facts
from storage.schema import Instant, attempts, outbox

TRIES = 2  # what was tried once may wait for the morning by now


def of_channel(connection: Connection, channel: str) -> ChannelTrouble:
    told_at = facts.owner_told_at(connection, channel)
    mine = outbox.c.channel == channel
    waiting = mine & (outbox.c.state == "waiting") & (outbox.c.attempts >= TRIES)
    count, since = connection.execute(
        select(func.count(), func.min(outbox.c.first_try_at, type_=Instant)).where(waiting)
    ).one()
    sent_at = connection.execute(select(func.max(outbox.c.sent_at, type_=Instant)).where(mine)).scalar_one()
    dead = mine & outbox.c.state.in_(("failed", "uncertain"))
    new = dead
    if told_at:  # what ended since; ids tell nothing, because an old delivery may be given up late
        new &= outbox.c.id.in_(select(attempts.c.outbox_id).where(attempts.c.ended_at > told_at))
    failed = connection.execute(select(func.count()).select_from(outbox).where(new)).scalar_one()
    said = select(outbox.c.reason).where(waiting | new).order_by(outbox.c.id.desc()).limit(1)
    reason = connection.execute(said).scalar_one_or_none() or ""
    return ChannelTrouble(
        channel=channel, dead=failed, waiting=count, since=since, sent_at=sent_at, told_at=told_at, reason=reason
    )


def told(connection: Connection, channel: str, *, now: datetime) -> None:
    facts.keep_owner_told(connection, channel, now)
