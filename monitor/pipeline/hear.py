"""a hub asks or sends → is it what was agreed? → committed → answered

What lives here: the answers to hubs, and the queue of what they send. What must not: HTTP (`callback`), reading a body
(`take_in`): a hub waits for its answer, and gets it as soon as nothing can be lost any more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from monitor.errors import StorageError
from monitor.model import Subscription
from monitor.net import websub
from monitor.net.callback import Head, Reply
from monitor.net.websub import Intent
from monitor.pipeline.journal import note
from storage import feeds, subscriptions
from storage.database import Database

MOST_PUSHES, IN_SECONDS = 30, 60.0  # of one subscription; a hub that sends more is to send it later

_UNKNOWN = Reply(status=HTTPStatus.NOT_FOUND)
_DONE = Reply(status=HTTPStatus.NO_CONTENT)


class Meter:
    """How much each subscription has sent lately. Many threads may share it."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._times: dict[int, deque[float]] = {}
        self._lock = threading.Lock()

    def lets_pass(self, who: int) -> bool:
        """Counts one more; False if that is too many."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(who, deque())
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._most:
                return False
            times.append(now)
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """The porter at the callback's door."""

    database: Database
    clock: Callable[[], datetime]
    meter: Meter = field(default_factory=lambda: Meter(MOST_PUSHES, IN_SECONDS))

    def admit(self, head: Head) -> Reply | None:
        """Whoever does not know a token is nobody, and sends no body."""
        try:
            subscription = self._meant(head)
        except StorageError as error:
            return _unable(error)
        if subscription is None:
            return _UNKNOWN
        if head.method == "GET":
            return None
        if head.method != "POST":
            return Reply(status=HTTPStatus.METHOD_NOT_ALLOWED)
        if subscription.state == "asking":
            return _UNKNOWN  # nothing is agreed yet
        if subscription.state != "active":
            return Reply(status=HTTPStatus.GONE)  # which a hub may take as a farewell
        return None if self.meter.lets_pass(subscription.id) else Reply(status=HTTPStatus.TOO_MANY_REQUESTS)

    def answer(self, head: Head, body: bytes) -> Reply:
        """What the hub is told once all is written."""
        try:
            subscription = self._meant(head)
            if subscription is None:
                return _UNKNOWN
            if head.method == "POST":
                return self._receive(subscription, head, body)
            intent = websub.read_intent(head.query)
            return _UNKNOWN if intent is None else self._confirm(subscription, intent)
        except StorageError as error:
            return _unable(error)

    def _meant(self, head: Head) -> Subscription | None:
        token = websub.token_of(head.path)
        if not token:
            return None
        with self.database.read() as connection:
            return subscriptions.by_token(connection, token)

    def _confirm(self, subscription: Subscription, intent: Intent) -> Reply:
        """Yes to what we asked for, and to nothing else."""
        now = self.clock()
        if websub.is_denial(intent, subscription):
            reason = f"the hub denies it: {intent.reason}" if intent.reason else "the hub denies it"
            with self.database.write() as connection:
                subscriptions.refuse(connection, subscription, reason, again_at=now + websub.REFUSED_FOR)
            note("hub", level=logging.WARNING, topic=intent.topic, result="refused", reason=reason)
            return _DONE
        if not websub.is_meant(intent, subscription, now=now):
            return _UNKNOWN
        with self.database.write() as connection:
            if intent.mode == "unsubscribe":
                subscriptions.farewell(connection, subscription, forget_at=now + websub.VERIFIES_WITHIN)
            else:
                until = websub.lease_until(intent, now=now)
                renew_at = websub.renewal_at(subscription.token, until, now=now)
                if not subscriptions.activate(connection, subscription, until=until, renew_at=renew_at, now=now):
                    return _UNKNOWN
        note("hub", topic=intent.topic, result="left" if intent.mode == "unsubscribe" else "active")
        return Reply(status=HTTPStatus.OK, body=intent.challenge.encode())

    def _receive(self, subscription: Subscription, head: Head, body: bytes) -> Reply:
        """Keep what was signed, count what was not. To a forger both look the same."""
        now = self.clock()
        signature = head.headers.get("x-hub-signature", "")
        signed = websub.is_signed(signature, secret=subscription.secret, body=body)
        content_type = head.headers.get("content-type", "")[:200]
        with self.database.write() as connection:
            subscriptions.count(connection, subscription, signed=signed, now=now)
            if signed:
                believed = websub.is_believed(subscription.offer, feeds.addresses(connection, subscription.feed_id))
                kept = body if believed else b""
                subscriptions.receive(connection, subscription, content_type=content_type, body=kept, now=now)
        fault = "" if signed else "its signature is wrong" if signature else "it is not signed"
        level = logging.INFO if signed else logging.WARNING
        note("push", level=level, topic=subscription.offer.topic, bytes=len(body), ignored=fault)
        return _DONE


def _unable(error: StorageError) -> Reply:
    note("push", level=logging.ERROR, error=error)
    return Reply(status=HTTPStatus.SERVICE_UNAVAILABLE)
