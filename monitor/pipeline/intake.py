"""A feed's body, once it is read → what of it is new → kept. What polls and pushes have in common.

What lives here: the road by which every entry enters, so that one that comes both ways enters once. What must not: how
a body came, and what follows from it for the next poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.feeds import changes
from monitor.model import Changes, FeedState, KnownEntry, ParsedFeed
from monitor.words.text import visible_text
from storage import entries


def texts(parsed: ParsedFeed) -> dict[str, str]:
    """The visible text of each content, by the content."""
    return {entry.content: visible_text(entry.content) for entry in parsed.entries if entry.content}


def compare(
    connection: Connection,
    state: FeedState,
    parsed: ParsedFeed,
    by_content: Mapping[str, str],
    *,
    now: datetime,
    fresh_for: timedelta,
) -> tuple[Sequence[KnownEntry], Changes]:
    """What is known of the feed, and what of this body is new or edited against it. `by_content`: as `texts` gives."""
    asked = changes.keys_of(parsed, by_content)
    known = entries.known(connection, state.id, asked, most=changes.memory_of(parsed)) if parsed.entries else ()
    found = changes.decide(
        parsed,
        known=known,
        first_poll=state.last_success_at is None,
        last_read=state.last_success_at,
        now=now,
        fresh_for=fresh_for,
        texts=by_content,
    )
    return known, found


def brought(state: FeedState, found: Changes, by_content: Mapping[str, str], *, at: datetime) -> entries.Brought:
    """What is new and edited, as it is kept: with `entries.keep`. `state` is the feed's as it was before."""
    texts = {one.key: by_content.get(one.entry.content, "") for one in (*found.new, *found.edited)}
    return entries.Brought(
        feed_id=state.id, new=found.new, edited=found.edited, texts=texts, at=at, absent_at=state.last_success_at
    )
