"""The quick look for outlets' names never overlooks one that the slow one finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.story.naming import named_in
from monitor.story.outlets import shipped
from monitor.words.regex import may_hold

OUTLETS = shipped()
NAMES = [name for outlet in OUTLETS.all for name in (*outlet.names, *outlet.short_forms)]
PIECES = st.one_of(st.sampled_from(NAMES), st.sampled_from([*" .,/@-_'’\n(", "a", "S", "é", "Ñ", "7", "\ud800", "的"]))
LINES = st.lists(PIECES, max_size=8).map("".join)
ALL_NAMES = may_hold([*NAMES, *map(str.upper, NAMES)])


@given(LINES)
def test_where_a_name_is_found_the_quick_look_says_that_one_may_stand(line: str) -> None:
    found = named_in(line, OUTLETS)
    assert ALL_NAMES(line) or not [line[start:end] for _, start, end in found if line[start:end] in NAMES]


def test_the_quick_look_tells_most_texts_apart() -> None:
    """It would be true of every answer if it always said yes."""
    asks = may_hold(["the Globe", "El País", "A.P."])
    said = {
        text: asks(text) for text in ("The globes", "the Globe", "(El País)", "El Países", "the AxP", "by A.P.", "")
    }
    assert said == {
        "The globes": False, "the Globe": True, "(El País)": True, "El Países": False, "the AxP": False,
        "by A.P.": True, "": False,
    }  # fmt: skip
