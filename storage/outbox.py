"""The outbox: what is to be delivered, every attempt at it, and how it ended. Nothing leaves that has no row here.

    waiting ──attempt begun (committed)──▶ send ──▶ sent
       ▲                                    ├─▶ waiting again, later   the receiver was not reached, or said "later"
       └────────────────────────────────────┤
                                            ├─▶ failed      the receiver will never take it, or the time is over
                                            └─▶ uncertain   twice nobody knows whether it arrived: a person decides

A `folded` delivery was never begun: another message tells what it would have told (`folding`).
An attempt that was begun and never ended (the process died) is ambiguous: the message may have arrived.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, literal, null, select, update

from monitor.model import Decision, Message, Recipient
from storage import claims, folding, restored
from storage.database import insert_new
from storage.schema import Instant, attempts, entries, outbox

_IN_HAND = "the program ended while this was in its hands"

State = Literal["waiting", "sent", "failed", "uncertain", "folded"]
Result = Literal["sent", "refused", "unreached", "throttled", "ambiguous"]  # throttled: the service asked for rest


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A claimed delivery: one message to one recipient, with what is known of earlier attempts."""

    id: int
    key: str
    kind: Literal["alert", "update", "digest", "more", "notice", "reminder", "test", "confirmation"]
    channel: str
    recipient: str
    address: str
    story_id: int | None
    watch: str
    attempts: int  # begun so far
    ambiguous: int  # begun, and nobody knows how they ended
    due_at: datetime
    created_at: datetime
    message: Message | None  # rendered at the first attempt; None before it


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One delivery as `tipsheet alerts` lists it."""

    id: int
    key: str
    kind: str
    watch: str
    channel: str
    recipient: str
    subject: str
    state: str
    reason: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    folded_into: int | None
    reminds_of: int | None
    acked_at: datetime | None
    story_id: int | None  # of which story it tells; None where it tells of many, or of none


def add(
    connection: Connection,
    decision: Decision,
    recipient: Recipient,
    *,
    story_id: int | None,
    entry_id: int | None,
    version: int = 1,
    now: datetime,
) -> None:
    """Queue an alert or an update. The key makes it unique: one alert per story, watch and recipient, for ever.

    One that never arrived is none: the next is another one. An update is unique for the wording of the entry that led
    to it. Where a message about its story has no words yet, that one will tell it too.
    """
    parts = [decision.action, str(story_id), decision.watch, recipient.name, recipient.channel]
    if decision.action == "update":
        parts.append(str(entry_id) if version == 1 else f"{entry_id}.{version}")
    row = _to(recipient) | {
        "key": ":".join(parts),
        "kind": decision.action,
        "watch": decision.watch,
        "story_id": story_id,
        "entry_id": entry_id,
        "reason": decision.reason,
        "due_at": decision.due_at or now,
        "created_at": now,
    }
    if decision.action == "alert" and _never_arrived(connection, row["key"]):
        row["key"] += f":{entry_id}"
    if decision.action == "update" and (message := folding.will_tell(connection, story_id, recipient.name)):
        row |= {"state": "folded", "due_at": None, "folded_into": message}
    else:
        row |= restored.of_news(connection, entry_id)
    connection.execute(insert_new(connection, outbox).values(row))


def _never_arrived(connection: Connection, key: str) -> bool:
    """Whether there is a delivery of that key that nobody was told by, and will be."""
    return connection.execute(select(outbox.c.id).where(outbox.c.key == key, ~folding.is_told())).first() is not None


def add_notice(
    connection: Connection, recipient: Recipient, message: Message, *, watch: str = "", reason: str, due_at: datetime
) -> bool:
    """Queue a message that has its words already. False: it is there."""
    row = _to(recipient) | {
        "key": message.key, "kind": message.kind, "watch": watch, "reason": reason, "due_at": due_at,
        "created_at": message.created_at, "message": _stored(message),
    }  # fmt: skip
    return _queue(connection, row)


def add_more(
    connection: Connection, recipient: Recipient, watch: str, *, key: str, reason: str, due_at: datetime, now: datetime
) -> None:
    """Queue one message of all that a paused watch will have found by then."""
    row = _to(recipient) | {
        "key": key, "kind": "more", "watch": watch, "reason": reason, "due_at": due_at, "created_at": now,
    }  # fmt: skip
    connection.execute(insert_new(connection, outbox).values(row))


def add_digest(connection: Connection, recipient: Recipient, *, day: str, now: datetime) -> bool:
    """Queue one digest for a local date. False: that one is there already."""
    row = _to(recipient) | {
        "key": f"digest:{day}:{recipient.name}:{recipient.channel}",
        "kind": "digest",
        "watch": "",
        "reason": f"the digest of {day}",
        "due_at": now,
        "created_at": now,
    }
    return _queue(connection, row)


def _queue(connection: Connection, row: Mapping[str, Any]) -> bool:
    """False: there is one with that key already."""
    made = connection.execute(insert_new(connection, outbox).values(row).returning(outbox.c.id))
    return made.one_or_none() is not None


def _to(recipient: Recipient) -> dict[str, Any]:
    return {
        "channel": recipient.channel,
        "recipient": recipient.name,
        "address": recipient.address,
        "state": "waiting",
        "attempts": 0,
    }


def last_digest(connection: Connection, recipient: str, *, before: datetime) -> datetime | None:
    """When the digest before that moment was queued: the next one begins there."""
    mine = (outbox.c.kind == "digest") & (outbox.c.recipient == recipient)
    newest = select(func.max(outbox.c.created_at)).where(mine, outbox.c.created_at < before)
    found: datetime | None = connection.execute(newest).scalar_one()
    return found


def claim_next(
    connection: Connection, channel: str, *, claimant: str, now: datetime, lease: timedelta, horizon: datetime
) -> OutboxItem | None:
    """The delivery of one channel that has waited longest. What was never tried counts as due up to `horizon`."""
    ready = due(now, horizon) & (outbox.c.channel == channel)
    rows = claims.claim(
        connection, outbox, due=ready, order=outbox.c.due_at, claimant=claimant, now=now, lease=lease, limit=1
    )
    return _item(connection, rows[0]) if rows else None


def claim_keyed(
    connection: Connection, key: str, *, claimant: str, now: datetime, lease: timedelta
) -> OutboxItem | None:
    """The delivery of that key, which waits, for somebody who will send it now."""
    ready = (outbox.c.key == key) & (outbox.c.state == "waiting")
    rows = claims.claim(
        connection, outbox, due=ready, order=outbox.c.id, claimant=claimant, now=now, lease=lease, limit=1
    )
    return _item(connection, rows[0]) if rows else None


def put_behind(connection: Connection, *, now: datetime, pause: timedelta, channel: str | None = None) -> None:
    """What was in the hands of a process that died waits behind all that is due, in case it died of it.

    If the one before died with it, too, it waits for `pause`, so that the others get through on every channel. Of the
    process that had one `channel`, nothing else was in hand.
    """
    in_hand = outbox.c.claimed_by.is_not(null()) & (outbox.c.state == "waiting")
    if channel is not None:
        in_hand &= outbox.c.channel == channel
    again = outbox.c.reason == _IN_HAND
    connection.execute(update(outbox).where(in_hand, again).values(due_at=now + pause))
    late = in_hand & ~again & (outbox.c.due_at < now)
    connection.execute(update(outbox).where(late).values(due_at=now, reason=_IN_HAND))


def count_due(connection: Connection, *, now: datetime, horizon: datetime) -> int:
    return connection.execute(select(func.count()).select_from(outbox).where(due(now, horizon))).scalar_one()


def channels_due(connection: Connection, *, now: datetime) -> list[str]:
    """The channels on which something is to be delivered now."""
    return list(connection.execute(select(outbox.c.channel).where(due(now, now)).distinct()).scalars())


def any_waits(connection: Connection) -> bool:
    """Whether anything is still to be delivered, now or later."""
    return connection.execute(select(outbox.c.id).where(outbox.c.state == "waiting").limit(1)).first() is not None


def due(now: datetime, horizon: datetime) -> ColumnElement[bool]:
    """What is to be delivered by `now`; what was never tried, by `horizon`."""
    untried = (outbox.c.attempts == 0) & (outbox.c.due_at <= horizon)
    return (outbox.c.state == "waiting") & ((outbox.c.due_at <= now) | untried)


def begin_attempt(
    connection: Connection, item: OutboxItem, message: Message | None, *, claimant: str, now: datetime
) -> int | None:
    """Say that a send is about to happen; the caller commits before it sends. None: the claim was lost, do not send.

    Without a message it counts an attempt that ends before there are words to send.
    """
    words = None if message is None else _stored(message)
    ours = connection.execute(
        update(outbox)
        .where(claims.holds(outbox, item.id, claimant), outbox.c.state == "waiting")
        .values(
            attempts=outbox.c.attempts + 1,
            first_try_at=func.coalesce(outbox.c.first_try_at, literal(now if words else None, Instant)),
            message=func.coalesce(outbox.c.message, literal(words, outbox.c.message.type)),
        )
        .returning(outbox.c.id)
    ).one_or_none()
    if ours is None:
        return None
    row = {"outbox_id": item.id, "began_at": now, "result": "begun"}
    return int(connection.execute(insert(attempts).values(row).returning(attempts.c.id)).scalar_one())


def end_attempt(connection: Connection, attempt_id: int, result: Result, detail: str, *, now: datetime) -> None:
    connection.execute(
        update(attempts).where(attempts.c.id == attempt_id).values(result=result, detail=detail, ended_at=now)
    )


def settle(
    connection: Connection, item: OutboxItem, state: State, reason: str, *, due_at: datetime | None, now: datetime
) -> None:
    """How it stands with a delivery after an attempt; the claim is given back."""
    values: dict[str, Any] = {"state": state, "reason": reason, "due_at": due_at} | claims.FREE
    if state == "sent":
        values["sent_at"] = now
    connection.execute(update(outbox).where(outbox.c.id == item.id).values(values))


def retry(connection: Connection, ids: Sequence[int], *, now: datetime) -> tuple[int, ...]:
    """A person wants these sent again. What was sent stays sent; old ambiguous attempts no longer count against it."""
    again = outbox.c.id.in_(ids) & outbox.c.state.in_(("failed", "uncertain"))
    values = {"state": "waiting", "due_at": now, "first_try_at": now, "reason": "sent again by hand"} | claims.FREE
    found = tuple(connection.execute(update(outbox).where(again).values(values).returning(outbox.c.id)).scalars())
    connection.execute(
        update(attempts)
        .where(attempts.c.outbox_id.in_(found), attempts.c.result.in_(("begun", "ambiguous")))
        .values(
            result="unreached", detail="taken as not arrived by hand", ended_at=func.coalesce(attempts.c.ended_at, now)
        )
    )
    return found


def hurry(connection: Connection, ids: Sequence[int], *, now: datetime) -> tuple[int, ...]:
    """A person has mended what these wait for: they are due now. What is known of their attempts stays."""
    waiting = outbox.c.id.in_(ids) & (outbox.c.state == "waiting")
    return tuple(connection.execute(update(outbox).where(waiting).values(due_at=now).returning(outbox.c.id)).scalars())


def follow(connection: Connection, recipient: Recipient) -> int:
    """What waits for a recipient waits at the channel that it has now; how many moved. What is being sent stays."""
    astray = (outbox.c.recipient == recipient.name) & (outbox.c.channel != recipient.channel)
    free = (outbox.c.state == "waiting") & outbox.c.claimed_by.is_(None)
    values = {"channel": recipient.channel, "address": recipient.address}
    return connection.execute(update(outbox).where(astray, free).values(values)).rowcount


def give_up_orphans(connection: Connection, *, channels: Collection[str], recipients: Collection[str]) -> int:
    """Fail, visibly, what waits for a channel or a recipient that is configured no more; how many that are."""
    orphan = outbox.c.channel.not_in(channels) | outbox.c.recipient.not_in(recipients)
    reason = "its channel or recipient has left feeds.yaml; put it back and say `tipsheet alerts retry`"
    values: dict[str, Any] = {"state": "failed", "reason": reason, "due_at": None} | claims.FREE
    return connection.execute(update(outbox).where(outbox.c.state == "waiting", orphan).values(values)).rowcount


def listing(
    connection: Connection, *, states: Sequence[str] = (), story: int | None = None, limit: int = 200
) -> tuple[OutboxRow, ...]:
    """Deliveries, newest first. The subject of one that has no words of its own is the headline that led to it."""
    query = with_titles().order_by(outbox.c.id.desc()).limit(limit)
    if states:
        query = query.where(outbox.c.state.in_(states))
    if story is not None:
        query = query.where(outbox.c.story_id == story)
    return tuple(map(as_row, connection.execute(query)))


def with_titles() -> Select[Any]:
    """Deliveries, each with the headline that led to it, and how the message stands that tells it."""
    teller = outbox.alias("teller")
    return (
        select(outbox, entries.c.title, teller.c.state.label("teller_state"))
        .outerjoin(entries, entries.c.id == outbox.c.entry_id)
        .outerjoin(teller, teller.c.id == outbox.c.folded_into)
    )


def as_row(row: Row[Any]) -> OutboxRow:
    """What `with_titles` found, as it is listed."""
    return OutboxRow(
        id=row.id, key=row.key, kind=row.kind, watch=row.watch, channel=row.channel, recipient=row.recipient,
        subject=(row.message or {}).get("subject") or row.title or "", state=row.state, reason=_reason(row),
        attempts=row.attempts, created_at=row.created_at, due_at=row.due_at, sent_at=row.sent_at,
        folded_into=row.folded_into, reminds_of=row.reminds_of, acked_at=row.acked_at, story_id=row.story_id,
    )  # fmt: skip


_FATES = {
    "waiting": "told in the message {}, which waits",
    "sent": "told in the message {}, which was sent",
    "uncertain": "told in the message {}, and nobody knows whether that arrived",
    "failed": "to be told in the message {}, which failed",
    "folded": "to be told in the message {}, which was not sent itself",
}
_FATE_THEN = re.compile(r"(?:; )?told in the message \d+(?:, which waits|: )?")


def _reason(row: Row[Any]) -> str:
    """Why it stands so; of what another message tells, how that one stands now. Earlier versions kept how it stood."""
    if row.state != "folded" or not row.folded_into:
        return str(row.reason).replace("an alert that is on its way", "another alert")
    fate = _FATES[row.teller_state or "folded"].format(row.folded_into)
    return "; ".join(said for said in (_FATE_THEN.sub("", row.reason), fate) if said)


def count_tries(connection: Connection, item_id: int) -> int:
    """Attempts since the first, or since a person wanted it sent again. Being asked to wait is none."""
    since = func.coalesce(outbox.c.first_try_at, outbox.c.created_at)
    mine = (outbox.c.id == item_id) & (attempts.c.outbox_id == outbox.c.id) & (attempts.c.began_at >= since)
    mine &= attempts.c.result != "throttled"
    return connection.execute(select(func.count(attempts.c.id)).where(mine)).scalar_one()


def first_try_at(connection: Connection, item_id: int) -> datetime:
    found: datetime = connection.execute(select(outbox.c.first_try_at).where(outbox.c.id == item_id)).scalar_one()
    return found


def _item(connection: Connection, row: Row[Any]) -> OutboxItem:
    unknown = (attempts.c.outbox_id == row.id) & attempts.c.result.in_(("begun", "ambiguous"))
    ambiguous = connection.execute(select(func.count()).select_from(attempts).where(unknown)).scalar_one()
    return OutboxItem(
        id=row.id, key=row.key, kind=row.kind, channel=row.channel, recipient=row.recipient, address=row.address,
        story_id=row.story_id, watch=row.watch, attempts=row.attempts, ambiguous=ambiguous,
        due_at=row.due_at, created_at=row.created_at, message=message_of(row.message) if row.message else None,
    )  # fmt: skip


def _stored(message: Message) -> dict[str, Any]:
    return asdict(message) | {"created_at": message.created_at.isoformat()}


def message_of(stored: Mapping[str, Any]) -> Message:
    """The message as it was rendered, from the column that keeps it."""
    return Message(**({**stored} | {"created_at": datetime.fromisoformat(stored["created_at"])}))
