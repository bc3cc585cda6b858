"""What two documents have in common: address, wording, language, stems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Document
from monitor.story.address import same_address
from monitor.story.likeness import language_of, overlap, stem, subject_of, wording_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://herald.example/news?id=41", "https://herald.example/news?id=42"),
        ("https://herald.example/a", "https://gazette.example/a"),
        ("https://herald.example/amplifier", "https://herald.example/lifier"),
        ("https://herald.example/print-shops", "https://herald.example/-shops"),
    ],
)
def test_addresses_of_two_articles_stay_two(one: str, other: str) -> None:
    assert same_address(one) != same_address(other)


@pytest.mark.parametrize(
    "nowhere", ["", "https://herald.example/", "mailto:desk@herald.example", "http://[broken", "x"]
)
def test_what_names_no_article_is_no_address(nowhere: str) -> None:
    assert same_address(nowhere) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [("The agency and the firm", "en"), ("La agencia y la empresa", "es"), ("Palantir", ""), ("", "")],
)
def test_little_words_give_a_language_away(text: str, language: str) -> None:
    assert language_of(text, "") == language


@given(st.lists(st.sampled_from("abcdefgh"), min_size=5, max_size=40), st.integers(0, 20), st.integers(5, 40))
def test_a_piece_of_a_text_is_wholly_contained_in_it(words: list[str], start: int, length: int) -> None:
    whole, piece = (
        wording_of(Document(id="x", title=" ".join(part))) for part in (words, words[start : start + length])
    )
    share, runs = overlap(whole, piece)
    assert share == (1.0 if piece.runs else 0.0)
    assert runs == len(piece.runs)


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("contracts", "contract"),
        ("agencies", "agency"),
        ("agency", "agency"),
        ("tracking", "track"),
        ("tracked", "track"),
        ("planned", "plan"),
        ("bus", "bus"),
        ("ice", "ice"),
        ("tobilleras", "tobillera"),
        ("7", "7"),
        ("a", ""),
    ],
)
def test_stems_are_light(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


@pytest.mark.parametrize(
    ("title", "summary", "names"),
    [
        ("ICE to track 180,000 people", "", {"ice", "#180000"}),
        ("ICE vigilará a 180 mil personas", "", {"ice", "#180000"}),
        ("Firm pays $1.5 million to Facet", "", {"#1.5e+06", "facet"}),
        ("Empresa paga 1,5 millones a Facet", "", {"#1.5e+06", "facet"}),
        ("Every Word Of This Title Has A Capital", "", set()),
        ("ICE Buys ImmigrationOS From Northgate", "", {"ice", "immigrationo"}),
        ("A quiet title", "Officials in Boulder spoke. Nobody else did.", {"boulder"}),
    ],
)
def test_names_and_numbers_are_what_translation_leaves_alone(title: str, summary: str, names: set[str]) -> None:
    assert set(subject_of(Document(id="x", title=title, summary=summary)).names) == names


def test_a_word_of_the_title_outweighs_one_of_the_summary_and_a_name_doubles_its_place() -> None:
    terms = subject_of(Document(id="x", title="towers bought", summary="The towers of Northgate rose quickly.")).terms
    assert terms["tower"] == terms["northgat"] == 1.0
    assert terms["quickly"] == 0.5
