"""The rhythm of all feeds together, reckoned from what is known of their habits, and kept for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.rhythm import cadence
from monitor.rhythm.cadence import Intervals
from monitor.settings.config import Config
from storage import feeds
from storage.database import Database

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
            by_habit = [habits[feed.url] for feed in config.feeds.values() if feed.url in habits and feed.every is None]
            self.intervals = cadence.intervals_for(by_habit, every=config.every)
            self.read_at = now
        return self.intervals
