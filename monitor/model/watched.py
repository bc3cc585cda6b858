"""What is remembered of a watched feed, as far as a person wants to see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One feed as `tipsheet feeds` lists it."""

    name: str
    url: str
    outlet: str
    active: bool
    polls: int
    entries: int
    failures: int
    failing_since: datetime | None
    polled_at: datetime | None
    succeeded_at: datetime | None
    changed_at: datetime | None  # last poll that brought a new entry
    next_poll_at: datetime | None
    next_poll_reason: str
    rest_until: datetime | None
    status: int | None  # HTTP status of the last answer
    problem_kind: str
    problem: str
    gap_at: datetime | None
    habit: tuple[float, ...] = ()  # when it brings items, as `index_rule` reads it; empty: not known yet
    listed_in: str = ""  # the list beside feeds.yaml that names it; "": that file itself, or none any more
    tags: tuple[str, ...] = ()  # that its list gives it
