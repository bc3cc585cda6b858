"""Quiet hours are the wall clock's, in every zone, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.quiet import quiet_until

NIGHT = (time(22), time(7))
MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones())


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "now", "until"),
    [
        (None, "UTC", "2026-03-04 23:00", None),
        (NIGHT, "UTC", "2026-03-04 21:59", None),
        (NIGHT, "UTC", "2026-03-04 22:00", "2026-03-05 07:00"),
        (NIGHT, "UTC", "2026-03-05 06:59:59", "2026-03-05 07:00"),
        (NIGHT, "UTC", "2026-03-05 07:00", None),
        ((time(12, 30), time(14)), "UTC", "2026-03-05 13:00", "2026-03-05 14:00"),
        ((time(12, 30), time(14)), "UTC", "2026-03-05 23:00", None),
        ((time(7), time(7)), "UTC", "2026-03-05 07:00", None),
        (NIGHT, "America/New_York", "2026-03-05 03:00", "2026-03-05 12:00"),
        (NIGHT, "America/New_York", "2026-03-08 04:00", "2026-03-08 11:00"),  # the night that is an hour shorter
        (NIGHT, "America/New_York", "2026-11-01 03:00", "2026-11-01 12:00"),  # and the one that is longer
        ((time(22), time(2, 30)), "America/New_York", "2026-03-08 06:30", "2026-03-08 07:00"),  # 2:30 never comes
        ((time(2, 10), time(2, 40)), "America/New_York", "2026-03-08 07:20", None),  # nor does this half hour
        ((time(22), time(1, 30)), "America/New_York", "2026-11-01 05:10", "2026-11-01 05:30"),  # 1:30 comes,
        ((time(22), time(1, 30)), "America/New_York", "2026-11-01 05:40", None),
        ((time(22), time(1, 30)), "America/New_York", "2026-11-01 06:10", "2026-11-01 06:30"),  # and comes again
        ((time(23), time(6)), "Australia/Lord_Howe", "2026-10-03 15:00", "2026-10-03 19:00"),  # half an hour is skipped
        ((time(1), time(5)), "Asia/Kathmandu", "2026-06-01 20:00", "2026-06-01 23:15"),
    ],
)
def test_the_silence_ends_when_the_wall_clock_says_so(
    hours: tuple[time, time] | None, zone: str, now: str, until: str | None
) -> None:
    assert quiet_until(hours, ZoneInfo(zone), now=utc(now)) == (utc(until) if until else None)


HOUR_OF_DAY = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(
    hours=st.tuples(HOUR_OF_DAY, HOUR_OF_DAY).filter(lambda hours: hours[0] != hours[1]),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(year=2026 + at.year % 3, day=min(at.day, 28))),
)
def test_in_any_zone_nothing_is_sent_inside_and_nothing_waits_longer(
    hours: tuple[time, time], zone: str, now: datetime
) -> None:
    local = ZoneInfo(zone)

    def quiet(moment: datetime) -> bool:
        wall, (begin, end) = moment.astimezone(local).time(), hours
        return begin <= wall < end if begin < end else not end <= wall < begin

    until = quiet_until(hours, local, now=now)
    assert (until is not None) == quiet(now)
    if until:
        assert now < until <= now + timedelta(hours=26)
        assert not quiet(until)
        assert quiet(until - MINUTE / 60)


def test_every_change_of_every_clock_from_2026_to_2028_is_kept() -> None:
    """Around each change of each zone, minute by minute: it is quiet exactly while the clock shows the hours."""
    for zone in ZONES:
        local = ZoneInfo(zone)
        for change in changes(local):
            for minutes in (-61, -30, -1, 0, 1, 30, 61):
                now = change + minutes * MINUTE
                wall = now.astimezone(local).time()
                until = quiet_until((time(0, 30), time(2, 30)), local, now=now)
                assert (until is not None) == (time(0, 30) <= wall < time(2, 30)), (zone, now)
                if until:
                    assert not time(0, 30) <= until.astimezone(local).time() < time(2, 30), (zone, now)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The hours in which a zone's clocks change, found by looking."""
    found, at = [], datetime(2026, 1, 1, tzinfo=UTC)
    while at.year < 2029:
        following = at + timedelta(days=7)
        if at.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            hour = at
            while hour.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                hour += timedelta(hours=1) / 2
            found.append(hour)
        at = following
    return found
