"""What flows between us and a hub: what a feed offers, what was subscribed to, what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SubscriptionState = Literal[
    "asking",  # the hub is asked, or will be; it has not verified yet that we meant it
    "active",  # verified: the hub pushes until `lease_until`
    "refused",  # the hub wants us not
    "leaving",  # the hub is asked to stop
    "left",  # it has verified that; kept for a while, for a hub that asks again
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A feed's word on who tells of its new entries."""

    hub: str  # URL
    topic: str  # URL: what the feed is called there


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One agreement with a hub. Each has a callback and a secret of its own; a renewal is a new one."""

    id: int
    feed_id: int
    offer: Offer
    place: str  # what the callback's address begins with
    token: str  # its last part, which nobody can guess
    secret: str = field(repr=False)
    state: SubscriptionState
    reason: str = ""  # why it is refused, or the last attempt failed
    due_at: datetime | None = None  # when something is to be done about it; None: never
    asked_at: datetime | None = None
    failures: int = 0  # in a row
    lease_until: datetime | None = None
    pushes: int = 0
    pushed_at: datetime | None = None
    refused_pushes: int = 0  # whose signature was missing or wrong

    @property
    def callback(self) -> str:
        return f"{self.place}/{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A body that a hub sent, signed as agreed; not read yet."""

    id: int
    feed_id: int
    received_at: datetime
    content_type: str
    body: bytes = field(repr=False)
