"""What was kept before stands first, each place says why, and nothing is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import StoryLine, VerdictKind
from monitor.review.ranking import Trait, learn
from tests.story_lines import line

JUDGED = [
    *(line(f"Ferry strike in port {port}", "kept") for port in ("one", "two", "three")),
    *(line(f"Model ferry sold in {town}", "refused", outlets=("toys.example",)) for town in "abcd"),
]


def titles(lines: list[StoryLine], judged: list[StoryLine] = JUDGED) -> list[str]:
    return [ranked.line.document.title for ranked in learn(judged).order(lines)]


def test_without_verdicts_the_order_is_the_one_of_today() -> None:
    lines = [line("Model ferry"), line("Ferry strike"), line("Ferry")]
    for judged in ([], [line("Ferry", "open"), line("Ferry")]):
        ranked = learn(judged).order(lines)
        assert [one.line for one in ranked] == lines
        assert {(one.score, one.reasons, one.moved) for one in ranked} == {(0.0, (), 0)}


def test_stories_like_the_kept_come_first_and_say_why() -> None:
    lines = [line(title, outlets=()) for title in ("Model ferry raffled", "Fog at sea", "Strike on the ferry")]
    first, second, third = learn(JUDGED).order(lines)
    assert [one.line.document.title for one in (first, second, third)] == [
        "Strike on the ferry", "Fog at sea", "Model ferry raffled",
    ]  # fmt: skip
    assert (first.moved, second.moved, third.moved) == (2, 0, -2)
    assert first.score > 0 > third.score
    assert str(first.reasons[0]) == "the word “strike”: 3 kept, 0 refused"
    assert str(third.reasons[0]) == "the word “model”: 0 kept, 4 refused"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (line("Fog", outlets=("ferry.example",)), line("Fog", outlets=("toys.example",))),
        (line("A strike"), line("A strike of models and a model", summary="Model model model.")),
        (line("Port talks"), line("Sold out")),
    ],
)
def test_outlets_and_words_are_weighed(better: StoryLine, worse: StoryLine) -> None:
    assert [one.line for one in learn(JUDGED).order([worse, better])] == [better, worse]


def test_the_words_of_one_watch_say_nothing_of_another_but_an_outlet_does() -> None:
    elsewhere = [line("Strike", watch="boats", outlets=()), line("Model", watch="boats", outlets=())]
    assert titles(elsewhere[::-1]) == ["Model", "Strike"]
    told = [
        line("Fog", watch="boats", outlets=("toys.example",)),
        line("Mist", watch="boats", outlets=("ferry.example",)),
    ]
    assert titles(told) == ["Mist", "Fog"]


def test_one_verdict_is_no_rule_yet() -> None:
    judged = [line("Regatta", "refused", outlets=()), line("Harbour", "kept", outlets=())]
    ranking = learn(judged)
    assert Trait("word", "regatta", "ferries") in ranking.precedents
    assert not any(trait.kind == "word" for trait in ranking.reasons)
    (only,) = ranking.order([line("Regatta", outlets=())])
    assert [one.trait.kind for one in only.reasons if one.trait.kind == "word"] == []


WORDS = st.lists(st.sampled_from(["ferry", "strike", "model", "fog", "port", "sold"]), max_size=4).map(" ".join)
KINDS: st.SearchStrategy[VerdictKind | None] = st.sampled_from(["kept", "starred", "refused", "open", None])
LINES = st.lists(st.builds(line, WORDS, KINDS), max_size=12)


@given(judged=LINES, shown=LINES)
def test_nothing_is_hidden_and_who_moved_says_from_where(judged: list[StoryLine], shown: list[StoryLine]) -> None:
    ranked = learn(judged).order(shown)
    assert sorted(one.line.story for one in ranked) == sorted(one.story for one in shown)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    for place, one in enumerate(ranked):
        assert shown[place + one.moved] is one.line
        assert all(reason.kept + reason.refused >= 2 for reason in one.reasons)
