"""Silence and floods: what a habit promises, and when a claim against it can be made. The replay is the benchmark's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.rhythm import index_rule
from monitor.rhythm.index_rule import Crowd, Habit
from monitor.rhythm.volume import is_flood, oddity

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = range(8, 20)


def watched(a_day: int, *, days: int = 28, hours: range = range(24), weekend: bool = True) -> Habit:
    """The habit of a feed that was polled every hour up to MONDAY, and brought so many items a day in these hours."""
    habit, due = Habit(), 0.0
    for number in range(24 * days):
        begin = MONDAY - DAY * days + HOUR * number
        busy = begin.hour in hours and (weekend or begin.weekday() < 5)
        due += busy * a_day / len(hours)
        habit = _polled(habit, begin, int(due))
        due -= int(due)
    return habit


def _polled(habit: Habit, begin: datetime, count: int) -> Habit:
    times = [(begin + HOUR / 2).timestamp()] * count
    pace = index_rule.pace_of(habit, Crowd())
    return index_rule.learn(
        habit, times, since=begin.timestamp(), until=(begin + HOUR).timestamp(), window=30, pace=pace
    )


def after_silence(habit: Habit, silence: timedelta, *, since: datetime = MONDAY) -> str:
    """What is said when nothing new has come for so long, through hourly polls."""
    last = since
    for _ in range(silence // HOUR):
        habit, last = _polled(habit, last, 0), last + HOUR
    odd = oddity(Habit.read(habit.kept()), Crowd(), last_new=since, last_read=last)
    return f"{odd.kind}: {odd.message}" if odd else ""


@pytest.mark.parametrize(
    ("a_day", "silence", "said"),
    [
        (40, 3 * DAY, "silent: silent for 3 d; it usually brings 40 items a day"),
        (40, 20 * HOUR, ""),  # less than a day is a night
        (5, 3 * DAY, ""),
        (5, 12 * DAY, "silent: silent for 12 d; it usually brings 5 items a day"),
        (1, 14 * DAY, ""),
        (1, 60 * DAY, "silent: silent for 60 d; it usually brings 7 items a week"),
        (
            40,
            90 * DAY,
            "silent: silent for 90 d; it usually brings 36 items a day",
        ),  # about what it was, not what it faded to
    ],
)
def test_how_long_a_feed_may_be_silent_follows_from_what_it_brings(a_day: int, silence: timedelta, said: str) -> None:
    assert after_silence(watched(a_day), silence) == said


def test_a_weekend_without_news_is_no_silence_for_a_feed_that_never_has_any() -> None:
    """Friday night to Monday morning, of a desk that works on weekdays; the same for one that works on all days is."""
    friday = MONDAY + 4 * DAY + 20 * HOUR
    weekend = 2 * DAY + 14 * HOUR
    for works_on_weekends, expected in ((False, ""), (True, "silent")):
        habit = watched(60, hours=OFFICE, weekend=works_on_weekends, days=42)
        for number in range(24 * 4 + 20):
            begin = MONDAY + HOUR * number
            habit = _polled(habit, begin, 5 if begin.hour in OFFICE else 0)
        assert after_silence(habit, weekend, since=friday).partition(":")[0] == expected


def test_a_feed_that_was_watched_for_days_only_is_not_judged() -> None:
    """A first body may date all its items today; what looks like a thousand a day is a template."""
    now = MONDAY.timestamp()
    habit = index_rule.first_habit([now - number for number in range(40)], until=now, window=40)
    assert after_silence(habit, 3 * DAY) == ""
    assert after_silence(watched(40, days=4), 3 * DAY) == ""


@pytest.mark.parametrize(
    ("a_day", "count", "flood"),
    [(5, 300, True), (5, 40, True), (5, 12, False), (40, 120, True), (40, 20, False), (1, 8, False), (200, 60, False)],
)
def test_what_is_a_flood_depends_on_what_was_promised(a_day: int, count: int, flood: bool) -> None:
    habit = _polled(watched(a_day), MONDAY, count)
    assert is_flood(habit, count) is flood


def test_a_flood_says_what_came_and_what_was_promised_and_is_over_in_a_day() -> None:
    habit = _polled(watched(5), MONDAY, 300)
    last = MONDAY + HOUR
    odd = oddity(habit, Crowd(), last_new=last, last_read=last)
    assert odd is not None
    assert odd.message.startswith("brought 302 items lately where 2 or so were promised; it brings ")
    for number in range(1, 40):
        habit = _polled(habit, MONDAY + HOUR * number, 0)
    assert not is_flood(habit, habit.lately)


def test_a_busy_day_is_no_flood() -> None:
    habit, due = watched(40), 0.0
    for number in range(24):
        due += 2.5 * 40 / 24
        habit = _polled(habit, MONDAY + HOUR * number, int(due))
        assert not is_flood(habit, habit.lately)
        due -= int(due)


def test_a_feed_of_which_nothing_is_known_is_not_judged() -> None:
    assert oddity(Habit(), Crowd(), last_new=None, last_read=None) is None
    assert oddity(Habit(), Crowd(), last_new=MONDAY, last_read=MONDAY + 90 * DAY) is None
