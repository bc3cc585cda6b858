"""Whether an installation does what it is there for: not whether it lives, but whether it keeps its pace.

What lives here: a standing and the bounds → findings, each with its level. What must not: a clock, a database, HTTP.

What was to be expected follows from the schedule: a feed that is asked every half hour is to have been asked within the
last hour, one that is asked every four hours with a chance of a quarter. What entries were to be expected follows from
what each feed usually brings at these hours. Little is not judged: of three entries expected, none may come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitor.model import Bounds, FeedPace, Standing
from monitor.rhythm import index_rule
from monitor.rhythm.cadence import words
from monitor.rhythm.index_rule import Habit

Level = Literal["ok", "slow", "stalled"]

FEW_POLLS, FEW_ENTRIES = 5.0, 20.0  # expected; of fewer, chance may leave none
LATE = timedelta(minutes=15)  # a feed may be asked after its time: its host has many, or a timer starts the program
MANY_LATE, MOST_LATE = 0.1, 0.5  # of the feeds
STALLED = 0.2  # of a bound, below which nothing goes on at all
LONG = 6  # times the wait that is allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was judged."""

    measure: Literal["feeds", "overdue", "entries", "examining", "delivering"]
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much was done, and how much the schedule and the habits promised."""

    done: float
    expected: float
    minutes: float

    @property
    def share(self) -> float:
        return self.done / self.expected if self.expected else 1.0


def judge(standing: Standing, bounds: Bounds) -> tuple[Finding, ...]:
    """All that is judged, well or not. Of an installation that is younger than the window, only what waits."""
    found = [
        _of_wait("examining", standing.oldest_unexamined_at, standing.now, bounds),
        _of_wait("delivering", standing.oldest_due_at, standing.now, bounds),
    ]
    if standing.began_at is None or standing.began_at > standing.since:
        return tuple(found)
    polls, news = poll_pace(standing), entry_pace(standing)
    found.append(_of_pace("feeds", polls, bounds.feeds, FEW_POLLS, "polls"))
    found.append(_of_lateness(standing))
    if standing.began_at <= standing.entries_since:
        found.append(_of_pace("entries", news, bounds.entries, FEW_ENTRIES, "new entries"))
    return tuple(found)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Whether anything goes on at all: if not, somebody should look, or start it again."""
    return all(finding.level != "stalled" for finding in findings)


def is_ready(findings: Iterable[Finding]) -> bool:
    """Whether alerts come as they should: one may rely on it now."""
    return all(finding.level == "ok" for finding in findings)


def poll_pace(standing: Standing) -> Pace:
    """Feeds that were asked in the window, each once however often, beside those of whom the schedule promised it."""
    window = standing.now - standing.since
    asked = [feed for feed in standing.feeds if feed.polled_at and feed.polled_at > standing.since]
    expected = sum(_chance(feed, window) for feed in standing.feeds)
    scale = _scale(standing)
    return Pace(done=len(asked) * scale, expected=expected * scale, minutes=window.total_seconds() / 60)


def entry_pace(standing: Standing) -> Pace:
    """New entries, beside those that the feeds' habits promised for these hours."""
    since, until = standing.entries_since.timestamp(), standing.now.timestamp()
    habits = [Habit.read(feed.habit) for feed in standing.feeds if feed.habit and feed.outcome == "ok"]
    crowd = index_rule.crowd_of(habits)
    promised = (index_rule.promised(index_rule.pace_of(one, crowd), since=since, until=until) for one in habits)
    return Pace(done=standing.entries, expected=sum(promised) * _scale(standing), minutes=(until - since) / 60)


def overdue(standing: Standing, late: timedelta = LATE) -> float:
    """How many feeds should have been asked so long ago."""
    return sum(_is_due(feed, standing.now - late) for feed in standing.feeds) * _scale(standing)


def _scale(standing: Standing) -> float:
    """Of very many feeds, only some were looked at."""
    return standing.feed_count / len(standing.feeds) if standing.feeds else 1.0


def _chance(feed: FeedPace, window: timedelta) -> float:
    """That a feed is asked within a window, as it was planned at its last poll."""
    if feed.outcome == "gone":
        return 0.0
    if feed.polled_at is None or feed.next_poll_at is None:
        return 1.0
    return min(1.0, window / max(feed.next_poll_at - feed.polled_at, timedelta(seconds=1)))


def _is_due(feed: FeedPace, moment: datetime) -> bool:
    return feed.outcome != "gone" and feed.next_poll_at is not None and feed.next_poll_at < moment


# ---- one finding each ------------------------------------------------------------------------------------------------


def _of_pace(measure: Literal["feeds", "entries"], pace: Pace, bound: float, few: float, what: str) -> Finding:
    hours = words(timedelta(minutes=pace.minutes))
    sentence = f"{pace.done:,.0f} {what} in {hours}, {pace.expected:,.0f} expected"
    if pace.expected < few:
        return Finding(measure=measure, level="ok", sentence=f"{sentence}: too few to judge by")
    level: Level = "ok" if pace.share >= bound else "slow" if pace.share >= bound * STALLED else "stalled"
    return Finding(measure=measure, level=level, sentence=sentence)


def _of_lateness(standing: Standing) -> Finding:
    late = overdue(standing)
    share = late / standing.feed_count if standing.feed_count else 0.0
    level: Level = "ok" if share < MANY_LATE else "slow" if share < MOST_LATE else "stalled"
    sentence = f"{late:,.0f} of {standing.feed_count:,} feeds should have been asked more than {words(LATE)} ago"
    return Finding(measure="overdue", level=level, sentence=sentence)


_WAITS = {
    "examining": ("no entry waits to be examined", "an entry has waited for {} to be examined"),
    "delivering": ("no message waits that could go out", "a message that could go out has waited for {}"),
}


def _of_wait(
    measure: Literal["examining", "delivering"], since: datetime | None, now: datetime, bounds: Bounds
) -> Finding:
    waited = now - since if since else timedelta()
    level: Level = "ok" if waited <= bounds.waiting else "slow" if waited <= LONG * bounds.waiting else "stalled"
    none, some = _WAITS[measure]
    sentence = some.format(words(waited)) if waited >= timedelta(minutes=1) else none
    return Finding(measure=measure, level=level, sentence=sentence)
