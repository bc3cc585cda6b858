"""push waiting → parse → changes → entries | commit

What lives here: what becomes of a pushed body. It goes the road of a polled one (`intake`), so that an entry that comes
both ways is told once; but it changes nothing of the feed's poll: no validator, no hash, no hour. A push that cannot be
read, or holds no entry, only says that it is time to ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from monitor.errors import FetchError, ParseError, StorageError
from monitor.isolate import IsolatedParser
from monitor.model import Changes, FeedState, ParsedFeed, Push
from monitor.net.inflate import decoded
from monitor.pipeline import intake
from monitor.pipeline.journal import log, note
from monitor.rhythm.cadence import Intervals
from monitor.settings.config import Config
from storage import entries, feeds, subscriptions
from storage.database import Database

_LARGEST = 15_000_000  # bytes of a body, once it is inflated
_FLOOR = Intervals().floor  # between two polls, whoever says that there is news
_NO_TEXTS: Mapping[str, str] = {}
_NOTHING = Changes(new=(), edited=(), same=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What came of one push. `asks`: the feed's own server is to be asked soon."""

    push: Push
    feed: str = ""  # its name
    changes: Changes = _NOTHING
    asks: bool = False
    problem: str = ""
    state: FeedState | None = None  # of its feed, before that; None: nothing is to be kept


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeIn:
    """Reads what hubs have sent. One at work on a database: two would do no harm, but the same twice."""

    database: Database
    config: Config
    parser: IsolatedParser
    clock: Callable[[], datetime]
    stop: Event

    def __call__(self) -> Iterator[TakenIn]:
        """Take in all that waits, in order of arrival; yields what came of each, after it is committed."""
        after = 0
        while not self.stop.is_set():
            with self.database.read() as connection:
                push = subscriptions.next_push(connection, after=after)
            if push is None:
                return
            after = push.id
            if taken := self._take_in(push):
                yield taken

    def _take_in(self, push: Push) -> TakenIn | None:
        """None: its feed is being asked just now; the next round sees whether that was soon enough."""
        with self.database.read() as connection:
            state = feeds.state(connection, push.feed_id, self.config.feeds)
        if state is None:
            return self._record(TakenIn(push=push, problem="its feed is not watched any more"))
        feed = state.feed.name
        if not push.body:
            return self._record(TakenIn(push=push, feed=feed, asks=True))
        try:
            parsed = self._parse(push, state)
            texts = intake.texts(parsed)
            with self.database.read() as connection:
                now, fresh_for = self.clock(), self.config.fresh_for
                _, found = intake.compare(connection, state, parsed, texts, now=now, fresh_for=fresh_for)
        except (FetchError, ParseError) as error:
            return self._record(TakenIn(push=push, feed=feed, asks=True, problem=str(error)))
        except StorageError:
            raise
        except Exception as bug:  # noqa: BLE001 - the unit of work: one push's surprise must not hold up the others
            log.exception("a push for %r could not be read", feed)
            return self._record(TakenIn(push=push, feed=feed, asks=True, problem=repr(bug)))
        problem = parsed.problem.message if parsed.problem else ""
        asks = bool(problem) or not parsed.entries
        taken = TakenIn(push=push, feed=feed, changes=found, asks=asks, problem=problem, state=state)
        return self._record(taken, texts)

    def _parse(self, push: Push, state: FeedState) -> ParsedFeed:
        """Relative links are relative to where the feed's own server answers, as in a poll."""
        body = b"".join(decoded([push.body], limit=_LARGEST))
        url = state.validators.url or state.request_url or state.feed.url
        return self.parser.parse(body, headers={"content-type": push.content_type}, url=url)

    def _record(self, taken: TakenIn, texts: Mapping[str, str] = _NO_TEXTS) -> TakenIn | None:
        """One transaction: what the push brought, and that it is dealt with."""
        push, now = taken.push, self.clock()
        with self.database.write() as connection:
            asked = not taken.asks or feeds.nudge(connection, push.feed_id, now=now, floor=_FLOOR)
            if not asked and taken.changes == _NOTHING:
                return None
            if not subscriptions.taken_in(connection, push):
                return None
            if taken.state:
                entries.keep(connection, [intake.brought(taken.state, taken.changes, texts, at=now)])
            if taken.changes.new:
                feeds.brought(connection, push.feed_id, now=now)
        note(
            "take in",
            level=logging.WARNING if taken.problem else logging.INFO,
            feed=taken.feed,
            new=len(taken.changes.new),
            edited=len(taken.changes.edited),
            asks=taken.asks or None,
            problem=taken.problem,
        )
        return taken
