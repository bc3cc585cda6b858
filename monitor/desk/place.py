"""What every page of the desk needs, as one value; and feeds.yaml, as it is now.

What must not live here: requests, and what is made of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from monitor.desk.door.entrance import ERRANDS
from monitor.desk.door.login import Door
from monitor.desk.door.throttle import Throttle
from monitor.desk.teaching import Taught
from monitor.model import Account
from monitor.net.fetch import Client
from monitor.settings.config import Config, read_config
from monitor.story.outlets import Outlets
from storage.database import Database


class Settings:
    """feeds.yaml, read again when it was written. Read leniently: one faulty watch does not close the desk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._mark: tuple[int, int] | None = None
        self._config: Config | None = None

    def now(self) -> Config:
        """The file as it is. ConfigError where it cannot be read; the last good reading is not shown as if it held."""
        with self._lock:
            mark = self._mark_of_now()
            if self._config is None or mark is None or mark != self._mark:
                self._config = read_config(self.path, os.environ, with_secrets=False, lenient=True)
                self._mark = mark
            return self._config

    def _mark_of_now(self) -> tuple[int, int] | None:
        """None where it is gone, or not to be read: reading it says so."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the desk stands. One for each server."""

    database: Database
    settings: Settings
    outlets: Outlets
    clock: Callable[[], datetime]
    open_client: Callable[[Config], AbstractContextManager[Client]]  # the guarded way to the web, for discovery
    home: str  # what its public address begins with, without a slash at the end: "https://desk.example"
    door: Door
    taught: Taught
    hosts: frozenset[str]  # the names by which it may be asked for: another's page must not lead here under its own
    secret: str  # of this start: what forms carry where there is no session
    owner: Account | None = None  # bound to loopback and without accounts: whoever comes is this one
    trusted_proxies: tuple[str, ...] = ()  # networks whose word on who is asking is taken
    errands: Throttle = field(default_factory=lambda: Throttle(ERRANDS))  # what makes us ask others, by person

    @property
    def open_to_all(self) -> bool:
        """Whether nobody needs to log in."""
        return self.owner is not None

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS, so that cookies may demand it."""
        return self.home.startswith("https://")
