"""Moments → counts by days where somebody lives; waits → counts by steps.

What lives here: the arithmetic of the desk's pictures. What must not: how they are drawn (`plots`), or what is counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from math import ceil
from typing import TypeVar

_Name = TypeVar("_Name", bound=Hashable)

_STEPS = (
    (timedelta(), "under a minute"),
    (timedelta(minutes=1), "1 to 5 minutes"),
    (timedelta(minutes=5), "5 to 15 minutes"),
    (timedelta(minutes=15), "15 to 30 minutes"),
    (timedelta(minutes=30), "30 to 60 minutes"),
    (timedelta(hours=1), "1 to 3 hours"),
    (timedelta(hours=3), "3 to 12 hours"),
    (timedelta(hours=12), "12 to 24 hours"),
    (timedelta(days=1), "over a day"),
)
STEPS: tuple[str, ...] = tuple(words for _, words in _STEPS)


def days_until(last: date, count: int) -> tuple[date, ...]:
    """So many days in a row, `last` being the last one."""
    return tuple(last - timedelta(days=back) for back in reversed(range(count)))


def by_day(moments: Iterable[tuple[_Name, datetime]], zone: tzinfo) -> Counter[tuple[_Name, date]]:
    """How many of each name there are on each date of a zone."""
    return Counter((name, at.astimezone(zone).date()) for name, at in moments)


def fullest(counts: Mapping[tuple[_Name, date], int], days: Sequence[date]) -> list[_Name]:
    """The names that have anything on these days, by how much, then by themselves."""
    wanted, totals = set(days), Counter[_Name]()
    for (name, day), count in counts.items():
        if day in wanted:
            totals[name] += count
    return sorted(totals, key=lambda name: (-totals[name], str(name)))


def by_step(waits: Iterable[timedelta]) -> tuple[int, ...]:
    """How many waits fall into each of `STEPS`. One below zero, by a clock that was wrong, is none at all."""
    counts = Counter(_step(wait) for wait in waits)
    return tuple(counts[number] for number in range(len(_STEPS)))


def _step(wait: timedelta) -> int:
    return max(0, bisect_right([least for least, _ in _STEPS], wait) - 1)


def quantile(waits: Sequence[timedelta], part: float) -> timedelta | None:
    """The wait that so large a part of them did not exceed (nearest rank); None of none."""
    ranked = sorted(waits)
    return ranked[max(0, ceil(part * len(ranked)) - 1)] if ranked else None


def in_words(wait: timedelta) -> str:
    """ "40 s", "12 min", "3 h 5 min", "2 d 4 h"."""
    return " ".join(list(_parts(wait))[:2]) or "0 s"


def _parts(wait: timedelta) -> Iterator[str]:
    minutes, seconds = divmod(int(wait.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        yield f"{days} d"
    if hours:
        yield f"{hours} h"
    if minutes and not days:
        yield f"{minutes} min"
    if seconds and not days and not hours and not minutes:
        yield f"{seconds} s"
