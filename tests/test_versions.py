"""Two wordings of one article: what differs, held to what it must make up again, and what an edit means, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Difference, Version
from monitor.story.versions import MOST_WORDS, differences, edit_kind, latest_edit

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def shown(old: str, new: str) -> str:
    marks = {"kept": "{}", "gone": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[one.kind].format(one.text) for one in differences(old, new))


def version(title: str, summary: str = "", text: str = "", *, hours: int = 0) -> Version:
    return Version(title=title, summary=summary, text=text, seen=NINE + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ICE tripled its data", "ICE quadrupled its data", "ICE [-tripled-]{+quadrupled+} its data"),
        ("Data on Azure", "Data on Microsoft's Azure", "Data on {+Microsoft's +}Azure"),
        ("ICE has not signed", "ICE has signed", "ICE has [-not -]signed"),
        ("The town sold plate data", "The city bought plate data", "The [-town sold-]{+city bought+} plate data"),
        ("Same", "Same", "Same"),
        ("", "All of it", "{+All of it+}"),
        ("La detención de ayer", "La detencion de hoy", "La [-detención-]{+detencion+} de [-ayer-]{+hoy+}"),
        ("移民局", "移动局", "移[-民-]{+动+}局"),
    ],
)
def test_differences_are_words(old: str, new: str, expected: str) -> None:
    assert shown(old, new) == expected


WORDS = st.lists(st.sampled_from(["ICE", "data", " ", ", ", "not", "Ämter", "'s", "\n", "a", "局"]), max_size=30).map(
    "".join
)


@given(old=WORDS | st.text(max_size=60), new=WORDS | st.text(max_size=60))
def test_differences_make_up_both_wordings(old: str, new: str) -> None:
    found = differences(old, new)
    assert "".join(one.text for one in found if one.kind != "added") == old
    assert "".join(one.text for one in found if one.kind != "gone") == new
    assert all(one.text for one in found)


def test_a_text_that_is_too_long_to_compare_is_replaced_in_one_piece() -> None:
    old, new = ("start " + " ".join(f"{word}{n}" for n in range(MOST_WORDS)) + " end" for word in ("a", "b"))
    assert [one.kind for one in differences(old, new)] == ["kept", "gone", "added", "kept"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (version("Palentir wins"), version("Palantir wins"), "typo"),
        (version("Palantir wins"), version("PALANTIR wins!"), "typo"),
        (version("A", "Three was arrested."), version("A", "Three were arrested."), "reworded"),
        (version("ICE arrests 30"), version("ICE arrests 300"), "reworded"),  # a figure is no typo
        (version("ICE arrests teacher"), version("ICE releases teacher"), "reworded"),
        (version("Microsoft cut off ICE"), version("Microsoft has not cut off ICE"), "reversed"),
        (version("Microsoft denies sale"), version("Microsoft confirms sale"), "reversed"),
        (version("Palantir no firmó"), version("Palantir firmó"), "reversed"),
        (version("A", "It sold."), version("A", "Correction: it did not sell."), "corrected"),
        (
            version("A", text="Old."),
            version("A", text="Old. An earlier version of this article named a firm."),
            "corrected",
        ),
        (version("A", "Vendió."), version("A", "Vendió. Fe de erratas: fueron tres."), "corrected"),
        (version("ICE bought it"), version("Withdrawn: ICE bought it"), "withdrawn"),
        (version("A", "B."), version("A", "This story has been retracted. B."), "withdrawn"),
        (version("A", "B."), version("A", "La nota ha sido retirada."), "withdrawn"),
        (version("How it began"), version("RETRACTED: How it began"), "withdrawn"),
        (version("A", "B."), version("A", "This article was taken down on Monday."), "withdrawn"),
        (version("Troops stay"), version("Troops withdrawn", "The order was withdrawn."), "reworded"),
        (version("Withdrawn: A"), version("Withdrawn: A again"), "reworded"),  # it was withdrawn before
        (version("Retracted funds found"), version("Retracted funds lost"), "reworded"),
    ],
)
def test_what_an_edit_means(old: Version, new: Version, kind: str) -> None:
    assert edit_kind(old, new) == kind


def test_the_latest_edit_that_was_more_than_a_typo_is_noted() -> None:
    told = (
        version("Palentir wins"),
        version("Palantir wins", hours=1),
        version("Palantir wins again", hours=2),
        version("Palantir wins agian", hours=3),
    )
    edit = latest_edit(told)
    assert edit is not None
    assert (edit.kind, edit.at) == ("reworded", NINE + timedelta(hours=2))
    assert edit.title == (Difference("kept", "Palantir wins"), Difference("added", " again"))
    assert latest_edit(told[:2]) is None
    assert latest_edit(()) is None


def test_an_edit_below_the_headline_shows_no_headline() -> None:
    edit = latest_edit((version("A", "The firm sold it."), version("A", "The firm bought it from them.", hours=1)))
    assert edit is not None
    assert edit.title == ()
