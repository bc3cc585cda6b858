"""What a digest says: all that was decided since the last one. Which digests are owed, `owed` says."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.clock import local
from alerts.digest import NEAR, NearMiss, compose_digest
from alerts.history import DAYS, History
from monitor.model import Document, Message, Recipient, StoryReport
from monitor.pipeline import storms
from monitor.pipeline.rhythm import feed_health
from monitor.rhythm import cadence
from monitor.story.outlets import Outlets
from monitor.story.report import tell
from monitor.watches.matching import CompiledWatch
from monitor.watches.near_miss import why_not
from storage import entries, errands, facts, stories, versions

TOLD_WITHIN = timedelta(days=30)  # stories told longer ago than this are over: who edits them now tidies up
WEIGHED = 200  # entries that came near and are looked at, the latest
FIRST_PERIOD = timedelta(days=1)  # what a digest looks back on where nothing was ever worked on


def compose(
    connection: Connection,
    recipient: Recipient,
    outlets: Outlets,
    *,
    since: datetime | None,
    until: datetime,
    key: str,
    now: datetime,
    watches: Sequence[CompiledWatch] = (),
    alone: bool = False,
) -> Message:
    """The digest of a period for one recipient; of `watches`, it says what came near them.

    `alone`: its HTML is a file of its own, and not a part of a mail.
    """
    since = since or _beginning(connection) or until - FIRST_PERIOD
    reports = tuple(_reports(connection, recipient, outlets, since, until))
    if recipient.digest_at is None:
        day = until.date()
    else:
        day, _ = cadence.digest_slot(recipient.digest_at, recipient.zone, now=until, on=recipient.digest_on)
    paused = storms.sentences(facts.pauses(connection), recipient, now=until)
    health = replace(feed_health(connection, now=now), notices=(*facts.notices(connection), *paused))
    listed = {report.story_id for report in reports}
    return compose_digest(
        reports,
        recipient=recipient,
        health=health,
        day=day,
        key=key,
        now=now,
        changed=tuple(_changed(connection, recipient, outlets, since, until, but=listed)),
        history=_history(connection, recipient, until, watches),
        alone=alone,
        near=_near(connection, [one for one in watches if _receives(recipient, one)], outlets, since, until),
    )


def _beginning(connection: Connection) -> datetime | None:
    """Just before this database first went to work: what was decided in that very moment counts."""
    began = facts.known_began_at(connection)
    return None if began is None else began - timedelta(seconds=1)


def _reports(
    connection: Connection, recipient: Recipient, outlets: Outlets, since: datetime, until: datetime
) -> Iterator[StoryReport]:
    for story_id, watch in stories.decided(connection, since=since, until=until, recipient=recipient.name):
        yield tell(story_id, watch, stories.tellings(connection, story_id), outlets)


def _changed(
    connection: Connection, recipient: Recipient, outlets: Outlets, since: datetime, until: datetime, *, but: set[int]
) -> Iterator[StoryReport]:
    """Tellings of stories that the recipient was told, edited since; a story that is listed shows its own edits."""
    before = stories.decided(connection, since=since - TOLD_WITHIN, until=since, recipient=recipient.name)
    watches = {story_id: watch for story_id, watch in before if story_id not in but}
    edited = versions.edits(connection, since=since, matched_only=True)
    for story_id in dict.fromkeys(edit.story for edit in edited if edit.story in watches):
        assert story_id is not None  # noqa: S101 - `watches` holds no None
        report = tell(story_id, watches[story_id], stories.tellings(connection, story_id), outlets)
        for member in (report.lead, *report.members):
            if member.edit and since < member.edit.at <= until:
                yield replace(report, lead=member, members=())


def _history(
    connection: Connection, recipient: Recipient, until: datetime, watches: Sequence[CompiledWatch]
) -> History:
    """The stories of the last month, by the day in the recipient's zone and by watch; a watch without any is named."""
    last = local(until, recipient).date()
    found = stories.first_decided(
        connection, since=until - timedelta(days=DAYS + 1), until=until, recipient=recipient.name
    )
    counts = Counter((watch, (last - local(at, recipient).date()).days) for watch, at in found)
    names = {watch for watch, _ in found} | {one.watch.name for one in watches if _receives(recipient, one)}
    rows = {name: tuple(counts[name, ago] for ago in range(DAYS - 1, -1, -1)) for name in sorted(names)}
    return History(last=last, rows=rows)


def _receives(recipient: Recipient, one: CompiledWatch) -> bool:
    return not one.watch.recipients or recipient.name in one.watch.recipients


def _near(
    connection: Connection, watches: Sequence[CompiledWatch], outlets: Outlets, since: datetime, until: datetime
) -> tuple[NearMiss, ...]:
    """What no watch matched although it holds half of what one wants: those whose page was asked for because of it."""
    if not watches:
        return ()
    candidates = errands.unmatched(connection, since=since, until=until, limit=WEIGHED)
    documents = entries.documents(connection, candidates)
    found = (_near_miss(documents[entry_id][0], watches, outlets) for entry_id in candidates)
    return tuple(itertools.islice((miss for miss in found if miss), NEAR))


def _near_miss(document: Document, watches: Sequence[CompiledWatch], outlets: Outlets) -> NearMiss | None:
    known = outlets.find(document.outlet)
    outlet = known.name if known else document.feed or document.outlet
    for one in watches:
        if why := why_not(one, document):
            return NearMiss(watch=one.watch.name, title=document.title, outlet=outlet, link=document.url, why=why)
    return None
