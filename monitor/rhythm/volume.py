"""Whether a feed brings much less, or much more, than its habit says: silence looks like a day without news.

What lives here: a habit, and two times, to a sentence or none. What must not: a clock, and what is done about it.

News is no Poisson process: there are holidays, elections and storms. So a claim must stand a day that is three times as
calm, or as busy, as the feed's hours and weekdays promise, and be a matter of one in a million even then. A feed of 40
items a day is called silent after a day or so, one of 5 after eight; nights and weekends promise what they usually do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from monitor.rhythm import index_rule
from monitor.rhythm.cadence import words
from monitor.rhythm.index_rule import DAY, HALF_LIFE, MOOD_SHRINK, Crowd, Habit

RARE = math.log(1e-6)
SWING = 3.0  # a day may be so many times as busy, or as calm, as promised
SHORTEST_SILENCE = timedelta(hours=24)
LEAST_WATCHED = 6.0 * DAY  # hours; what a week weighs by the end of it, about
LEAST_ITEMS = 5.0

_MEMORY = HALF_LIFE / math.log(2)  # hours that all of the past weighs, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """What is odd about a feed's volume, with the words for it."""

    kind: Literal["silent", "flood"]
    message: str


def oddity(habit: Habit, crowd: Crowd, *, last_new: datetime | None, last_read: datetime | None) -> Oddity | None:
    """What is odd about the volume of a feed that was last read then, and last brought something new then."""
    if last_new is None or last_read is None:
        return None
    return _silence(habit, crowd, last_new, last_read) or _flood(habit, crowd)


def is_flood(habit: Habit, count: float) -> bool:
    """Whether so many items, from the last hours or from one poll, are far more than the habit had promised."""
    busy = SWING * (habit.promised + MOOD_SHRINK)
    return count > busy and _log_chance(count, busy) < RARE and _is_known(habit)


def _silence(habit: Habit, crowd: Crowd, last_new: datetime, last_read: datetime) -> Oddity | None:
    silent = last_read - last_new
    if silent < SHORTEST_SILENCE:
        return None
    before = _before(habit, silent / timedelta(hours=1))
    pace = index_rule.pace_of(before, crowd)
    promised = index_rule.promised(pace, since=last_new.timestamp(), until=last_read.timestamp())
    if not _is_known(before) or -promised / SWING > RARE:
        return None
    return Oddity(kind="silent", message=f"silent for {words(silent)}; it usually brings {index_rule.in_words(pace)}")


def _flood(habit: Habit, crowd: Crowd) -> Oddity | None:
    if not is_flood(habit, habit.lately):
        return None
    usual = index_rule.in_words(index_rule.pace_of(habit, crowd))
    promised = max(1, round(habit.promised))
    message = f"brought {round(habit.lately)} items lately where {promised} or so were promised; it brings {usual}"
    return Oddity(kind="flood", message=message)


def _before(habit: Habit, silent: float) -> Habit:
    """The habit as it was when the silence of so many hours began, whose polls have lowered its rate since."""
    fade = 0.5 ** (silent / HALF_LIFE)
    weight, in_vain = sum(habit.watched), _MEMORY * (1 - fade)
    share = max(0.0, 1 - in_vain / weight) / fade if weight else 0.0
    return replace(
        habit,
        items=tuple(count / fade for count in habit.items),
        watched=tuple(hours * share for hours in habit.watched),
        weekend_items=habit.weekend_items / fade,
        weekend_watched=habit.weekend_watched * share,
    )


def _is_known(habit: Habit) -> bool:
    """Whether the feed was watched for long enough to speak of a habit: a first body may date all its items today."""
    return sum(habit.watched) >= LEAST_WATCHED and sum(habit.items) >= LEAST_ITEMS


def _log_chance(count: float, expected: float) -> float:
    """The logarithm of the chance that so many come, or more, where so many are expected (Chernoff's bound)."""
    return count - expected - count * math.log(count / expected)
