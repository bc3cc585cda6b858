"""What one poll teaches of a feed: its habit, and whether stories may have come and gone unseen.

What lives here: from entries and times to the numbers of `index_rule`. What must not: when to ask next (`cadence`), a
clock, a database. A habit travels as the row of numbers in which it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.model import Changes, FeedState, KnownEntry, ParsedEntry, ParsedFeed, UnchangedEntry
from monitor.rhythm import index_rule
from monitor.rhythm.index_rule import Crowd, Habit

_ARCHIVE = timedelta(days=1)  # new to us and published so long before the last poll: put in later, not brought since


def after_unchanged(state: FeedState, *, now: datetime, crowd: Crowd) -> tuple[float, ...]:
    """The feed's habit after a poll that brought nothing."""
    if state.last_success_at is None or not state.habit:
        return state.habit
    habit = Habit.read(state.habit)
    return _learn(habit, [], since=state.last_success_at, now=now, window=habit.window, crowd=crowd).kept()


def after_read(
    state: FeedState,
    parsed: ParsedFeed,
    found: Changes,
    *,
    now: datetime,
    crowd: Crowd,
    gap: bool,
    pushed: Sequence[datetime] = (),
) -> tuple[float, ...]:
    """The feed's habit after its body was read. The first body is a record of its own; later ones tell what is new.

    `pushed`: the dates of what a hub brought since the poll before. Without it this poll would have.

    After a gap only the time since the oldest item was watched: what came and went before it cannot be counted.
    """
    window = parsed.size
    if state.last_success_at is None or not state.habit:
        published = [_date(entry) for entry in parsed.everything]
        dated = [date.timestamp() for date in published if date]
        return index_rule.first_habit(dated, until=now.timestamp(), window=window).kept()
    since = state.last_success_at
    dates = [*(_date(keyed.entry) for keyed in found.new), *pushed]
    if gap and None not in dates:
        since = min(max(since, min(date for date in dates if date)), now)
    # An item without a date came some time between the two polls.
    fresh = [date or since + (now - since) / 2 for date in dates if date is None or date > since - _ARCHIVE]
    return _learn(Habit.read(state.habit), fresh, since=since, now=now, window=window, crowd=crowd).kept()


def shares_nothing(parsed: ParsedFeed, found: Changes, known: Sequence[KnownEntry]) -> bool:
    """Whether a feed that is known brings only what is new: then more may have come and gone between the two polls."""
    new = set(_marks(keyed.entry for keyed in found.new))
    return bool(known and new) and new.issuperset(_marks(parsed.everything))


def _learn(
    habit: Habit, fresh: Sequence[datetime], *, since: datetime, now: datetime, window: int, crowd: Crowd
) -> Habit:
    return index_rule.learn(
        habit,
        [date.timestamp() for date in fresh],
        since=since.timestamp(),
        until=now.timestamp(),
        window=window,
        pace=index_rule.pace_of(habit, crowd),
    )


def _date(entry: ParsedEntry | UnchangedEntry) -> datetime | None:
    return entry.published or entry.updated


def _marks(entries: Iterable[ParsedEntry | UnchangedEntry]) -> list[tuple[str, str, str]]:
    return [(entry.id, entry.link, entry.title) for entry in entries]
