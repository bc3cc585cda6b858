"""alert due → compose → attempt begun | commit → send → settled | commit

At least once, and at most twice: an attempt is committed before anything is sent, so that after a crash it is known
that a message may be out. It is sent once more, the same bytes under the same id; after a second attempt of unknown end
the delivery is `uncertain`, for a person to see. If the attempt cannot be written (a full disk), nothing is sent.

Each channel is a queue of its own, and no channel waits for another. A message goes where the file says now that its
recipient is reached; what the row says of that is history.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue
from threading import Event

from alerts import policy
from alerts.channel import Sender
from monitor.errors import DeliveryError, StorageError
from monitor.model import Message, Recipient
from monitor.pipeline.compose import compose
from monitor.pipeline.consent import may_reach, with_way_out
from monitor.pipeline.journal import log, note
from monitor.pipeline.pacing import may_go
from monitor.pipeline.resting import learn, may_send
from monitor.settings.config import Config
from monitor.story.outlets import Outlets
from storage import claims, outbox
from storage.database import Database

LEASE = timedelta(minutes=15)  # longer than the slowest send: 10 minutes after the end of a mail's data
PAUSE = timedelta(minutes=10)  # between two tries to write a message
MAX_UNWRITTEN = 5  # tries to write it, after which only a change of program or data can help


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How one delivery stands after it was worked on."""

    item: outbox.OutboxItem
    state: outbox.State
    reason: str
    message: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """The third stage."""

    database: Database
    config: Config
    outlets: Outlets
    senders: Mapping[str, Sender]  # by name of the channel
    clock: Callable[[], datetime]
    stop: Event

    def count_due(self, *, close_window: bool = False) -> int:
        now = self.clock()
        with self.database.read() as connection:
            return outbox.count_due(connection, now=now, horizon=self._horizon(now, close_window))

    def __call__(self, *, close_window: bool = False) -> Iterator[Delivered]:
        """Deliver all that is due now, each channel beside the others; closed early, it ends the sends under way.

        `close_window` sends new alerts that still wait for copies to arrive, because nobody will bring any.
        """
        self.settle_strays()
        over = Event()
        done: SimpleQueue[Delivered | None] = SimpleQueue()
        with ThreadPoolExecutor(max(1, len(self.senders)), thread_name_prefix="deliver") as pool:
            try:
                channels = [
                    pool.submit(_pass_on, self.empty(channel, close_window=close_window), done, over)
                    for channel in self.senders
                ]
                for _ in channels:
                    while (delivered := done.get()) is not None:
                        yield delivered
            finally:
                over.set()
        for channel in channels:
            channel.result()  # a database that refuses stops the stage, with its reason

    def empty(self, channel: str, *, close_window: bool = False) -> Iterator[Delivered]:
        """Deliver what is due now on one channel, one after the other. What falls due meanwhile is the next call's."""
        started = self.clock()
        horizon, sent = self._horizon(started, close_window), False
        while not self.stop.is_set():
            claimant = claims.new_claimant()
            lease = LEASE + (self.clock() - started)  # a long queue must not outlast the leases of its last items
            with self.database.write() as connection:
                if not may_send(connection, channel, now=self.clock()):
                    return
                item = outbox.claim_next(
                    connection, channel, claimant=claimant, now=started, lease=lease, horizon=horizon
                )
            if item is None:
                return
            if not self._may_go(item, horizon):
                continue
            if sent and self.stop.wait(self._pace(channel)):
                return  # the next start finds it due
            if delivered := self._deliver(item, claimant):
                sent = True
                yield delivered

    def settle_strays(self) -> None:
        """What waits at a channel that its recipient has left moves; what waits for nobody any more fails, visibly."""
        with self.database.write() as connection:
            moved = sum(outbox.follow(connection, recipient) for recipient in self.config.recipients.values())
            given_up = outbox.give_up_orphans(
                connection, channels=self.config.channels.keys(), recipients=self.config.recipients.keys()
            )
        if moved:
            note("deliver", state="waiting", moved=moved)
        if given_up:
            note("deliver", level=logging.WARNING, state="failed", orphans=given_up)

    def _pace(self, channel: str) -> float:
        """Seconds between two messages. A channel that has left the file, and still a sender here, needs none."""
        known = self.config.channels.get(channel)
        return policy.pace(known.kind).total_seconds() if known else 0.0

    def _horizon(self, now: datetime, close_window: bool) -> datetime:
        return now + self.config.group_wait if close_window else now

    def _may_go(self, item: outbox.OutboxItem, horizon: datetime) -> bool:
        """Whether its recipient is to have it now. Where nothing will be sent, nobody is asked."""
        recipient = self.config.recipients.get(item.recipient)
        if recipient is None or item.ambiguous >= policy.MAX_AMBIGUOUS:
            return True
        with self.database.write() as connection:
            reached = may_reach(connection, item, recipient, self.config, now=self.clock(), horizon=horizon)
            return reached and may_go(connection, item, recipient, self.config, now=self.clock(), horizon=horizon)

    def _deliver(self, item: outbox.OutboxItem, claimant: str) -> Delivered | None:
        recipient = self.config.recipients.get(item.recipient)
        if recipient is None:  # sent again by hand a moment ago
            return self._settle(item, item.message, "failed", f"no recipient is called {item.recipient!r} any more")
        if item.ambiguous >= policy.MAX_AMBIGUOUS:
            reason = "nobody knows whether it arrived: twice the answer was lost"
            return self._settle(item, item.message, "uncertain", reason)
        try:
            message = item.message or self._compose(item, recipient)
        except StorageError:
            raise  # the database's fault and not this alert's: the stage stops, and tries again
        except Exception as bug:  # noqa: BLE001 - the unit of work: one alert's surprise must not hold up the others
            log.exception("delivery %d could not be composed", item.id)
            return self._unwritten(item, f"Tipsheet itself failed to write it: {bug!r}", claimant)
        with self.database.write() as connection:
            attempt = outbox.begin_attempt(connection, item, message, claimant=claimant, now=self.clock())
        if attempt is None:
            return None  # somebody else has it now, or it was folded
        return self._send(item, message, recipient, attempt)

    def _unwritten(self, item: outbox.OutboxItem, reason: str, claimant: str) -> Delivered | None:
        """There are no words to send. The ledger counts it as an attempt that reached nobody, which it is."""
        now = self.clock()
        with self.database.write() as connection:
            attempt = outbox.begin_attempt(connection, item, None, claimant=claimant, now=now)
            if attempt is None:
                return None
            outbox.end_attempt(connection, attempt, "unreached", reason, now=now)
            tries = outbox.count_tries(connection, item.id)
        if tries >= MAX_UNWRITTEN:
            return self._settle(item, None, "failed", f"given up: {reason}")
        return self._settle(item, None, "waiting", reason, due_at=now + PAUSE)

    def _send(self, item: outbox.OutboxItem, message: Message, recipient: Recipient, attempt: int) -> Delivered:
        try:
            receipt = self.senders[recipient.channel].send(message, recipient.address)
        except DeliveryError as error:
            return self._failed(item, message, recipient, attempt, error)
        return self._settle(item, message, "sent", receipt, attempt=(attempt, "sent"))

    def _failed(
        self, item: outbox.OutboxItem, message: Message, recipient: Recipient, attempt: int, error: DeliveryError
    ) -> Delivered:
        reason = str(error)
        ended = (attempt, result_of(error))
        settle = partial(self._settle, item, message, attempt=ended, error=error)
        if error.reached and item.ambiguous + 1 >= policy.MAX_AMBIGUOUS:
            return settle("uncertain", reason)
        if ended[1] == "refused":
            return settle("failed", reason)
        again = self._next_try(item, recipient, error)
        if again is None:
            return settle("failed", f"given up: {reason}")
        return settle("waiting", reason, due_at=again)

    def _next_try(self, item: outbox.OutboxItem, recipient: Recipient, error: DeliveryError) -> datetime | None:
        with self.database.read() as connection:
            first_try, tries = outbox.first_try_at(connection, item.id), outbox.count_tries(connection, item.id)
        now, asked = self.clock(), error.retry_after
        if asked and not error.reached:
            return policy.after_rest(now=now, first_try=first_try, retry_after=asked)
        kind = self.config.channels[recipient.channel].kind
        return policy.next_try(kind, tries, now=now, first_try=first_try, retry_after=asked)

    def _settle(
        self,
        item: outbox.OutboxItem,
        message: Message | None,
        state: outbox.State,
        reason: str,
        *,
        due_at: datetime | None = None,
        attempt: tuple[int, outbox.Result] | None = None,
        error: DeliveryError | None = None,
    ) -> Delivered:
        now = self.clock()
        with self.database.write() as connection:
            if attempt:
                outbox.end_attempt(connection, attempt[0], attempt[1], reason, now=now)
                learn(connection, item.channel, error, now=now)
            outbox.settle(connection, item, state, reason, due_at=due_at, now=now)
        note("deliver", key=item.key, channel=item.channel, state=state, reason=reason)
        return Delivered(item=item, state=state, reason=reason, message=message)

    # ---- what is said ----

    def _compose(self, item: outbox.OutboxItem, recipient: Recipient) -> Message:
        if recipient.desk:
            with self.database.write() as connection:  # what its links are made with may have to be made first
                recipient = with_way_out(connection, recipient)
        with self.database.read() as connection:
            watches = self.config.compiled
            return compose(connection, item, recipient, self.outlets, watches=watches, now=self.clock())


def result_of(error: DeliveryError) -> outbox.Result:
    """What a failed attempt is called in the ledger."""
    if error.reached:
        return "ambiguous"
    if not error.retry:
        return "refused"
    return "throttled" if error.retry_after else "unreached"


def _pass_on(work: Iterator[Delivered], done: SimpleQueue[Delivered | None], over: Event) -> None:
    """Work until there is no more, or nobody listens. None in `done` says that it is over."""
    try:
        while not over.is_set() and (delivered := next(work, None)):
            done.put(delivered)
    finally:
        done.put(None)
