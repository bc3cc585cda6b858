"""All arithmetic of time: the next poll, back-off, Retry-After, the digest's hour, the order in which feeds are asked.

What lives here: `now` and what is known in, a time and its reason out. What must not: a clock, a timer, a random
number. Jitter is a hash of the feed's URL, so that it survives a restart. Politeness has one direction: what a server
or a feed asks for lengthens an interval and never shortens it, wherever the interval came from.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.model import DigestDays, FeedState, Fetched
from monitor.rhythm import index_rule
from monitor.rhythm.index_rule import Crowd, Habit, Rhythm

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when a feed that is gone is polled next
RETRY_AFTER_CAP = timedelta(days=31)
QUIET = 4  # a quiet feed waits for at most so many of the general intervals
FAILURES_TO_DOUBT_A_MOVE = 5  # then the address in the file is asked again
REDIRECTS_TO_BELIEVE = 5  # hotel portals answer every feed with a 301; five polls in a row are no hotel

_OLDEST = datetime.min.replace(tzinfo=UTC)
_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_DOUBLINGS = 20  # beyond this the cap has long been reached; keeps the arithmetic small


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The general rhythm. A feed's own `every` replaces what its habit says, and it alone may go under `floor`."""

    every: timedelta = timedelta(hours=1)
    floor: timedelta = timedelta(minutes=5)
    cap: timedelta = timedelta(
        hours=24
    )  # for back-off and for what headers and bodies ask: a feed is not lost sight of
    jitter: float = 0.05  # at most this part of the wait is added
    retry_after_cap: timedelta = RETRY_AFTER_CAP
    rhythm: Rhythm | None = None  # None: every feed every `every`

    @property
    def crowd(self) -> Crowd:
        return self.rhythm.crowd if self.rhythm else Crowd()

    @property
    def general(self) -> timedelta:
        """What a feed of which nothing is known is polled at, and what all of them come to in the mean."""
        return max(self.every, self.floor)

    @property
    def longest(self) -> timedelta:
        """The longest that a quiet feed waits: its one story of the week must not wait a day."""
        return max(self.general, min(QUIET * self.general, self.cap))


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a feed is asked again, and why then."""

    at: datetime
    reason: str
    rest_until: datetime | None = None  # what the other side asked for, as a rule before `at`


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """A length with the words for it."""

    length: timedelta
    reason: str


def intervals_for(habits: Sequence[Sequence[float]], *, every: timedelta) -> Intervals:
    """The intervals at which these feeds, each with its habit, take as many polls as one of each every `every`.

    Feeds without a habit yet are polled every `every`, and take nothing from the others' polls.
    """
    plain = Intervals(every=every)
    known = [Habit.read(habit) for habit in habits if habit]
    if not known:
        return plain
    rhythm = index_rule.rhythm_of(
        known,
        every=plain.general / _HOUR,
        shortest=plain.floor / _HOUR,
        longest=plain.longest / _HOUR,
    )
    return replace(plain, rhythm=rhythm)


# ---- the next poll ---------------------------------------------------------------------------------------------------


def after_success(
    state: FeedState,
    *,
    now: datetime,
    intervals: Intervals,
    headers: Mapping[str, str],
    hint: timedelta | None,
    gap: bool = False,
) -> Next:
    """When to ask again after a 200 or a 304.

    `headers` are the answer's, names in lower case; `hint` is what the feed's body asks for (<ttl>, sy:updatePeriod).
    The longest of our own interval, the server's caching headers and the hint wins; the last two count up to the cap.
    A time within `state.rests` is put off to the first hour that is none of them, up to the cap as well.
    `state.habit` has this poll in it, `state.last_success_at` is the poll before; `gap`: the two share no item.
    """
    own = _own_interval(state, intervals, now)
    if gap and state.feed.every is None:
        own = _after_gap(own, state, intervals, now)
    cap = max(intervals.cap, own.length)
    wishes = [_capped(wish, cap) for wish in (_caching_wish(headers, now), _hint_wish(hint)) if wish]
    wait = max([own, *wishes], key=lambda wait: wait.length)
    rest_until = max((now + wish.length for wish in wishes), default=None)
    if wait is own and state.feed.every is not None and own.length < intervals.floor:
        at = now + own.length  # under the floor somebody is trying things out: exactly
    else:
        at = now + min(wait.length * (1 + _jitter(state, intervals)), cap)
    awake = min(_awake(at, state.rests, _jitter(state, intervals)), max(at, now + cap))
    resting = "; until then the feed asks for rest (skipHours, skipDays)" if awake > at else ""
    return Next(at=awake, reason=wait.reason + resting, rest_until=rest_until)


def after_failure(
    state: FeedState, *, now: datetime, intervals: Intervals, retry_after: timedelta | None, gone: bool
) -> Next:
    """When to ask again after anything else. `state.failures` counts the failures before this one.

    The wait doubles from the feed's own interval up to the cap, and is never shorter than what the server asked for.
    """
    if gone:
        return Next(at=NEVER, reason="the server says the feed is gone for good (410)")
    own = _own_interval(state, intervals, now).length
    if state.feed.every is None:
        own = min(own, intervals.general)  # a quiet feed that fails once is not left alone for longer than others
    cap = max(intervals.cap, own)
    jitter = _jitter(state, intervals)
    # Spread below the cap as well: feeds of one host that failed together must not come back together.
    wait = min(own * 2 ** min(state.failures, _DOUBLINGS), cap / (1 + intervals.jitter)) * (1 + jitter)
    asked = min(retry_after or timedelta(), intervals.retry_after_cap)
    rest_until = now + asked if asked else None
    if asked * (1 + jitter) > wait:
        at, reason = now + asked * (1 + jitter), f"the server asked for {words(asked)} (Retry-After)"
    else:
        at, reason = now + wait, f"{_ordinal(state.failures + 1)} failure in a row: again in {words(wait)}"
    return Next(at=at, reason=reason, rest_until=rest_until)


def too_early(*, now: datetime, polled_at: datetime | None, rest_until: datetime | None, floor: timedelta) -> str:
    """Why a feed may not be asked now, not even at a person's wish; "" if it may."""
    if rest_until is not None and rest_until > now:
        return f"its server asked for rest, for another {words(rest_until - now)}"
    since = now - polled_at if polled_at is not None else floor
    if timedelta() <= since < floor:
        return f"it was asked {words(since)} ago; nobody is asked twice within {words(floor)}"
    return ""


def _awake(at: datetime, rests: Collection[int], spread: float) -> datetime:
    """The first time from `at` on that is in no resting hour of the week; who wakes together is spread a little."""
    awake = at
    while _hour_of_week(awake) in rests and awake < at + _WEEK:
        awake = awake.replace(minute=0, second=0, microsecond=0) + _HOUR
    return awake + spread * _HOUR if awake > at else at


def _hour_of_week(moment: datetime) -> int:
    utc = moment.astimezone(UTC)
    return 24 * utc.weekday() + utc.hour


def _own_interval(state: FeedState, intervals: Intervals, now: datetime) -> _Wait:
    """The rule of the rhythm, before anybody else's wishes: as set, or by habit, or the general one."""
    every = state.feed.every
    if every is not None:
        own = _Wait(length=every, reason=f"every {words(every)}, as set for this feed")
    elif intervals.rhythm and state.habit:
        own = _by_habit(Habit.read(state.habit), intervals.rhythm, intervals, now)
    else:
        own = _Wait(length=intervals.general, reason=f"every {words(intervals.general)}")
    return _within(state.feed.max_delay, own, intervals)


def _by_habit(habit: Habit, rhythm: Rhythm, intervals: Intervals, now: datetime) -> _Wait:
    pace = index_rule.pace_of(habit, rhythm.crowd)
    hours = index_rule.wait(
        pace,
        mood=habit.mood,
        last=now.timestamp(),
        mu=rhythm.mu,
        shortest=intervals.floor / _HOUR,
        longest=intervals.longest / _HOUR,
    )
    length = timedelta(minutes=round(hours * 60, 1))
    return _Wait(length=length, reason=f"after {words(length)}: this feed brings {index_rule.in_words(pace)}")


def _within(max_delay: timedelta | None, own: _Wait, intervals: Intervals) -> _Wait:
    """The wait, cut to what the file allows at most, jitter included."""
    if max_delay is None or own.length * (1 + intervals.jitter) <= max_delay:
        return own
    most = min(own.length, max(max_delay / (1 + intervals.jitter), intervals.floor))
    return _Wait(length=most, reason=f"within {words(max_delay)}, as set for this feed")


def _after_gap(own: _Wait, state: FeedState, intervals: Intervals, now: datetime) -> _Wait:
    """Half of the wait that was too long; the habit, which has learned of it, sees to the polls after."""
    waited = now - (state.last_success_at or now)
    half = max(waited / 2, intervals.floor)
    if half >= own.length:
        return own
    return _Wait(length=half, reason=f"after {words(half)}, sooner than before: the last two polls share no item")


def _capped(wish: _Wait, cap: timedelta) -> _Wait:
    if wish.length <= cap:
        return wish
    return _Wait(length=cap, reason=f"{wish.reason}, capped at {words(cap)}")


def _hint_wish(hint: timedelta | None) -> _Wait | None:
    return _Wait(length=hint, reason=f"the feed itself asks for {words(hint)}") if hint else None


def _jitter(state: FeedState, intervals: Intervals) -> float:
    """This feed's part of the jitter: the same today and after a restart, different from its neighbour's."""
    digest = hashlib.sha256(state.feed.url.encode()).digest()
    return intervals.jitter * int.from_bytes(digest[:4]) / 2**32


def words(length: timedelta) -> str:
    """A length as a person says it, in its two largest units: "15 min", "1 h 30 min", "2 d"."""
    minutes, seconds = divmod(max(0, round(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    said = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(said[:2]) or "0 s"


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


# ---- what a server asks for ------------------------------------------------------------------------------------------


def _caching_wish(headers: Mapping[str, str], now: datetime) -> _Wait | None:
    """For how long the answer stays fresh: max-age beats Expires, s-maxage is for shared caches.

    `no-cache, max-age=315360000` exists, and does not mean "come back in ten years".
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        fresh, name = _seconds(directives["max-age"]) - _seconds(headers.get("age", "")), "Cache-Control"
    else:
        fresh, name = _expires(headers, now), "Expires"
    return _Wait(length=fresh, reason=f"the server asked for {words(fresh)} ({name})") if fresh > timedelta() else None


def _directives(cache_control: str) -> dict[str, str]:
    """`max-age=60, No-Cache` → {"max-age": "60", "no-cache": ""}; of a repeated directive the first counts."""
    found: dict[str, str] = {}
    for directive in cache_control.split(","):
        name, _, value = directive.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> timedelta:
    """Delta-seconds; what is none counts as zero, what is absurd as a century."""
    if not re.fullmatch(r"[0-9]+", text.strip()):
        return timedelta()
    return timedelta(seconds=min(int(text.strip()[:12]), 3_155_760_000))


def _expires(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Expires relative to the server's own clock, for ours may be wrong, or theirs."""
    expires = read_http_date(headers.get("expires", ""))
    return expires - (read_http_date(headers.get("date", "")) or now) if expires else timedelta()


def read_http_date(value: str) -> datetime | None:
    """An HTTP date, also with an offset or with no zone (then UTC); None for anything else ("0", "-1", "soon")."""
    try:
        read = parsedate_to_datetime(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parse_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """Retry-After as seconds or as an HTTP date, capped at 31 days; None for what is missing, past or unreadable.

    Give the answer's own Date as `now` where it has one: the server reckons by its own clock.
    """
    until = read_http_date(value)
    wait = until - now if until else _seconds(value)
    return min(wait, RETRY_AFTER_CAP) if wait > timedelta() else None


# ---- the digest's hour -----------------------------------------------------------------------------------------------


DIGEST_DAYS: Mapping[DigestDays, range] = {"daily": range(7), "weekdays": range(5), "weekly": range(1)}  # from Monday


def digest_slot(at: time, zone: str, *, now: datetime, on: DigestDays = "daily") -> tuple[date, datetime]:
    """The latest local date whose digest was due by `now`, and the instant (UTC) at which it was.

    Every local date has exactly one instant: an hour that the clocks skip is due right after the gap, one that they
    repeat is due the first time. A date that a zone skips altogether shares its instant with the next, which is named.
    ZoneInfoNotFoundError for a zone that does not exist.
    """
    local = ZoneInfo(zone)
    day = now.astimezone(local).date() + timedelta(days=1)  # clocks turned back over midnight leave a date behind
    while (due := _instant(day, at, local)) > now or day.weekday() not in DIGEST_DAYS[on]:
        day -= timedelta(days=1)
    return day, due


def _instant(day: date, at: time, local: ZoneInfo) -> datetime:
    # fold=0 reads a skipped time with the offset before the gap, which lands after it, and a repeated one as the first.
    return datetime.combine(day, at.replace(fold=0, tzinfo=None), tzinfo=local).astimezone(UTC)


# ---- where and in which order to ask ---------------------------------------------------------------------------------


def permanent_move(state: FeedState, fetched: Fetched, overlap: bool) -> tuple[str, int, str]:
    """What to remember of permanent redirects: (redirect_to, redirect_seen, request_url).

    `overlap` says whether the answer was a feed that shares entries with what is known (or nothing is known yet).
    The move is believed after five polls in a row that were led to the same place and found the feed there.
    """
    target = fetched.permanent_url
    if target is None or not overlap:
        return "", 0, state.request_url
    seen = state.redirect_seen + 1 if target == state.redirect_to else 1
    if seen < REDIRECTS_TO_BELIEVE:
        return target, seen, state.request_url
    return "", 0, "" if target == state.feed.url else target


def lanes(states: Sequence[FeedState]) -> tuple[tuple[FeedState, ...], ...]:
    """Feeds by the host that is asked: a slow host holds up its own lane only. Oldest due first, lanes and feeds."""
    by_host: defaultdict[str, list[FeedState]] = defaultdict(list)
    for state in sorted(states, key=lambda state: (state.next_poll_at or _OLDEST, state.id)):
        by_host[host(place(state))].append(state)
    return tuple(tuple(lane) for lane in by_host.values())


def place(state: FeedState) -> str:
    """Where a feed was answered last: many a redirect leads to one host, which has all the work."""
    moved = "" if state.failures >= FAILURES_TO_DOUBT_A_MOVE else state.validators.url
    return moved or state.request_url or state.feed.url


def host(url: str) -> str:
    """The host that a URL asks, as feeds are grouped by it; the URL itself where it cannot be read."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # a URL that cannot be read fails when it is asked, not here
        return url
