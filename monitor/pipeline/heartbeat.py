"""A sign of life to somebody outside, who raises the alarm when it stays away: a dead program cannot say that it is.

It is given only after the stages have gone through once since the last one, and none of the program's jobs failed. The
address is a secret: whoever knows it can fake the sign.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from monitor.errors import FetchError
from monitor.net.fetch import Client
from monitor.pipeline.journal import note

STAGES = frozenset({"refresh", "examine"})  # delivery has its own witness: the owner is told


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """Counts what has been done since the last sign of life, and gives the next."""

    client: Client
    url: str  # "": nobody waits for a sign
    _done: set[str] = field(init=False, default_factory=set)
    _failed: set[str] = field(init=False, default_factory=set)

    def ended(self, job: str, *, well: bool) -> None:
        (self._done if well else self._failed).add(job)

    def beat(self) -> bool:
        """Give the sign, if all went well since the last one; whether it arrived."""
        if not self.url:
            return False
        well = not self._failed and self._done >= STAGES
        failed, self._done, self._failed = sorted(self._failed), set(), set()
        if not well:
            level = logging.WARNING if failed else logging.INFO
            note("heartbeat", level=level, given=False, because=", ".join(failed) or "no round is over yet")
            return False
        return self._arrives()

    def _arrives(self) -> bool:
        try:
            self.client.get(self.url)
        except FetchError as error:
            if error.status is None or not 200 <= error.status < 300:  # 204 is no feed, and an answer all the same
                note("heartbeat", level=logging.WARNING, arrived=False, kind=error.kind, status=error.status)
                return False
        return True
