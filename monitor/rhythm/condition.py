"""How a feed is, and what a person can do about it.

What lives here: what is remembered of a feed, and `now`, to a state, a sentence and an action. What must not: a clock,
a database, how it is printed. Each sort of problem has its action here: nobody has to know what "tls" means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from monitor.model import FeedHealth, FeedRow
from monitor.rhythm import index_rule, volume
from monitor.rhythm.cadence import words
from monitor.rhythm.index_rule import Crowd, Habit

State = Literal["gone", "failing", "silent", "flood", "gaps", "losses", "ok", "waiting", "at rest"]

GAP_SHOWN = timedelta(days=7)
PATIENCE = timedelta(days=7)  # with a fault that passes by itself, if it passes

_SEEK = "find its new address with `tipsheet feeds add https://{outlet}/`"
_WAIT = "wait: it is asked again by itself"
_REPORT = "report it as a fault of Tipsheet, with the feed's address"
# Kind of problem → what helps, at once. What is not here may pass by itself.
_ADVICE = {
    "gone": f"remove it, or {_SEEK}",
    "404": _SEEK,
    "401": "it wants a password: ask the outlet for an open feed, or remove it",
    "403": "the outlet lets no program in: ask it to let Tipsheet in, or remove the feed",
    "throttled": "leave it alone: it is asked again when its server said; if this stays, give it a longer `every:`",
    "refused-address": "if the server is your own, allow its network under `network.allow`; else remove the feed",
    "redirect": _SEEK,
    "too-large": "ask the outlet for a smaller feed; what is larger is not read",
    "encoding": "tell the outlet: its server answers in an encoding that nobody asked for",
    "proxy": "see that the proxy of `network.proxy` runs",
    "html": _SEEK,
    "login": f"it wants a login now: {_SEEK}, or remove it",
    "challenge": "a robot check stands before it: ask the outlet to let Tipsheet in, or remove the feed",
    "not-a-feed": _SEEK,
    "memory": _REPORT,
    "crashed": _REPORT,
    "internal": _REPORT,
}
_OF_STATES = {
    "silent": "look at the outlet's page: if it has news, " + _SEEK,
    "flood": "look at what it brought: `tipsheet stories --all`",
    "gaps": "ask it more often: give it `max_delay:` in feeds.yaml",
    "losses": "nothing, unless it stays: then tell the outlet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How one feed is."""

    state: State
    message: str  # why, in words; "" for a feed that is well
    since: datetime | None  # when that began, as far as known
    advice: str  # what to do; "" for nothing
    usual: str  # what it usually brings, in words; "" for not known

    @property
    def is_well(self) -> bool:
        return self.state in {"ok", "waiting", "at rest"}

    @property
    def rank(self) -> int:
        """The worst first."""
        return get_args(State).index(self.state)


def condition_of(row: FeedRow, *, crowd: Crowd, now: datetime) -> Condition:
    """How a feed is at `now`; `crowd` is what all feeds have in common."""
    habit = Habit.read(row.habit)
    usual = index_rule.in_words(index_rule.pace_of(habit, crowd)) if any(habit.items) else ""
    state, message, since = _found(row, habit, crowd, now)
    return Condition(state=state, message=message, since=since, advice=_advice(row, state, since, now), usual=usual)


def health_of(rows: Iterable[FeedRow], *, crowd: Crowd, now: datetime) -> FeedHealth:
    """The line under every digest: how many of the feeds in use were read at their last poll, and what ails others.

    A feed that answers and is silent is not failing, and not well either: what its outlet published may be missing.
    Of the rows, which may be very many, only those that are not well are held.
    """
    total = healthy = 0
    failing: list[tuple[str, str]] = []
    silent: list[tuple[str, datetime]] = []
    for row in rows:
        total += row.active
        if row.active and row.failures:
            failing.append((row.name, row.problem))
        elif row.active and row.polls:
            is_silent = condition_of(row, crowd=crowd, now=now).state == "silent"
            healthy += not is_silent
            if is_silent and row.changed_at:
                silent.append((row.name, row.changed_at))
    return FeedHealth(total=total, healthy=healthy, failing=tuple(failing), silent=tuple(silent))


def crowd_of(rows: Iterable[FeedRow]) -> Crowd:
    """What the feeds have in common, as far as their habits are known."""
    return index_rule.crowd_of(Habit.read(row.habit) for row in rows if row.habit)


def _found(row: FeedRow, habit: Habit, crowd: Crowd, now: datetime) -> tuple[State, str, datetime | None]:
    if not row.active:
        return "at rest", "not in feeds.yaml any more, or disabled there", None
    if row.problem_kind == "gone":
        return "gone", row.problem, row.failing_since
    if row.failures:
        times = f"{row.failures} polls in a row" if row.failures > 1 else "one poll"
        return "failing", f"{row.problem} ({times})", row.failing_since
    if odd := volume.oddity(habit, crowd, last_new=row.changed_at, last_read=row.succeeded_at):
        return odd.kind, odd.message, row.changed_at
    if row.gap_at and now - row.gap_at < GAP_SHOWN:
        return "gaps", "two polls share no item: stories between them may be missed", row.gap_at
    if row.problem:
        return "losses", f"read with losses: {row.problem}", row.succeeded_at
    return ("ok", "", None) if row.polls else ("waiting", "not polled yet", None)


def _advice(row: FeedRow, state: State, since: datetime | None, now: datetime) -> str:
    if state not in {"failing", "gone"}:
        return _OF_STATES.get(state, "").format(outlet=row.outlet)
    kind = str(row.status) if row.problem_kind == "http" else row.problem_kind
    lasting = f"it has failed for {words(now - since)}: {_SEEK}" if since and now - since > PATIENCE else _WAIT
    return _ADVICE.get(kind, lasting).format(outlet=row.outlet)
