"""Quiet hours: until when nothing is to be sent to somebody.

What lives here: hours of a zone × a moment → the end of the silence. What must not: who is asked about it, a clock.

It is quiet while the recipient's clock on the wall shows one of the hours. So a silence is an hour longer or shorter
in a night in which the clocks change, ends with the gap where they skip its end, and comes twice where they repeat it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)


def quiet_until(hours: tuple[time, time] | None, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The instant at which a silence ends in which `now` lies; None: it lies in none.

    `hours` are from when and until when, the second not included. Where they are the same, there is no silence: it
    would have no end.
    """
    moment = now
    while hours and _shows(hours, moment.astimezone(zone).time()):
        # Minute by minute, at most a day and a bit: clocks change at a minute, and nobody knows which without asking.
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return None if moment == now else moment


def _shows(hours: tuple[time, time], wall: time) -> bool:
    begin, end = hours
    return begin <= wall < end if begin <= end else wall >= begin or wall < end
