"""What the verdicts of an installation taught, kept until there are others.

What must not live here: how anything is learned (`monitor.review`).
"""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from sqlalchemy import Connection

from monitor.review.ranking import Ranking, learn
from storage import review, story_lines


class Taught:
    """One for each server. Verdicts of the day that is being read teach tomorrow: a page that was opened to be gone
    through should not change its order under the hand."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: tuple[int, datetime] | None = None
        self._ranking = learn(())

    def ranking(self, connection: Connection, *, before: datetime) -> Ranking:
        """What was taught by the verdicts before a moment."""
        known = review.last_verdict(connection), before
        with self._lock:
            if known != self._known:
                lines = story_lines.judged(connection)
                self._ranking = learn(line for line in lines if line.verdict and line.verdict.at < before)
                self._known = known
            return self._ranking
