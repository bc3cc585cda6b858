"""The digests that are owed: one for each recipient and local date, late rather than never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor.rhythm import cadence
from monitor.settings.config import Config
from storage import facts, outbox
from storage.database import Database


def queue_digests(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put the digests that are owed into the outbox; the row of a date exists once, however often this is called."""
    queued = 0
    with database.write() as connection:
        now = clock()  # inside, as for decisions: nothing falls between two digests
        began = facts.began_at(connection, now=now)
        for recipient in config.recipients.values():
            if recipient.digest_at is None:
                continue
            day, due = cadence.digest_slot(recipient.digest_at, recipient.zone, now=now, on=recipient.digest_on)
            if due > began:
                queued += outbox.add_digest(connection, recipient, day=day.isoformat(), now=now)
    return queued
