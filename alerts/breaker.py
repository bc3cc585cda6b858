"""When a channel is left alone: because its service asked for rest, or because nothing gets through.

What lives here: what one attempt teaches of a channel, and until when it rests. What must not: when one message is
tried again (`policy`), a clock, the database.

    closed ──5 failures in a row, within 5 minutes──▶ open ──its rest is over──▶ one probe ──taken──▶ closed
                                                       ▲                            │
                                                       └───────refused, rests longer┘

A channel's messages leave one after the other, so the first that leaves after a rest is the probe. What waits behind it
costs nobody a try.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.model import ChannelState

FAILURES = 5
WITHIN = timedelta(minutes=5)
FIRST_REST = timedelta(minutes=1)  # doubled with each probe that fails
LONGEST_REST = timedelta(minutes=15)  # a service that is back is noticed within it
LONGEST_ASKED = timedelta(hours=24)  # a service may slow us down, not silence us


def after_failure(state: ChannelState, *, reason: str, retry_after: timedelta | None, now: datetime) -> ChannelState:
    """What is known of a channel after a message that did not get through. `retry_after` is what its service asked.

    A service that says when to come again is alive: its word is kept, and counts for no failure.
    """
    if retry_after:
        return replace(state, since=now, asked_until=now + min(retry_after, LONGEST_ASKED), reason=reason)
    failures = (*(at for at in state.failures if now - WITHIN < at <= now), now)
    trips, open_until = state.trips, None
    if trips or len(failures) >= FAILURES:
        open_until = now + min(FIRST_REST * 2**trips, LONGEST_REST)
        trips = min(trips + 1, 10)  # no more doubling is of any use
    return replace(state, failures=failures, trips=trips, since=now, open_until=open_until, reason=reason)


def rests_until(state: ChannelState, *, now: datetime) -> datetime | None:
    """Until when nothing is sent; None: it may be. What began in the future, by a clock that was set back, is void."""
    if state.since is None or state.since > now:
        return None
    until = max((at for at in (state.open_until, state.asked_until) if at), default=now)
    return until if until > now else None


def described(name: str, state: ChannelState, *, until: str) -> str:
    """A sentence for a person; `until` is the end of its rest, as that person reads times."""
    asked = state.asked_until and (state.open_until is None or state.asked_until > state.open_until)
    why = "its service asked for rest" if asked else f"{FAILURES} failures in a row"
    return f"The channel {name} rests until {until}: {why}. The last answer: {state.reason}. Its alerts wait."
