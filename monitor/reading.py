"""Which documents are worth having their page read, and when a page that could not be read is tried again.

What lives here: the choice, and the patience. What must not: fetching (`pipeline.articles`), what stands on a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.evidence import hear
from monitor.model import Entry, Match, PagesWanted
from monitor.pack import Pack
from monitor.page import Page

ENOUGH = 1_500  # code points of text; a feed that gives so much gives the article
_DELAYS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
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


def next_try(tries: int, *, now: datetime, retry_after: timedelta | None) -> datetime | None:
    """When a page that could not be had `tries` times (1 or more) is asked for again; None: it is let go."""
    if tries > len(_DELAYS):
        return None
    delay = _DELAYS[tries - 1]
    return now + (max(delay, min(retry_after, _LONGEST_RETRY_AFTER)) if retry_after else delay)
