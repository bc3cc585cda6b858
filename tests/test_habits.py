"""What one poll teaches: entries and times in, a habit out, and whether stories may have come and gone unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feeds import changes
from monitor.model import Feed, FeedState, KnownEntry, ParsedEntry, ParsedFeed
from monitor.rhythm import habits
from monitor.rhythm.index_rule import Crowd, Habit

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = Feed(url="https://ferry.example/feed", name="Ferry Times", outlet="ferry.example")
CROWD = Crowd()


def entry(name: str, published: datetime | None = None) -> ParsedEntry:
    link = f"https://ferry.example/{name}"
    return ParsedEntry(
        id=name, link=link, title=f"Ferry {name}", summary="", content="", author="", published=published, updated=None
    )


def body(*entries: ParsedEntry) -> ParsedFeed:
    return ParsedFeed(title="Ferry Times", link="", language="en", entries=entries)


def known(parsed: ParsedFeed) -> tuple[KnownEntry, ...]:
    found = changes.decide(parsed, known=(), first_poll=True, now=NOW, fresh_for=48 * HOUR)
    return tuple(
        KnownEntry(key=one.key, content_hash=one.content_hash, link=one.entry.link, title=one.entry.title)
        for one in found.new
    )


def polled(state: FeedState, parsed: ParsedFeed, before: ParsedFeed, *, now: datetime) -> tuple[Habit, bool]:
    memory = known(before)
    found = changes.decide(parsed, known=memory, first_poll=not memory, now=now, fresh_for=48 * HOUR)
    gap = habits.shares_nothing(parsed, found, memory)
    kept = habits.after_read(state, parsed, found, now=now, crowd=CROWD, gap=gap)
    return Habit.read(kept), gap


EVERY_TWO_HOURS = body(*(entry(str(number), NOW - number * 2 * HOUR) for number in range(40)))
NEW = FeedState(id=1, feed=FEED)


def after_first_poll() -> FeedState:
    habit, gap = polled(NEW, EVERY_TWO_HOURS, body(), now=NOW)
    assert not gap, "of a feed that nobody knows, nothing can have been missed"
    return replace(NEW, habit=habit.kept(), last_success_at=NOW)


def test_the_first_body_is_a_record_of_its_own() -> None:
    habit = Habit.read(after_first_poll().habit)
    assert habit.rate == pytest.approx(0.5, rel=0.1)
    assert habit.window == 40


def test_a_feed_whose_habit_nobody_kept_learns_it_from_its_next_body() -> None:
    """Databases of older versions know the feeds and not their habits."""
    habit, _ = polled(replace(NEW, last_success_at=NOW - HOUR), EVERY_TWO_HOURS, EVERY_TWO_HOURS, now=NOW)
    assert habit.rate == pytest.approx(0.5, rel=0.1)


def test_new_items_are_counted_in_their_hours_and_old_ones_are_not() -> None:
    state = after_first_poll()
    before = Habit.read(state.habit)
    fresh = [entry("a", NOW + HOUR / 2), entry("b", NOW + HOUR / 2), entry("undated")]
    late = body(*fresh, entry("archive", NOW - timedelta(days=90)), *EVERY_TWO_HOURS.entries)
    habit, gap = polled(state, late, EVERY_TWO_HOURS, now=NOW + 2 * HOUR)
    assert not gap
    assert habit.items[12] == pytest.approx(before.items[12] + 2, rel=0.01)  # at half past twelve
    assert habit.items[13] == pytest.approx(before.items[13] + 1, rel=0.01)  # in the middle, for want of a date
    assert sum(habit.items) == pytest.approx(sum(before.items) + 3, rel=0.01)
    assert habit.mood > 1


def test_a_poll_without_news_teaches_that_there_was_none() -> None:
    state = after_first_poll()
    habit = Habit.read(habits.after_unchanged(state, now=NOW + 6 * HOUR, crowd=CROWD))
    assert habit.rate < Habit.read(state.habit).rate
    assert (habit.window, habit.mood < 1) == (40, True)


def test_where_nothing_is_known_an_unchanged_body_teaches_nothing() -> None:
    assert habits.after_unchanged(replace(NEW, last_success_at=NOW), now=NOW + HOUR, crowd=CROWD) == ()


def test_a_window_that_is_wholly_new_is_a_gap_and_tells_the_true_rate() -> None:
    """Twelve hours without a poll, and a body of ten items of the last hour: not ten in twelve hours, but in one."""
    state = after_first_poll()
    later = NOW + 12 * HOUR
    burst = body(*(entry(f"burst {number}", later - number * HOUR / 10) for number in range(10)))
    counted, gap = polled(state, burst, EVERY_TWO_HOURS, now=later)
    assert gap
    watched = sum(counted.watched) - sum(Habit.read(state.habit).watched)
    assert watched < 1


@pytest.mark.parametrize(
    ("before", "now", "gap"),
    [
        (["1", "2"], ["3", "4"], True),
        (["1", "2"], ["2", "3"], False),
        (["1", "2"], ["1", "2"], False),
        (["1", "2"], ["3", "3"], True),  # an item that stands in the body twice is no link to the last one
        (["1", "2"], [], False),  # an empty body misses nothing
        ([], ["1", "2"], False),
        (["1"], ["2"], True),
    ],
)
def test_a_gap_is_when_nothing_known_is_left(before: list[str], now: list[str], gap: bool) -> None:
    memory, parsed = known(body(*map(entry, before))), body(*map(entry, now))
    found = changes.decide(parsed, known=memory, first_poll=not memory, now=NOW, fresh_for=48 * HOUR)
    assert habits.shares_nothing(parsed, found, memory) is gap
