"""hub due → question begun | commit → asked → refused, put off or left to be verified | commit

What lives here: asking hubs to begin and to end. What must not: what hubs ask and send (`hear`), what a push brings
(`take_in`). That a hub was asked is committed before it is, for it may verify before it answers.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from urllib.parse import urljoin

from monitor.errors import FetchError
from monitor.model import Subscription
from monitor.net import websub
from monitor.net.fetch import Client, Posted
from monitor.net.websub import Verdict
from monitor.pipeline.journal import note
from monitor.rhythm import cadence
from monitor.settings.config import Config
from storage import subscriptions
from storage.database import Database

_MOVES = {301, 302, 307, 308}  # a hub that has moved is asked where it is now, in the same words: it reads no GET
_MOST_MOVES = 3
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a subscription stands after its hub was asked."""

    subscription: Subscription
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Keeps the agreements with hubs as the feeds offer them. Does nothing without a place for callbacks."""

    database: Database
    config: Config
    client: Client
    clock: Callable[[], datetime]
    stop: Event

    def __call__(self) -> Iterator[Asked]:
        """Ask every hub that is due, once, one after the other; yields what each said, after it is committed."""
        if self.config.websub is None:
            return
        self._settle(self.config.websub.callback)
        now = self.clock()
        with self.database.read() as connection:
            due = subscriptions.due(connection, now=now, farthest=now + websub.FARTHEST)
        silent: set[str] = set()
        for subscription in due:
            host = cadence.host(subscription.offer.hub)
            if host in silent:
                continue  # it would cost the same wait again; the next round asks
            if self.stop.is_set():
                return
            verdict = self._ask(subscription, host)
            if verdict and verdict.kind == "later":
                silent.add(host)
            if verdict:
                yield Asked(subscription=subscription, verdict=verdict)
            self.stop.wait(self.config.gap.total_seconds())

    def _settle(self, place: str) -> None:
        """Begin what feeds offer, end what they offer no more, renew what runs out."""
        now = self.clock()
        with self.database.read() as connection:
            offers, rows = subscriptions.offers(connection), subscriptions.all_of_them(connection)
        plan = websub.planned(offers, rows, place=place, now=now)
        if plan == websub.Plan():
            return
        with self.database.write() as connection:
            subscriptions.leave(connection, plan.leave, now=now)
            subscriptions.forget(connection, plan.forget)
            for feed_id in plan.begin:
                subscriptions.begin(
                    connection,
                    feed_id,
                    offers[feed_id],
                    place=place,
                    token=secrets.token_urlsafe(32),
                    secret=secrets.token_urlsafe(48),
                    now=now,
                )

    def _ask(self, subscription: Subscription, host: str) -> Verdict | None:
        """None: it need not be asked any more."""
        now = self.clock()
        again_at = websub.next_question(subscription.token, subscription.failures + 1, now=now)
        with self.database.write() as connection:
            if not subscriptions.asked(connection, subscription, now=now, again_at=again_at):
                return None
        try:
            posted = self._post(subscription)
        except FetchError as error:
            refused = error.kind == "refused-address"
            verdict, rest = Verdict(kind="refused" if refused else "later", reason=str(error)), None
        else:
            verdict = websub.judged(posted.status, host=host)
            rest = cadence.parse_retry_after(posted.headers.get("retry-after", ""), now=now)
        self._record(subscription, verdict, rest)
        return verdict

    def _post(self, subscription: Subscription) -> Posted:
        hub = url = subscription.offer.hub
        for _ in range(_MOST_MOVES):
            posted = self.client.post(url, headers=_FORM, body=websub.question(subscription))
            if posted.status not in _MOVES:
                return posted
            url = urljoin(url, posted.headers.get("location", ""))
            if not websub.is_as_safe(url, hub):
                break
        raise FetchError("redirect", f"the hub {cadence.host(hub)} redirects too often, or from https to http")

    def _record(self, subscription: Subscription, verdict: Verdict, rest: timedelta | None) -> None:
        now, failures = self.clock(), subscription.failures + 1
        with self.database.write() as connection:
            if verdict.kind == "later":
                again_at = websub.next_question(subscription.token, failures, now=now, asked_for=rest)
                subscriptions.put_off(connection, subscription, verdict.reason, again_at=again_at)
            elif verdict.kind == "refused" and subscription.state == "leaving":
                subscriptions.forget(connection, [subscription.id])
            elif verdict.kind == "refused":
                willing_at = None if verdict.refused_for is None else now + verdict.refused_for
                subscriptions.refuse(connection, subscription, verdict.reason, again_at=willing_at)
        deaf = verdict.kind == "heard" and subscription.failures and not subscription.reason
        note(
            "hub",
            level=logging.WARNING if deaf or verdict.kind != "heard" else logging.INFO,
            topic=subscription.offer.topic,
            asked="to stop" if subscription.state == "leaving" else "to tell",
            result=verdict.kind,
            reason="asked before, it did not ask back: is the callback reached from outside?"
            if deaf
            else verdict.reason,
        )
