"""Subscriptions: what was agreed with hubs, and what hubs pushed and nobody has read yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, insert, or_, select, update

from monitor.model import Offer, Push, Subscription, SubscriptionState
from storage.schema import feeds, pushes, subscriptions

MAX_WAITING = 20  # pushes of one feed that wait to be read


# ---- what was agreed -------------------------------------------------------------------------------------------------


def offers(connection: Connection) -> dict[int, Offer]:
    """Who tells of each feed that is watched, by the feed's id."""
    rows = connection.execute(
        select(feeds.c.id, feeds.c.hub, feeds.c.topic).where(
            feeds.c.active, feeds.c.problem_kind != "gone", feeds.c.hub != "", feeds.c.topic != ""
        )
    )
    return {row.id: Offer(hub=row.hub, topic=row.topic) for row in rows}


def all_of_them(connection: Connection) -> tuple[Subscription, ...]:
    return tuple(map(_subscription, connection.execute(select(subscriptions).order_by(subscriptions.c.id))))


def by_token(connection: Connection, token: str) -> Subscription | None:
    row = connection.execute(select(subscriptions).where(subscriptions.c.token == token)).one_or_none()
    return None if row is None else _subscription(row)


def due(connection: Connection, *, now: datetime, farthest: datetime) -> tuple[Subscription, ...]:
    """Those whose hub is to be asked, longest waiting first. What is planned beyond `farthest`, a wrong clock did."""
    unasked = subscriptions.c.state.in_(("asking", "leaving"))
    reached = or_(subscriptions.c.due_at <= now, subscriptions.c.due_at > farthest)
    found = connection.execute(
        select(subscriptions).where(unasked, reached).order_by(subscriptions.c.due_at, subscriptions.c.id)
    )
    return tuple(map(_subscription, found))


def begin(
    connection: Connection, feed_id: int, offer: Offer, *, place: str, token: str, secret: str, now: datetime
) -> None:
    """A new subscription, whose hub is to be asked."""
    values = {
        "feed_id": feed_id, "hub": offer.hub, "topic": offer.topic, "place": place, "token": token, "secret": secret,
        "state": "asking", "reason": "", "due_at": now, "failures": 0, "pushes": 0, "refused_pushes": 0,
    }  # fmt: skip
    connection.execute(insert(subscriptions).values(values))


def leave(connection: Connection, ids: Collection[int], *, now: datetime) -> None:
    """Their hubs are to be asked to stop; what they push meanwhile is not wanted."""
    gone = {"state": "leaving", "due_at": now, "asked_at": None, "failures": 0, "reason": ""}
    connection.execute(update(subscriptions).where(subscriptions.c.id.in_(ids)).values(gone))


def forget(connection: Connection, ids: Collection[int]) -> None:
    connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(ids)))


def asked(connection: Connection, asking: Subscription, *, now: datetime, again_at: datetime) -> bool:
    """The hub is about to be asked; it may answer before it has answered. False: it need not be asked any more.

    Until it has verified, this counts as a failure, and it is asked again at `again_at`.
    """
    return _change(
        connection,
        asking,
        "asking",
        "leaving",
        failures=subscriptions.c.failures + 1,
        reason="",
        asked_at=now,
        due_at=again_at,
    )


def put_off(connection: Connection, asking: Subscription, reason: str, *, again_at: datetime) -> bool:
    """The hub could not be asked, or has no time."""
    return _change(connection, asking, "asking", "leaving", reason=reason, due_at=again_at)


def refuse(connection: Connection, asking: Subscription, reason: str, *, again_at: datetime | None) -> bool:
    """The hub wants us not, for good or until `again_at`."""
    return _change(connection, asking, "asking", "active", state="refused", reason=reason, due_at=again_at)


def activate(
    connection: Connection, asking: Subscription, *, until: datetime, renew_at: datetime, now: datetime
) -> bool:
    """The hub has verified: it pushes until `until`. Earlier agreements about the same feed are left."""
    values = {"state": "active", "reason": "", "failures": 0, "lease_until": until, "due_at": renew_at}
    if not _change(connection, asking, "asking", "active", **values):
        return False
    others = connection.execute(
        select(subscriptions.c.id).where(
            subscriptions.c.feed_id == asking.feed_id,
            subscriptions.c.state == "active",
            subscriptions.c.id != asking.id,
        )
    )
    leave(connection, others.scalars().all(), now=now)
    return True


def farewell(connection: Connection, leaving: Subscription, *, forget_at: datetime) -> bool:
    """The hub has verified that we leave; remembered for a while, for a hub that asks again."""
    return _change(connection, leaving, "leaving", "left", state="left", due_at=forget_at)


def _change(connection: Connection, one: Subscription, *states: SubscriptionState, **values: Any) -> bool:
    """Changes a subscription that is still in one of these states: a hub may have spoken meanwhile."""
    still = (subscriptions.c.id == one.id) & subscriptions.c.state.in_(states)
    changed = connection.execute(update(subscriptions).where(still).values(values).returning(subscriptions.c.id))
    return changed.one_or_none() is not None


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id, feed_id=row.feed_id, offer=Offer(hub=row.hub, topic=row.topic), place=row.place, token=row.token,
        secret=row.secret, state=row.state, reason=row.reason, due_at=row.due_at, asked_at=row.asked_at,
        failures=row.failures, lease_until=row.lease_until, pushes=row.pushes, pushed_at=row.pushed_at,
        refused_pushes=row.refused_pushes,
    )  # fmt: skip


def standing(connection: Connection) -> Mapping[str, Subscription]:
    """How each watched feed stands with its hub, by the feed's URL: what is in force before what is hoped for."""
    rank = case({"active": 0, "asking": 1, "refused": 2}, value=subscriptions.c.state, else_=9)
    rows = connection.execute(
        select(feeds.c.url, subscriptions)
        .join(feeds, feeds.c.id == subscriptions.c.feed_id)
        .where(feeds.c.active, subscriptions.c.state.in_(("active", "asking", "refused")))
        .order_by(rank.desc(), subscriptions.c.id)
    )
    return {row.url: _subscription(row) for row in rows}


# ---- what came -------------------------------------------------------------------------------------------------------


def receive(connection: Connection, by: Subscription, *, content_type: str, body: bytes, now: datetime) -> None:
    """Keep a push until it is read. Where too many of its feed wait already, the last of them becomes a word to ask."""
    waiting = connection.execute(select(pushes.c.id).where(pushes.c.feed_id == by.feed_id).order_by(pushes.c.id))
    if len(ids := waiting.scalars().all()) >= MAX_WAITING:
        connection.execute(update(pushes).where(pushes.c.id == ids[-1]).values(body=b""))
        return
    row = {"feed_id": by.feed_id, "received_at": now, "content_type": content_type, "body": body}
    connection.execute(insert(pushes).values(row))


def count(connection: Connection, by: Subscription, *, signed: bool, now: datetime) -> None:
    """One more push, or one more that was not signed as agreed."""
    columns = subscriptions.c
    values: dict[str, Any] = {"pushes": columns.pushes + 1, "pushed_at": now}
    if not signed:
        values = {"refused_pushes": columns.refused_pushes + 1}
    connection.execute(update(subscriptions).where(columns.id == by.id).values(values))


def next_push(connection: Connection, *, after: int) -> Push | None:
    """The push that came next after the one with that id."""
    row = connection.execute(select(pushes).where(pushes.c.id > after).order_by(pushes.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    return Push(
        id=row.id, feed_id=row.feed_id, received_at=row.received_at, content_type=row.content_type, body=row.body
    )


def taken_in(connection: Connection, push: Push) -> bool:
    """The push is dealt with. False: somebody else has."""
    gone = connection.execute(delete(pushes).where(pushes.c.id == push.id).returning(pushes.c.id))
    return gone.one_or_none() is not None
