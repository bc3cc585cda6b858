"""What servers say of our clock: the Date of their answers, kept with the polls, so that a doctor need ask nobody.

What must not live here: what follows from it (`operating.checkup`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from monitor.model import Fetched
from monitor.rhythm.cadence import read_http_date
from storage import facts

KEPT_EVERY = timedelta(minutes=10)
FEW, MANY = 3, 101  # servers: fewer prove nothing, more prove no more
_HALF = 0.5  # a Date is cut to the second


@dataclass(slots=True, kw_only=True)
class Clocks:
    """By how many seconds our clock was ahead of each server's, since it was last written down."""

    ahead: dict[str, float] = field(default_factory=dict)
    kept_at: datetime | None = None

    def note(self, connection: Connection, answers: Iterable[Fetched | None], *, now: datetime) -> None:
        """What came of some polls; they are written in this transaction anyway."""
        for answer in answers:
            if answer is not None:
                self.heard(answer, now=now)
        self.keep(connection, now=now)

    def heard(self, fetched: Fetched, *, now: datetime) -> None:
        """A server has answered. What a cache gave out (`Age`) has the time of then."""
        said = read_http_date(fetched.headers.get("date", ""))
        if said is not None and "age" not in fetched.headers and len(self.ahead) < MANY:
            host = urlsplit(fetched.final_url).hostname or ""
            self.ahead[host] = round((now - said).total_seconds() - _HALF, 1)

    def keep(self, connection: Connection, *, now: datetime) -> None:
        """Write it down; not often."""
        if len(self.ahead) < FEW or (self.kept_at and timedelta() <= now - self.kept_at < KEPT_EVERY):
            return
        facts.keep_clocks(connection, tuple(self.ahead.values()), now=now)
        self.ahead, self.kept_at = {}, now
