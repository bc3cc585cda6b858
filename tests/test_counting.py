"""Counts by days where somebody lives, waits by steps: the arithmetic of the desk's pictures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.pictures.counting import (
    STEPS,
    by_day,
    by_step,
    days_until,
    fullest,
    in_words,
    quantile,
)
from monitor.pictures.drawing import Box, Label
from monitor.pictures.plots import Row, bars, day_grid

NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)  # in New York it is the day before
LAST = date(2026, 3, 1)


def test_a_day_is_that_of_the_reader() -> None:
    zones = {zone: by_day([("ferries", NIGHT)], ZoneInfo(zone)) for zone in ("UTC", "America/New_York")}
    assert zones["UTC"] == {("ferries", date(2026, 3, 1)): 1}
    assert zones["America/New_York"] == {("ferries", date(2026, 2, 28)): 1}


def test_days_end_with_the_last() -> None:
    assert days_until(LAST, 3) == (date(2026, 2, 27), date(2026, 2, 28), LAST)


def test_the_fullest_of_these_days_stands_first() -> None:
    old = date(2026, 1, 1)
    counts = {("b", LAST): 2, ("a", LAST): 2, ("c", LAST): 3, ("old", old): 9}
    assert fullest(counts, [LAST]) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("wait", "step"),
    [
        (timedelta(seconds=-5), "under a minute"),  # a clock that was wrong
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=1), "1 to 5 minutes"),
        (timedelta(minutes=15), "15 to 30 minutes"),
        (timedelta(hours=23, minutes=59), "12 to 24 hours"),
        (timedelta(days=40), "over a day"),
    ],
)
def test_a_wait_falls_into_its_step(wait: timedelta, step: str) -> None:
    assert dict(zip(STEPS, by_step([wait]), strict=True))[step] == 1


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_so_large_a_part_did_not_wait_longer(seconds: list[int], part: float) -> None:
    waits = [timedelta(seconds=one) for one in seconds]
    longest = quantile(waits, part)
    assert longest in waits
    assert sum(wait <= longest for wait in waits) >= part * len(waits)
    assert sum(wait < longest for wait in waits) < part * len(waits)


def test_of_none_there_is_no_quantile() -> None:
    assert quantile([], 0.5) is None


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=41.9), "41 s"),
        (timedelta(minutes=12, seconds=3), "12 min"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2, hours=4, minutes=9), "2 d 4 h"),
    ],
)
def test_a_wait_in_words(wait: timedelta, words: str) -> None:
    assert in_words(wait) == words


@pytest.mark.parametrize("count", [7, 30, 90, 366])
def test_a_grid_has_a_square_for_each_day_with_something_and_none_overlap(count: int) -> None:
    days = days_until(LAST, count)
    row = Row(name="The Harbour Gazette", counts=tuple(number % 3 for number in range(count)))
    drawn = day_grid([row], days, title="Outlets by day", below="Stories", about="", unit="stories")
    squares = [shape for shape in drawn.shapes if isinstance(shape, Box) and shape.hint]
    assert len(squares) == sum(one > 0 for one in row.counts)
    assert squares[0].hint == f"The Harbour Gazette, {days[1]:%d %B %Y}: 1"
    ends = [(box.x, box.x + box.width) for box in squares]
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))
    assert max(end for _, end in ends) < drawn.width
    assert str(sum(row.counts)) in [shape.text for shape in drawn.shapes if isinstance(shape, Label)]


def test_bars_are_as_long_as_their_counts() -> None:
    rows = [Row(name="ok", counts=(10,)), Row(name="failing", counts=(5,)), Row(name="gone", counts=(0,))]
    drawn = bars(rows, title="Feeds", below="now", about="")
    full, half = [shape.width for shape in drawn.shapes if isinstance(shape, Box)]
    assert full == 2 * half
    assert "0" in [shape.text for shape in drawn.shapes if isinstance(shape, Label)]


def test_nothing_is_drawn_of_nothing() -> None:
    for drawn in (
        bars([], title="Feeds", below="", about=""),
        day_grid([], (), title="Outlets", below="", about="", unit="stories"),
    ):
        assert drawn.height > 0
        assert drawn.width > 0
