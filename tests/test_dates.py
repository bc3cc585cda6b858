"""Dates as feeds print them, and the one time that each names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import dates
from monitor.feeds.dates import parse_date

TEN = datetime(2020, 3, 2, 10, tzinfo=UTC)
MIDNIGHT = datetime(2020, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("Mon, 02 Mar 2020 10:00:00 GMT", TEN),
        ("Mon, 2 Mar 2020 10:00 +0000", TEN),
        ("Mon, 02 Mar 2020 05:00:00 -0500 (EST)", TEN),
        ("Mon, 02-Mar-2020 10:00:00 UTC", TEN),
        ("02 Mar 20 10:00:00 GMT", TEN),
        ("Mon, 02 March 2020 11:00:00 GMT+0100", TEN),
        ("Mon Mar  2 10:00:00 2020", TEN),
        ("Mon Mar  2 05:00:00 EST 2020", TEN),
        ("2020-03-02T10:00:00Z", TEN),
        ("2020-03-02T10:00:00.123456789Z", TEN),
        ("  2020-03-02t05:00:00-05:00\n", TEN),
        ("2020-03-02 10:00:00 UTC", TEN),
        ("20200302T110000+0100", TEN),
        ("1583143200", TEN),
        ("1583143200.0", TEN),
        ("1583143200000", TEN),
        ("March 2, 2020 5:00 am EST", TEN),
        ("2 March 2020, 10:00 p.m.", TEN + 12 * HOUR),
        ("2 March 2020, 12:30 am", MIDNIGHT + HOUR / 2),
        ("Mon, 02 Mar 2020 24:00:00 GMT", MIDNIGHT + 24 * HOUR),
        ("Mon, 02 Mar 2020 10:00:60 GMT", TEN + timedelta(seconds=59)),
        ("2020/3/2", MIDNIGHT),
        ("2020.03.02", MIDNIGHT),
        ("20200302", MIDNIGHT),
        ("2020-03", MIDNIGHT - 24 * HOUR),
        ("25/12/2020 10:00", datetime(2020, 12, 25, 10, tzinfo=UTC)),
        ("12/25/2020", datetime(2020, 12, 25, tzinfo=UTC)),
        ("2020-31-12", datetime(2020, 12, 31, tzinfo=UTC)),
        ("lun, 02 mar 2020 11:00:00 +0100", TEN),
        ("mar, 03 nov 2020 10:00:00 GMT", datetime(2020, 11, 3, 10, tzinfo=UTC)),  # martes, not marzo
        ("2 de marzo de 2020", MIDNIGHT),
        ("lunes, 2 de marzo de 2020 - 10:00", TEN),
        ("sáb, 07 ene. 2023 10:00:00 -0600", datetime(2023, 1, 7, 16, tzinfo=UTC)),
        ("5 août 2020 10:00", datetime(2020, 8, 5, 10, tzinfo=UTC)),
        ("Mo, 02 Mär 2020 11:00:00 MEZ", TEN),
    ],
)
def test_a_date_names_one_time(printed: str, meant: datetime) -> None:
    assert parse_date(printed) == meant


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("BST", 1),
        ("CET", 1),
        ("CEST", 2),
        ("EEST", 3),
        ("IST", 5.5),
        ("SGT", 8),
        ("JST", 9),
        ("AEST", 10),
        ("AEDT", 11),
        ("NZDT", 13),
        ("ART", -3),
        ("EDT", -4),
        ("CST", -6),
        ("PDT", -7),
        ("+0530", 5.5),
        ("-03:30", -3.5),
        ("+9999", 0),
        ("Nowhere", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("layout", ["Mon, 02 Mar 2020 10:00:00 {}", "2020-03-02 10:00:00 {}"])
def test_zones_are_hours_from_greenwich(layout: str, zone: str, hours: float) -> None:
    assert parse_date(layout.format(zone)) == TEN - hours * HOUR


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "soon",
        "Mar",
        "12345",
        "2003-W12",
        "09/10/2020",
        "31 Jun 2020",
        "2020-02-30",
        "32 Mar 2020 10:00",
        "2 Mar 2020 77:00",
        "0000-00-00T00:00:00Z",
        "9" * 200,
        "(" * 100_000,
    ],
)
def test_what_is_no_date_or_two_is_none(printed: str) -> None:
    assert parse_date(printed) is None


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.integers(86_400, 4_000_000_000).flatmap(
    lambda seconds: zones.map(lambda zone: datetime.fromtimestamp(seconds, zone))
)


@given(times)
def test_standard_formats_come_back_as_the_same_instant(at: datetime) -> None:
    assert parse_date(at.isoformat()) == at
    assert parse_date(format_datetime(at)) == at


@given(st.text(max_size=150))
def test_no_text_raises(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is UTC


@given(st.floats(6.4e8, 3.7e9), st.integers(-14 * 4, 14 * 4))
def test_the_fast_way_reads_what_the_thorough_way_reads(seconds: float, quarters: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(quarters * HOUR / 4))
    for text in (format_datetime(moment), moment.isoformat(), moment.isoformat(timespec="seconds")):
        thorough = dates._iso(text) or dates._spelled(text)
        assert dates._usual(text) in {thorough, None}
        assert thorough == moment.replace(microsecond=0)
