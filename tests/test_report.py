"""A story's tellings → what an alert says of it: whose words, which sentence, which marks, who else told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Attribution, Credit, Document, FieldName, Level, Match, Span, StoryReport, Telling
from monitor.story.outlets import shipped
from monitor.story.report import LONGEST_SENTENCE, tell
from tests.conftest import NOON

OUTLETS = shipped()
NOBODY = Attribution(origin=(), credits=())
GUARDIAN = Attribution(
    origin=("theguardian.com",),
    credits=(Credit(outlet="The Guardian", domain="theguardian.com", role="origin", field="title", start=0, end=1),),
)


def spans(document: Document, *terms: str) -> tuple[Span, ...]:
    """Every place of the terms in the document."""
    fields: tuple[FieldName, ...] = ("title", "summary", "text")
    return tuple(
        Span(field=name, start=start, end=start + len(term), term=term, set="")
        for name in fields
        for term in terms
        for start in range(len(getattr(document, name)))
        if getattr(document, name).startswith(term, start)
    )


def telling(
    number: int,
    *,
    score: float | None = 0.5,
    terms: Sequence[str] = ("ICE",),
    watch: str = "beat",
    level: Level = "alert",
    attribution: Attribution = NOBODY,
    **fields: Any,
) -> Telling:
    """The `number`th telling to arrive; `score` None: the watch did not match it."""
    document = Document(
        **{"id": str(number), "title": f"ICE, telling {number}", "outlet": f"paper{number}.example"} | fields
    )
    found = Match(watch=watch, level=level, score=score or 0, why=f"why {number}", spans=spans(document, *terms))
    return Telling(
        document=document,
        first_seen=NOON + timedelta(minutes=number),
        relation="new" if number == 1 else "copy",
        attribution=attribution,
        matches=() if score is None else (found,),
    )


def told(*tellings: Telling, watch: str = "beat") -> StoryReport:
    return tell(7, watch, tellings, OUTLETS)


def marked(report: StoryReport) -> list[str]:
    return [report.sentence[start:end] for start, end in report.marks]


# ---- whose words -----------------------------------------------------------------------------------------------------

LEADS = [
    ("the only one", [telling(1)], "1"),
    ("the clearest match", [telling(1, score=0.4), telling(2, score=0.9), telling(3, score=0.6)], "2"),
    ("the first of two as clear", [telling(1), telling(2)], "1"),
    ("never one that did not match", [telling(1, score=None), telling(2, score=0.1)], "2"),
    ("nor one that only another watch matched", [telling(1, watch="other", score=1.0), telling(2, score=0.1)], "2"),
    (
        "the report of who broke it, however faint",
        [telling(1, score=0.9, attribution=GUARDIAN), telling(2, score=0.3, outlet="theguardian.com")],
        "2",
    ),
    (
        "the clearer of two reports by who broke it",
        [
            telling(1, score=0.9, attribution=GUARDIAN),
            telling(2, score=0.3, outlet="theguardian.com"),
            telling(3, score=0.4, outlet="theguardian.com"),
        ],
        "3",
    ),
    (
        "but not a report by who broke it that did not match",
        [telling(1, score=0.9, attribution=GUARDIAN), telling(2, score=None, outlet="theguardian.com")],
        "1",
    ),
]


@pytest.mark.parametrize(("name", "tellings", "lead"), LEADS, ids=[name for name, *_ in LEADS])
def test_which_telling_leads(name: str, tellings: list[Telling], lead: str) -> None:
    report = told(*tellings)
    assert str(report.lead.entry_id) == lead
    assert report.why == f"why {lead}"
    assert [str(member.entry_id) for member in report.members] == [
        each.document.id for each in tellings if each.document.id != lead
    ]


def test_a_story_is_as_strong_as_its_strongest_telling() -> None:
    report = told(
        telling(1, score=0.9, level="digest", attribution=GUARDIAN),
        telling(2, score=0.3, level="alert", outlet="theguardian.com"),
        telling(3, score=1.0, level="alert", watch="other"),
    )
    assert (report.score, report.level) == (0.9, "alert")
    assert told(telling(1, level="digest"), telling(2, level="alert", watch="other")).level == "digest"


def test_it_says_who_broke_it_who_told_it_and_when_it_was_first_seen() -> None:
    report = told(
        telling(1, attribution=GUARDIAN, url="https://paper1.example/a", published=NOON),
        telling(2, outlet="theguardian.com"),
        telling(3, outlet="reuters.com"),
    )
    assert (report.story_id, report.watch) == (7, "beat")
    assert report.origin == ("The Guardian",)
    assert "1 outlet credits it" in report.origin_note
    assert (report.lead.outlet, report.lead.domain) == ("The Guardian", "theguardian.com")
    paper, reuters = report.members
    assert (paper.outlet, paper.link, paper.published) == ("paper1.example", "https://paper1.example/a", NOON)
    assert (paper.credits, paper.relation) == (("The Guardian",), "new")
    assert (reuters.outlet, reuters.credits, reuters.relation) == ("Reuters", (), "copy")
    assert report.first_seen == NOON + timedelta(minutes=1)


# ---- which sentence --------------------------------------------------------------------------------------------------

SENTENCES = [
    ("the one with most terms", {"summary": "ICE met. ICE uses Azure. Rain."}, "ICE uses Azure.", ["ICE", "Azure"]),
    ("the first of equals", {"summary": "Rain. ICE met. ICE left."}, "ICE met.", ["ICE"]),
    ("the summary before the text", {"summary": "ICE met.", "text": "ICE left."}, "ICE met.", ["ICE"]),
    ("the text if it holds more", {"summary": "ICE.", "text": "Rain.\nICE, Azure."}, "ICE, Azure.", ["ICE", "Azure"]),
    ("an initial ends no sentence", {"summary": "The U.S. uses ICE. Rain."}, "The U.S. uses ICE.", ["ICE"]),
    ("the summary where only the title matched", {"summary": "It rained."}, "It rained.", []),
    ("nothing where there is nothing", {}, "", []),
    ("white space around it is cut", {"summary": "Rain.   \n ICE met.  "}, "ICE met.", ["ICE"]),
    ("all places of a term", {"summary": "ICE is ICE."}, "ICE is ICE.", ["ICE", "ICE"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "sentence", "marks"), SENTENCES, ids=[name for name, *_ in SENTENCES])
def test_which_sentence_is_shown(name: str, fields: dict[str, Any], sentence: str, marks: list[str]) -> None:
    report = told(telling(1, terms=("ICE", "Azure"), **fields))
    assert report.sentence == sentence
    assert marked(report) == marks
    assert report.title_marks == ((0, 3),)


def test_a_sentence_without_end_is_cut_around_its_first_term() -> None:
    report = told(telling(1, summary="fog " * 500 + "ICE uses Azure " + "fog " * 500, terms=("ICE", "Azure")))
    assert len(report.sentence) == LONGEST_SENTENCE
    assert marked(report) == ["ICE", "Azure"]
    assert 0 < report.marks[0][0] < LONGEST_SENTENCE // 2


def test_a_long_summary_without_a_term_is_cut() -> None:
    assert len(told(telling(1, summary="fog " * 500)).sentence) == LONGEST_SENTENCE


# ---- which marks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "marks"),
    [
        (("Microsoft", "Microsoft Azure"), ["Microsoft Azure"]),
        (("Microsoft Azure", "Azure cloud"), ["Microsoft Azure cloud"]),
        (("Microsoft", "cloud"), ["Microsoft", "cloud"]),
    ],
)
def test_marks_that_overlap_become_one(terms: tuple[str, ...], marks: list[str]) -> None:
    text = "The Microsoft Azure cloud."
    report = told(telling(1, title=text, summary=text, terms=terms))
    assert marked(report) == marks
    assert [text[start:end] for start, end in report.title_marks] == marks


@given(
    st.text("ab. \n", max_size=60), st.text("ab. \n", max_size=60),
    st.lists(st.sampled_from(("a", "ab", "ba", "b a")), min_size=1, unique=True),
)  # fmt: skip
def test_marks_are_sorted_apart_and_within_the_sentence(summary: str, text: str, terms: list[str]) -> None:
    report = told(telling(1, summary=summary, text=text, terms=terms))
    assert report.sentence in summary or report.sentence in text
    ends = [0]
    for start, end in report.marks:
        assert ends[-1] <= start < end <= len(report.sentence)
        assert any(term in report.sentence[start:end] for term in terms)
        ends.append(end)
    if any(term in part for term in terms for part in (summary + "\n" + text).replace(".", "\n").split("\n")):
        assert report.marks


def test_a_story_in_which_nothing_matches_any_more_is_still_told() -> None:
    """Its words were edited, or its watch renamed, between the decision and the sending."""
    document = Document(id="1", title="A correction", outlet="ferry.example", feed="Ferry News")
    bare = Telling(
        document=document,
        first_seen=NOON,
        relation="new",
        attribution=Attribution(origin=(), credits=()),
        matches=(),
    )
    report = tell(1, "a watch that was", [bare], shipped())
    assert (report.lead.title, report.level, report.marks, report.title_marks) == ("A correction", "alert", (), ())
    assert "edited since" in report.why
