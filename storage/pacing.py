"""What of the outbox goes to one recipient, when, and what of it is told together. All ways out count alike.

What lives here: the rows of one recipient, counted, put off or folded. What must not: how many are enough (`caps`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from storage import claims, folding
from storage.outbox import OutboxItem, due
from storage.schema import Instant, attempts, decisions, members, outbox

GATHERED = ("alert", "update", "reminder", "notice")  # what can be told at a line each
_MAY_HAVE_ARRIVED = ("begun", "ambiguous")
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A delivery that another one tells of."""

    kind: str
    story_id: int | None
    watch: str
    sentence: str  # of a notice


def sent_times(connection: Connection, recipient: str, *, since: datetime, but: int) -> tuple[datetime, ...]:
    """When what reached a recipient since, or may have, was sent; the delivery `but` left out."""
    out = attempts.c.result.in_(("sent", *_MAY_HAVE_ARRIVED)) & (attempts.c.began_at > since)
    mine = (outbox.c.recipient == recipient) & (outbox.c.id != but)
    rows = connection.execute(
        select(func.max(attempts.c.began_at)).join(outbox, outbox.c.id == attempts.c.outbox_id)
        .where(mine, out).group_by(outbox.c.id)
    )  # fmt: skip
    return tuple(rows.scalars())


def last_words(connection: Connection) -> dict[str, datetime]:
    """Recipient → when something was last sent to it, or put where it waits or failed. What is folded is no message."""
    at = func.max(func.coalesce(outbox.c.sent_at, outbox.c.created_at), type_=Instant)
    rows = connection.execute(
        select(outbox.c.recipient, at.label("at")).where(outbox.c.state != "folded").group_by(outbox.c.recipient)
    )
    return {row.recipient: row.at for row in rows}


def alerts_of(connection: Connection, *, since: datetime, until: datetime) -> tuple[tuple[str, datetime], ...]:
    """The watch and the time of each entry that led to alerts, however many heard them."""
    alert = (decisions.c.action == "alert") & (decisions.c.decided_at > since) & (decisions.c.decided_at <= until)
    one = select(decisions.c.watch, func.min(decisions.c.decided_at, type_=Instant).label("at"))
    rows = connection.execute(one.where(alert).group_by(decisions.c.watch, decisions.c.entry_id))
    return tuple((row.watch, row.at) for row in rows)


def found_in_pause(
    connection: Connection, watch: str, recipient: str, *, since: datetime, until: datetime
) -> tuple[int, ...]:
    """The stories that a recipient was not told of because their watch was paused, in order of arrival."""
    mine = (decisions.c.watch == watch) & (decisions.c.recipient == recipient) & (decisions.c.action == "digest")
    then = decisions.c.decided_at.between(since, until)
    rows = connection.execute(
        select(members.c.story_id)
        .join(decisions, decisions.c.entry_id == members.c.entry_id)
        .where(mine, then)
        .group_by(members.c.story_id)
        .order_by(func.min(decisions.c.id))
    )
    return tuple(rows.scalars())


def resume(connection: Connection, watch: str, *, now: datetime) -> int:
    """The pause of a watch is over: what waits for its end is due; how many messages."""
    waits = (outbox.c.kind == "more") & (outbox.c.watch == watch) & (outbox.c.state == "waiting")
    return connection.execute(update(outbox).where(waits, outbox.c.due_at > now).values(due_at=now)).rowcount


def count_waiting(connection: Connection, recipient: str, *, now: datetime, horizon: datetime) -> int:
    """What is due to a recipient and could be gathered."""
    return connection.execute(
        select(func.count()).select_from(outbox).where(_gatherable(recipient, now, horizon))
    ).scalar_one()


def hold(
    connection: Connection, item: OutboxItem, *, until: datetime, reason: str, now: datetime, horizon: datetime,
    but: Collection[str] = (),
) -> int:  # fmt: skip
    """Put off all that is due to the recipient of a claimed delivery, that one with it; how many there are.

    Watches named in `but` are not put off.
    """
    mine = (outbox.c.recipient == item.recipient) & due(now, horizon) & outbox.c.watch.not_in(but)
    # A window that is closed early takes what is due until its end: what is held lies behind it.
    values: dict[str, Any] = {"due_at": max(until, horizon + _MOMENT), "reason": reason} | claims.FREE
    return connection.execute(update(outbox).where(mine, _ours_or_free(item, now)).values(values)).rowcount


def gather(connection: Connection, item: OutboxItem, *, reason: str, now: datetime, horizon: datetime) -> int:
    """Fold all that is due to the recipient of a claimed delivery into one new message, which is due; how many."""
    key = f"more:{item.id}:{item.recipient}:{item.channel}"
    earlier = connection.execute(select(func.count()).where(outbox.c.key.startswith(key, autoescape=True))).scalar_one()
    row = {
        "key": f"{key}:{earlier}" if earlier else key, "kind": "more", "channel": item.channel,
        "recipient": item.recipient, "address": item.address, "state": "waiting", "attempts": 0, "watch": "",
        "reason": reason, "due_at": item.due_at, "created_at": now,
    }  # fmt: skip
    message_id = connection.execute(insert(outbox).values(row).returning(outbox.c.id)).scalar_one()
    mine = _gatherable(item.recipient, now, horizon) & _ours_or_free(item, now)
    theirs = connection.execute(select(outbox.c.id).where(mine)).scalars().all()
    return folding.put_into(connection, theirs, message_id, reason=reason)


def folded(connection: Connection, message_id: int) -> tuple[Folded, ...]:
    """What one message tells of, in the order in which it was decided."""
    rows = connection.execute(select(outbox).where(outbox.c.folded_into == message_id).order_by(outbox.c.id))
    return tuple(
        Folded(
            kind=row.kind, story_id=row.story_id, watch=row.watch,
            sentence=str(row.message["data"]["sentence"]) if row.kind == "notice" else "",
        )
        for row in rows
    )  # fmt: skip


def _gatherable(recipient: str, now: datetime, horizon: datetime) -> ColumnElement[bool]:
    """Not what may be out already: it is sent again as it is, or not at all."""
    out = select(attempts.c.outbox_id).where(attempts.c.result.in_(_MAY_HAVE_ARRIVED))
    kind = outbox.c.kind.in_(GATHERED)
    return due(now, horizon) & (outbox.c.recipient == recipient) & kind & outbox.c.id.not_in(out)


def _ours_or_free(item: OutboxItem, now: datetime) -> ColumnElement[bool]:
    return or_(outbox.c.id == item.id, outbox.c.claimed_by.is_(None), outbox.c.claimed_until <= now)
