"""How often somebody has tried lately: the one memory of the door, which ends with the program.

What lives here: counting under a lock. What must not: the arithmetic (`entrance.wait`), or addresses as they are: what
is counted is told by keys that say nothing (`entrance.client_key`).
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from threading import Lock

from monitor.desk.door.entrance import Limit, wait

_SWEEP = 10_000  # keys, beyond which those that say nothing any more are looked for


class Throttle:
    """Tries by key. Several keys may count for one try; then each must allow it."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._lock = Lock()
        self._tries: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._sweep_at = _SWEEP

    def take(self, *keys: str, now: datetime) -> timedelta:
        """How long to wait; zero: the try is counted, before it is made, so that many at once are no way around."""
        with self._lock:
            longest = max(wait(self._tries.get(key, ()), self._limit, now) for key in keys)
            if longest <= timedelta():
                for key in keys:
                    self._count(key, now)
            return longest

    def forgive(self, key: str) -> None:
        """Whoever it was has shown who he is: his tries do not count."""
        with self._lock:
            self._tries.pop(key, None)

    def give_back(self, key: str, at: datetime) -> None:
        """That one try was none. The others of the key count: an own account is no way to try those of others."""
        with self._lock:
            if at in self._tries.get(key, ()):
                self._tries[key].remove(at)

    def _count(self, key: str, now: datetime) -> None:
        tries = self._tries[key]
        tries.append(now)
        while len(tries) > self._limit.tries:
            tries.popleft()
        if len(self._tries) > self._sweep_at:
            self._forget_old(now)

    def _forget_old(self, now: datetime) -> None:
        for key in [key for key, tries in self._tries.items() if not tries or now - tries[-1] >= self._limit.within]:
            del self._tries[key]
        self._sweep_at = max(_SWEEP, 2 * len(self._tries))  # else a crowd would be looked through at each try
