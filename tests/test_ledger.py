"""Who is named with whom: a table of tellings, and what their cells must hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.model import FieldName, Mention, Naming
from monitor.story.ledger import Cell, cells, evidence

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KINDS = {"Palantir": "companies", "Azure": "companies", "Microsoft": "companies", "ICE": "agencies", "DHS": "agencies"}
WHOLES = {"Azure": "Microsoft", "ICE": "DHS"}


def mention(entity: str, field: FieldName = "summary", sentence: int = 0, *, lead: bool = True) -> Mention:
    return Mention(entity=entity, kind=KINDS[entity], field=field, start=0, end=3, sentence=sentence, lead=lead)


def naming(*mentions: Mention, story: int = 1, entry: int = 1, outlet: str = "a.example", day: int = 0) -> Naming:
    return Naming(
        story=story, entry=entry, outlet=outlet, title=f"Report {entry}", link="", at=MONDAY + timedelta(days=day),
        mentions=mentions,
    )  # fmt: skip


def pairs(*namings: Naming, wholes: dict[str, str] | None = None) -> dict[tuple[str, str], Cell]:
    found = cells(namings, rows="companies", columns="agencies", wholes=wholes)
    return {(cell.row, cell.column): cell for cell in found}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (mention("Palantir"), mention("ICE"), True),  # one sentence
        (mention("Palantir", sentence=0), mention("ICE", sentence=3), False),  # a list of the day's news
        (mention("Palantir", "title"), mention("ICE", sentence=2), True),  # the headline speaks for its lead
        (mention("Palantir", sentence=2), mention("ICE", "title"), True),
        (mention("Palantir", "title"), mention("ICE", "text", sentence=9, lead=False), False),
        (mention("Palantir", "text", 7, lead=False), mention("ICE", "text", 7, lead=False), True),
        (
            mention("Palantir", "summary", 1),
            mention("ICE", "text", 1, lead=False),
            False,
        ),  # first sentences of two fields
    ],
)
def test_who_is_named_together(one: Mention, other: Mention, together: bool) -> None:
    assert (("Palantir", "ICE") in pairs(naming(one, other))) is together


def test_a_story_counts_once_however_many_tell_it() -> None:
    both = (mention("Palantir"), mention("ICE"))
    cell = pairs(
        naming(*both, entry=2, outlet="b.example", day=1),
        naming(*both, entry=1),
        naming(*both, entry=3, day=8),
        naming(*both, story=2, entry=4, day=9),
    )["Palantir", "ICE"]
    assert (cell.stories, cell.outlets) == (2, 2)
    assert (cell.first.naming.entry, cell.latest.naming.entry) == (1, 4)
    assert cell.weeks == ((date(2026, 11, 2), 1), (date(2026, 11, 9), 1))  # a story counts in the week that began it


def test_a_part_counts_for_its_whole_only_when_asked() -> None:
    told = naming(mention("Azure"), mention("ICE"))
    assert set(pairs(told)) == {("Azure", "ICE")}
    rolled_up = {("Azure", "ICE"), ("Azure", "DHS"), ("Microsoft", "ICE"), ("Microsoft", "DHS")}
    assert set(pairs(told, wholes=WHOLES)) == rolled_up


def test_wholes_that_contain_each_other_end() -> None:
    told = naming(mention("Azure"), mention("ICE"))
    assert len(pairs(told, wholes={"Azure": "Microsoft", "Microsoft": "Azure"})) == 2


def test_the_fullest_cell_comes_first_and_evidence_in_order_of_time() -> None:
    azure, both = (mention("Azure"), mention("ICE")), (mention("Palantir"), mention("ICE"))
    told = [naming(*azure), naming(*both, story=2, entry=2), naming(*both, story=3, entry=3, day=-1)]
    found = cells(told, rows="companies", columns="agencies")
    assert [(cell.row, cell.stories) for cell in found] == [("Palantir", 2), ("Azure", 1)]
    shown = evidence(told, rows="companies", columns="agencies")
    assert [one.naming.entry for one in shown["Palantir", "ICE"]] == [3, 2]


def test_two_of_one_kind_pair_too_and_nobody_with_itself() -> None:
    told = naming(mention("Palantir"), mention("Azure"), mention("Palantir", "title"))
    found = cells([told], rows="companies", columns="companies")
    assert {(cell.row, cell.column) for cell in found} == {("Palantir", "Azure"), ("Azure", "Palantir")}


def test_the_evidence_is_the_sentence_below_the_headline() -> None:
    headline, below = mention("Palantir", "title"), mention("ICE", sentence=4)
    assert pairs(naming(headline, below))["Palantir", "ICE"].first.mention == below


def test_nothing_named_makes_no_cell() -> None:
    assert cells([], rows="companies", columns="agencies") == ()
