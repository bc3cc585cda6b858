"""What a site's robots.txt lets us read.

What lives here: its answer → rules. What must not: fetching it. As RFC 9309 has it, a site without the file allows
everything, and one that fails to answer allows nothing for now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from protego import Protego

PRODUCT = "Tipsheet"  # as whom we look for ourselves in the file
LARGEST = 512_000  # bytes that are read, as the RFC asks at least
LONGEST_DELAY = timedelta(seconds=60)  # between two pages; a site that asks for more gets this


@dataclass(frozen=True, slots=True)
class Rules:
    """What one site allows."""

    _rules: Protego | None  # None: everything

    def allow(self, url: str) -> bool:
        return self._rules is None or bool(self._rules.can_fetch(url, PRODUCT))

    @property
    def delay(self) -> timedelta:
        """The pause that it asks for between two requests."""
        asked = self._rules.crawl_delay(PRODUCT) if self._rules else None
        return min(timedelta(seconds=max(0.0, float(asked or 0))), LONGEST_DELAY)


EVERYTHING = Rules(None)


def read_robots(body: bytes) -> Rules:
    """The rules in a robots.txt."""
    return Rules(Protego.parse(body[:LARGEST].decode("utf-8", "replace").removeprefix("\ufeff")))


def robots_url(url: str) -> str:
    """Where the site of a page keeps its rules."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"
