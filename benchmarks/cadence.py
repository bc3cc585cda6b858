"""How long news waits for its poll, at equal numbers of polls: `python -m benchmarks.cadence [--every 5 15 60]`.

Publication times of real feeds, from TIPSHEET_DATA, and the intervals for which they are complete. The feeds that bring
an item a day or more are replayed over the later half of their time under several laws, each of them given as many
polls as a fixed interval takes. Said is the mean wait from publication to poll, as a share of the fixed interval's.
The laws run without the floor that the program keeps: at five minutes it would leave them nothing to decide. "trained"
laws know the feeds from the earlier half, "online" knows nothing at first; all go on learning.
"""

from __future__ import annotations

import argparse
import heapq
import json
import lzma
import math
import os
import random
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.rhythm import index_rule
from monitor.rhythm.index_rule import DAY, Crowd, Habit, Pace

HOUR = 3_600
BUSY_ENOUGH, WATCHED_ENOUGH = 1.0, 7.0  # items a day, days
TRAINING = 0.5  # of all covered time
SHORTEST, LONGEST = 30 / HOUR, 24.0
SETTLE_EVERY = 6 * HOUR  # how often μ and the common profile are reckoned anew
EQUAL = 0.01  # how near the numbers of polls must come

Law = Callable[["Reader", float, float], float]  # (what is known, time of the poll, scale) → hours to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One feed: when it published, and when we would have known."""

    name: str
    items: tuple[float, ...]
    covered: tuple[tuple[float, float], ...]

    @property
    def hours(self) -> float:
        return sum(end - begin for begin, end in self.covered) / HOUR

    def between(self, begin: float, end: float) -> tuple[float, ...]:
        return self.items[bisect_right(self.items, begin) : bisect_right(self.items, end)]

    def cut(self, begin: float, end: float) -> Log:
        """The part of the log between two times."""
        covered = tuple((max(a, begin), min(b, end)) for a, b in self.covered if a < end and b > begin)
        return Log(name=self.name, items=self.items, covered=covered)

    def count(self) -> int:
        return sum(len(self.between(begin, end)) for begin, end in self.covered)


@dataclass(slots=True, kw_only=True)
class Reader:
    """What the program would know of a feed while the replay goes on."""

    log: Log
    phases: random.Random  # where in its interval a stretch of covered time finds the feed
    habit: Habit = field(default_factory=Habit)
    pace: Pace | None = None
    stretch: int = -1
    last: float = 0.0
    polls: int = 0
    waited: float = 0.0

    @property
    def known(self) -> Pace:
        return self.pace or index_rule.pace_of(self.habit, Crowd())


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    polls: int
    mean_wait: float  # hours


def read_logs(path: Path) -> list[Log]:
    with lzma.open(path, "rt") as source:
        found = json.load(source)
    logs = [
        Log(name=name, items=tuple(sorted(one["items"])), covered=tuple((a, b) for a, b in one["segs"]))
        for name, one in found.items()
    ]
    return [log for log in logs if log.hours > WATCHED_ENOUGH * DAY and log.count() >= BUSY_ENOUGH * log.hours / DAY]


def split(logs: Sequence[Log]) -> float:
    """The time before which TRAINING of all covered time lies."""
    low, high = min(log.covered[0][0] for log in logs), max(log.covered[-1][1] for log in logs)
    whole = sum(log.hours for log in logs)
    for _ in range(40):
        middle = (low + high) / 2
        if sum(log.cut(0, middle).hours for log in logs) < TRAINING * whole:
            low = middle
        else:
            high = middle
    return low


def train(log: Log) -> Habit:
    """What a poll every hour would have taught."""
    habit = Habit()
    for begin, end in log.covered:
        at = begin
        while at < end:
            until = min(at + HOUR, end)
            habit = index_rule.learn(habit, log.between(at, until), since=at, until=until, window=0)
            at = until
    return habit


# ---- the laws --------------------------------------------------------------------------------------------------------


def fixed(_reader: Reader, _now: float, scale: float) -> float:
    return scale


def proportional(reader: Reader, _now: float, scale: float) -> float:
    return min(max(scale / reader.habit.rate, SHORTEST), LONGEST)


def root(reader: Reader, _now: float, scale: float) -> float:
    return min(max(math.sqrt(2 * scale / reader.habit.rate), SHORTEST), LONGEST)


def index(reader: Reader, now: float, scale: float) -> float:
    return index_rule.wait(reader.known, mood=reader.habit.mood, last=now, mu=scale, shortest=SHORTEST, longest=LONGEST)


# ---- the replay ------------------------------------------------------------------------------------------------------


def replay(logs: Sequence[Log], habits: Sequence[Habit], law: Law, scale: Callable[[Sequence[Pace]], float]) -> Result:
    """Poll all feeds through their covered time. `scale` is asked anew as the paces change."""
    readers = [
        Reader(log=log, habit=habit, phases=random.Random(log.name)) for log, habit in zip(logs, habits, strict=True)
    ]
    scaled, settled = 0.0, -math.inf
    due = [(log.covered[0][0], number) for number, log in enumerate(logs) if log.covered]
    heapq.heapify(due)
    while due:
        now, number = due[0]
        if now >= settled + SETTLE_EVERY:
            crowd = index_rule.crowd_of(reader.habit for reader in readers)
            for reader in readers:
                reader.pace = index_rule.pace_of(reader.habit, crowd)
            scaled, settled = scale([reader.known for reader in readers]), now
        following = _poll(readers[number], now, law, scaled)
        if following is None:
            heapq.heappop(due)
        else:
            heapq.heapreplace(due, (following, number))
    items = sum(log.count() for log in logs)
    return Result(
        polls=sum(reader.polls for reader in readers), mean_wait=sum(reader.waited for reader in readers) / items / HOUR
    )


def _poll(reader: Reader, now: float, law: Law, scale: float) -> float | None:
    """Poll a feed; the time of the next poll, or None after the last one that news waits for."""
    if reader.stretch >= 0:
        begin, end = reader.log.covered[reader.stretch]
        since, until = max(reader.last, begin), min(now, end)
        fresh = reader.log.between(since, until)
        reader.waited += sum(now - item for item in fresh)
        reader.habit = index_rule.learn(reader.habit, fresh, since=since, until=until, window=0, pace=reader.known)
        if now <= end:
            reader.polls += 1
            reader.last = now
            return now + law(reader, now, scale) * HOUR
    reader.stretch += 1
    if reader.stretch == len(reader.log.covered):
        return None
    begin, _ = reader.log.covered[reader.stretch]
    whole = law(reader, begin, scale) * HOUR
    reader.last = begin - reader.phases.random() * whole
    return reader.last + whole


def at_equal_polls(run: Callable[[float], Result], polls: int, start: float, power: float) -> Result:
    """The result of `run(scale)` where it takes as many polls as meant; polls go with about scale ** power."""
    scale = start
    for _ in range(5):
        result = run(scale)
        if abs(result.polls / polls - 1) < EQUAL:
            break
        scale *= (polls / result.polls) ** (1 / power)
    return result


def measure(logs: Sequence[Log], trained: Sequence[Habit], every: float) -> None:
    """Print the mean wait of each law, at as many polls as one every `every` hours."""
    untrained = [Habit() for _ in logs]
    base = replay(logs, untrained, fixed, lambda _: every)
    print(f"polls as of one every {every * 60:.0f} min: {base.polls:,} polls, mean wait {base.mean_wait * 60:.1f} min")

    def plainly(law: Law) -> Callable[[float], Result]:
        return lambda scale: replay(logs, trained, law, lambda _: scale)

    def to_budget(habits: Sequence[Habit]) -> Callable[[float], Result]:
        def settled(share: float) -> Callable[[Sequence[Pace]], float]:
            return lambda paces: index_rule.threshold(
                paces, budget=share * len(paces) / every, shortest=SHORTEST, longest=LONGEST
            )

        return lambda share: replay(logs, habits, index, settled(share))

    for name, run, start, power in (
        ("proportional", plainly(proportional), every, -1.0),
        ("square root", plainly(root), every * every / 2, -0.5),
        ("index, trained", to_budget(trained), 1.0, 1.0),
        ("index, online", to_budget(untrained), 1.0, 1.0),
    ):
        result = at_equal_polls(run, base.polls, start, power)
        share = result.mean_wait / base.mean_wait
        print(f"  {name:15} {share:.3f} of the fixed interval's wait ({result.polls:,} polls)")


def cost(habits: Sequence[Habit]) -> float:
    """Seconds for one reschedule, when the paces are known."""
    paces = [index_rule.pace_of(habit, index_rule.crowd_of(habits)) for habit in habits]
    mu = index_rule.threshold(paces, budget=len(paces), shortest=SHORTEST, longest=LONGEST)
    before = time.process_time()
    for hour in range(100):
        for pace in paces:
            index_rule.wait(pace, mood=1.0, last=hour * HOUR + 1_800.0, mu=mu, shortest=SHORTEST, longest=LONGEST)
    return (time.process_time() - before) / (100 * len(paces))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--every", type=float, nargs="+", default=[60, 15, 5], help="budgets: minutes")
    arguments = options.parse_args()
    path = Path(os.environ.get("TIPSHEET_DATA", ""), "data", "cadence-replay.json.xz")
    if not path.is_file():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    logs = read_logs(path)
    at = split(logs)
    trained = [train(log.cut(0, at)) for log in logs]
    later = [log.cut(at, math.inf) for log in logs]
    print(f"{len(logs)} feeds, {sum(log.count() for log in later):,} items, "
          f"{sum(log.hours for log in later) / DAY:,.0f} days of feeds")  # fmt: skip
    for minutes in arguments.every:
        measure(later, trained, minutes / 60)
    print(f"{cost(trained) * 1e6:.1f} µs for a reschedule")


if __name__ == "__main__":
    main()
