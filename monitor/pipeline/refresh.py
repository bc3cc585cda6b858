"""feed due → fetch → parse → changes → FeedOutcome | commit

Feeds of one host are asked one after the other with a gap; hosts do not wait for each other (lanes). Fetching and
parsing happen in threads (parsing in worker processes behind them), deciding and writing in the caller's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from sqlalchemy import Connection

from monitor.errors import FetchError, ParseError, StorageError
from monitor.feeds import changes
from monitor.isolate import IsolatedParser
from monitor.model import Changes, Feed, FeedOutcome, FeedState, Fetched, Offer, ParsedFeed, Problem, Validators
from monitor.net import websub
from monitor.net.fetch import Client
from monitor.pipeline import intake
from monitor.pipeline.clocks import Clocks
from monitor.pipeline.journal import log, note
from monitor.pipeline.lanes import Askers, Lanes, host_of
from monitor.pipeline.rhythm import Rhythms
from monitor.rhythm import cadence, habits, volume
from monitor.rhythm.cadence import Intervals, words
from monitor.rhythm.index_rule import Habit
from monitor.settings.config import Config
from storage import claims, entries, feeds, hosts, readings
from storage.database import Database

LEASE = timedelta(minutes=30)  # longer than a full batch takes with every server at its time limit
BATCH = 1_000  # feeds that wait their turn at once; more are left to be claimed by others, or later
ROUND = timedelta(minutes=15)
WHOLE_BODY_FLOOR = timedelta(minutes=15)  # for servers that give no validators, and send all of it each time
PROXY_RETRY = timedelta(minutes=5)
LOOK = 1.0  # seconds between two looks at what has fallen due

_THROTTLED = "its host asked for fewer requests"
# Its neighbours would find the same; each attempt may cost ten seconds.
_UNREACHABLE = {"dns": "its host was not found again", "connect": "its host could not be reached again"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    """What a server and the parser said of one feed."""

    state: FeedState
    fetched: Fetched | None = None
    parsed: ParsedFeed | None = None  # None with `fetched`: the body is the one we know
    texts: Mapping[str, str] = field(default_factory=dict)  # content → its visible text
    error: FetchError | ParseError | None = None


_Decided = tuple[FeedOutcome, _Poll]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """The first stage."""

    database: Database
    config: Config
    client: Client
    parser: IsolatedParser
    clock: Callable[[], datetime]
    stop: Event
    free_at: dict[str, float] = field(default_factory=dict)  # host → when it may be asked again, on the monotonic clock
    rhythms: Rhythms = field(default_factory=Rhythms)
    clocks: Clocks = field(default_factory=Clocks)
    shard: int | None = None  # whose feeds are asked; None: all

    def count_due(self) -> int:
        with self.database.read() as connection:
            return feeds.count_due(connection, now=self.clock())

    def __call__(self, *, meanwhile: bool = False) -> Iterator[FeedOutcome]:
        """Poll every feed that is due, once; yields each outcome after it is committed.

        `meanwhile` also takes in what falls due while others are being asked, for the length of a `ROUND`: under the
        daemon one slow host must not keep it waiting.
        """
        claimant, started = claims.new_claimant(), self.clock()
        lanes, look_at = Lanes(self.config.gap.total_seconds(), self.free_at), 0.0
        with Askers[_Poll](self.config.at_once) as askers:
            while not self.stop.is_set():
                idle = not lanes and not askers.busy
                if idle or (time.monotonic() >= look_at and len(lanes) < BATCH):
                    horizon = min(self.clock(), started + ROUND) if meanwhile and not idle else started
                    due, resting = self._claim(claimant, horizon)
                    if idle and not due:
                        return
                    yield from self._take_in(due, resting, lanes, claimant)
                    look_at = time.monotonic() + LOOK
                for state in lanes.ready():
                    askers.begin(self._poll, state, doubtful=lanes.doubts(state))
                yield from self._hear(askers, lanes, claimant, min(look_at, lanes.next_turn()))
            askers.dismiss()
            while askers.busy:
                yield from self._hear(askers, lanes, claimant, time.monotonic() + LOOK)

    def _claim(self, claimant: str, now: datetime) -> tuple[tuple[FeedState, ...], Mapping[str, datetime]]:
        """Feeds that are due, and the hosts that asked for rest."""
        with self.database.write(alongside=True) as connection:
            due = feeds.claim_due(
                connection, self.config.feeds, claimant=claimant, now=now, lease=LEASE, limit=BATCH, shard=self.shard
            )
            return due, hosts.resting(connection, now=self.clock())

    def _take_in(
        self, due: tuple[FeedState, ...], resting: Mapping[str, datetime], lanes: Lanes, claimant: str
    ) -> Iterator[FeedOutcome]:
        """Let the feeds wait their turn, but for those whose host asked for rest."""
        now = self.clock()
        for lane in cadence.lanes(due):
            rest = resting.get(host_of(lane[0]), now) - now
            if rest > timedelta():
                yield from self._record(self._postponed(lane, rest, _THROTTLED), claimant)
            else:
                lanes.add(lane)

    def _hear(self, askers: Askers[_Poll], lanes: Lanes, claimant: str, until: float) -> Iterator[FeedOutcome]:
        """What the next polls came to, and for the other feeds of their hosts."""
        polls, waiting = askers.heard(until), []
        for poll in polls:
            retry_after = poll.error.retry_after if isinstance(poll.error, FetchError) else None
            why = _why_others_wait(poll)
            others = lanes.others(poll.state) if why else []
            answered = not isinstance(poll.error, FetchError) or poll.error.status is not None
            lanes.heard(poll.state, answered=answered)
            waiting += self._postponed(others, retry_after, why)
        yield from self._conclude(polls, claimant)
        yield from self._record(waiting, claimant)

    # ---- in a thread: the slow part ----

    def _poll(self, state: FeedState) -> _Poll:
        """Ask one server and read what it says. Never raises: a feed that fails must not take the others with it."""
        try:
            validators = state.validators if state.feed.conditional else Validators()
            fetched = self.client.get(state.request_url or state.feed.url, validators, known_hash=state.body_hash)
            if fetched.status == 304 or fetched.body_hash == state.body_hash:
                return _Poll(state=state, fetched=fetched)
            parsed = self._parse(state, fetched)
            return _Poll(state=state, fetched=fetched, parsed=parsed, texts=intake.texts(parsed))
        except (FetchError, ParseError) as error:
            return _Poll(state=state, error=error)
        except Exception as bug:  # noqa: BLE001 - the unit of work: one feed's surprise is that feed's failure
            log.exception("refresh of %r failed unexpectedly", state.feed.name)
            return _Poll(state=state, error=_surprise(bug))

    def _parse(self, state: FeedState, fetched: Fetched) -> ParsedFeed:
        """The body, read as far as it is not the body of last time."""
        from monitor.feeds import abridged  # its libraries, a round that brings nothing new does without

        last = None
        if state.body_hash:  # who left none was not read whole, and there is no reading
            with self.database.read() as connection:
                last = readings.last(connection, state.id)
        headers, url = fetched.headers, fetched.final_url
        parse = partial(self.parser.parse, headers=headers, url=url)
        return abridged.read_changes(parse, fetched.body, last, headers=headers, url=url)

    # ---- in the caller's thread: decide, write ----

    def _conclude(self, polls: Sequence[_Poll], claimant: str) -> list[FeedOutcome]:
        """What polls decided, committed; without those whose claim was lost.

        What came together is written together: a disk takes as long for one as for all. Where one cannot be written,
        each is written alone, and that one has failed. Raises only what the database refuses to all.
        """
        try:
            with self.database.read() as connection:
                decided = [(self._decide(connection, poll), poll) for poll in polls]
            return self._record(decided, claimant)
        except StorageError:
            raise
        except Exception as bug:  # noqa: BLE001 - the unit of work, as in `_poll`
            if len(polls) > 1:
                return [outcome for poll in polls for outcome in self._conclude([poll], claimant)]
            (poll,) = polls
            log.exception("what %r brought could not be kept", poll.state.feed.name)
            return self._record([(self._failed(poll.state, _surprise(bug)), _Poll(state=poll.state))], claimant)

    def _decide(self, connection: Connection, poll: _Poll) -> FeedOutcome:
        if poll.error is not None or poll.fetched is None:
            return self._failed(poll.state, poll.error or FetchError("internal", "no answer"))
        if poll.parsed is None:
            return self._unchanged(poll.state, poll.fetched)
        return self._read(connection, poll, poll.fetched, poll.parsed)

    def _failed(self, state: FeedState, error: FetchError | ParseError) -> FeedOutcome:
        """Entries and validators stay as they were: the next good answer continues where the last one ended."""
        now = self.clock()
        gone = error.kind == "gone"
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        due = cadence.after_failure(state, now=now, intervals=self._intervals, retry_after=retry_after, gone=gone)
        moved_back = state.failures + 1 >= cadence.FAILURES_TO_DOUBT_A_MOVE
        if error.kind == "proxy":  # ours, and no feed's fault: nobody is bothered by another try
            due, moved_back = cadence.Next(at=now + PROXY_RETRY, reason=f"again in {words(PROXY_RETRY)}"), False
        return replace(
            _as_before(state, now, due),
            result="gone" if gone else "failed",
            status=error.status if isinstance(error, FetchError) else 200,
            problem=Problem(kind=error.kind, message=str(error)),
            request_url="" if moved_back else state.request_url,
        )

    def _unchanged(self, state: FeedState, fetched: Fetched) -> FeedOutcome:
        now, validators = self.clock(), _validators(state, fetched)
        intervals = self._intervals_for(state.feed, validators)
        state = replace(state, habit=habits.after_unchanged(state, now=now, crowd=intervals.crowd))
        due = cadence.after_success(
            state, now=now, intervals=intervals, headers=fetched.headers, hint=state.interval_hint
        )
        redirect_to, redirect_seen, request_url = cadence.permanent_move(state, fetched, overlap=True)
        return replace(
            _as_before(state, now, due),
            result="unchanged",
            status=fetched.status,
            validators=validators,
            redirect_to=redirect_to,
            redirect_seen=redirect_seen,
            request_url=request_url,
        )

    def _read(self, connection: Connection, poll: _Poll, fetched: Fetched, parsed: ParsedFeed) -> FeedOutcome:
        from monitor.feeds.abridged import reading  # as in `_parse`

        state, now, validators = poll.state, self.clock(), _validators(poll.state, fetched)
        intervals = self._intervals_for(state.feed, validators)
        known, found = intake.compare(connection, state, parsed, poll.texts, now=now, fresh_for=self.config.fresh_for)
        gap = habits.shares_nothing(parsed, found, known)
        habit = habits.after_read(
            state, parsed, found, now=now, crowd=intervals.crowd, gap=gap, pushed=self._pushed(connection, state)
        )
        state = replace(state, habit=habit, rests=parsed.rests)
        if volume.is_flood(Habit.read(habit), len(found.new)):
            found = changes.hold_undated(found)
        due = cadence.after_success(
            state, now=now, intervals=intervals, headers=fetched.headers, hint=parsed.interval_hint, gap=gap
        )
        overlap = not known or len(found.new) < parsed.size
        redirect_to, redirect_seen, request_url = cadence.permanent_move(state, fetched, overlap)
        # A body that was read with losses must be read again when it can be read better: it leaves no validators.
        whole = parsed.problem is None
        return FeedOutcome(
            feed_id=state.id,
            polled_at=now,
            next_poll_at=due.at,
            result="read",
            reason=due.reason,
            rest_until=due.rest_until,
            status=fetched.status,
            validators=validators if whole else Validators(),
            body_hash=fetched.body_hash if whole else "",
            interval_hint=parsed.interval_hint,
            rests=parsed.rests,
            problem=parsed.problem,
            changes=found,
            title=parsed.title,
            language=parsed.language,
            redirect_to=redirect_to,
            redirect_seen=redirect_seen,
            request_url=request_url,
            habit=habit,
            offer=self._offer(fetched, parsed),
            reading=reading(parsed, found),
            gap=gap,
        )

    def _pushed(self, connection: Connection, state: FeedState) -> tuple[datetime, ...]:
        """The dates of what hubs brought since the last poll."""
        if self.config.websub is None or state.last_success_at is None:
            return ()
        return entries.came_after(connection, state.id, state.last_success_at)

    def _offer(self, fetched: Fetched, parsed: ParsedFeed) -> Offer | None:
        url, ports = fetched.final_url, self.config.allow_ports
        return websub.offer_of(fetched.headers, hubs=parsed.hubs, itself=parsed.itself, url=url, ports=ports)

    def _record(self, decided: Sequence[_Decided], claimant: str) -> list[FeedOutcome]:
        """One transaction: what servers gave us to ask with next time, and the entries that came with it."""
        if not decided:
            return []
        # Who has claimed a feed is the only one to write of it and of its entries; of a host, anybody may.
        alongside = not any(_is_throttled(poll) for _, poll in decided)
        decided = [(replace(outcome, place=_place_after(outcome, poll.state)), poll) for outcome, poll in decided]
        with self.database.write(alongside=alongside) as connection:
            ours = feeds.record(connection, [outcome for outcome, _ in decided], claimant=claimant)
            self.clocks.note(connection, [poll.fetched for _, poll in decided], now=self.clock())
            for outcome, poll in decided:
                if isinstance(poll.error, FetchError) and poll.error.retry_after and _is_throttled(poll):
                    until = outcome.polled_at + poll.error.retry_after
                    hosts.rest(connection, host_of(poll.state), now=outcome.polled_at, until=until)
            if read := [one for one in decided if one[0].feed_id in ours and one[0].result == "read"]:
                brought = (intake.brought(poll.state, one.changes, poll.texts, at=one.polled_at) for one, poll in read)
                entries.keep(connection, tuple(brought))
                readings.keep(connection, {outcome.feed_id: outcome.reading for outcome, _ in read})
        for outcome, poll in decided:
            _note(outcome, poll.state, written=outcome.feed_id in ours)
        return [outcome for outcome, _ in decided if outcome.feed_id in ours]

    def _postponed(self, states: Sequence[FeedState], rest: timedelta | None, why: str) -> list[_Decided]:
        """A host that says "too many requests", or cannot be reached, means all its feeds."""
        decided = []
        for state in states:
            now = self.clock()
            due = cadence.after_failure(state, now=now, intervals=self._intervals, retry_after=rest, gone=False)
            waiting = replace(_as_before(state, now, due), result="postponed", reason=f"{why}; {due.reason}")
            decided.append((waiting, _Poll(state=state)))
        return decided

    def _intervals_for(self, feed: Feed, validators: Validators) -> Intervals:
        """Who has to send all of it each time is asked less often."""
        brief = feed.conditional and validators.are_any
        return self._intervals if brief else replace(self._intervals, floor=WHOLE_BODY_FLOOR)

    @property
    def _intervals(self) -> Intervals:
        return self.rhythms.now(self.database, self.config, self.clock())


def _note(outcome: FeedOutcome, state: FeedState, *, written: bool) -> None:
    if not written:
        note("refresh", level=logging.WARNING, feed=state.feed.name, result="claim lost, nothing written")
        return
    note(
        "refresh",
        feed=state.feed.name,
        result=outcome.result,
        new=len(outcome.changes.new),
        edited=len(outcome.changes.edited),
        problem=outcome.problem.message if outcome.problem else "",
    )


def _is_throttled(poll: _Poll) -> bool:
    """Whether a host asked for rest, and said for how long."""
    return isinstance(poll.error, FetchError) and poll.error.kind == "throttled" and bool(poll.error.retry_after)


def _place_after(outcome: FeedOutcome, state: FeedState) -> str:
    """A URL of the host that is asked next time."""
    failures = {"failed": state.failures + 1, "gone": state.failures + 1, "postponed": state.failures}
    return cadence.place(
        replace(
            state,
            failures=failures.get(outcome.result, 0),
            validators=outcome.validators,
            request_url=outcome.request_url,
        )
    )


def _why_others_wait(poll: _Poll) -> str:
    """Why the other feeds of a host are not to be asked now; "" if they are. One lost connection proves nothing."""
    if poll.error is None or (poll.error.kind in _UNREACHABLE and not poll.state.failures):
        return ""
    return _UNREACHABLE.get(poll.error.kind) or (_THROTTLED if poll.error.kind == "throttled" else "")


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
        rest_until=due.rest_until,
        validators=state.validators,
        body_hash=state.body_hash,
        interval_hint=state.interval_hint,
        rests=state.rests,
        changes=Changes(new=(), edited=(), same=0),
        redirect_to=state.redirect_to,
        redirect_seen=state.redirect_seen,
        request_url=state.request_url,
        habit=state.habit,
    )
