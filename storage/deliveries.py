"""The ledger of deliveries as the review desk shows it: filtered, counted, turned page by page; one of them whole.

What lives here: reading. What must not: changing a delivery (`outbox`, `pacing`, `reminders`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, case, func, select, true

from monitor.model import Message
from storage.outbox import OutboxRow, as_row, message_of, with_titles
from storage.schema import attempts, outbox

Stage = Literal["waiting", "held", "sent", "failed", "uncertain", "folded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilters:
    """Which deliveries are meant; "" or None: all."""

    stage: Stage | None = None
    recipient: str = ""
    channel: str = ""
    kind: str = ""
    watch: str = ""
    story: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send something."""

    began_at: datetime
    ended_at: datetime | None  # None: it is under way, or nobody knows how it ended
    result: str  # begun, sent, refused, unreached, throttled, ambiguous
    detail: str  # the receiver's word, or the fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery, whole."""

    row: OutboxRow
    address: str  # "" where the channel's own target is the address
    attempts: tuple[Attempt, ...]  # oldest first
    message: Message | None  # as it was written at the first attempt; None before it


def stage_of(row: OutboxRow, *, now: datetime) -> Stage:
    """How it stands: held is what was never tried and has its hour yet to come."""
    if row.state == "waiting" and not row.attempts and row.due_at and row.due_at > now:
        return "held"
    stage: Stage = row.state  # type: ignore[assignment]  # the column holds no other word
    return stage


def listing(
    connection: Connection, wanted: DeliveryFilters, *, now: datetime, before: int | None = None, limit: int
) -> tuple[OutboxRow, ...]:
    """Deliveries, newest first; those older than the delivery `before`, to turn the page."""
    chosen = with_titles().where(_fits(wanted, now)).order_by(outbox.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(outbox.c.id < before)
    return tuple(map(as_row, connection.execute(chosen)))


def counts(connection: Connection, wanted: DeliveryFilters, *, now: datetime) -> Mapping[Stage, int]:
    """How many deliveries stand at each stage, whatever stage is wanted; stages without any are left out."""
    stage = case((_held(now), "held"), else_=outbox.c.state).label("stage")
    of_any = _fits(replace(wanted, stage=None), now)
    rows = connection.execute(select(stage, func.count().label("deliveries")).where(of_any).group_by(stage))
    return {row.stage: row.deliveries for row in rows}


def names(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every recipient, and every channel, that something was ever put in the outbox for."""
    recipients = connection.execute(select(outbox.c.recipient).distinct().order_by(outbox.c.recipient)).scalars()
    channels = connection.execute(select(outbox.c.channel).distinct().order_by(outbox.c.channel)).scalars()
    return tuple(recipients), tuple(channels)


def find(connection: Connection, delivery: int) -> Delivery | None:
    """One delivery, with every attempt at it."""
    found = connection.execute(with_titles().where(outbox.c.id == delivery)).one_or_none()
    if found is None:
        return None
    tried = connection.execute(select(attempts).where(attempts.c.outbox_id == delivery).order_by(attempts.c.id))
    return Delivery(
        row=as_row(found),
        address=found.address,
        attempts=tuple(
            Attempt(began_at=one.began_at, ended_at=one.ended_at, result=one.result, detail=one.detail) for one in tried
        ),
        message=message_of(found.message) if found.message else None,
    )


def _held(now: datetime) -> ColumnElement[bool]:
    return (outbox.c.state == "waiting") & (outbox.c.attempts == 0) & (outbox.c.due_at > now)


def _fits(wanted: DeliveryFilters, now: datetime) -> ColumnElement[bool]:
    """The filters as a condition."""
    fits: ColumnElement[bool] = true()
    for name in ("recipient", "channel", "kind", "watch"):
        if value := getattr(wanted, name):
            fits &= outbox.c[name] == value
    if wanted.story is not None:
        fits &= outbox.c.story_id == wanted.story
    match wanted.stage:
        case None:
            return fits
        case "held":
            return fits & _held(now)
        case "waiting":
            return fits & (outbox.c.state == "waiting") & ~_held(now)
    return fits & (outbox.c.state == wanted.stage)
