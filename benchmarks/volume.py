"""Silence and floods: how often a claim is false, and how soon a feed that dies is missed.

    ./dev bench volume

Replays real publication times (TIPSHEET_DATA), polled every six hours, habits learned online. A claim of silence counts
as false unless half of the feeds that are watched on that day were silent too: there the record has a hole, no feed.
Beside it, the floor: a plain Poisson tail at the same chance, without the swing that a day may have. Two minutes.
"""

from __future__ import annotations

import json
import lzma
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from monitor.rhythm import index_rule, volume
from monitor.rhythm.index_rule import Crowd, Habit

STEP = 6 * 3_600
LEAST = 100  # items of a feed in the record
DAY = 86_400


@dataclass
class Record:
    """What one rule claimed over all feeds."""

    silences: list[tuple[float, float]] = field(default_factory=list)  # from when to when, of each claim
    floods: int = 0


def polls(items: list[int], segments: list[list[int]]) -> Iterator[tuple[float, float, Habit]]:
    """The time of each poll, of the latest news before it, and the habit after it."""
    habit = Habit()
    for begin, end in segments:
        last, at = float(begin), float(begin)
        position = bisect_left(items, begin)
        while at + STEP <= end:
            upto = bisect_right(items, at + STEP)
            pace = index_rule.pace_of(habit, Crowd())
            new = items[position:upto]
            habit = index_rule.learn(habit, new, since=at, until=at + STEP, window=30, pace=pace)
            at, position = at + STEP, upto
            last = at if new else last
            yield at, last, habit


def claims(runs: list[list[tuple[float, float, Habit]]]) -> Record:
    record = Record()
    for run in runs:
        said = ""
        for at, last, habit in run:
            odd = volume.oddity(habit, Crowd(), last_new=_moment(last), last_read=_moment(at))
            kind = odd.kind if odd else ""
            if kind == "silent" and said != kind:
                record.silences.append((last, at))
            record.floods += kind == "flood" and said != kind
            said = kind
    return record


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def false_silences(record: Record, runs: list[list[tuple[float, float, Habit]]]) -> int:
    """Claims that are not of a time at which half of the others were silent for a day as well."""
    by_time = [{int(at // DAY): at - last for at, last, _ in run} for run in runs]

    def is_hole(claimed: float) -> bool:
        silent = [days[day] > DAY / 2 for days in by_time for day in [int(claimed // DAY)] if day in days]
        return sum(silent) * 2 >= len(silent)

    return sum(not is_hole(claimed) for _, claimed in record.silences)


def delays(runs: list[list[tuple[float, float, Habit]]]) -> list[tuple[float, float]]:
    """Items a day of each feed, and after how many days it would be missed, had it died at the end of its record."""
    found = []
    for run in runs:
        at, _, habit = run[-1]
        begin = at
        while at < begin + 60 * DAY:
            habit = index_rule.learn(habit, [], since=at, until=at + STEP, window=30)
            at += STEP
            if volume.oddity(habit, Crowd(), last_new=_moment(begin), last_read=_moment(at)):
                found.append((run[-1][2].rate * 24, (at - begin) / DAY))
                break
    return found


def main() -> None:
    path = Path(os.environ.get("TIPSHEET_DATA", "")) / "data" / "cadence-replay.json.xz"
    if not path.is_file():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    with lzma.open(path) as stream:
        feeds = {name: feed for name, feed in json.load(stream).items() if len(feed["items"]) >= LEAST}
    runs = [list(polls(sorted(feed["items"]), feed["segs"])) for feed in feeds.values()]
    years = sum(map(len, runs)) * timedelta(seconds=STEP) / timedelta(days=365)
    print(f"{len(runs)} feeds, {years:.1f} feed-years")
    for name, swing in (("with the swing of a day", volume.SWING), ("plain Poisson tail", 1.0)):
        volume.SWING = swing  # the floor is the same rule without it
        record = claims(runs)
        wrong = false_silences(record, runs)
        print(
            f"{name}: {wrong} false silences ({wrong / years:.2f} a feed-year; {len(record.silences) - wrong} more in"
            f" holes of the record), {record.floods} floods ({record.floods / years:.2f} a feed-year)"
        )
        dead = delays(runs)
        for low, high in ((100, 10_000), (20, 100), (5, 20), (0, 5)):
            days = [delay for rate, delay in dead if low <= rate < high]
            if days:
                print(
                    f"    a feed of {low}–{high} items a day that dies is missed after {median(days):.1f} days (median)"
                )


if __name__ == "__main__":
    main()
