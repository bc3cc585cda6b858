"""Time, told as tables: what a server says, what is already known, and when the feed is asked again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import DigestDays, Feed, FeedState, Fetched, Validators
from monitor.rhythm import index_rule
from monitor.rhythm.cadence import (
    NEVER,
    Intervals,
    after_failure,
    after_success,
    digest_slot,
    intervals_for,
    lanes,
    parse_retry_after,
    permanent_move,
    too_early,
    words,
)
from monitor.rhythm.index_rule import Habit

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
EXACT = Intervals(jitter=0.0)


def a_feed(url: str = "https://news.example/feed", *, every: timedelta | None = None, failures: int = 0) -> FeedState:
    return FeedState(id=1, feed=Feed(url=url, name="News", outlet="news.example", every=every), failures=failures)


def wait_after(
    headers: dict[str, str], *, every: timedelta | None = None, hint: timedelta | None = None
) -> tuple[timedelta, str]:
    found = after_success(a_feed(every=every), now=NOW, intervals=EXACT, headers=headers, hint=hint)
    return found.at - NOW, found.reason


def http_date(offset: timedelta) -> str:
    return format_datetime(NOW + offset, usegmt=True)


# ---- what a feed says of its rest ----------------------------------------------------------------------------------

TUESDAY = 24


@pytest.mark.parametrize(
    ("rests", "wait"),
    [
        ((), timedelta(hours=1)),
        ((TUESDAY + 12, TUESDAY + 14), timedelta(hours=1)),  # the hour that it is, and one that comes later
        ((TUESDAY + 13,), timedelta(hours=2)),
        (tuple(range(TUESDAY + 13, TUESDAY + 20)), timedelta(hours=8)),
        (tuple(range(TUESDAY, TUESDAY + 24)), timedelta(hours=12)),  # the whole day
        (tuple(range(TUESDAY, TUESDAY + 48)), timedelta(hours=24)),  # a feed is not lost sight of
    ],
)
def test_a_time_in_which_a_feed_rests_is_put_off_and_never_moved_forward(
    rests: tuple[int, ...], wait: timedelta
) -> None:
    state = replace(a_feed(), rests=rests)
    found = after_success(state, now=NOW, intervals=EXACT, headers={}, hint=None)
    assert found.at - NOW == wait
    assert ("the feed asks for rest" in found.reason) is (wait > timedelta(hours=1))


def test_feeds_that_wake_in_one_hour_do_not_wake_in_one_minute() -> None:
    feeds = [replace(a_feed(f"https://news.example/{n}"), rests=(TUESDAY + 13,)) for n in range(50)]
    times = {after_success(feed, now=NOW, intervals=Intervals(), headers={}, hint=None).at for feed in feeds}
    assert len(times) == 50
    assert all(timedelta(hours=2) <= at - NOW < timedelta(hours=2, minutes=5) for at in times)


# ---- what a server says about freshness ------------------------------------------------------------------------------

H = timedelta(hours=1)
M = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, H),
        ({"cache-control": "max-age=7200"}, 2 * H),
        ({"cache-control": "public, MAX-AGE=7200, must-revalidate"}, 2 * H),
        ({"cache-control": 'max-age="7200"'}, 2 * H),
        ({"cache-control": "max-age=7200, max-age=10800"}, 2 * H),
        ({"cache-control": "max-age=900"}, H),  # never shortens
        ({"cache-control": "max-age=9000", "age": "1800"}, 2 * H),
        ({"cache-control": "max-age=9000", "age": "9000"}, H),
        ({"cache-control": "max-age=9000", "age": "soon"}, 2.5 * H),
        ({"cache-control": "s-maxage=7200"}, H),
        ({"cache-control": "s-maxage=86400, max-age=7200"}, 2 * H),
        ({"cache-control": "no-cache, max-age=315360000"}, H),
        ({"cache-control": "no-store", "expires": http_date(5 * H)}, H),
        ({"cache-control": "max-age=-5"}, H),
        ({"cache-control": "max-age=tomorrow"}, H),
        ({"cache-control": "max-age"}, H),
        ({"cache-control": ",=,;"}, H),
        ({"cache-control": "max-age=315360000"}, 24 * H),
        ({"cache-control": "max-age=" + "9" * 400}, 24 * H),
        ({"cache-control": "max-age=86399"}, 24 * H - timedelta(seconds=1)),
        ({"cache-control": "max-age=86401"}, 24 * H),
        ({"expires": http_date(3 * H)}, 3 * H),
        ({"expires": http_date(13 * H), "date": http_date(10 * H)}, 3 * H),  # their clock is ten hours ahead
        ({"expires": http_date(5 * H), "cache-control": "max-age=7200"}, 2 * H),  # max-age beats Expires
        ({"expires": http_date(5 * H), "cache-control": "max-age=0"}, H),
        ({"expires": "0"}, H),
        ({"expires": "-1"}, H),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, H),
        ({"expires": "Fri, 31 Feb 2026 00:00:00 GMT"}, H),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, 24 * H),
        ({"retry-after": "7200"}, H),  # on a 200 it means nothing
    ],
)
def test_a_server_may_lengthen_the_interval_and_never_shorten_it(headers: dict[str, str], wait: timedelta) -> None:
    assert wait_after(headers)[0] == wait


@pytest.mark.parametrize(
    ("headers", "every", "hint", "wait", "reason"),
    [
        ({}, None, None, H, "every 1 h"),
        ({}, 10 * M, None, 10 * M, "every 10 min, as set for this feed"),
        ({"cache-control": "max-age=900"}, M, None, 15 * M, "the server asked for 15 min (Cache-Control)"),
        ({"expires": http_date(2 * H)}, None, None, 2 * H, "the server asked for 2 h (Expires)"),
        ({}, None, 90 * M, 90 * M, "the feed itself asks for 1 h 30 min"),
        ({}, None, 30 * M, H, "every 1 h"),
        ({"cache-control": "max-age=9000"}, None, 2 * H, 2.5 * H, "the server asked for 2 h 30 min (Cache-Control)"),
        ({}, None, 60 * 24 * H, 24 * H, "the feed itself asks for 60 d, capped at 1 d"),
        ({"cache-control": "max-age=99999999"}, 48 * H, None, 48 * H, "every 2 d, as set for this feed"),
    ],
)
def test_the_reason_says_whose_wish_it_was(
    headers: dict[str, str], every: timedelta | None, hint: timedelta | None, wait: timedelta, reason: str
) -> None:
    assert wait_after(headers, every=every, hint=hint) == (wait, reason)


def test_an_interval_of_one_second_is_one_second() -> None:
    feed = a_feed("http://127.0.0.1:8000/feed", every=timedelta(seconds=1))
    found = after_success(feed, now=NOW, intervals=Intervals(), headers={}, hint=None)
    assert found.at == NOW + timedelta(seconds=1)


def test_the_general_interval_may_not_go_under_the_floor() -> None:
    hasty = Intervals(every=timedelta(seconds=1), jitter=0.0)
    assert after_success(a_feed(), now=NOW, intervals=hasty, headers={}, hint=None).at == NOW + hasty.floor


def test_jitter_is_each_feeds_own_and_never_brings_a_poll_forward() -> None:
    feeds = [a_feed(f"https://news.example/{number}") for number in range(200)]
    once, again = (
        [after_success(feed, now=NOW, intervals=Intervals(), headers={}, hint=None).at - NOW for feed in feeds]
        for _ in range(2)
    )
    assert once == again
    assert min(once) >= H
    assert max(once) <= 1.05 * H
    assert len({wait.seconds // 10 for wait in once}) > 15  # of 18 tenths of a minute


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text(max_size=40)))
def test_no_header_breaks_the_arithmetic(headers: dict[str, str]) -> None:
    assert H <= wait_after(headers)[0] <= 24 * H


# ---- by habit --------------------------------------------------------------------------------------------------------


def habit(items_a_day: float, *, window: int = 200) -> tuple[float, ...]:
    """Four weeks of a feed that brings as much at all hours."""
    begin = NOW - timedelta(days=28)
    every = timedelta(days=1) / items_a_day
    items = [(begin + number * every).timestamp() for number in range(int(28 * items_a_day))]
    return index_rule.learn(
        Habit(), items, since=begin.timestamp(), until=NOW.timestamp(), window=window
    ).kept()  # fmt: skip


QUIET, STEADY, BUSY = habit(0.2), habit(12), habit(300)
FLOCK = replace(intervals_for([QUIET, STEADY, BUSY, BUSY, ()], every=H), jitter=0.0)


def wait_by_habit(
    kept: tuple[float, ...],
    *,
    headers: dict[str, str] | None = None,
    gap: bool = False,
    intervals: Intervals = FLOCK,
    waited: timedelta = H,
    every: timedelta | None = None,
    max_delay: timedelta | None = None,
) -> tuple[timedelta, str]:
    feed = Feed(
        url="https://news.example/feed", name="News", outlet="news.example", every=every, max_delay=max_delay
    )  # fmt: skip
    state = FeedState(id=1, feed=feed, habit=kept, last_success_at=NOW - waited)
    found = after_success(state, now=NOW, intervals=intervals, headers=headers or {}, hint=None, gap=gap)
    return found.at - NOW, found.reason


def test_feeds_share_the_polls_by_what_they_bring() -> None:
    waits = {name: wait_by_habit(kept)[0] for name, kept in (("quiet", QUIET), ("steady", STEADY), ("busy", BUSY))}
    assert 5 * M <= waits["busy"] < H < waits["steady"] < waits["quiet"] <= 4 * H
    polls = 2 * H / waits["busy"] + H / waits["steady"] + H / waits["quiet"]
    assert polls == pytest.approx(4, rel=0.05), "as many as one an hour of each"


def test_a_feed_of_which_nothing_is_known_yet_is_polled_at_the_general_interval() -> None:
    assert wait_by_habit(()) == (H, "every 1 h")
    assert intervals_for([(), ()], every=H) == Intervals()
    assert intervals_for([], every=H) == Intervals()


def test_the_reason_tells_the_habit() -> None:
    wait, reason = wait_by_habit(STEADY)
    assert reason == f"after {words(wait)}: this feed brings 12 items a day"


@pytest.mark.parametrize(
    ("kept", "every", "max_delay", "wait", "reason"),
    [
        (BUSY, 2 * H, None, 2 * H, "every 2 h, as set for this feed"),
        (BUSY, M, None, M, "every 1 min, as set for this feed"),
        (QUIET, None, 20 * M, 20 * M, "within 20 min, as set for this feed"),
        (QUIET, None, M, 5 * M, "within 1 min, as set for this feed"),  # the floor holds
        ((), None, 20 * M, 20 * M, "within 20 min, as set for this feed"),
        (QUIET, 3 * H, 2 * H, 2 * H, "within 2 h, as set for this feed"),
        ((), None, 9 * H, H, "every 1 h"),
    ],
)
def test_what_the_file_says_of_a_feed_beats_its_habit(
    kept: tuple[float, ...], every: timedelta | None, max_delay: timedelta | None, wait: timedelta, reason: str
) -> None:
    assert wait_by_habit(kept, every=every, max_delay=max_delay) == (wait, reason)


def test_a_limit_holds_with_the_jitter_in_it() -> None:
    jittery = replace(FLOCK, jitter=0.05)
    for number in range(50):
        feed = Feed(url=f"https://news.example/{number}", name="N", outlet="n.example", max_delay=30 * M)
        state = FeedState(id=1, feed=feed, habit=QUIET)
        wait = after_success(state, now=NOW, intervals=jittery, headers={}, hint=None).at - NOW
        assert 28 * M < wait <= 30 * M


def test_no_habit_and_no_mood_goes_under_the_floor() -> None:
    hasty = replace(intervals_for([QUIET] * 50 + [BUSY], every=10 * M), jitter=0.0)
    assert wait_by_habit(BUSY, intervals=hasty)[0] == 5 * M


def test_a_server_that_asks_for_rest_beats_a_busy_habit() -> None:
    assert wait_by_habit(BUSY, headers={"cache-control": "max-age=7200"})[0] == 2 * H


def test_a_small_window_is_not_left_to_run_over() -> None:
    """Six items a day and a body of four: after eight hours half of it would be new."""
    alone = replace(intervals_for([habit(6)], every=24 * H), jitter=0.0)
    assert wait_by_habit(habit(6, window=200), intervals=alone)[0] > 12 * H
    assert wait_by_habit(habit(6, window=4), intervals=alone)[0] < 8 * H


def test_after_a_gap_the_next_poll_comes_in_half_the_time() -> None:
    wait, reason = wait_by_habit(QUIET, gap=True, waited=2 * H)
    assert (wait, reason) == (H, "after 1 h, sooner than before: the last two polls share no item")
    assert wait_by_habit((), gap=True, waited=H)[0] == 30 * M
    assert wait_by_habit((), gap=True, waited=M)[0] == 5 * M, "never under the floor"
    assert wait_by_habit((), gap=True, waited=48 * H)[0] == H, "never later for it"
    assert wait_by_habit((), gap=True, every=2 * H)[0] == 2 * H, "what the file says is kept"


def test_a_quiet_feed_that_fails_once_is_asked_as_soon_as_others() -> None:
    state = replace(a_feed(), habit=QUIET)
    assert after_failure(state, now=NOW, intervals=FLOCK, retry_after=None, gone=False).at == NOW + H


# ---- Retry-After and back-off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("Tue, 10 Mar 2026 13:00:00 GMT", H),
        ("Tue, 10 Mar 2026 13:00:00", H),  # no zone
        ("Tue, 10 Mar 2026 14:00:00 +0100", H),
        ("Tuesday, 10-Mar-26 13:00:00 GMT", H),
        ("Tue, 10 Mar 2026 11:00:00 GMT", None),  # past
        ("Tue, 10 Mar 2026 12:00:00 GMT", None),
        ("", None),
        ("0", None),
        ("-30", None),
        ("1.5", None),
        ("٣٠", None),
        ("xyz", None),
        (str(31 * 86_400 - 1), timedelta(days=31, seconds=-1)),
        (str(31 * 86_400 + 1), timedelta(days=31)),
        ("9" * 5_000, timedelta(days=31)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=31)),
    ],
)
def test_retry_after(value: str, wait: timedelta | None) -> None:
    assert parse_retry_after(value, now=NOW) == wait


@given(st.text())
def test_retry_after_is_a_sane_length_or_nothing(value: str) -> None:
    wait = parse_retry_after(value, now=NOW)
    assert wait is None or timedelta() < wait <= timedelta(days=31)


@pytest.mark.parametrize(
    ("failures", "hours"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 24), (40, 24), (10_000, 24)]
)
def test_each_failure_doubles_the_wait_up_to_a_day(failures: int, hours: int) -> None:
    found = after_failure(a_feed(failures=failures), now=NOW, intervals=EXACT, retry_after=None, gone=False)
    assert found.at == NOW + hours * H


def test_back_off_starts_from_the_feeds_own_interval() -> None:
    feed = a_feed(every=10 * M, failures=2)
    found = after_failure(feed, now=NOW, intervals=EXACT, retry_after=None, gone=False)
    assert (found.at - NOW, found.reason) == (40 * M, "third failure in a row: again in 40 min")


@pytest.mark.parametrize("failures", [0, 3, 30])
def test_feeds_of_one_host_that_failed_together_do_not_come_back_together(failures: int) -> None:
    feeds = [a_feed(f"https://news.example/{number}", failures=failures) for number in range(10)]
    times = [
        after_failure(feed, now=NOW, intervals=Intervals(), retry_after=None, gone=False).at.replace(microsecond=0)
        for feed in feeds
    ]
    assert len(set(times)) > 8
    assert max(times) <= NOW + 24 * H


@given(st.integers(0, 100), st.timedeltas(timedelta(), timedelta(days=31)), st.text(max_size=8))
def test_retry_after_is_never_undercut(failures: int, asked: timedelta, path: str) -> None:
    feed = a_feed(f"https://news.example/{path}", failures=failures)
    assert after_failure(feed, now=NOW, intervals=Intervals(), retry_after=asked, gone=False).at >= NOW + asked


def test_the_reason_of_a_long_wait_is_the_servers_word() -> None:
    found = after_failure(a_feed(), now=NOW, intervals=EXACT, retry_after=36 * H, gone=False)
    assert (found.at - NOW, found.reason) == (36 * H, "the server asked for 1 d 12 h (Retry-After)")


def test_a_feed_that_is_gone_is_not_asked_again() -> None:
    assert after_failure(a_feed(), now=NOW, intervals=EXACT, retry_after=None, gone=True).at == NEVER


@pytest.mark.parametrize(
    ("headers", "hint", "rest"),
    [
        ({}, None, None),
        ({"cache-control": "max-age=600"}, None, 10 * M),  # shorter than our own wait, and theirs all the same
        ({"cache-control": "max-age=9000", "age": "1800"}, None, 2 * H),
        ({"cache-control": "no-cache, max-age=9000"}, None, None),
        ({"expires": http_date(3 * H)}, 90 * M, 3 * H),
        ({"cache-control": "max-age=600"}, 90 * M, 90 * M),
        ({"cache-control": "max-age=99999999"}, None, 24 * H),
    ],
)
def test_what_the_other_side_asked_for_is_kept_beside_our_own_wait(
    headers: dict[str, str], hint: timedelta | None, rest: timedelta | None
) -> None:
    found = after_success(a_feed(), now=NOW, intervals=Intervals(), headers=headers, hint=hint)
    assert found.rest_until == (rest and NOW + rest)
    assert found.at >= (found.rest_until or NOW)


@pytest.mark.parametrize("asked", [None, 5 * M, 36 * H])
def test_what_retry_after_asked_for_is_kept_beside_our_own_wait(asked: timedelta | None) -> None:
    found = after_failure(a_feed(), now=NOW, intervals=Intervals(), retry_after=asked, gone=False)
    assert found.rest_until == (asked and NOW + asked)


@pytest.mark.parametrize(
    ("polled", "rest", "why"),
    [
        (None, None, ""),
        (-6 * M, None, ""),
        (-5 * M, None, ""),
        (-4 * M, None, "it was asked 4 min ago; nobody is asked twice within 5 min"),
        (0 * M, None, "it was asked 0 s ago; nobody is asked twice within 5 min"),
        (9 * H, None, ""),  # by a clock that ran ahead
        (-1 * H, 90 * M, "its server asked for rest, for another 1 h 30 min"),
        (-1 * H, 0 * M, ""),
        (-1 * M, 2 * M, "its server asked for rest, for another 2 min"),
        (-1 * M, -2 * M, "it was asked 1 min ago; nobody is asked twice within 5 min"),
    ],
)
def test_when_even_a_person_may_not_have_a_feed_asked(
    polled: timedelta | None, rest: timedelta | None, why: str
) -> None:
    at = None if polled is None else NOW + polled
    until = None if rest is None else NOW + rest
    assert too_early(now=NOW, polled_at=at, rest_until=until, floor=5 * M) == why


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (93_784, "1 d 2 h"),
        (-5, "0 s"),
    ],
)
def test_lengths_in_words(seconds: float, said: str) -> None:
    assert words(timedelta(seconds=seconds)) == said


# ---- the digest's hour -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "zone", "now", "day", "due"),
    [
        (time(7), "UTC", "2026-03-10T06:59", "2026-03-09", "2026-03-09T07:00"),
        (time(7), "UTC", "2026-03-10T07:00", "2026-03-10", "2026-03-10T07:00"),
        (time(7), "America/New_York", "2026-03-10T10:59", "2026-03-09", "2026-03-09T11:00"),
        (time(7), "America/New_York", "2026-03-10T11:00", "2026-03-10", "2026-03-10T11:00"),
        (time(2, 30), "America/New_York", "2026-03-08T12:00", "2026-03-08", "2026-03-08T07:30"),  # skipped: 03:30 EDT
        (time(1, 30), "America/New_York", "2026-11-01T06:29", "2026-11-01", "2026-11-01T05:30"),  # doubled: the first
        (time(1, 30), "America/New_York", "2026-11-01T06:31", "2026-11-01", "2026-11-01T05:30"),
        (time(8), "Pacific/Kiritimati", "2026-03-09T18:00", "2026-03-10", "2026-03-09T18:00"),
        (time(8), "Pacific/Apia", "2011-12-30T18:00", "2011-12-31", "2011-12-30T18:00"),  # there was no 30 December
        (time(8), "Pacific/Apia", "2011-12-30T17:59", "2011-12-29", "2011-12-29T18:00"),
        (time(0, 0), "America/Havana", "2026-03-08T06:00", "2026-03-08", "2026-03-08T05:00"),  # midnight is skipped
        (time(0, 0), "America/St_Johns", "2010-11-07T03:00", "2010-11-07", "2010-11-07T02:30"),  # 00:01 became 23:01
        (time(0, 0), "America/Havana", "2026-11-01T04:30", "2026-11-01", "2026-11-01T04:00"),  # midnight comes twice
    ],
)
def test_digest_slots(at: time, zone: str, now: str, day: str, due: str) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = date.fromisoformat(day), datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert digest_slot(at, zone, now=instant) == expected


YEARS = [date(2026, 1, 1) + timedelta(days=step) for step in range(1096)]


def dates_told(at: time, zone: str, on: DigestDays) -> list[date]:
    """The dates from 2026 to 2028, found by going back from each digest to the one before it."""
    day, due = digest_slot(at, zone, now=datetime(2029, 1, 9, tzinfo=UTC), on=on)
    found = []
    while day >= YEARS[0]:
        found.append(day)
        day, due = digest_slot(at, zone, now=due - timedelta(seconds=1), on=on)
    return [day for day in reversed(found) if day <= YEARS[-1]]


def test_from_2026_to_2028_every_date_has_its_one_digest_in_every_zone() -> None:
    for number, zone in enumerate(sorted(available_timezones())):
        at = (time(2, 30), time(0, 0), time(7, 0), time(23, 59))[number % 4]
        assert dates_told(at, zone, "daily") == YEARS, zone


@pytest.mark.parametrize(("on", "days"), [("weekdays", range(5)), ("weekly", range(1))])
def test_digests_of_some_days_come_on_these_and_no_others(on: DigestDays, days: range) -> None:
    for zone in ZONES:
        assert dates_told(time(0, 30), zone, on) == [day for day in YEARS if day.weekday() in days], zone


# Zones with odd offsets, skipped and doubled midnights, half-hour summer time, a lost day, moved meridians.
ZONES = [
    "UTC", "America/New_York", "America/Los_Angeles", "America/Mexico_City", "America/Sao_Paulo", "America/Havana",
    "America/St_Johns", "America/Caracas", "Europe/London", "Europe/Moscow", "Africa/Casablanca", "Africa/Cairo",
    "Africa/Juba", "Asia/Kathmandu", "Asia/Pyongyang", "Asia/Amman", "Asia/Gaza", "Asia/Tehran", "Antarctica/Troll",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Norfolk",
]  # fmt: skip
LOST_DAYS = {("Pacific/Apia", date(2011, 12, 30))}


@given(
    st.sampled_from(ZONES),
    st.times(),
    st.datetimes(timezones=st.just(UTC)).filter(lambda start: 1990 < start.year < 2030),
    st.lists(st.timedeltas(timedelta(seconds=1), timedelta(hours=30)), min_size=1, max_size=20),
)
def test_a_program_that_looks_now_and_then_never_sends_a_date_twice(
    zone: str, at: time, start: datetime, naps: list[timedelta]
) -> None:
    clock = [start + sum(naps[:count], timedelta()) for count in range(len(naps) + 1)]
    slots = [(now, *digest_slot(at, zone, now=now)) for now in clock]
    assert all(due <= now < due + timedelta(hours=50) for now, _, due in slots)
    for (_, day, due), (_, next_day, next_due) in itertools.pairwise(slots):
        assert (day, due) == (next_day, next_due) or (day < next_day and due < next_due)


@pytest.mark.parametrize("zone", ZONES)
def test_in_a_year_of_looking_every_three_hours_no_date_is_left_out(zone: str) -> None:
    start = datetime(2011, 3, 1, tzinfo=UTC)
    for at in (time(0, 0), time(2, 30)):
        days = [digest_slot(at, zone, now=start + 3 * H * step)[0] for step in range(8 * 366)]
        told = [day for day, _ in itertools.groupby(days)]
        calendar = {told[0] + timedelta(days=step) for step in range((told[-1] - told[0]).days + 1)}
        assert told == sorted(calendar - {day for lost_in, day in LOST_DAYS if lost_in == zone})
        assert len(told) >= 365


# ---- permanent redirects and lanes -----------------------------------------------------------------------------------


def moved_to(target: str | None) -> Fetched:
    return Fetched(
        url="https://old.example/feed",
        final_url=target or "https://old.example/feed",
        permanent_url=target,
        status=200,
        headers={},
        body=b"<rss/>",
        body_hash="0",
    )


def polls(*answers: tuple[str | None, bool]) -> str:
    """The request URL after these polls."""
    state = a_feed("https://old.example/feed")
    for target, overlap in answers:
        to, seen, request_url = permanent_move(state, moved_to(target), overlap)
        state = FeedState(id=1, feed=state.feed, redirect_to=to, redirect_seen=seen, request_url=request_url)
    return state.request_url


NEW, OTHER = "https://new.example/feed", "https://other.example/feed"


@pytest.mark.parametrize(
    ("answers", "request_url"),
    [
        ([(NEW, True)] * 4, ""),
        ([(NEW, True)] * 5, NEW),
        ([(NEW, True)] * 4 + [(OTHER, True)], ""),
        ([(NEW, True)] * 4 + [(None, True)] + [(NEW, True)] * 4, ""),
        ([(NEW, True)] * 4 + [(NEW, False)] + [(NEW, True)] * 4, ""),  # the hotel's page in between
        ([(NEW, False)] * 20, ""),
        ([(NEW, True)] * 5 + [(None, True)], NEW),
        ([(NEW, True)] * 5 + [(OTHER, True)] * 5, OTHER),
        ([(NEW, True)] * 5 + [("https://old.example/feed", True)] * 5, ""),  # and back home
    ],
)
def test_a_permanent_move_is_believed_the_fifth_time(answers: list[tuple[str | None, bool]], request_url: str) -> None:
    assert polls(*answers) == request_url


def due(number: int, url: str, hours: int | None, request_url: str = "", **more: Any) -> FeedState:
    feed = Feed(url=url, name=str(number), outlet="")
    at = None if hours is None else NOW + hours * H
    return FeedState(id=number, feed=feed, next_poll_at=at, request_url=request_url, **more)


def test_feeds_of_one_host_wait_in_one_lane_the_oldest_first() -> None:
    found = lanes(
        [
            due(1, "https://a.example/1", 3),
            due(2, "https://b.example/2", 2),
            due(3, "http://A.example:8080/3", 1),
            due(4, "https://c.example/4", None),
            due(5, "https://old.example/5", 0, "https://b.example/5"),
            due(6, "http://[broken", 9),
        ]
    )
    assert [[state.id for state in lane] for lane in found] == [[4], [5, 2], [3, 1], [6]]


def test_a_feed_waits_in_the_lane_of_the_host_that_answered_it_behind_its_redirects() -> None:
    answered = Validators(url="https://b.example/feed")
    found = lanes(
        [
            due(1, "https://b.example/1", 1),
            due(2, "https://a.example/2", 2, validators=answered),
            due(3, "https://a.example/3", 3, validators=answered, failures=5),  # its address is doubted, and asked anew
        ]
    )
    assert [[state.id for state in lane] for lane in found] == [[1, 2], [3]]


def test_no_feeds_no_lanes() -> None:
    assert lanes([]) == ()
