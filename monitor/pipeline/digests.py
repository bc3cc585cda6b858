"""Digests: one for each recipient and local date, late rather than never, of what was decided since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.digest import compose_digest
from monitor.model import Message, Recipient, StoryReport
from monitor.pipeline import storms
from monitor.rhythm import cadence
from monitor.settings.config import Config
from monitor.story.outlets import Outlets
from monitor.story.report import tell
from storage import facts, feeds, outbox, stories
from storage.database import Database

FIRST_PERIOD = timedelta(days=1)  # what a digest looks back on where nothing was ever worked on


def queue_digests(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put the digests that are owed into the outbox; the row of a date exists once, however often this is called."""
    queued = 0
    with database.write() as connection:
        now = clock()  # inside, as for decisions: nothing falls between two digests
        began = facts.began_at(connection, now=now)
        for recipient in config.recipients.values():
            if recipient.digest_at is None:
                continue
            day, due = cadence.digest_slot(recipient.digest_at, recipient.zone, now=now)
            if due > began:
                queued += outbox.add_digest(connection, recipient, day=day.isoformat(), now=now)
    return queued


def compose(
    connection: Connection,
    recipient: Recipient,
    outlets: Outlets,
    *,
    since: datetime | None,
    until: datetime,
    key: str,
    now: datetime,
) -> Message:
    """The digest of a period for one recipient."""
    since = since or _beginning(connection) or until - FIRST_PERIOD
    reports = tuple(_reports(connection, recipient, outlets, since, until))
    if recipient.digest_at is None:
        day = until.date()
    else:
        day, _ = cadence.digest_slot(recipient.digest_at, recipient.zone, now=until)
    paused = storms.sentences(facts.pauses(connection), now=until)
    health = replace(feeds.health(connection), notices=(*facts.notices(connection), *paused))
    return compose_digest(reports, recipient=recipient, health=health, day=day, key=key, now=now)


def _beginning(connection: Connection) -> datetime | None:
    """Just before this database first went to work: what was decided in that very moment counts."""
    began = facts.known_began_at(connection)
    return None if began is None else began - timedelta(seconds=1)


def _reports(
    connection: Connection, recipient: Recipient, outlets: Outlets, since: datetime, until: datetime
) -> Iterator[StoryReport]:
    for story_id, watch in stories.decided(connection, since=since, until=until, recipient=recipient.name):
        yield tell(story_id, watch, stories.tellings(connection, story_id), outlets)
