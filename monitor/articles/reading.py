"""Which documents are worth having their page read, and when a page that could not be read is tried again.

What lives here: the choice, and the patience. What must not: fetching (`pipeline.read_pages`), what stands on a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from monitor.errors import FetchError
from monitor.model import Entry, Match, PagesWanted
from monitor.watches.evidence import hear
from monitor.watches.pack import Pack
from monitor.watches.page import Page

ENOUGH = 1_500  # code points of text; a feed that gives so much gives the article
_DELAYS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_FINAL = frozenset({"refused-address", "redirect", "too-large", "encoding", "gone"})  # another try would end the same
_SERVER_ERRORS = 500
_LONGEST_RETRY_AFTER = timedelta(hours=24)


def is_wanted(
    entry: Entry,
    matches: Sequence[Match],
    *,
    pages: PagesWanted,
    packs: Sequence[Pack],
    now: datetime,
    fresh: timedelta,
) -> bool:
    """Whether the entry's page may change what is told of it.

    A watch matched it; or its feed asks for pages; or, where `pages` is "near", it holds one half of a pack for sure.
    """
    document = entry.document
    if pages == "never" or entry.backlog or now - entry.first_seen > fresh:
        return False
    if not document.url or len(document.text) >= ENOUGH:
        return False
    if matches or entry.pages:
        return True
    return pages == "near" and any(_holds_half(pack, Page(document)) for pack in packs)


def _holds_half(pack: Pack, page: Page) -> bool:
    """Whether one half, whichever, is filled as surely as an alert asks for, with what misleads taken off."""
    heard = (one for one in hear(pack, page) if not one.dismissed and not one.cue.support)
    return any(one.weight(half) >= pack.rules.strong for one in heard for half in one.cue.weights)


def after_failure(
    error: FetchError, tries: int, *, now: datetime
) -> tuple[Literal["waiting", "refused", "failed"], datetime | None]:
    """What becomes of a page that could not be had `tries` times (1 or more), and when it is asked for again.

    Whoever says no is not asked again; whoever does not answer is, a few times.
    """
    if error.kind in _FINAL or (error.kind == "http" and (error.status or 0) < _SERVER_ERRORS):
        return "refused", None
    if tries > len(_DELAYS):
        return "failed", None
    asked = min(error.retry_after or timedelta(), _LONGEST_RETRY_AFTER)
    return "waiting", now + max(_DELAYS[tries - 1], asked)
