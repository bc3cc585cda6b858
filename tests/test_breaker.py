"""When a channel is left alone: as its service asks, and when nothing gets through."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.breaker import FIRST_REST, LONGEST_ASKED, LONGEST_REST, after_failure, described, rests_until
from monitor.model import ChannelState
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)


def failed(*minutes: float, state: ChannelState | None = None, asked: timedelta | None = None) -> ChannelState:
    """A channel after failures at these minutes past noon."""
    state = state or ChannelState()
    for minute in minutes:
        state = after_failure(state, reason="503", retry_after=asked, now=NOON + minute * MINUTE)
    return state


@pytest.mark.parametrize(
    ("minutes", "rests"),
    [
        ((0, 1, 2, 3), False),
        ((0, 1, 2, 3, 4), True),
        ((0, 0, 0, 0, 0), True),
        ((0, 1.3, 2.6, 3.9, 5.2), False),  # the first is more than five minutes ago
        ((0, 2, 4, 6, 8, 10), False),
        ((0, 2, 4, 5, 6, 6.5), True),
    ],
)
def test_five_failures_within_five_minutes_open_it(minutes: tuple[float, ...], rests: bool) -> None:
    last = NOON + minutes[-1] * MINUTE
    assert (rests_until(failed(*minutes), now=last) == last + FIRST_REST) == rests


def test_each_probe_that_fails_doubles_the_rest_up_to_a_quarter_of_an_hour() -> None:
    state, now, rests = failed(0, 0, 0, 0), NOON, []
    for _ in range(8):
        state = after_failure(state, reason="503", retry_after=None, now=now)
        until = rests_until(state, now=now)
        assert until is not None
        rests.append((until - now) / MINUTE)
        now = until
        assert rests_until(state, now=now) is None, "one probe may go"
    assert rests == [1, 2, 4, 8, 15, 15, 15, 15]
    assert LONGEST_REST == 15 * MINUTE


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(timedelta(seconds=30), timedelta(seconds=30)), (timedelta(days=9), LONGEST_ASKED), (None, None)],
)
def test_a_service_is_given_the_rest_that_it_asks_for(asked: timedelta | None, kept: timedelta | None) -> None:
    assert rests_until(failed(0, asked=asked), now=NOON) == (NOON + kept if kept else None)


def test_the_longer_of_two_rests_counts() -> None:
    tripped = failed(0, 0, 0, 0, 0)
    for asked, until in ((timedelta(hours=2), timedelta(hours=2)), (timedelta(seconds=2), FIRST_REST)):
        assert rests_until(failed(0, state=tripped, asked=asked), now=NOON) == NOON + until


def test_a_service_that_says_when_to_come_again_is_not_down() -> None:
    second = timedelta(seconds=1)
    assert rests_until(failed(*[0] * 40, asked=second), now=NOON) == NOON + second


def test_a_clock_that_was_set_back_does_not_silence_a_channel() -> None:
    assert rests_until(failed(60, asked=timedelta(hours=1)), now=NOON) is None


@pytest.mark.parametrize(
    ("state", "why"),
    [(failed(0, asked=MINUTE), "its service asked for rest"), (failed(0, 0, 0, 0, 0), "5 failures in a row")],
)
def test_a_person_reads_why(state: ChannelState, why: str) -> None:
    assert described("chat", state, until="12:01") == (
        f"The channel chat rests until 12:01: {why}. The last answer: 503. Its alerts wait."
    )


def test_nothing_is_known_of_a_channel_that_works() -> None:
    assert rests_until(ChannelState(), now=datetime.max.replace(tzinfo=NOON.tzinfo)) is None
