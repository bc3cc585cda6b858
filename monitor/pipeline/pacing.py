"""alert due → quiet? full? → it goes, waits, or is told with others | commit

The one place in which all that leaves is held to what its recipient can take, whatever the watch and whatever the way
out. What does not go now keeps its row and gets its reason, so that nothing is lost and all of it can be read.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from alerts import caps
from alerts.clock import local_time, zone_of
from alerts.languages.language import ENGLISH
from alerts.quiet import quiet_until
from monitor.model import Recipient
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import pacing
from storage.outbox import OutboxItem


def may_go(
    connection: Connection, item: OutboxItem, recipient: Recipient, config: Config, *, now: datetime, horizon: datetime
) -> bool:
    """Whether a claimed delivery goes now. If not, all that is due to its recipient is put off or gathered with it."""
    urgent = tuple(watch.name for watch in config.watches.values() if watch.urgent)
    silence = None if item.watch in urgent else quiet_until(recipient.quiet, zone_of(recipient), now=now)
    if silence:
        reason = f"it is quiet for {recipient.name} until {local_time(silence, recipient, ENGLISH)}"
        put_off = pacing.hold(
            connection, item, until=silence, reason=reason, now=now, horizon=horizon, but=urgent
        )  # fmt: skip
        note("quiet", recipient=recipient.name, until=silence, waiting=put_off)
        return False
    return _of_tipsheet(item) or _has_room(connection, item, recipient, now=now, horizon=horizon)


def _of_tipsheet(item: OutboxItem) -> bool:
    """That alerts do not arrive is said, however many did."""
    return item.kind == "notice" and not item.watch


def _has_room(
    connection: Connection, item: OutboxItem, recipient: Recipient, *, now: datetime, horizon: datetime
) -> bool:
    sent = pacing.sent_times(connection, recipient.name, since=now - caps.HOUR, but=item.id)
    waiting = pacing.count_waiting(connection, recipient.name, now=now, horizon=horizon)
    step = caps.next_step(sent, waiting=waiting, cap=recipient.an_hour, now=now)
    counted = f"{len(sent)} message{'' if len(sent) == 1 else 's'} in an hour"
    if isinstance(step, datetime):
        reason = f"{recipient.name} had {counted}; waits until {local_time(step, recipient, ENGLISH)}"
        put_off = pacing.hold(connection, item, until=step, reason=reason, now=now, horizon=horizon)
        note("full", recipient=recipient.name, until=step, waiting=put_off)
        return False
    if step == "send" or item.kind not in pacing.GATHERED or item.ambiguous:
        return True
    gathered = pacing.gather(
        connection, item, reason=f"{recipient.name} had {counted}", now=now, horizon=horizon
    )  # fmt: skip
    note("gathered", recipient=recipient.name, deliveries=gathered)
    return False
