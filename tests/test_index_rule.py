"""The index rule as tables: what polls teach of a feed's habit, and when that habit says to ask again."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rhythm.index_rule import (
    DAY,
    HALF_LIFE,
    Crowd,
    Habit,
    Pace,
    crowd_of,
    first_habit,
    in_words,
    learn,
    pace_of,
    settle,
    threshold,
    wait,
)

HOUR = 3_600
MONDAY = datetime(2026, 3, 9, tzinfo=UTC).timestamp()
FRIDAY = datetime(2026, 3, 13, tzinfo=UTC).timestamp()


def steady(rate: float, **more: float) -> Pace:
    """A feed that brings `rate` items an hour at all times."""
    hours = (rate,) * DAY
    return replace(
        Pace(mean=rate, weekday=hours, weekend=hours, pull=math.sqrt(rate), longest=math.inf),
        **more,  # type: ignore[arg-type]
    )


def watched(days: int, *hours: int, weekends: bool = True, start: float = MONDAY) -> Habit:
    """A feed that is asked every hour, and each day brings an item at half past each of these hours."""
    habit = Habit()
    for number in range(days * DAY):
        begin = start + number * HOUR
        off = not weekends and datetime.fromtimestamp(begin, UTC).weekday() >= 5
        items = [begin + HOUR / 2] if number % DAY in hours and not off else []
        habit = learn(habit, items, since=begin, until=begin + HOUR, window=10)
    return habit


def ask(pace: Pace, mu: float, *, last: float = MONDAY, mood: float = 1.0, longest: float = 24.0) -> float:
    return wait(pace, mood=mood, last=last, mu=mu, shortest=1 / 12, longest=longest)


# ---- when to ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "mu", "hours"),
    [
        (1.0, 0.5, 1.0),  # √(2μ/λ)
        (4.0, 0.5, 0.5),
        (0.25, 0.5, 2.0),
        (1.0, 32.0, 8.0),
        (1.0, 1_000.0, 24.0),  # the longest
        (100.0, 0.001, 1 / 12),  # the shortest
        (1.0, 0.0, 1 / 12),
    ],
)
def test_a_steady_feed_is_asked_by_the_square_root_of_its_rate(rate: float, mu: float, hours: float) -> None:
    assert ask(steady(rate), mu) == pytest.approx(hours)
    assert ask(steady(rate), mu, last=MONDAY + 1_234.5) == pytest.approx(hours)


@given(
    st.lists(st.floats(0.01, 50), min_size=DAY, max_size=DAY),
    st.floats(0.01, 30),
    st.floats(MONDAY, MONDAY + 7 * DAY * HOUR),
)
def test_the_wait_ends_where_what_has_gathered_reaches_the_threshold(
    rates: list[float], mu: float, last: float
) -> None:
    pace = replace(steady(1.0), weekday=tuple(rates), weekend=tuple(rates))
    found = wait(pace, mood=1.0, last=last, mu=mu, shortest=0.0, longest=24.0)
    gathered = _gathered(rates, last, found)
    if found < 24.0:
        assert gathered == pytest.approx(mu, rel=0.02)
    else:
        assert gathered <= mu * 1.02


def _gathered(rates: list[float], last: float, hours: float) -> float:
    """∫ (s − last) · λ(s) ds from one minute of the clock to the next, as the rule's definition has it."""
    end = last + hours * HOUR
    minutes = [minute * 60.0 for minute in range(int(last // 60) + 1, int(end // 60) + 1)]
    pieces = pairwise([last, *(minute for minute in minutes if last < minute < end), end])
    return sum(
        ((begin + until) / 2 - last) / HOUR * rates[int(begin // HOUR) % DAY] * (until - begin) / HOUR
        for begin, until in pieces
    )


def test_a_feed_is_left_alone_through_its_night() -> None:
    by_day = tuple(6.0 if 8 <= hour < 20 else 0.01 for hour in range(DAY))
    pace = replace(steady(3.0), weekday=by_day, weekend=by_day)
    noon, late = ask(pace, 0.75, last=MONDAY + 12 * HOUR), ask(pace, 0.75, last=MONDAY + 20 * HOUR)
    assert noon == pytest.approx(0.5)
    assert 12.0 < late < 12.3  # soon after eight, and not at every half hour of the night


def test_a_quiet_weekend_is_asked_less_often_than_a_weekday() -> None:
    pace = replace(steady(4.0), weekend=(1.0,) * DAY)
    assert ask(pace, 0.5, last=FRIDAY) == pytest.approx(0.5)
    assert ask(pace, 0.5, last=FRIDAY + DAY * HOUR) == pytest.approx(1.0)


@pytest.mark.parametrize(("mood", "hours"), [(1.0, 1.0), (4.0, 0.5), (0.25, 2.0)])
def test_a_feed_that_is_busier_than_its_habit_is_asked_sooner(mood: float, hours: float) -> None:
    assert ask(steady(1.0), 0.5, mood=mood) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("window", "mood", "hours"), [(0, 1.0, 24.0), (20, 1.0, 10.0), (20, 2.0, 5.0), (20, 0.5, 10.0)]
)
def test_no_feed_waits_for_more_than_half_of_its_window(window: int, mood: float, hours: float) -> None:
    """A body of 20 items, one of them new each hour, has half of them new after ten."""
    pace = steady(1.0, longest=window / 2 if window else math.inf)
    assert ask(pace, 10_000.0, mood=mood) == pytest.approx(hours)


# ---- a budget --------------------------------------------------------------------------------------------------------


def polls_an_hour(paces: list[Pace], mu: float, *, shortest: float, longest: float) -> float:
    return sum(1 / wait(pace, mood=1.0, last=MONDAY, mu=mu, shortest=shortest, longest=longest) for pace in paces)


@pytest.mark.parametrize("budget", [1.0, 4.0, 20.0])
def test_the_threshold_spends_the_budget(budget: float) -> None:
    paces = [steady(rate) for rate in (0.05, 0.2, 1.0, 8.0)]
    mu = threshold(paces, budget=budget, shortest=1 / 60, longest=24.0)
    assert polls_an_hour(paces, mu, shortest=1 / 60, longest=24.0) == pytest.approx(budget, rel=0.01)


def test_what_the_limits_take_and_leave_goes_to_the_other_feeds() -> None:
    paces = [steady(0.0001), steady(0.0001), steady(1.0), steady(2.0), steady(1_000.0)]
    mu = threshold(paces, budget=5.0, shortest=0.5, longest=4.0)
    assert polls_an_hour(paces, mu, shortest=0.5, longest=4.0) == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize(("budget", "each"), [(0.001, 24.0), (1_000.0, 0.5)])
def test_a_budget_beyond_the_limits_leaves_every_feed_at_its_limit(budget: float, each: float) -> None:
    paces = [steady(1.0), steady(2.0)]
    mu = threshold(paces, budget=budget, shortest=0.5, longest=24.0)
    assert [wait(pace, mood=1.0, last=MONDAY, mu=mu, shortest=0.5, longest=24.0) for pace in paces] == [each, each]


def test_no_feeds_need_no_threshold() -> None:
    assert threshold([], budget=1.0, shortest=0.1, longest=24.0) == 0.0


@pytest.mark.parametrize(("done", "mu"), [(10.0, 2.0), (15.0, 4.5), (5.0, 0.5), (1_000.0, 8.0), (0.0, 0.5)])
def test_too_many_polls_raise_the_threshold_and_too_few_lower_it(done: float, mu: float) -> None:
    assert settle(2.0, done=done, budget=10.0) == pytest.approx(mu)


# ---- learning --------------------------------------------------------------------------------------------------------


def test_a_feed_nobody_has_watched_brings_what_the_prior_says_at_all_hours() -> None:
    pace = pace_of(Habit(), Crowd())
    assert pace.weekday == pytest.approx([0.2 / 2] * DAY)
    assert pace.weekend == pytest.approx([0.2 / 2] * DAY)
    assert pace.longest == math.inf


def test_the_rate_is_items_by_hours_watched() -> None:
    assert watched(14, 9, 12, 15).rate * DAY == pytest.approx(3, rel=0.05)


def test_a_habit_fades_by_half_in_two_weeks() -> None:
    busy = learn(Habit(), [MONDAY] * 100, since=MONDAY, until=MONDAY + HOUR, window=0)
    later = learn(busy, [], since=MONDAY + HOUR, until=MONDAY + HOUR + HALF_LIFE * HOUR, window=0)
    assert sum(later.items) == pytest.approx(50)


def test_how_often_a_feed_is_asked_changes_little_of_what_is_learned() -> None:
    items = [MONDAY + number * 5_000.0 for number in range(100)]
    end = items[-1] + 1
    whole = learn(Habit(), items, since=MONDAY - 1, until=end, window=0)
    parts = Habit()
    for begin in range(int(MONDAY) - 1, int(end), 900):
        until = min(begin + 900, end)
        fresh = [item for item in items if begin < item <= until]
        parts = learn(parts, fresh, since=begin, until=until, window=0)
    assert parts.rate == pytest.approx(whole.rate, rel=0.03)


def test_the_hours_of_a_feed_come_out_against_the_crowds_only_slowly() -> None:
    flat = Crowd()
    early, late = pace_of(watched(2, 9), flat), pace_of(watched(28, 9), flat)
    assert 1 < early.weekday[9] / early.mean < 6 < late.weekday[9] / late.mean < 24
    assert sum(late.weekday) * 5 / 7 + sum(late.weekend) * 2 / 7 == pytest.approx(late.mean * DAY)


def test_a_new_feed_is_taken_to_keep_the_crowds_hours() -> None:
    crowd = crowd_of([watched(28, 8, 9, 10, weekends=False)] * 20)
    pace = pace_of(Habit(), crowd)
    assert pace.weekday[9] > 5 * pace.weekday[3]
    assert pace.weekend[9] < 0.2 * pace.weekday[9]


def test_a_feed_that_rests_on_weekends_is_known_to_after_some_weeks() -> None:
    pace = pace_of(watched(28, *range(6, 18), weekends=False), Crowd())
    assert pace.weekend[12] < 0.1 * pace.weekday[12]


def test_dates_outside_the_time_between_two_polls_are_moved_into_it() -> None:
    noon = MONDAY + 12 * HOUR
    habit = learn(Habit(), [0.0, noon - 3 * HOUR, noon + 90 * HOUR], since=noon - 60, until=noon, window=5)
    assert (sum(habit.items), habit.items[11], habit.items[12]) == (3, 2, 1)


def test_two_polls_at_one_time_teach_nothing() -> None:
    assert learn(Habit(), [MONDAY], since=MONDAY, until=MONDAY, window=5) == Habit()


def test_a_day_on_which_much_happens_lifts_the_mood_and_a_quiet_day_calms_it() -> None:
    pace, busy = steady(1.0), Habit()
    for hour in range(6):
        begin = MONDAY + hour * HOUR
        busy = learn(busy, [begin] * 5, since=begin, until=begin + HOUR, window=0, pace=pace)
    assert 3 < busy.mood < 5
    for hour in range(6, 30):
        begin = MONDAY + hour * HOUR
        busy = learn(busy, [begin], since=begin, until=begin + HOUR, window=0, pace=pace)
    assert 1 < busy.mood < 1.5
    assert learn(Habit(), [], since=MONDAY, until=MONDAY + 20 * HOUR, window=0, pace=pace).mood < 0.3


# ---- the first body --------------------------------------------------------------------------------------------------


def test_a_first_body_tells_the_rate_that_its_dates_have() -> None:
    published = [MONDAY - number * 2.0 * HOUR for number in range(40)]
    assert first_habit(published, until=MONDAY, window=40).rate == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("odd", [0.0, MONDAY - 25 * DAY * HOUR, MONDAY + 9 * HOUR])
def test_a_pinned_item_and_a_wrong_date_do_not_tell_the_rate(odd: float) -> None:
    published = [MONDAY - number * 2.0 * HOUR for number in range(40)]
    assert first_habit([odd, *published], until=MONDAY, window=41).rate == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("published", [[], [MONDAY - HOUR], [0.0] * 20])
def test_a_body_without_dates_tells_its_size_alone(published: list[float]) -> None:
    assert first_habit(published, until=MONDAY, window=20) == Habit(window=20)


# ---- keeping, saying, cost -------------------------------------------------------------------------------------------


def test_a_habit_is_kept_as_numbers_and_read_again() -> None:
    habit = watched(3, 7, 9)
    again = Habit.read(habit.kept())
    assert again.kept() == habit.kept()
    assert again.window == 10
    assert again.rate == pytest.approx(habit.rate, rel=0.001)


@pytest.mark.parametrize("kept", [(), (1.0, 2.0), (0.0,) * 400])
def test_what_is_no_habit_is_none_yet(kept: tuple[float, ...]) -> None:
    assert Habit.read(kept) == Habit()


@pytest.mark.parametrize(
    ("habit", "said"),
    [
        (watched(28, *range(DAY)), "24 items a day"),
        (watched(28, 8, 9), "2 items a day, most at 8–10 h UTC"),
        (watched(28, 23, 0), "2 items a day, most at 23–1 h UTC"),
        (watched(28, 14), "1 item a day, most at 14–15 h UTC"),
        (learn(Habit(), [MONDAY] * 2, since=MONDAY, until=MONDAY + 6 * DAY * HOUR, window=0), "3 items a week"),
        (learn(Habit(), [], since=MONDAY, until=MONDAY + 28 * DAY * HOUR, window=0), "less than an item a week"),
    ],
)
def test_a_habit_in_words(habit: Habit, said: str) -> None:
    assert in_words(pace_of(habit, Crowd())) == said


def test_a_reschedule_costs_little() -> None:
    """Fifty microseconds are the measure; a machine that is busy with others is given time, and the best of five."""
    pace = pace_of(watched(7, 9, 12), Crowd())

    def seconds() -> float:
        before = time.process_time()
        for number in range(500):
            ask(pace, 4.0, last=MONDAY + number * HOUR)
        return (time.process_time() - before) / 500

    assert min(seconds() for _ in range(5)) < 50e-6
