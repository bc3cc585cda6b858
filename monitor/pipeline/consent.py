"""New addresses are asked whether they want to hear; nobody is told against their will.

    address new → asked | commit → it waits → its word | commit → what waited goes, as one message

Where the desk has an address of its own (`desk.address`), an email address that has received nothing yet gets one
question, and what is for it waits for the answer. Where it has none, there is no page to answer on, and what feeds.yaml
says counts. A no counts everywhere, and until somebody takes it back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.languages.language import language_of
from monitor.model import Consent, Recipient
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import audit, consents, outbox
from storage.database import Database
from storage.outbox import OutboxItem

LOOK_AGAIN = timedelta(hours=1)  # at what waits for a confirmation, which makes it due at once when it comes
ITSELF = "the address"


# ---- how it stands ---------------------------------------------------------------------------------------------------


def ask_new_addresses(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put a question into the outbox for each address that was never asked; how many."""
    if not _asks(config):
        return 0
    with database.write() as connection:
        now = clock()
        waiting = [one for one in _standing(connection, config, now) if one.state == "waiting" and one.asked_at is None]
        for one in waiting:
            ask(connection, config, one, now=now)
    return len(waiting)


def unreached(connection: Connection, config: Config) -> Mapping[str, Consent]:
    """The recipients who are told nothing now: their address waits to be confirmed, or said no."""
    said = {(one.recipient, one.address): one for one in consents.listing(connection)}
    found = ((to.name, said.get((to.name, to.address))) for to in config.recipients.values() if to.address)
    silent = ("waiting", "stopped") if _asks(config) else ("stopped",)
    return {name: one for name, one in found if one and one.state in silent}


def refusal(connection: Connection, recipient: Recipient) -> str:
    """Why not even a person may have something sent to that address: it said no. "" where one may."""
    consent = consents.find(connection, recipient) if recipient.address else None
    return _no(consent) if consent and consent.state == "stopped" else ""


def silent_recipients(database: Database, config: Config) -> dict[str, str]:
    """Recipient → that it said no, as a decision gives its reason."""
    with database.read() as connection:
        found = unreached(connection, config)
    return {name: _no(one) for name, one in found.items() if one.state == "stopped"}


def may_reach(
    connection: Connection, item: OutboxItem, recipient: Recipient, config: Config, *, now: datetime, horizon: datetime
) -> bool:
    """Whether a claimed delivery may go to its address at all. If not, it waits, or is never sent."""
    if not recipient.address:
        return True
    consent = consents.meet(connection, recipient, now=now) if _asks(config) else consents.find(connection, recipient)
    if item.kind == "confirmation" and consent and consent.state != "waiting":
        consents.drop(connection, recipient.name, reason="it was answered already", now=now, only=item.id)
        return False
    if consent and consent.state == "stopped":
        consents.drop(connection, recipient.name, reason=_no(consent), now=now, only=item.id)
        note("consent", recipient=recipient.name, state="stopped")
        return False
    if item.kind == "confirmation" or not _asks(config) or (consent and consent.state == "confirmed"):
        return True
    consents.hold(connection, item, until=max(now + LOOK_AGAIN, horizon + timedelta(seconds=1)), now=now)
    note("consent", recipient=recipient.name, state="waiting")
    return False


def with_way_out(connection: Connection, recipient: Recipient) -> Recipient:
    """The recipient with the page on which it says that it wants no more; where there is a desk to show one."""
    if not recipient.address or not recipient.desk or recipient.stop:
        return recipient
    from alerts.consent import stop_token  # it loads all that writes messages; most rounds write none

    token = stop_token(consents.secret(connection), recipient.name, recipient.address)
    return replace(recipient, stop=f"{recipient.desk}/stop/{token}")


def _standing(connection: Connection, config: Config, now: datetime) -> Iterator[Consent]:
    """How it stands with each address of the file."""
    for recipient in config.recipients.values():
        if recipient.address:
            yield consents.meet(connection, recipient, now=now)


def _asks(config: Config) -> bool:
    return bool(config.desk and config.desk.address)


def _no(consent: Consent) -> str:
    return f"{consent.recipient} wants no messages since {consent.since:%Y-%m-%d}"


# ---- what is said ----------------------------------------------------------------------------------------------------


def ask(connection: Connection, config: Config, consent: Consent, *, now: datetime) -> None:
    """Put the question to an address into the outbox. The link of an earlier one holds no more."""
    from alerts.consent import compose_question, confirm_token  # as above

    consents.asked(connection, consent, now=now)
    latest = replace(consent, asked_at=now)
    recipient = with_way_out(connection, config.recipients[consent.recipient])
    link = f"{recipient.desk}/confirm/{confirm_token(consents.secret(connection), latest)}"
    key = f"confirmation:{recipient.name}:{recipient.address}:{now.isoformat()}"
    message = compose_question(recipient=recipient, link=link, key=key, now=now)
    outbox.add_notice(connection, recipient, message, reason="a new address is asked first", due_at=now)
    note("consent", recipient=recipient.name, state="asked")


def confirm(connection: Connection, config: Config | None, consent: Consent, *, by: str = ITSELF, now: datetime) -> int:
    """It wants to hear: what waited is due, as one message; how much that was."""
    if consent.state == "confirmed":
        return 0
    return _let_in(connection, config, consent, "confirmed its address", by=by, now=now)


def resume(connection: Connection, config: Config | None, consent: Consent, *, by: str = ITSELF, now: datetime) -> bool:
    """It wants to hear again. An address that never confirmed is one that reads what is sent there: that is enough."""
    if consent.state != "stopped":
        return False
    _let_in(connection, config, consent, "receives messages again", by=by, now=now)
    return True


def stop(connection: Connection, config: Config | None, consent: Consent, *, by: str = ITSELF, now: datetime) -> bool:
    """It wants to hear no more, from this moment on. The owner is told; what waits for it is not sent."""
    if consent.state == "stopped":
        return False
    consents.say(connection, consent, "stopped", by=by, now=now)
    consents.drop(
        connection, consent.recipient, reason=f"{consent.recipient} wants no messages since {now:%Y-%m-%d}", now=now
    )
    _record(connection, consent, "stopped its messages", by=by, now=now)
    _tell_owner(connection, config, consent, now)
    return True


def _let_in(
    connection: Connection, config: Config | None, consent: Consent, what: str, *, by: str, now: datetime
) -> int:
    consents.say(connection, consent, "confirmed", by=by, now=now)
    _record(connection, consent, what, by=by, now=now)
    recipient = config.recipients.get(consent.recipient) if config else None
    if recipient is None or recipient.address != consent.address:
        return 0
    return consents.release(connection, recipient, now=now)


def _record(connection: Connection, consent: Consent, what: str, *, by: str, now: datetime) -> None:
    who = "" if by == ITSELF else by
    audit.append(connection, who, "recipient changed", subject=consent.recipient, detail=what, now=now)
    note("consent", recipient=consent.recipient, said=what)


def _tell_owner(connection: Connection, config: Config | None, consent: Consent, now: datetime) -> None:
    owner = config.recipients.get(config.owner) if config else None
    if owner is None or owner.name == consent.recipient:
        note(
            "consent",
            level=logging.WARNING,
            recipient=consent.recipient,
            told="nobody: feeds.yaml names no other owner",
        )
        return
    from alerts.summary import compose_notice  # as above

    language = language_of(owner.language)
    message = compose_notice(
        language.words(
            "“%(recipient)s” wants no more messages: neither alerts nor digests go to that address. %(listing)s shows "
            "how each stands; %(again)s sends them again, if that is wanted there.",
            recipient=consent.recipient, listing="`tipsheet recipients`",
            again=f"`tipsheet recipients resubscribe {consent.recipient}`",
        ),
        subject=language.words("“%(recipient)s” wants no more messages", recipient=consent.recipient),
        recipient=with_way_out(connection, owner), now=now,
        key=f"stopped:{consent.recipient}:{now.isoformat()}:{owner.name}",
    )  # fmt: skip
    outbox.add_notice(connection, owner, message, reason=f"{consent.recipient} wants no more messages", due_at=now)
