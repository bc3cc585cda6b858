"""What recipients' addresses said of what they receive, and what of the outbox waits for that.

What lives here: rows. What must not: when an address is asked, and what its word means (`pipeline.consent`).
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from monitor.model import Consent, ConsentState, Recipient
from storage import claims, folding
from storage.consent_tables import consents
from storage.database import insert_new
from storage.outbox import OutboxItem, add_more
from storage.pacing import GATHERED
from storage.schema import facts, outbox

WAITS = "waits for its confirmation"  # the reason by which what waits for that is known again


def secret(connection: Connection) -> str:
    """By what the links are made with which recipients say yes and no: made once, and kept for good."""
    made = json.dumps(secrets.token_hex(32))
    connection.execute(insert_new(connection, facts).values(name="consent secret", value=made))
    kept = select(facts.c.value).where(facts.c.name == "consent secret")
    return str(json.loads(connection.execute(kept).scalar_one()))


def listing(connection: Connection) -> tuple[Consent, ...]:
    """All that is known, by recipient."""
    rows = connection.execute(select(consents).order_by(consents.c.recipient, consents.c.address))
    return tuple(map(_consent, rows))


def find(connection: Connection, recipient: Recipient) -> Consent | None:
    row = connection.execute(select(consents).where(_of(recipient.name, recipient.address))).one_or_none()
    return _consent(row) if row else None


def meet(connection: Connection, recipient: Recipient, *, now: datetime) -> Consent:
    """How it stands with an address. One that is new has to be asked, unless something arrived there before."""
    if known := find(connection, recipient):
        return known
    mine = (outbox.c.recipient == recipient.name) & (outbox.c.address == recipient.address)
    served = connection.execute(select(outbox.c.id).where(mine, outbox.c.state == "sent").limit(1)).first() is not None
    consent = Consent(
        recipient=recipient.name, address=recipient.address, state="confirmed" if served else "waiting", since=now,
        asked_at=None, said_by="earlier messages" if served else "",
    )  # fmt: skip
    values = {name: getattr(consent, name) for name in Consent.__dataclass_fields__}
    connection.execute(insert_new(connection, consents).values(values))
    return consent


def asked(connection: Connection, consent: Consent, *, now: datetime) -> None:
    """The question is on its way; only the link of the latest one counts."""
    connection.execute(update(consents).where(_of(consent.recipient, consent.address)).values(asked_at=now))


def say(connection: Connection, consent: Consent, state: ConsentState, *, by: str, now: datetime) -> None:
    """The address has said something, or somebody for it."""
    values = {"state": state, "since": now, "said_by": by}
    connection.execute(update(consents).where(_of(consent.recipient, consent.address)).values(values))


# ---- what of the outbox waits for it ---------------------------------------------------------------------------------


def hold(connection: Connection, item: OutboxItem, *, until: datetime, now: datetime) -> None:
    """A claimed delivery waits for the address to be confirmed."""
    values: dict[str, Any] = {"due_at": until, "reason": WAITS} | claims.FREE
    connection.execute(update(outbox).where(outbox.c.id == item.id, outbox.c.state == "waiting").values(values))


def drop(connection: Connection, recipient: str, *, reason: str, now: datetime, only: int | None = None) -> int:
    """What waits for a recipient, or one delivery of it, is not sent; how many. What is being sent is left alone."""
    waiting = (outbox.c.recipient == recipient) & (outbox.c.state == "waiting")
    chosen = outbox.c.id == only if only else or_(outbox.c.claimed_by.is_(None), outbox.c.claimed_until <= now)
    values: dict[str, Any] = {"state": "folded", "reason": reason, "due_at": None} | claims.FREE
    return connection.execute(update(outbox).where(waiting, chosen).values(values)).rowcount


def release(connection: Connection, recipient: Recipient, *, now: datetime) -> int:
    """What waited for the confirmation is due: many as one message, a single one as it is; how many there were."""
    waited = (outbox.c.recipient == recipient.name) & (outbox.c.state == "waiting") & (outbox.c.reason == WAITS)
    connection.execute(update(outbox).where(waited).values(due_at=now))
    several = waited & outbox.c.kind.in_(GATHERED)
    found = connection.execute(select(outbox.c.id).where(several)).scalars().all()
    if len(found) < 2:
        return len(found)
    key, reason = f"more:confirmed:{recipient.name}:{now.isoformat()}", "the address was confirmed"
    add_more(connection, recipient, "", key=key, reason=reason, due_at=now, now=now)
    message = connection.execute(select(outbox.c.id).where(outbox.c.key == key)).scalar_one()
    return folding.put_into(connection, found, message, reason=reason)


def _of(recipient: str, address: str) -> ColumnElement[bool]:
    return (consents.c.recipient == recipient) & (consents.c.address == address)


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        recipient=row.recipient, address=row.address, state=row.state, since=row.since, asked_at=row.asked_at,
        said_by=row.said_by,
    )  # fmt: skip
