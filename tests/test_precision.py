"""How often a watch is right by the verdicts, with what so few verdicts leave open."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Watch
from monitor.review.precision import Precision, by_watch, over_time, precision, tried
from monitor.watches.matching import compile_watch
from tests.conftest import NOON
from tests.story_lines import line


@pytest.mark.parametrize(
    ("kept", "refused", "low", "high"),
    [  # as tables of Wilson's score interval at 95 % have them
        (0, 0, 0.0, 1.0),
        (1, 0, 0.2065, 1.0),
        (0, 1, 0.0, 0.7935),
        (8, 2, 0.4902, 0.9433),
        (80, 20, 0.7112, 0.8666),
        (0, 10, 0.0, 0.2775),
    ],
)
def test_the_interval_is_wilsons(kept: int, refused: int, low: float, high: float) -> None:
    assert Precision(kept=kept, refused=refused).interval == pytest.approx((low, high), abs=5e-5)


@given(kept=st.integers(0, 500), refused=st.integers(0, 500))
def test_the_share_lies_in_its_interval_and_more_verdicts_narrow_it(kept: int, refused: int) -> None:
    one, ten = Precision(kept=kept, refused=refused), Precision(kept=10 * kept, refused=10 * refused)
    (low, high), (lower, higher) = one.interval, ten.interval
    if one.share is None:
        assert kept + refused == 0
    else:
        assert low - 1e-9 <= one.share <= high + 1e-9
        assert higher - lower < high - low


def test_starred_counts_as_kept_and_what_nobody_judged_counts_for_nothing() -> None:
    lines = [line("a", "kept"), line("b", "starred"), line("c", "refused"), line("d", "open"), line("e")]
    assert precision(lines) == Precision(kept=2, refused=1)
    assert precision([]).share is None


def test_each_watch_has_its_own() -> None:
    found = by_watch([("ferries", "kept"), ("boats", "refused"), ("ferries", "starred"), ("canoes", "open")])
    assert {watch: (one.kept, one.refused) for watch, one in found.items()} == {"boats": (0, 1), "ferries": (2, 0)}


def test_over_time_a_story_counts_on_the_day_on_which_it_began_for_its_reader() -> None:
    late = NOON.replace(hour=23, minute=30)
    lines = [
        line("too old", "kept", began_at=NOON - timedelta(days=14)),
        line("last week", "refused", began_at=NOON - timedelta(days=7)),
        line("before midnight in Lisbon, after it in Berlin", "kept", began_at=late - timedelta(days=7)),
        line("today", "kept"),
        line("tomorrow in Berlin", "kept", began_at=late),
    ]

    def weeks(zone: str) -> list[tuple[date, int, int]]:
        found = over_time(lines, until=date(2026, 2, 18), days=7, periods=2, zone=ZoneInfo(zone))
        return [(one.first, one.precision.kept, one.precision.refused) for one in found]

    assert weeks("Europe/Lisbon") == [(date(2026, 2, 5), 1, 1), (date(2026, 2, 12), 2, 0)]
    assert weeks("Europe/Berlin") == [(date(2026, 2, 5), 0, 1), (date(2026, 2, 12), 2, 0)]


def test_another_wording_is_tried_on_what_was_judged() -> None:
    lines = [
        line("Ferry waits", "kept", story=1),
        line("Model ferry sold", "refused", story=2),
        line("Ferry fares up", "refused", story=3),
        line("Model of a ferry service praised", "starred", story=4),
        line("Model ferry show", story=5),
    ]
    trial = tried(compile_watch(Watch(name="w", query="ferry AND NOT model"), None, {}), lines)
    assert (trial.kept, trial.lost, trial.refused, trial.stopped) == ((1,), (4,), (3,), (2,))
    assert trial.precision == Precision(kept=1, refused=1)
