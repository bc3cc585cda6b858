"""What a watch could leave out: suggested only where nothing kept is lost and where it is no accident."""

from __future__ import annotations

import pytest

from monitor.model import Watch
from monitor.review.suggestions import NotTerm, examples, not_terms
from monitor.watches.matching import compile_watch
from tests.story_lines import line

KEPT = [
    line(title, "kept", story=number)
    for number, title in enumerate(
        ("The ferry strike", "A new ferry line", "Late ferry, lost jobs", "Old ferry sinks", "Night ferry returns",
         "The ferry inquiry opens", "Ferry to the isles", "Who owns the ferry", "Ferry fares doubled"), start=1,
    )
]  # fmt: skip
REFUSED = [
    line("The model ferry show opens", "refused", story=11, term="ferry"),
    line("A model ferry for the shelf", "refused", story=12, term="ferry"),
    line("Bryan Ferry sings, a model ferry sinks", "refused", story=13, term="ferry"),
    line("My model ferry", "refused", story=14, term="ferry"),
    line("Bryan Ferry on tour", "refused", story=15, term="Ferry"),
    line("Night with Bryan Ferry", "refused", story=16, term="Ferry"),
    line("More of Bryan Ferry, live", "refused", story=17, term="Ferry"),
    line("The old fairy tale", "refused", story=18),
]


def test_terms_that_stop_much_and_lose_nothing_come_first_and_none_says_the_same_twice() -> None:
    found = not_terms([*KEPT, *REFUSED, line("Model ferry, not judged")])
    assert [(one.stops, one.loses) for one in found] == [((13, 15, 16, 17), ()), ((11, 12, 13, 14), ())]
    assert [one.term for one in found] == ['"bryan ferry"', '"model ferry"']


def test_each_suggestion_can_be_written_into_the_watch_and_does_what_it_says() -> None:
    for one in not_terms([*KEPT, *REFUSED]):
        compiled = compile_watch(Watch(name="w", query=f"ferry AND NOT {one.term}"), None, {})
        stopped = {case.story for case in examples(compiled, REFUSED) if case.holds}
        assert stopped >= set(one.stops)
        assert all(case.holds for case in examples(compiled, KEPT))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (REFUSED, "nothing was kept: any word would do"),
        ([*KEPT, *REFUSED[:2]], "two stories are an accident"),
        ([KEPT[0], *REFUSED], "hardly anything was kept"),
        ([*KEPT, *REFUSED[:1], line("A model ferry saves lives", "kept"), *REFUSED[1:4]], "it would lose a kept story"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_may_be_an_accident_or_would_lose_something_is_not_suggested(lines: list[object], why: str) -> None:
    assert not any("model" in one.term for one in not_terms(lines))  # type: ignore[arg-type]


def test_who_will_lose_one_story_is_told_which() -> None:
    lost = line("A model ferry saves lives", "kept", story=7)
    lines = [*KEPT, lost, *REFUSED[:4], line("Model ferry afloat", "refused", story=19, term="ferry")]
    assert not_terms(lines) == ()
    (found, *_) = not_terms(lines, may_lose=1)
    assert (found.stops, found.loses) == ((11, 12, 13, 14, 19), (7,))


def test_words_of_the_watch_and_words_of_the_language_are_no_suggestions() -> None:
    terms = {one.term for one in not_terms([*KEPT, *REFUSED], may_lose=6)}
    assert not terms & {"ferry", "the", "and", "of"}
    operators = [line(f"Not {number} ferry", "refused", term="ferry") for number in range(9)]
    (found,) = not_terms([*KEPT, *operators])
    assert found == NotTerm(term='"not"', stops=tuple(one.story for one in operators), loses=())


def test_judged_headlines_become_tests_of_the_watch_the_unmet_ones_first() -> None:
    compiled = compile_watch(Watch(name="w", query="ferry AND NOT model"), None, {})
    found = examples(compiled, [KEPT[0], REFUSED[0], REFUSED[4], line("Model ferry strike", "starred", summary="Ho.")])
    assert [(one.text, one.must_match, one.holds) for one in found] == [
        ("Bryan Ferry on tour", False, False),
        ("Model ferry strike\nHo.", True, False),
        ("The model ferry show opens", False, True),
        ("The ferry strike", True, True),
    ]
