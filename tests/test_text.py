"""What a reader sees, what a word is, and that every offset still points into the text as given."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.words.text import fold, folded_words, mask, reading, sentences, tokens, visible_text, words

PIECES = [
    "ICE",
    "<b>",
    "</b>",
    "<p class='service'>",
    "&amp;",
    "&eacute;",
    "&#8217;s",
    " ",
    "<",
    ">",
    '"',
    "é",
    "移民",
    "<!--",
    "-->",
]


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("plain  text\n stays", "plain text stays"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("<b>I</b>CE and caf&eacute;s", "ICE and cafés"),
        ('<a href="/service" title="a > b">link</a>', "link"),
        ("1 < 2 and 3 > 2 & so on", "1 < 2 and 3 > 2 & so on"),
        ("before<script>if (a < b) { ICE() }</script>after", "before after"),
        ("before<style>.ice { color: red }</style> after", "before after"),
        ("a<!-- hidden <b>ICE</b> -->b", "ab"),
        ("cut in the middle of a tag <a href='https://example.org/ice", "cut in the middle of a tag"),
        ("<![CDATA[inside]]>", "inside"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("", ""),
    ],
)
def test_visible_text_is_what_a_reader_sees(markup: str, seen: str) -> None:
    assert visible_text(markup) == seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ICE's deal", ["ICE", "deal"]),
        ("Microsoft\u2019s cloud", ["Microsoft", "cloud"]),
        ("Microsoft-backed firm", ["Microsoft", "backed", "firm"]),
        ("avec l\u2019ICE", ["avec", "l", "ICE"]),
        ("AT&amp;T pays", ["AT", "T", "pays"]),
        ("&quotICE&quot&nbsppays", ["ICE", "pays"]),
        ("<i>Jos&eacute;</i> left", ["Jos&eacute;", "left"]),
        ("e\u0301xito", ["e\u0301xito"]),
        ("移民局 said", ["移", "民", "局", "said"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("287(g)", ["287", "g"]),
        ("de\u00adported twice", ["de\u00adported", "twice"]),
        ("pal\u200ban\u2060tir", ["pal\u200ban\u2060tir"]),
        ("\uff29\uff23\uff25 buys", ["\uff29\uff23\uff25", "buys"]),
        ("the \ufb01rm \u2014 \u201cICE\u201d", ["the", "\ufb01rm", "ICE"]),
        ("\u2018ICE\u2019 and ICE\u2019s", ["ICE", "and", "ICE"]),
        ("non\u2011breaking", ["non", "breaking"]),
        ("\u05d4\u05d4\u05d2\u05d9\u05e8\u05d4 ICE", ["\u05d4\u05d4\u05d2\u05d9\u05e8\u05d4", "ICE"]),
        ("\u202bICE\u202c said", ["ICE", "said"]),
    ],
)
def test_words_are_cut_from_the_text_as_given(text: str, expected: list[str]) -> None:
    assert [text[token.start : token.end] for token in tokens(mask(text))] == expected


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("de\u00adported", "deported"),  # a soft hyphen
        ("pal\u200bantir", "palantir"),  # a zero-width space
        ("\uff29\uff23\uff25", "ICE"),  # full-width letters
        ("\ufb01rm", "firm"),  # a ligature
        ("de\u0301tenu", "d\u00e9tenu"),  # a combining accent
        ("Stra\u00dfe", "strasse"),
        (
            "\u0645\u064f\u0647\u064e\u0627\u062c\u0650\u0631",
            "\u0645\u0647\u0627\u062c\u0631",
        ),  # Arabic, with its vowel signs
        ("\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),  # Hebrew, with its points
    ],
)
def test_two_ways_to_write_a_word_are_one_word(written: str, plain: str) -> None:
    assert folded_words(mask(written)) == folded_words(plain)


def test_folding_removes_case_and_accents_and_keeps_other_scripts() -> None:
    assert fold("DETENCIÓN") == fold("detencion") == "detencion"
    assert fold("Straße") == "strasse"
    assert fold("が") != fold("か")


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_masking_never_moves_an_offset(markup: str) -> None:
    masked = mask(markup)
    assert len(masked) == len(markup)
    assert folded_words(masked) == [token.folded for token in tokens(masked)]
    for token in tokens(masked):
        assert fold(reading(masked[token.start : token.end])) == token.folded
        assert 0 <= token.start < token.end <= len(markup)


MARKUP = """
<p> </p> <b> </B> <br/> <a\thref="x>y"> <a\thref='&amp;'> <img\talt=cut <scRipt> </script> <template-x> <!-- -->
<![CDATA[ ]]> < > &amp; &lt; &#8203; &#x200b; &nbsp; &AMP; &nosuch; &am p; &#1; &#0; é 移 ICE ' "
<script <style	x="> </style <K> &quot &nbsp && !-- / title="
"""
fragments = st.sampled_from([*MARKUP.split(), "\u00ad", "\u200b", "\0", "\x01", " ", "\n"])


@given(st.lists(fragments, max_size=12).map("".join))
@settings(max_examples=1000, deadline=None)
def test_the_fast_way_shows_what_the_thorough_way_shows(markup: str) -> None:
    thorough = " ".join(reading(mask(markup)).split())
    assert visible_text(markup) == thorough


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,", max_size=60))
def test_plain_text_is_its_own_visible_text(text: str) -> None:
    assert visible_text(text) == " ".join(text.split())


@pytest.mark.parametrize("bait", ['<a "', "<!--", "<script>", "<", "<a ", "&a", "<a =\"'", "\0"])
def test_hostile_markup_is_read_in_linear_time(bait: str) -> None:
    short, long = bait * 4_000, bait * 64_000
    assert (
        _seconds(long) < max(0.05, _seconds(short)) * 100
    )  # 16 times the text; a quadratic scan takes 256 times as long


def _seconds(markup: str) -> float:
    before = time.process_time()
    tokens(mask(markup))
    visible_text(markup)
    return time.process_time() - before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("The U.S. agency paid Acme Inc. twice. It said so.", ["The U.S. agency paid Acme Inc. twice.", "It said so."]),
        ("“Stop.” He left", ["“Stop.”", "He left"]),
        ("EE. UU. firmó. Nada más.", ["EE. UU. firmó.", "Nada más."]),
        ("これは文。次の文。", ["これは文。", "次の文。"]),
        ("   ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert [text[start:end].strip() for start, end in sentences(text)] == expected


@given(st.text(max_size=60))
def test_the_fast_way_finds_the_words_that_the_thorough_way_finds(text: str) -> None:
    thorough = words(text + " 移")  # one character of a script without spaces sends the whole text the thorough way
    assert words(text) == thorough[:-1]
