"""The ledger of deliveries: what went out, what waits, what could not be delivered, and why.

What lives here: the list, and one delivery with every attempt and the very words that were sent. What must not: doing
something about it (`sending`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from alerts import breaker
from monitor.desk.pages import page
from monitor.desk.visit import Reader, Visit
from monitor.errors import ConfigError
from monitor.model import Message
from storage import deliveries, facts
from storage.deliveries import Attempt, Delivery, DeliveryFilters, Stage
from storage.outbox import OutboxRow

router = APIRouter(tags=["deliveries"])

_NUMBER = re.compile(r"[0-9]{1,18}")
SHOWN = 100  # deliveries on a page; a program may ask for more

StageWanted = Annotated[Stage | Literal[""], Query(description="Only those that stand so; empty: all.")]
RecipientWanted = Annotated[str, Query(description="Only those to this recipient.")]
ChannelWanted = Annotated[str, Query(description="Only those that go by this channel.")]
KindWanted = Annotated[str, Query(description="Only alert, update, digest, more, notice, reminder or test.")]
WatchWanted = Annotated[str, Query(description="Only those of this watch.")]
StoryWanted = Annotated[str, Query(pattern="^[0-9]{0,18}$", description="Only those that tell of this story.")]
BeforeWanted = Annotated[int | None, Query(ge=0, description="Only those older than this one: the next page.")]
LimitWanted = Annotated[int, Query(ge=1, le=10_000, description="How many at most.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery of the list."""

    id: int
    stage: Stage
    kind: str
    recipient: str
    channel: str
    watch: str
    story: int | None
    subject: str
    reason: str  # why it stands so: the receiver's word, what it waits for
    attempts: int
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    acked_at: datetime | None  # when somebody said that it was seen
    folded_into: int | None  # the delivery that tells it
    reminds_of: int | None

    @property
    def can_be_sent(self) -> bool:
        """Whether a person may have it sent: again, or before its time."""
        return self.stage not in {"sent", "folded"}

    @property
    def can_be_acknowledged(self) -> bool:
        return self.kind in {"alert", "update", "reminder"} and self.stage == "sent" and self.acked_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A channel on which nothing is sent for a while."""

    channel: str
    until: datetime
    asked: bool  # its service asked for it; else nothing got through
    reason: str  # the last answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A watch that sent too many alerts, and sends none for a while."""

    watch: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesPage:
    """The ledger, newest first."""

    rows: tuple[DeliveryLine, ...]
    counts: Mapping[Stage, int]  # by the other filters, whatever stage is wanted
    filters: DeliveryFilters
    older: int | None  # give it as `before` for what comes next; None: this is the end
    recipients: tuple[str, ...]
    channels: tuple[str, ...]
    resting: tuple[Resting, ...]
    paused: tuple[Paused, ...]
    to_test: tuple[str, ...]  # recipients of the file, to whom a test can be sent

    def query(self, **changes: object) -> str:
        """The address of this list with some filters changed."""
        asked = asdict(self.filters) | changes
        given = {name: value for name, value in asked.items() if value not in (None, "")}
        return f"?{urlencode(given)}" if given else "?"


def ledger(
    visit: Reader,
    stage: StageWanted = "",
    recipient: RecipientWanted = "",
    channel: ChannelWanted = "",
    kind: KindWanted = "",
    watch: WatchWanted = "",
    story: StoryWanted = "",
    before: BeforeWanted = None,
    limit: LimitWanted = SHOWN,
) -> DeliveriesPage:
    """Every delivery: sent, waiting, held, failed, uncertain, folded; newest first."""
    wanted = DeliveryFilters(
        stage=stage or None, recipient=recipient, channel=channel, kind=kind, watch=watch,
        story=int(story) if story else None,
    )  # fmt: skip
    return listed(visit, wanted, before=before, limit=limit)


page(router, "/deliveries", template="deliveries.html", name="deliveries")(ledger)


def listed(visit: Visit, wanted: DeliveryFilters, *, before: int | None = None, limit: int = SHOWN) -> DeliveriesPage:
    """The deliveries of those filters, at most `limit` of those older than `before`."""
    now = visit.now
    with visit.desk.database.read() as connection:
        found = deliveries.listing(connection, wanted, now=now, before=before, limit=limit + 1)
        recipients, channels = deliveries.names(connection)
        return DeliveriesPage(
            rows=tuple(line_of(row, now) for row in found[:limit]),
            counts=deliveries.counts(connection, wanted, now=now),
            filters=wanted,
            older=found[limit - 1].id if len(found) > limit else None,
            recipients=recipients,
            channels=channels,
            resting=tuple(_resting(connection, now)),
            paused=tuple(_paused(connection, now)),
            to_test=_to_test(visit),
        )


def listed_at(visit: Visit, query: str) -> DeliveriesPage:
    """The list as the query of its address has it; what no list is asked for by is passed over."""
    asked = dict(parse_qsl(query))
    stage, story, before = asked.get("stage"), asked.get("story", ""), asked.get("before", "")
    wanted = DeliveryFilters(
        stage=next((one for one in get_args(Stage) if one == stage), None), recipient=asked.get("recipient", ""),
        channel=asked.get("channel", ""), kind=asked.get("kind", ""), watch=asked.get("watch", ""),
        story=int(story) if _NUMBER.fullmatch(story) else None,
    )  # fmt: skip
    return listed(visit, wanted, before=int(before) if _NUMBER.fullmatch(before) else None)


def _to_test(visit: Visit) -> tuple[str, ...]:
    """What a faulty file says of its recipients is not known; the ledger is shown all the same."""
    with suppress(ConfigError):
        return tuple(visit.desk.settings.now().recipients) if visit.may("admin") else ()
    return ()


def line_of(row: OutboxRow, now: datetime) -> DeliveryLine:
    """A row of the outbox as it is shown."""
    return DeliveryLine(
        id=row.id, stage=deliveries.stage_of(row, now=now), kind=row.kind, recipient=row.recipient,
        channel=row.channel, watch=row.watch, story=row.story_id, subject=row.subject, reason=row.reason,
        attempts=row.attempts, created_at=row.created_at, due_at=row.due_at, sent_at=row.sent_at,
        acked_at=row.acked_at, folded_into=row.folded_into, reminds_of=row.reminds_of,
    )  # fmt: skip


def _resting(connection: Connection, now: datetime) -> Iterator[Resting]:
    for channel, state in facts.channel_states(connection).items():
        if until := breaker.rests_until(state, now=now):
            asked = state.asked_until is not None and state.asked_until > now
            yield Resting(channel=channel, until=until, asked=asked, reason=state.reason)


def _paused(connection: Connection, now: datetime) -> Iterator[Paused]:
    for watch, pause in facts.pauses(connection).items():
        if pause.lasts(now):
            yield Paused(watch=watch, since=pause.since, until=pause.until)


# ---- one of them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """One delivery, whole."""

    delivery: DeliveryLine
    key: str  # names it for ever: the Message-ID and the webhook-id are made from it
    rows: tuple[Attempt, ...]  # every attempt, oldest first
    message: Message | None  # as it was written at the first attempt; None before it
    by_mail: bool


def one_delivery(visit: Reader, delivery: int) -> DeliveryPage:
    """A delivery with every attempt at it, and the message."""
    found = find(visit, delivery)
    return DeliveryPage(
        delivery=line_of(found.row, visit.now), key=found.row.key, rows=found.attempts, message=found.message,
        by_mail=bool(found.address),
    )  # fmt: skip


def find(visit: Visit, delivery: int) -> Delivery:
    """The delivery; HTTPException 404 where there is none."""
    with visit.desk.database.read() as connection:
        found = deliveries.find(connection, delivery)
    if found is None:
        raise HTTPException(404, f"there is no delivery {delivery}")
    return found


page(router, "/deliveries/{delivery:int}", template="delivery.html", name="delivery")(one_delivery)
