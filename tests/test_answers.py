"""Headlines in which somebody answers, beside those in which somebody only acts."""

from __future__ import annotations

import pytest

from monitor.model import Document, Match, Span
from monitor.story.answers import is_answer


def document_of(title: str, term: str) -> tuple[Document, list[Match]]:
    start = title.index(term)
    span = Span(field="title", start=start, end=start + len(term), term=term, set="companies")
    match = Match(watch="w", level="alert", score=1, why="", spans=(span,))
    return Document(id="1", title=title), [match]


@pytest.mark.parametrize(
    ("title", "term"),
    [
        ("Microsoft says it sells productivity tools through partners", "Microsoft"),
        ("Microsoft answers report on ICE's use of its cloud", "Microsoft"),
        ("Update: Palantir denies building a master list", "Palantir"),
        ("Flock spokesperson disputes the audit", "Flock"),
        ("Microsoft has responded to its staff's letter", "Microsoft"),
        ("ICE pushes back on report about its data", "ICE"),
        ("El ICE niega que vigile a periodistas", "ICE"),
        ("Microsoft responde: no es vigilancia masiva", "Microsoft"),
        ("Microsoft asegura que vende a través de socios", "Microsoft"),
    ],
)
def test_somebody_in_the_story_speaks(title: str, term: str) -> None:
    assert is_answer(*document_of(title, term))


@pytest.mark.parametrize(
    ("title", "term"),
    [
        ("ICE more than tripled the data it keeps on Microsoft's cloud", "ICE"),
        ("Senators demand that Microsoft answers for its contract", "Microsoft"),
        ("Microsoft wins another contract from ICE", "Microsoft"),
        ("Microsoft's answers leave staff unhappy", "Microsoft"),
        ("ICE triplicó sus datos, dice The Guardian", "ICE"),
    ],
)
def test_somebody_only_acts_or_is_spoken_of(title: str, term: str) -> None:
    assert not is_answer(*document_of(title, term))


def test_a_headline_in_which_nothing_matched_answers_nothing() -> None:
    assert not is_answer(Document(id="1", title="Microsoft says no"), [])
