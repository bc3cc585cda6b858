"""The reports of a story as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.desk.timeline import AT_ONCE, COPIES, Timeline, timeline
from tests.conftest import NOON


@dataclass(frozen=True, kw_only=True)
class Row:
    entry: int
    relation: str = "rewrite"
    of: int | None = None
    published: datetime | None = None
    first_seen: datetime = NOON


def copy(entry: int, of: int) -> Row:
    return Row(entry=entry, relation="copy", of=of)


def told(shown: Timeline[Row]) -> list[tuple[int, list[int]]]:
    return [(one.row.entry, [row.entry for row in one.copies]) for one in shown.reports]


def test_copies_stand_under_the_first_of_them_and_the_others_in_the_order_in_which_they_came_out() -> None:
    late = Row(entry=1, published=NOON + timedelta(hours=2))
    rows = [late, Row(entry=2), copy(3, 1), copy(4, 3), copy(5, 99)]  # 99 is in another story by now
    assert told(timeline(rows, of=None, start=0)) == [(2, []), (5, []), (1, [3, 4])]


def test_reports_that_copy_each_other_in_a_ring_are_all_there() -> None:
    rows = [copy(1, 2), copy(2, 1), copy(3, 1)]
    assert told(timeline(rows, of=None, start=0)) == [(1, [3]), (2, [])]


def test_of_very_many_a_page_holds_some_and_says_how_many_there_are() -> None:
    rows = [Row(entry=1), *(copy(n, 1) for n in range(2, 1_002)), *(Row(entry=n) for n in range(2_000, 2_300))]
    first = timeline(rows, of=None, start=0)
    assert len(first.reports) == AT_ONCE
    assert (first.standing, first.before, first.more) == (301, None, AT_ONCE)
    assert (len(first.reports[0].copies), first.reports[0].copied) == (COPIES, 1_000)
    last = timeline(rows, of=None, start=AT_ONCE)
    assert (len(last.reports), last.before, last.more) == (301 - AT_ONCE, 0, None)


def test_the_copies_of_one_report_are_turned_through_too() -> None:
    rows = [Row(entry=1), *(copy(n, 1) for n in range(2, 1_002)), Row(entry=5_000)]
    pages = [timeline(rows, of=1, start=start) for start in range(0, 1_200, AT_ONCE)]
    assert [entry for shown in pages for entry, _ in told(shown)] == list(range(1, 1_002))
    assert pages[0].of == rows[0]
    assert timeline(rows, of=5_000, start=0).of is None  # nobody copied it
