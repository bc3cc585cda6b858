"""A watch that storms → paused: what it finds goes into the digest until a person resumes it, or a day is over.

`arming` judges a watch by the archive, before it may alert; here it is judged by what it sends. Both ask the same: is
it more than people read? Nothing is lost meanwhile: every match is recorded and decided, the digest lists it, and
whoever takes no digest gets one message when the pause is over. `busy: true` says that so many are meant.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.clock import local_time
from alerts.languages.language import language_of
from alerts.summary import compose_notice
from monitor.model import Decision, Recipient
from monitor.pipeline.consent import with_way_out
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from monitor.watches.backtest import MAX_ALERTS_A_DAY
from storage import facts, outbox, pacing
from storage.database import Database
from storage.facts import Pause

MOST = MAX_ALERTS_A_DAY  # what people read in a day, within one hour
HOUR, REST = timedelta(hours=1), timedelta(hours=24)


@dataclass(slots=True, kw_only=True)
class Storms:
    """What the watches sent in the last hour, while one batch of entries is examined."""

    config: Config
    now: datetime
    alerts: Counter[str]
    paused: dict[str, str]  # watch → why, as a decision gives its reason
    began: dict[str, Pause] = field(default_factory=dict)  # in this batch

    def see(self, decisions: Sequence[Decision]) -> None:
        """Count what one entry led to; a watch that has sent enough is paused from the next entry on."""
        for watch in {decision.watch for decision in decisions if decision.action == "alert"}:
            self.alerts[watch] += 1
            known = self.config.watches.get(watch)
            if self.alerts[watch] >= MOST and known and not known.busy:
                pause = Pause(since=self.now, until=self.now + REST)
                self.began[watch], self.paused[watch] = pause, _reason(pause)

    def record(self, connection: Connection) -> None:
        """Keep the pauses that began, and tell whoever receives these watches; as often as one likes."""
        for watch, pause in self.began.items():
            facts.keep_pause(connection, watch, pause)
            note("paused", level=logging.WARNING, watch=watch, until=pause.until)
            for recipient in _receivers(self.config, watch):
                _tell(connection, watch, pause, recipient, due_at=self.now + self.config.group_wait)


def watch_for_storms(database: Database, config: Config, *, now: datetime) -> Storms:
    """What is known before a batch: pauses that last, and the alerts of the last hour since the last pause."""
    with database.read() as connection:
        pauses = facts.pauses(connection)
        sent = pacing.alerts_of(connection, since=now - HOUR, until=now)
    lasting = {watch: _reason(pause) for watch, pause in pauses.items() if pause.lasts(now)}
    over = {watch: pause.until for watch, pause in pauses.items() if not pause.lasts(now)}
    counted = Counter(watch for watch, at in sent if watch not in over or at > over[watch])
    return Storms(config=config, now=now, alerts=counted, paused=lasting)


def resume(connection: Connection, watch: str, *, now: datetime) -> bool:
    """A person ends the pause of a watch; its alerts are counted from now on. False: it has none."""
    pause = facts.pauses(connection).get(watch)
    if pause is None or not pause.lasts(now):
        return False
    facts.keep_pause(connection, watch, Pause(since=pause.since, until=now))
    pacing.resume(connection, watch, now=now)
    return True


def sentences(pauses: Mapping[str, Pause], recipient: Recipient, *, now: datetime) -> tuple[str, ...]:
    """What a recipient who reads a digest should know of the pauses that last."""
    return tuple(_sentence(watch, pause, recipient) for watch, pause in pauses.items() if pause.lasts(now))


def _reason(pause: Pause) -> str:
    return f"the watch sent {MOST} alerts within an hour and is paused until {pause.until:%a %H:%M} UTC"


def _sentence(watch: str, pause: Pause, recipient: Recipient) -> str:
    return language_of(recipient.language).words(
        "The watch “%(watch)s” sent %(most)s alerts within an hour and is paused until %(until)s. What it finds goes "
        "into the digest; whoever takes none gets one message then. %(command)s ends the pause. Write busy: true in it "
        "if so many are meant.",
        watch=watch, most=MOST, until=local_time(pause.until, recipient),
        command=f"`tipsheet watches resume '{watch}'`",
    )  # fmt: skip


def _receivers(config: Config, watch: str) -> Iterable[Recipient]:
    names = config.watches[watch].recipients or config.recipients.keys()
    return (config.recipients[name] for name in names if name in config.recipients)


def _tell(connection: Connection, watch: str, pause: Pause, recipient: Recipient, *, due_at: datetime) -> None:
    """The notice; and to whoever takes no digest, what the watch found, when the pause is over."""
    key = f"{watch}:{pause.since.isoformat()}:{recipient.name}:{recipient.channel}"
    message = compose_notice(
        _sentence(watch, pause, recipient), recipient=with_way_out(connection, recipient),
        key=f"paused:{key}", now=pause.since,
        subject=language_of(recipient.language).words("the watch “%(watch)s” is paused", watch=watch),
    )  # fmt: skip
    reason = _reason(pause)
    outbox.add_notice(connection, recipient, message, watch=watch, reason=reason, due_at=due_at)
    if recipient.digest_at is None:
        outbox.add_more(
            connection, recipient, watch, key=f"more:{key}", reason=reason, due_at=pause.until, now=pause.since
        )
