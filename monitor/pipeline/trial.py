"""A test message to one recipient, now: it stands in the ledger and counts in the recipient's hour like every other.

What lives here: one delivery from its row to its end, outside the queues. What must not: the words of the message
(`alerts.message`), who may ask for it, and how often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts import caps
from alerts.channel import Sender
from alerts.message import compose_test
from monitor.errors import DeliveryError
from monitor.model import Message, Recipient
from monitor.pipeline.consent import refusal
from monitor.pipeline.deliver import LEASE, result_of
from monitor.pipeline.resting import learn
from storage import claims, facts, outbox, pacing
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a test message."""

    delivery: int
    state: outbox.State
    said: str  # by the receiver, or why it did not arrive


def send_test(
    database: Database, recipient: Recipient, sender: Sender, *, by: str, clock: Callable[[], datetime]
) -> Tried:
    """Send it, once. DeliveryError where none may be sent: the address said no, its hour is full, its service rests."""
    now = clock()
    message = compose_test(recipient=recipient, key=f"test:{recipient.name}:{now.isoformat()}", now=now)
    with database.write() as connection:
        _refuse(connection, recipient, now)
        item, attempt = _begin(connection, recipient, message, by=by, now=now)
    fault = None
    try:
        said = sender.send(message, recipient.address)
    except DeliveryError as error:
        said, fault = str(error), error
    state, result = _ended(fault)
    with database.write() as connection:
        outbox.end_attempt(connection, attempt, result, said, now=clock())
        learn(connection, recipient.channel, fault, now=clock())
        outbox.settle(connection, item, state, said, due_at=None, now=clock())
    return Tried(delivery=item.id, state=state, said=said)


def _refuse(connection: Connection, recipient: Recipient, now: datetime) -> None:
    """A person's wish comes after a no, after what a service asked for, and after what the recipient can take."""
    if no := refusal(connection, recipient):
        raise DeliveryError(no, retry=False)
    state = facts.channel_states(connection).get(recipient.channel)
    if state and state.asked_until and state.asked_until > now:
        raise DeliveryError(
            f"the service of {recipient.channel} asked for rest, until {_hour(state.asked_until)}", retry=True
        )
    sent = pacing.sent_times(connection, recipient.name, since=now - caps.HOUR, but=0)
    step = caps.next_step(sent, waiting=1, cap=recipient.an_hour, now=now)
    if isinstance(step, datetime):
        raise DeliveryError(
            f"{recipient.name} had {len(sent)} messages in an hour; the next may go at {_hour(step)}", retry=True
        )


def _hour(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"


def _begin(
    connection: Connection, recipient: Recipient, message: Message, *, by: str, now: datetime
) -> tuple[outbox.OutboxItem, int]:
    """Its row, in our hands from the start so that nobody else sends it, and the attempt at it."""
    claimant = claims.new_claimant()
    outbox.add_notice(connection, recipient, message, reason=f"a test, sent by {by}", due_at=now)
    item = outbox.claim_keyed(connection, message.key, claimant=claimant, now=now, lease=LEASE)
    if item is None or not (attempt := outbox.begin_attempt(connection, item, message, claimant=claimant, now=now)):
        raise DeliveryError(f"a test to {recipient.name} is being sent at this moment", retry=True)
    return item, attempt


def _ended(fault: DeliveryError | None) -> tuple[outbox.State, outbox.Result]:
    """A test is not tried again: whoever sent it reads what came of it."""
    if fault is None:
        return "sent", "sent"
    return ("uncertain" if fault.reached else "failed"), result_of(fault)
