"""What a story brought since somebody looked at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model import DatedReport, Match, Span, Version
from monitor.review.news import news
from tests.conftest import NOON

LOOKED = NOON


def report(
    entry: int, outlet: str, *, hours: float, title: str = "Ferry firm sold data", **fields: object
) -> DatedReport:
    """A report that came so many hours after the look."""
    plain = DatedReport(
        entry=entry, outlet=outlet, first_seen=LOOKED + timedelta(hours=hours), relation="same-event", names=(),
        title=title, matches=(), versions=(),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def worded(title: str, *, hours: float, text: str = "It sold them.") -> Version:
    return Version(title=title, summary="", text=text, seen=LOOKED + timedelta(hours=hours))


KNOWN = report(1, "ferry.example", hours=-20)
FIRM = Match(watch="ferries", level="alert", score=1.0, why="", spans=(
    Span(field="title", start=0, end=4, term="quay", set="firms"),
))  # fmt: skip


def test_nothing_came() -> None:
    found = news([KNOWN], 1, LOOKED)
    assert found.is_nothing
    assert (found.outlets, found.copies) == ((), 0)


def test_copies_are_counted_and_are_no_news() -> None:
    copies = [report(n, f"{n}.example", hours=1, relation="copy") for n in (2, 3)]
    found = news([KNOWN, *copies], 1, LOOKED)
    assert found.is_nothing
    assert (found.copies, found.outlets) == (2, ())


def test_outlets_that_told_it_before_are_not_new() -> None:
    came = [
        report(2, "ferry.example", hours=1),
        report(3, "harbour.example", hours=2),
        report(4, "harbour.example", hours=3),
    ]
    found = news([KNOWN, *came], 1, LOOKED)
    assert (found.outlets, found.reports) == (("harbour.example",), 3)
    assert not found.is_nothing


def test_who_answered_is_told_by_whom() -> None:
    answer = report(2, "harbour.example", hours=1, title="Quay denies it sold data", matches=(FIRM,))
    assert news([KNOWN, answer], 1, LOOKED).answers == ("harbour.example",)
    assert news([KNOWN, replace(answer, matches=())], 1, LOOKED).answers == ()
    assert news([replace(answer, first_seen=LOOKED)], 2, LOOKED).answers == ()  # it was there already


@pytest.mark.parametrize(
    ("versions", "changed"),
    [
        ((), False),
        ((worded("Ferry firm sells data", hours=-20), worded("Ferry firm sold data", hours=1)), True),
        ((worded("Ferry firm sells data", hours=-20), worded("Ferry firm sold data", hours=-1)), False),
        ((worded("Ferry firm sold data", hours=-20), worded("Ferry firm sold data", hours=1, text="All."),), False),
    ],
)  # fmt: skip
def test_the_headline_is_that_of_whose_words_stand_for_the_story(versions: tuple[Version, ...], changed: bool) -> None:
    edited = replace(KNOWN, versions=versions)
    assert news([edited], 1, LOOKED).headline is changed
    assert news([edited, report(2, "harbour.example", hours=-1)], 2, LOOKED).headline is False


def test_a_correction_is_told_and_a_typo_is_not() -> None:
    before = worded("Ferry firm sold data", hours=-20, text="It sold the names of 300 passengers.")
    mended = worded(
        "Ferry firm sold data", hours=1, text="It sold the names of 300 passengers. Correction: they were 30."
    )
    assert news([replace(KNOWN, versions=(before, mended))], 1, LOOKED).edits == (("ferry.example", "corrected"),)
    typo = worded("Ferry firm sold data", hours=1, text="It sold the names of 300 pasengers.")
    assert news([replace(KNOWN, versions=(before, typo))], 1, LOOKED).edits == ()


def test_an_origin_is_new_that_was_not_named_before() -> None:
    old, new = replace(KNOWN, names=("The Courier",)), report(2, "harbour.example", hours=1, names=("Harbour Ledger",))
    assert news([old, new], 1, LOOKED).origin == ("Harbour Ledger",)
    assert news([old, replace(new, names=("The Courier",))], 1, LOOKED).origin == ()
    many = [replace(old, entry=n) for n in range(10, 13)]
    assert news([*many, new], 1, LOOKED).origin == ()  # one word against three
