"""What is struck out of a text before credits are looked for, and what is left where it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.story import boilerplate
from monitor.story.boilerplate import strike

STRUCK = [
    ("(Reuters/Jane Doe) The ferry sank.", " The ferry sank."),
    ("A boat. Photo: Jane Doe / AFP\nThe ferry sank.", "A boat. \nThe ferry sank."),
    ("Imágenes cortesía de la agencia. El barco zarpó.", ". El barco zarpó."),
    ("Related: How ferries float. The ferry sank.", ". The ferry sank."),
    ("The ferry sank. Sign up for our letters", "The ferry sank. "),
    ("Suscríbete a las cartas. El barco zarpó.", ". El barco zarpó."),
    ("Our Standards: The Thomson Reuters Trust Principles", ""),
    ("Jane Doe /Getty Images", ""),
]


@pytest.mark.parametrize(("text", "left"), STRUCK)
def test_boilerplate_is_blanked_and_nothing_else_moves(text: str, left: str) -> None:
    assert len(strike(text)) == len(text)
    assert strike(text).replace("\n", "") == left.replace("\n", "")


@pytest.mark.parametrize(
    "text", ["Reuters reported that the ferry sank.", "The photo office closed.", "A storm may come: wait."]
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert strike(text) == text


PIECES = st.sampled_from(
    ["AP", "Reuters", "Getty Images", "via ", "/", " ", "Photo", "foto", ": ", "(", ")", ". ", "\n", "Jane",
     "Follow us", "Subscribe", "Related", "Síguenos", "Imágenes", " cortesía de ", "Thomson Reuters", "credit", " by "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_kind_whose_hints_are_missing_would_have_struck_nothing(text: str) -> None:
    everything = re.compile("|".join(phrase for _, phrase in boilerplate.KINDS))
    assert strike(text) == everything.sub(lambda found: "\n" * len(found[0]), text)
