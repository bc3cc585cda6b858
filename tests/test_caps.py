"""How many messages an hour holds, and that its last one is kept for all that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.caps import HOUR, next_step

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ago(*minutes: int) -> list[datetime]:
    return [NOW - minute * MINUTE for minute in minutes]


@pytest.mark.parametrize(
    ("sent", "waiting", "cap", "step"),
    [
        ([], 1, 10, "send"),
        ([], 5_000, 10, "send"),
        (ago(1, 2), 2, 4, "send"),
        (ago(1, 2, 3), 2, 4, "gather"),
        (ago(1, 2, 3), 1, 4, "send"),  # one alone is told as itself
        (ago(1, 2, 3, 20), 1, 4, NOW + 40 * MINUTE),
        (ago(20, 3, 2, 1), 1, 4, NOW + 40 * MINUTE),
        (ago(1, 2, 3, 20, 50), 9, 4, NOW + 40 * MINUTE),  # the cap was lowered: two must grow old
        (ago(1, 2, 3, 60), 2, 4, "gather"),  # an hour ago is over
        ([], 2, 1, "gather"),
        (ago(-60, -90, -3_000, -1), 1, 4, "send"),  # the clock was set back since
        (ago(59), 2, 1, NOW + MINUTE),
    ],
)
def test_what_becomes_of_a_message(sent: list[datetime], waiting: int, cap: int, step: object) -> None:
    assert next_step(sent, waiting=waiting, cap=cap, now=NOW) == step


@given(
    cap=st.integers(1, 20),
    arrivals=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 200)), min_size=1, max_size=12),
)
def test_whatever_comes_no_hour_holds_more_and_nothing_is_left_over(cap: int, arrivals: list[tuple[int, int]]) -> None:
    now, waiting, told = NOW, 0, 0
    sent: list[datetime] = []
    for pause, count in [*arrivals, (0, 0)]:
        now, waiting, told = now + pause * MINUTE, waiting + count, told + count
        for _ in range(1_000):
            if not waiting:
                break
            step = next_step(sent, waiting=waiting, cap=cap, now=now)
            if isinstance(step, datetime):
                assert now < step <= now + HOUR
                if pause or count:
                    break  # more comes before then
                now = step
            else:
                sent.append(now)
                waiting -= waiting if step == "gather" else 1
    assert not waiting
    assert len(sent) <= told
    for at in sent:
        assert sum(at <= other < at + HOUR for other in sent) <= cap
