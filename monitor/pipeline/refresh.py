"""feed due → fetch → parse → changes → FeedOutcome | commit

Feeds of one host are asked one after the other with a gap; hosts do not wait for each other. Fetching and parsing
happen in threads (parsing in worker processes behind them), deciding and writing in the caller's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Event

from monitor import cadence, changes
from monitor.cadence import Intervals
from monitor.config import Config
from monitor.errors import FetchError, ParseError, StorageError
from monitor.fetch import Client
from monitor.isolate import IsolatedParser
from monitor.model import Changes, FeedOutcome, FeedState, Fetched, ParsedFeed, Problem, Validators
from monitor.pipeline.journal import log, note
from monitor.text import visible_text
from storage import claims, entries, feeds
from storage.database import Database

LEASE = timedelta(minutes=30)  # longer than a full batch takes with every server at its time limit
BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    """What a server and the parser said of one feed."""

    state: FeedState
    fetched: Fetched | None = None
    parsed: ParsedFeed | None = None  # None with `fetched`: the body is the one we know
    texts: Mapping[str, str] = field(default_factory=dict)  # content → its visible text
    error: FetchError | ParseError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """The first stage."""

    database: Database
    config: Config
    client: Client
    parser: IsolatedParser
    clock: Callable[[], datetime]
    stop: Event

    def count_due(self) -> int:
        with self.database.read() as connection:
            return feeds.count_due(connection, now=self.clock())

    def __call__(self) -> Iterator[FeedOutcome]:
        """Poll every feed that is due now, once; yields each outcome after it is committed."""
        started = self.clock()
        while not self.stop.is_set():
            claimant = claims.new_claimant()
            with self.database.write() as connection:
                due = feeds.claim_due(
                    connection, self.config.feeds, claimant=claimant, now=started, lease=LEASE, limit=BATCH
                )
            if not due:
                return
            yield from self._poll_all(due, claimant)

    def _poll_all(self, due: tuple[FeedState, ...], claimant: str) -> Iterator[FeedOutcome]:
        """One feed of each host at a time: the next one is begun when the one before it has been heard."""
        done: SimpleQueue[Future[_Poll]] = SimpleQueue()
        lanes: dict[Future[_Poll], list[FeedState]] = {}

        def begin(lane: list[FeedState], wait: float) -> None:
            future = pool.submit(self._poll, lane[0], wait)
            lanes[future] = lane[1:]
            future.add_done_callback(done.put)

        with ThreadPoolExecutor(self.config.at_once, thread_name_prefix="refresh") as pool:
            for lane in cadence.lanes(due):
                begin(list(lane), 0)
            while lanes:
                future = done.get()
                rest = lanes.pop(future)
                poll = future.result()
                if outcome := self._conclude(poll, claimant):
                    yield outcome
                if isinstance(poll.error, FetchError) and poll.error.kind == "throttled":
                    yield from self._postpone(rest, poll, claimant)
                elif rest and not self.stop.is_set():
                    begin(rest, self.config.gap.total_seconds())

    # ---- in a thread: the slow part ----

    def _poll(self, state: FeedState, wait: float) -> _Poll:
        """Ask one server and read what it says. Never raises: a feed that fails must not take the others with it."""
        self.stop.wait(wait)
        try:
            fetched = self.client.get(state.request_url or state.feed.url, state.validators, known_hash=state.body_hash)
            if fetched.status == 304 or fetched.body_hash == state.body_hash:
                return _Poll(state=state, fetched=fetched)
            parsed = self.parser.parse(fetched.body, headers=fetched.headers, url=fetched.final_url)
            texts = {entry.content: visible_text(entry.content) for entry in parsed.entries if entry.content}
            return _Poll(state=state, fetched=fetched, parsed=parsed, texts=texts)
        except (FetchError, ParseError) as error:
            return _Poll(state=state, error=error)
        except Exception as bug:  # noqa: BLE001 - the unit of work: one feed's surprise is that feed's failure
            log.exception("refresh of %r failed unexpectedly", state.feed.name)
            return _Poll(state=state, error=_surprise(bug))

    # ---- in the caller's thread: decide, write ----

    def _conclude(self, poll: _Poll, claimant: str) -> FeedOutcome | None:
        """What one poll decided, committed. None: the claim was lost. Raises only what the database refuses to all."""
        try:
            return self._record(self._decide(poll), poll, claimant)
        except StorageError:
            raise
        except Exception as bug:  # noqa: BLE001 - the unit of work, as in `_poll`
            log.exception("what %r brought could not be kept", poll.state.feed.name)
            return self._record(self._failed(poll.state, _surprise(bug)), _Poll(state=poll.state), claimant)

    def _decide(self, poll: _Poll) -> FeedOutcome:
        if poll.error is not None or poll.fetched is None:
            return self._failed(poll.state, poll.error or FetchError("internal", "no answer"))
        if poll.parsed is None:
            return self._unchanged(poll.state, poll.fetched)
        return self._read(poll.state, poll.fetched, poll.parsed)

    def _failed(self, state: FeedState, error: FetchError | ParseError) -> FeedOutcome:
        """Entries and validators stay as they were: the next good answer continues where the last one ended."""
        now = self.clock()
        gone = error.kind == "gone"
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        due = cadence.after_failure(state, now=now, intervals=self._intervals, retry_after=retry_after, gone=gone)
        return replace(
            _as_before(state, now, due),
            result="gone" if gone else "failed",
            status=error.status if isinstance(error, FetchError) else 200,
            problem=Problem(kind=error.kind, message=str(error)),
        )

    def _unchanged(self, state: FeedState, fetched: Fetched) -> FeedOutcome:
        now = self.clock()
        due = cadence.after_success(
            state, now=now, intervals=self._intervals, headers=fetched.headers, hint=state.interval_hint
        )
        redirect_to, redirect_seen, request_url = cadence.permanent_move(state, fetched, overlap=True)
        return replace(
            _as_before(state, now, due),
            result="unchanged",
            status=fetched.status,
            validators=_validators(state, fetched),
            redirect_to=redirect_to,
            redirect_seen=redirect_seen,
            request_url=request_url,
        )

    def _read(self, state: FeedState, fetched: Fetched, parsed: ParsedFeed) -> FeedOutcome:
        now = self.clock()
        with self.database.read() as connection:
            known = entries.known(connection, state.id)
        found = changes.decide(
            parsed,
            known=known,
            first_poll=state.last_success_at is None,
            now=now,
            fresh_for=self.config.fresh_for,
        )
        due = cadence.after_success(
            state, now=now, intervals=self._intervals, headers=fetched.headers, hint=parsed.interval_hint
        )
        overlap = not known or len(found.new) < len(parsed.entries)
        redirect_to, redirect_seen, request_url = cadence.permanent_move(state, fetched, overlap)
        # A body that was read with losses must be read again when it can be read better: it leaves no validators.
        whole = parsed.problem is None
        return FeedOutcome(
            feed_id=state.id,
            polled_at=now,
            next_poll_at=due.at,
            result="read",
            reason=due.reason,
            status=fetched.status,
            validators=_validators(state, fetched) if whole else Validators(),
            body_hash=fetched.body_hash if whole else "",
            interval_hint=parsed.interval_hint,
            problem=parsed.problem,
            changes=found,
            title=parsed.title,
            language=parsed.language,
            redirect_to=redirect_to,
            redirect_seen=redirect_seen,
            request_url=request_url,
        )

    def _record(self, outcome: FeedOutcome, poll: _Poll, claimant: str) -> FeedOutcome | None:
        """One transaction: what the server gave us to ask with next time, and the entries that came with it."""
        texts = {
            keyed.key: poll.texts.get(keyed.entry.content, "")
            for keyed in (*outcome.changes.new, *outcome.changes.edited)
        }
        with self.database.write() as connection:
            written = feeds.record(connection, outcome, claimant=claimant)
            if written:
                entries.add(connection, outcome.feed_id, outcome.changes.new, texts, now=outcome.polled_at)
                entries.edit(connection, outcome.feed_id, outcome.changes.edited, texts, now=outcome.polled_at)
        if not written:
            note("refresh", level=logging.WARNING, feed=poll.state.feed.name, result="claim lost, nothing written")
            return None
        note(
            "refresh",
            feed=poll.state.feed.name,
            result=outcome.result,
            new=len(outcome.changes.new),
            edited=len(outcome.changes.edited),
            problem=outcome.problem.message if outcome.problem else "",
        )
        return outcome

    def _postpone(self, rest: list[FeedState], poll: _Poll, claimant: str) -> Iterator[FeedOutcome]:
        """A host that says "too many requests" means all its feeds."""
        for state in rest:
            now = self.clock()
            retry_after = poll.error.retry_after if isinstance(poll.error, FetchError) else None
            due = cadence.after_failure(state, now=now, intervals=self._intervals, retry_after=retry_after, gone=False)
            waiting = replace(
                _as_before(state, now, due),
                result="postponed",
                reason=f"its host asked for fewer requests; {due.reason}",
            )
            if outcome := self._record(waiting, _Poll(state=state), claimant):
                yield outcome

    @property
    def _intervals(self) -> Intervals:
        return Intervals(every=self.config.every)


def _surprise(bug: Exception) -> FetchError:
    return FetchError("internal", f"Tipsheet itself failed on this feed: {bug!r}")


def _validators(state: FeedState, fetched: Fetched) -> Validators:
    """A 200 replaces both, even with nothing. A 304 replaces what it names. They belong to the URL that answered."""
    etag, modified = fetched.headers.get("etag"), fetched.headers.get("last-modified")
    if fetched.status == 304:
        etag, modified = etag or state.validators.etag, modified or state.validators.last_modified
    return Validators(etag=etag, last_modified=modified, url=fetched.final_url)


def _as_before(state: FeedState, now: datetime, due: cadence.Next) -> FeedOutcome:
    """An outcome that keeps everything that was remembered."""
    return FeedOutcome(
        feed_id=state.id,
        polled_at=now,
        next_poll_at=due.at,
        result="unchanged",
        reason=due.reason,
        validators=state.validators,
        body_hash=state.body_hash,
        interval_hint=state.interval_hint,
        changes=Changes(new=(), edited=(), same=0),
        redirect_to=state.redirect_to,
        redirect_seen=state.redirect_seen,
        request_url=state.request_url,
    )
