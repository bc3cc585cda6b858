"""Who broke a story, by all of its documents: the strongest evidence, and every vote.

Pure: the tellings as values in, a `StoryOrigin` out. What one document says is `attribution`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from monitor.model import Attribution, Role

# ---- the story as a whole -------------------------------------------------------------------------------------------


class Telling(Protocol):
    """What is asked of a member of a story."""

    @property
    def domain(self) -> str: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def published(self) -> datetime | None: ...
    @property
    def attribution(self) -> Attribution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOrigin:
    """Who broke a story. `domains` is empty where nobody can be named; `note` is the evidence, in words."""

    domains: tuple[str, ...]
    note: str


def story_origin(members: Sequence[Telling], *, lead: timedelta = timedelta(minutes=30)) -> StoryOrigin:
    """Explicit credit, else a wire byline, else a clear lead; with none of them, only who was seen first is said.

    `lead` is how far one outlet must be ahead of all others, in its own time of publication and in ours of first sight,
    to be named without a credit: it should exceed the poll intervals of both.
    """
    told = sorted(members, key=lambda member: (member.first_seen, member.domain))
    if not told:
        return StoryOrigin(domains=(), note="nobody has told it yet")
    return _by_credit(told) or _by_own_word(told) or _by_wire(told) or _by_time(told, lead)


def _by_credit(members: Sequence[Telling]) -> StoryOrigin | None:
    """The outlets with the most credits; an outlet's credit counts once, however many articles repeat it."""
    given = _votes(members, "origin")
    votes = Counter(domain for domain, _ in given)
    if not votes:
        return None
    most = max(votes.values())
    chosen = tuple(domain for domain, count in votes.items() if count == most)
    credit = "outlet credits" if most == 1 else "outlets credit"
    others = len({voter for domain, voter in given if domain not in chosen and voter not in chosen})
    note = f"{most} {credit} {'it' if len(chosen) == 1 else 'each of them'}"
    return StoryOrigin(domains=chosen, note=f"{note}; {others} credit{'s' * (others == 1)} others" if others else note)


def _by_own_word(members: Sequence[Telling]) -> StoryOrigin | None:
    claimed = tuple(dict.fromkeys(domain for domain, _ in _votes(members, "self")))
    return StoryOrigin(domains=claimed, note="by its own account") if len(claimed) == 1 else None


def _by_wire(members: Sequence[Telling]) -> StoryOrigin | None:
    bylines = {
        (domain, each.domain) for each in members if not each.attribution.credits for domain in each.attribution.origin
    }
    wires = Counter(sorted(domain for domain, _ in bylines | _votes(members, "wire").keys()))
    if not wires:
        return None
    (domain, count), *_ = wires.most_common(1)
    return StoryOrigin(
        domains=(domain,), note=f"{count} outlet{'s' * (count > 1)} carr{'y' if count > 1 else 'ies'} its wire copy"
    )


def _votes(members: Sequence[Telling], role: Role) -> dict[tuple[str, str], None]:
    """Pairs of who is credited in this role, and by whom, each once, in order of first sight."""
    return {
        (credit.domain, member.domain): None
        for member in members
        for credit in member.attribution.credits
        if credit.role == role and (credit.domain in member.attribution.origin or role == "wire")
    }


def _by_time(members: Sequence[Telling], lead: timedelta) -> StoryOrigin:
    first = members[0]
    seen = f"first seen here {first.first_seen.astimezone(UTC):%H:%M} UTC"
    rivals = [member for member in members if member.domain != first.domain]
    if not rivals or any(_ahead(first, rival) < lead for rival in rivals):
        return StoryOrigin(domains=(), note=seen)
    ahead = min(_ahead(first, rival) for rival in rivals)
    minutes = int(ahead.total_seconds() // 60)
    return StoryOrigin(domains=(first.domain,), note=f"{seen}, {minutes} min before any other; nobody is credited")


def _ahead(first: Telling, rival: Telling) -> timedelta:
    """How long one was ahead of another by both clocks: the smaller lead; none without both times of publication."""
    if first.published is None or rival.published is None:
        return timedelta(0)
    return min(rival.first_seen - first.first_seen, rival.published - first.published)
