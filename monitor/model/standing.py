"""How an installation stands, as its rows say: what is shown to whoever operates it, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPace:
    """One feed in use, as far as the pace of all together goes."""

    polled_at: datetime | None
    next_poll_at: datetime | None  # None: it is due, because it was never asked
    outcome: str  # of its last poll: "ok", "waiting" for none yet, or the kind of its problem
    habit: tuple[float, ...]  # as `Habit.kept` writes it; (): not known yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the rows say at `now`. Counts that look back say from when."""

    now: datetime
    since: datetime  # polls, attempts and delays are counted from here
    entries_since: datetime  # and entries from here
    began_at: datetime | None  # when this installation first went to work; None: never
    feeds: tuple[FeedPace, ...]  # those in use, or every n-th of very many
    feed_count: int  # those in use
    polls: int  # ever
    entries: int  # new ones; what a feed brought as its past is none
    last_entry_at: datetime | None
    last_poll_at: datetime | None
    last_delivery_at: datetime | None
    unexamined: int
    oldest_unexamined_at: datetime | None  # since when it could have been examined
    deliveries: Mapping[str, int]  # state → how many there are
    attempts: Mapping[str, int]  # result → how many began
    oldest_waiting_at: datetime | None  # when the oldest delivery was decided that waits, for whatever reason
    oldest_due_at: datetime | None  # since when the oldest delivery could go out, and does not
    delays: Mapping[str, tuple[float, ...]]  # from one point to the next, in seconds, ascending
    digests_sent: frozenset[str]  # keys of the digests of the last days that were sent
    sizes: Mapping[str, int]  # part of the database → bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From when on an installation is not well."""

    window: timedelta = timedelta(hours=1)  # over which the pace is taken
    feeds: float = 0.5  # of the polls that the schedule promises
    entries: float = 0.25  # of the entries that the feeds' habits promise
    waiting: timedelta = timedelta(minutes=10)  # that an entry waits to be examined, or a message to go out


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long something is kept."""

    texts: timedelta  # of entries that no watch matched
    matched: timedelta | None  # texts of those that one matched; None: for good
    decisions: timedelta
    attempts: timedelta  # of deliveries that are settled
    messages: timedelta  # the words of what was sent
    audit: timedelta
