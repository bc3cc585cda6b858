"""What a word index is asked for and what it holds of an entry: whatever a watch matches, the index names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.model import Document, IndexedWords, Watch
from monitor.watches.lookup import RECIPE, clauses_of, words_of
from monitor.watches.matching import compile_watch, judge
from monitor.watches.pack import read_pack
from monitor.watches.packs import shipped
from monitor.watches.page import Page
from monitor.watches.query import term_set

SETS = {"crafts": term_set("crafts", ("tinker", "ore refiner"))}


def holds(words: IndexedWords, clause: tuple[str, ...]) -> bool:
    """As every engine answers it."""
    kept = {*words.title, *words.body}
    return any(key in kept or (key.endswith("*") and any(word.startswith(key[:-1]) for word in kept)) for key in clause)


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("tinker", [{"tinker"}]),
        ("Detención", [{"detencion"}]),
        ('"ore refiner"', [{"ore"}, {"refiner"}]),
        ("tinker AND deport*", [{"tinker"}, {"deport*"}]),
        ("@crafts", [{"tinker", "refiner"}]),
        ("tinker AND lang:es", [{"tinker"}]),
        ("tinker OR lang:es", []),
        ("tinker AND NOT ore", [{"tinker"}]),
        ("outlet:ferry.example", []),
    ],
)
def test_which_words_a_query_needs(query: str, clauses: list[set[str]]) -> None:
    asked = clauses_of(compile_watch(Watch(name="w", query=query), None, SETS))
    assert sorted(map(sorted, asked)) == sorted(map(sorted, clauses))


PIECES = (
    "tinker", "Tinker's", "ore", "refiner", "ore_refiner", "Straße", "STRASSE", "ﬁre", "fire", "deported", "移民", "移",
    "ti\u00adnker", "cafe\u0301", "café", "AND", "&amp;", "<b>o</b>re", "x" * (500 + 50),
)  # fmt: skip
TERMS = (
    "tinker", "ore", '"ore refiner"', "ore_refiner", "strasse", "fire", "deport*", "移民", "café", "cafe",
    "x" * (500 + 50), "x" * (500 + 1) + "*", '"and"', "title:tinker", "@crafts",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)
documents = st.builds(Document, id=st.just("7"), title=texts, summary=texts, text=texts)
leaves = st.sampled_from(TERMS)
queries = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds("({} AND {})".format, parts, parts),
        st.builds("({} OR {})".format, parts, parts),
        st.builds("({} AND NOT {})".format, parts, leaves),
        st.builds("({} NEAR/3 {})".format, leaves, leaves),
    ),
    max_leaves=5,
)


@given(query=queries, document=documents)
def test_what_a_watch_matches_the_index_names(query: str, document: Document) -> None:
    try:
        compiled = compile_watch(Watch(name="w", query=query), None, SETS)
    except QueryError:  # it could never match
        return
    if judge(compiled, Page(document)):
        words = words_of(document)
        assert all(holds(words, clause) for clause in clauses_of(compiled))


@given(document=documents)
def test_the_words_of_an_entry_are_those_that_watches_see(document: Document) -> None:
    words = words_of(document)
    assert words.entry_id == 7
    assert {*words.title, *words.body} == set(Page(document).postings)
    assert not any(" " in word for word in (*words.title, *words.body))


def test_a_pack_asks_for_a_cue_on_each_side() -> None:
    name = "tech-and-immigration-enforcement"
    compiled = compile_watch(Watch(name=name, pack=name), read_pack(shipped(name), name), {})
    document = Document(id="1", title="ICE signs contract with Palantir to track migrants")
    assert judge(compiled, Page(document)) is not None
    assert all(holds(words_of(document), clause) for clause in clauses_of(compiled))


def test_the_recipe_changes_with_the_tables_of_characters() -> None:
    assert RECIPE.endswith(unicodedata.unidata_version)
