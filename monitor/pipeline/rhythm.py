"""What all feeds together are like: their rhythm, reckoned from their habits and kept for a while, and their health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.model import FeedHealth
from monitor.rhythm import cadence, index_rule
from monitor.rhythm.cadence import Intervals
from monitor.rhythm.condition import health_of
from monitor.rhythm.index_rule import Habit
from monitor.settings.config import Config
from storage import feeds
from storage.database import Database
from storage.feeds import FeedHabit

KEPT_FOR = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Rhythms:
    """Asks the database for the habits of all feeds, at most every `KEPT_FOR`."""

    intervals: Intervals | None = None
    read_at: datetime | None = None

    def now(self, database: Database, config: Config, now: datetime) -> Intervals:
        """The intervals that hold now."""
        if self.intervals is None or self.read_at is None or abs(now - self.read_at) >= KEPT_FOR:
            with database.read() as connection:
                habits = feeds.habits(connection)
            by_habit = [one.habit for one in habits if _every(one, config) is None]
            self.intervals = cadence.intervals_for(by_habit, every=config.every)
            self.read_at = now
        return self.intervals


def _every(one: FeedHabit, config: Config) -> timedelta | None:
    """The interval that a feed has of its own."""
    feed = config.feeds.get(one.url)
    return feed.every if feed else one.every


def feed_health(connection: Connection, *, now: datetime) -> FeedHealth:
    """The line under every digest."""
    crowd = index_rule.crowd_of(Habit.read(one.habit) for one in feeds.habits(connection) if one.habit)
    return health_of(feeds.each(connection, in_use=True), crowd=crowd, now=now)
