"""What is owed by the clock: a digest for each local date, late rather than never; to who takes none, a sign of life.

Silence must not be taken for no news. Whoever hears of stories knows that Tipsheet lives, so only who has heard nothing
for a day or a week, as the file says, is told that there was nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from sqlalchemy import Connection

from monitor.model import Recipient
from monitor.pipeline.consent import unreached, with_way_out
from monitor.pipeline.rhythm import feed_health
from monitor.rhythm import cadence
from monitor.settings.config import Config
from storage import facts, outbox, pacing
from storage.database import Database

SILENCE = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
SLACK = timedelta(hours=1)  # the one before, sent a little after nine, must not push this one to tomorrow
MORNING = time(9)  # local hour of a sign of life: somebody is at work who can ask why


def queue_digests(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put what is owed into the outbox; the row of a date exists once, however often this is called."""
    queued = 0
    with database.write() as connection:
        now = clock()  # inside, as for decisions: nothing falls between two digests
        began = facts.began_at(connection, now=now)
        heard = pacing.last_words(connection) if _any_without_digest(config) else {}
        silent = unreached(connection, config)  # the first digest after a yes tells of all that was before it
        for recipient in config.recipients.values():
            if recipient.name in silent:
                continue
            if recipient.digest_at is None:
                queued += _owe_sign_of_life(connection, recipient, heard.get(recipient.name, began), began, now)
                continue
            day, due = cadence.digest_slot(recipient.digest_at, recipient.zone, now=now, on=recipient.digest_on)
            if due > began:
                queued += outbox.add_digest(connection, recipient, day=day.isoformat(), now=now)
    return queued


def _any_without_digest(config: Config) -> bool:
    return any(one.digest_at is None and one.alive != "never" for one in config.recipients.values())


def _owe_sign_of_life(
    connection: Connection, recipient: Recipient, heard: datetime, began: datetime, now: datetime
) -> bool:
    """Whether one was queued: at the last morning, the recipient had heard nothing for as long as the file says."""
    if recipient.alive == "never":
        return False
    silence = SILENCE[recipient.alive]
    day, morning = cadence.digest_slot(MORNING, recipient.zone, now=now)
    if max(heard, began) > morning - silence + SLACK:
        return False
    from alerts.summary import compose_sign_of_life  # it loads all that writes messages; most rounds write none

    key = f"alive:{day.isoformat()}:{recipient.name}:{recipient.channel}"
    health = feed_health(connection, now=now)
    message = compose_sign_of_life(
        health, days=silence.days, recipient=with_way_out(connection, recipient), key=key, now=now
    )
    reason = f"nothing was sent to {recipient.name} for {silence.days} days"
    return outbox.add_notice(connection, recipient, message, reason=reason, due_at=now)
