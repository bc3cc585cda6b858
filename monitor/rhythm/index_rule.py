"""The index rule: a feed is asked again when enough has probably been waiting for long enough.

What lives here: what a feed's habit is, how polls teach it, and how long to wait, given the habit. What must not: a
clock, a server's wishes, jitter (`cadence` has those), and how habits are kept.

At rate λ(s), asking at t ends a wait that has gathered G(t) = ∫ (s − last) · λ(s) ds item-hours since the last poll. A
feed is asked at the first t with G ≥ μ. One μ for all feeds makes every poll worth the same, so that no poll could be
spent better on another feed; how large it is follows from how many polls there may be. λ is the feed's rate, times its
hour of the day, times weekday or weekend, times its mood: what it brought in the last hours against what all that had
promised. The mood knows of holidays and of days on which much happens; it takes a tenth off the mean wait.

Times are Unix seconds, lengths are hours, rates are items an hour. Hours of the day are UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

DAY = 24
HALF_LIFE = 14.0 * DAY  # an item counts half when the feed has been watched for so long since
MEMORY = 2 * HALF_LIFE  # a window that reaches further back says nothing of today
SHRINK = 10.0  # items that it takes a feed to be believed half about its hours, against all feeds together
CROWD_SHRINK = 100.0  # and that it takes all feeds together, against an even day
PRIOR_ITEMS, PRIOR_HOURS = 0.2, 2.0  # what a feed nobody has watched yet is taken to have brought, and in how long
MOOD_HALF_LIFE = 6.0  # hours
MOOD_SHRINK = 2.0  # items that it takes a mood to be believed half
BUSY = 0.5  # the share of a feed's items that falls into the hours which are called its busy ones
_ROUNDS = 12  # of settling μ; each takes most of what is left of the error
_HOUR = 3_600
_NONE = (0.0,) * DAY
_WEEKDAYS, _WEEKEND = 5 / 7, 2 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a feed brought by hour of the day, and for how many hours it was watched there. Both fade alike."""

    items: tuple[float, ...] = _NONE
    watched: tuple[float, ...] = _NONE
    weekend_items: float = 0.0
    weekend_watched: float = 0.0
    lately: float = 0.0  # items of the last hours
    promised: float = 0.0  # how many they were to be
    window: int = 0  # items that the feed's body holds; 0: not known

    @classmethod
    def read(cls, kept: Sequence[float]) -> Self:
        """The habit that `kept()` gave. Anything else (nothing, another version's) is no habit yet."""
        if len(kept) != 2 * DAY + 5:
            return cls()
        weekend_items, weekend_watched, lately, promised, window = kept[2 * DAY :]
        return cls(
            items=tuple(kept[:DAY]), watched=tuple(kept[DAY : 2 * DAY]),
            weekend_items=weekend_items, weekend_watched=weekend_watched,
            lately=lately, promised=promised, window=int(window),
        )  # fmt: skip

    def kept(self) -> tuple[float, ...]:
        """The habit as a row of numbers, for keeping."""
        row = (*self.items, *self.watched, self.weekend_items, self.weekend_watched, self.lately, self.promised)
        return (*(round(number, 4) for number in row), self.window)

    @property
    def rate(self) -> float:
        """Items an hour, leaning on the prior while little has been watched."""
        return (sum(self.items) + PRIOR_ITEMS) / (sum(self.watched) + PRIOR_HOURS)

    @property
    def mood(self) -> float:
        """How busy the last hours were, against what was promised; 1 for as promised, and for not known."""
        return (self.lately + MOOD_SHRINK) / (self.promised + MOOD_SHRINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What all feeds have in common: the shape of the day (mean 1) and how busy a weekend is (1: as a weekday)."""

    hours: tuple[float, ...] = (1.0,) * DAY
    weekend: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A feed's rate through the week, ready for asking when."""

    mean: float
    weekday: tuple[float, ...]  # by hour of the day
    weekend: tuple[float, ...]
    pull: float  # the mean of the rate's square root: how often the rule asks, but for μ
    longest: float  # after this wait, at the busiest hour, half of the feed's window would be new


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What all feeds together say to each of them: the common hours, and the threshold that spends the budget."""

    crowd: Crowd = Crowd()
    mu: float = 0.0


def rhythm_of(habits: Sequence[Habit], *, every: float, shortest: float, longest: float) -> Rhythm:
    """The rhythm in which these feeds take as many polls as one of each every `every` hours would."""
    crowd = crowd_of(habits)
    paces = [pace_of(habit, crowd) for habit in habits]
    return Rhythm(crowd=crowd, mu=threshold(paces, budget=len(paces) / every, shortest=shortest, longest=longest))


# ---- learning --------------------------------------------------------------------------------------------------------


def learn(
    habit: Habit, published: Sequence[float], *, since: float, until: float, window: int, pace: Pace | None = None
) -> Habit:
    """The habit after a feed was seen to bring items published at these times between `since` and `until`.

    Times outside are moved to the nearer end: the items came to be seen in between, whatever their dates say. A feed
    that held `window` items last time and says nothing of it now (a 304) is given the same `window` again. `pace` is
    what had been expected; without one, nothing was, and the mood stays as it was.
    """
    since = max(since, until - MEMORY * _HOUR)
    if until <= since:
        return habit
    fade = 0.5 ** ((until - since) / _HOUR / HALF_LIFE)
    items, watched = [fade * count for count in habit.items], [fade * hours for hours in habit.watched]
    weekend_items, weekend_watched = fade * habit.weekend_items, fade * habit.weekend_watched
    for begin, length in _hours(since, until):
        watched[_hour(begin)] += length
        weekend_watched += length * _is_weekend(begin)
    for time in published:
        seen = min(max(time, since), until)
        items[_hour(seen)] += 1
        weekend_items += _is_weekend(seen)
    lately, promised = _mood(habit, len(published), pace, since, until)
    return Habit(
        items=tuple(items), watched=tuple(watched), weekend_items=weekend_items, weekend_watched=weekend_watched,
        lately=lately, promised=promised, window=window,
    )  # fmt: skip


def _mood(habit: Habit, count: int, pace: Pace | None, since: float, until: float) -> tuple[float, float]:
    """Items of the last hours, and how many were promised."""
    if pace is None:
        return habit.lately, habit.promised
    fade = 0.5 ** ((until - since) / _HOUR / MOOD_HALF_LIFE)
    return fade * habit.lately + count, fade * habit.promised + promised(pace, since=since, until=until)


def promised(pace: Pace, *, since: float, until: float) -> float:
    """How many items the pace promises between two times."""
    return sum(_rate(pace, begin) * length for begin, length in _hours(since, until))


def first_habit(published: Sequence[float], *, until: float, window: int) -> Habit:
    """The habit that a single body tells: what came since its oldest items, which are only marks of where it begins.

    The oldest quarter is left out, for pinned items and a template's zero dates stand there.
    """
    dated = sorted(time for time in published if until - MEMORY * _HOUR < time <= until)
    begin, rest = dated[len(dated) // 4 :][:1], dated[len(dated) // 4 + 1 :]
    return learn(Habit(), rest, since=begin[0], until=until, window=window) if rest else Habit(window=window)


def crowd_of(habits: Iterable[Habit]) -> Crowd:
    """The common shape of many habits; each feed counts by what it brought, against what its own rate promised."""
    items, promised = [CROWD_SHRINK / DAY] * DAY, [CROWD_SHRINK / DAY] * DAY
    weekend_items = weekend_promised = CROWD_SHRINK * _WEEKEND
    for habit in habits:
        rate = habit.rate
        items = [sum(pair) for pair in zip(items, habit.items, strict=True)]
        promised = [sum_ + rate * hours for sum_, hours in zip(promised, habit.watched, strict=True)]
        weekend_items += habit.weekend_items
        weekend_promised += rate * habit.weekend_watched
    hours = [count / due for count, due in zip(items, promised, strict=True)]
    weekday = (sum(items) - weekend_items) / (sum(promised) - weekend_promised)
    return Crowd(hours=_mean_one(hours), weekend=weekend_items / weekend_promised / weekday)


def pace_of(habit: Habit, crowd: Crowd) -> Pace:
    """The feed's rate through the week; its hours are shrunk towards the crowd's."""
    rate = habit.rate
    share = SHRINK / DAY
    day = _mean_one(
        [
            (count + share * common) / (rate * hours + share)
            for count, hours, common in zip(habit.items, habit.watched, crowd.hours, strict=True)
        ]
    )
    on_weekday, on_weekend = (rate * factor for factor in _week(habit, rate, crowd.weekend))
    roots = _WEEKDAYS * math.sqrt(on_weekday) + _WEEKEND * math.sqrt(on_weekend)
    return Pace(
        mean=rate,
        weekday=tuple([on_weekday * share for share in day]),
        weekend=tuple([on_weekend * share for share in day]),
        pull=roots * sum(map(math.sqrt, day)) / DAY,
        longest=habit.window / (2 * max(on_weekday, on_weekend) * max(day)) if habit.window else math.inf,
    )


def _week(habit: Habit, rate: float, crowd_weekend: float) -> tuple[float, float]:
    """The factors of a weekday and of a weekend's day; their mean over the week is 1."""
    mean = _WEEKDAYS + _WEEKEND * crowd_weekend
    items, watched = sum(habit.items) - habit.weekend_items, sum(habit.watched) - habit.weekend_watched
    weekday = (items + SHRINK * _WEEKDAYS / mean) / (rate * watched + SHRINK * _WEEKDAYS)
    weekend = (habit.weekend_items + SHRINK * _WEEKEND * crowd_weekend / mean) / (
        rate * habit.weekend_watched + SHRINK * _WEEKEND
    )
    whole = _WEEKDAYS * weekday + _WEEKEND * weekend
    return weekday / whole, weekend / whole


def _mean_one(numbers: Sequence[float]) -> tuple[float, ...]:
    mean = sum(numbers) / len(numbers)
    return tuple([number / mean for number in numbers])


# ---- waiting ---------------------------------------------------------------------------------------------------------


def wait(pace: Pace, *, mood: float, last: float, mu: float, shortest: float, longest: float) -> float:
    """Hours after `last` at which G reaches μ; never under `shortest`, nor else over `longest` or the pace's own."""
    longest = min(longest, pace.longest / max(mood, 1.0))
    gathered, begin = 0.0, 0.0
    for start, length in _hours(last, last + max(longest, 0.0) * _HOUR):
        rate = _rate(pace, start) * mood
        end = begin + length
        more = rate * (end * end - begin * begin) / 2
        if gathered + more >= mu:
            return max(shortest, math.sqrt(begin * begin + 2 * (mu - gathered) / rate))
        gathered, begin = gathered + more, end
    return max(shortest, longest)


def settle(mu: float, *, done: float, budget: float) -> float:
    """μ after `done` polls where `budget` were meant: polls go with 1/√μ. At most fourfold at once, either way."""
    return mu * min(max((done / budget) ** 2, 0.25), 4.0)


def threshold(paces: Sequence[Pace], *, budget: float, shortest: float, longest: float) -> float:
    """The μ at which these feeds are asked `budget` times an hour, all together.

    Feeds that the limits hold back or drive on are reckoned with: the others get what those leave, or pay for it.
    """
    if not paces:
        return 0.0
    mu = (sum(pace.pull for pace in paces) / budget) ** 2 / 2
    for _ in range(_ROUNDS):
        root = math.sqrt(2 * mu)
        waits = (max(shortest, min(longest, pace.longest, root / pace.pull)) for pace in paces)
        mu = settle(mu, done=sum(1 / hours for hours in waits), budget=budget)
    return mu


def in_words(pace: Pace) -> str:
    """The habit as a person says it: "12 items a day, most at 14–18 h UTC"."""
    a_day = pace.mean * DAY
    if a_day < 1:
        return _count(a_day * 7, "week")
    begin, end = _busy_hours([(5 * a + 2 * b) / 7 for a, b in zip(pace.weekday, pace.weekend, strict=True)])
    busy = f", most at {begin}–{end} h UTC" if (end - begin) % DAY <= DAY // 3 else ""
    return _count(a_day, "day") + busy


def at_first_sight(published: Sequence[float], *, until: float) -> str:
    """The habit that a single body tells, in words; "" where it tells none."""
    habit = first_habit(published, until=until, window=len(published))
    return in_words(pace_of(habit, Crowd())) if any(habit.items) else ""


def _count(number: float, unit: str) -> str:
    if number < 0.5:
        return f"less than an item a {unit}"
    return f"{round(number)} {'item' if round(number) == 1 else 'items'} a {unit}"


def _busy_hours(rates: Sequence[float]) -> tuple[int, int]:
    """The shortest run of hours, over midnight or not, that has BUSY of the items; of several, the busiest."""
    sums = list(accumulate((*rates, *rates), initial=0.0))
    enough = BUSY * sums[DAY]
    shortest, end = DAY, 2 * DAY - 1
    for begin in range(DAY - 1, -1, -1):  # the end of such a run never moves away from an earlier beginning
        while end > begin and sums[end - 1] - sums[begin] >= enough:
            end -= 1
        shortest = min(shortest, end - begin)
    begin = max(range(DAY), key=lambda hour: sums[hour + shortest] - sums[hour])
    return begin, (begin + shortest) % DAY


# ---- the hours of the week -------------------------------------------------------------------------------------------


def _hours(since: float, until: float) -> Iterable[tuple[float, float]]:
    """The hours of the clock between two times: where each begins, and how much of it (in hours) lies between."""
    begin = since
    while begin < until:
        end = min((begin // _HOUR + 1) * _HOUR, until)
        yield begin, (end - begin) / _HOUR
        begin = end


def _rate(pace: Pace, time: float) -> float:
    return (pace.weekend if _is_weekend(time) else pace.weekday)[_hour(time)]


def _hour(time: float) -> int:
    return int(time // _HOUR) % DAY


def _is_weekend(time: float) -> bool:
    return (int(time // (DAY * _HOUR)) + 3) % 7 >= 5  # the first day of Unix time was a Thursday
