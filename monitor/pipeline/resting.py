"""Whether a channel may be used now, and what an attempt on it teaches | in the transaction that claims or settles.

What lives here: the state of each channel between two attempts. What must not: what the state means (`alerts.breaker`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts import breaker
from monitor.errors import DeliveryError
from monitor.model import ChannelState
from monitor.pipeline.journal import note
from storage import facts


def may_send(connection: Connection, channel: str, *, now: datetime) -> bool:
    """Whether a channel has no rest to keep."""
    state = facts.channel_states(connection).get(channel)
    return state is None or breaker.rests_until(state, now=now) is None


def learn(connection: Connection, channel: str, error: DeliveryError | None, *, now: datetime) -> None:
    """What came of an attempt; None: it got through. A refusal of one receiver says nothing of the channel."""
    before = facts.channel_states(connection).get(channel)
    if error is None:
        if before:
            facts.keep_channel_state(connection, channel, None)
        return
    if error.of_one:
        return
    state = breaker.after_failure(before or ChannelState(), reason=str(error), retry_after=error.retry_after, now=now)
    facts.keep_channel_state(connection, channel, state)
    if until := breaker.rests_until(state, now=now):
        note("channel", level=logging.WARNING, channel=channel, rests_until=until, reason=error)


def resting_channels(connection: Connection, *, now: datetime) -> list[str]:
    """A sentence for each channel that rests, for a person."""
    states = facts.channel_states(connection)
    ends = {name: breaker.rests_until(state, now=now) for name, state in states.items()}
    return [
        breaker.described(name, states[name], until=f"{until.astimezone():%H:%M}")
        for name, until in ends.items()
        if until
    ]


def end_rests(connection: Connection) -> None:
    """A person has mended something. What a service asked for is kept: a person's wish comes after it."""
    for name, state in facts.channel_states(connection).items():
        facts.keep_channel_state(connection, name, replace(state, open_until=None, trips=0, failures=()))
