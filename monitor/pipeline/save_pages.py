"""snapshot wanted → a public archive is asked for one → its address | commit

What lives here: copies of matched articles, made by somebody whose word counts. What must not: which are wanted
(`examine` says, by the file's wish). It tells a third party what is read here, so the file must ask for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from urllib.parse import quote

from monitor.articles.reading import after_failure
from monitor.errors import FetchError
from monitor.net.fetch import Client
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import claims, errands
from storage.database import Database
from storage.errands import Errand, State

LEASE = timedelta(minutes=15)
GAP = 10.0  # seconds between two requests: the service serves the whole world
MAX_BYTES = 5_000_000
_UNRESERVED = ":/?&=%#+,;@!$'()*~"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """What came of one request. `address`: where the snapshot is."""

    errand: Errand
    state: State
    reason: str = ""
    address: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePages:
    """Asks for the snapshots that are due, one after the other."""

    database: Database
    config: Config
    client: Client
    clock: Callable[[], datetime]
    stop: Event
    gap: float = GAP

    def __call__(self) -> Iterator[SavedPage]:
        """Yields each after it is committed; a service that asks for rest ends the round."""
        while self.config.archive and not self.stop.is_set():
            claimant = claims.new_claimant()
            with self.database.write() as connection:
                due = errands.claim_due(
                    connection, "snapshot", claimant=claimant, now=self.clock(), lease=LEASE, limit=1
                )
            if not due:
                return
            saved = self._save(due[0])
            self._record(saved, claimant)
            yield saved
            if saved.state == "waiting":
                return
            self.stop.wait(self.gap)

    def _save(self, errand: Errand) -> SavedPage:
        try:
            page = self.client.page(self.config.archive + quote(errand.url, safe=_UNRESERVED), max_bytes=MAX_BYTES)
        except FetchError as error:
            state, due_at = after_failure(error, errand.tries + 1, now=self.clock())
            return SavedPage(errand=errand, state=state, reason=str(error), due_at=due_at)
        return SavedPage(errand=errand, state="done", address=page.headers.get("content-location", page.final_url))

    def _record(self, saved: SavedPage, claimant: str) -> None:
        done_at = self.clock() if saved.state == "done" else None
        with self.database.write() as connection:
            errands.settle(
                connection, saved.errand, saved.state, saved.reason, claimant=claimant, due_at=saved.due_at,
                done_at=done_at, result=saved.address,
            )  # fmt: skip
        level = logging.INFO if saved.state == "done" else logging.WARNING
        note("snapshot", level=level, entry=saved.errand.entry, state=saved.state, problem=saved.reason)
