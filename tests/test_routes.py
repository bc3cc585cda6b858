"""What a watch cannot match without, where it is filed, and that filing never changes an answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, get_args
from unittest.mock import Mock

import hypothesis
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from monitor.model import Document, Watch
from monitor.watches import routes
from monitor.watches.matching import CompiledWatch, Compiler, Matcher
from monitor.watches.page import Page, find
from monitor.watches.query import parse, term_set
from monitor.watches.routes import ANY, WIDE, RouteIndex, clauses
from monitor.watches.tree import (
    And,
    AtLeast,
    Attribute,
    AttributeName,
    Near,
    Node,
    Not,
    Or,
    Regex,
    TermSet,
    Within,
    term,
)
from monitor.words.text import fold

SETS = {"crafts": term_set("crafts", ("tinker", "wheelwright", "ore refiner"))}


@pytest.mark.parametrize(
    ("query", "required"),
    [
        ("raid", [{"raid"}]),
        ("Détention", [{"detention"}]),
        ("{Ring}", [{"ring"}]),
        ("deport*", [{"deport*"}]),
        ('"the border patrol"', [{"border"}, {"patrol"}, {"the"}]),  # by its rarest word; as long, as they stand
        ("移民局", [{"移"}, {"民"}, {"局"}]),
        ("ore AND refinery", [{"refinery"}, {"ore"}]),
        ("ore AND NOT refinery", [{"ore"}]),
        ("ore OR refinery", [{"ore", "refinery"}]),
        ("(ore AND smelter) OR (refinery AND tin)", [{"smelter", "refinery"}, {"ore", "tin"}]),
        ('"tin ore" OR refinery', [{"tin", "refinery"}]),
        ("ore NEAR/5 (refinery OR smelter)", [{"refinery", "smelter"}, {"ore"}]),
        ("atleast3(refinery)", [{"refinery"}]),
        ("lead(title:(refinery AND first9(ore)))", [{"refinery"}, {"ore"}]),
        ("@crafts", [{"tinker", "wheelwright", "refiner"}]),
        ("@crafts AND outlet:example.org", [{"outlet:example.org"}, {"tinker", "wheelwright", "refiner"}]),
        ("lang:es AND refinery", [{"refinery"}, {"lang:es"}]),
        ("lang:pt_BR", [{"lang:pt-br"}]),
        ('feed:"Example Daily" OR tag:Mining', [{"feed:example daily", "tag:mining"}]),
        ('author:"Ana Pérez"', [{"author:ana"}, {"author:perez"}]),
        ("url:example.org/ore", []),  # a piece of an address may begin inside a word
        ("url:example.org AND (ore OR url:ore)", []),
    ],
)
def test_what_a_watch_requires_the_rarest_first(query: str, required: list[set[str]]) -> None:
    assert [set(clause) for clause in clauses(parse(query, SETS))] == required


def test_a_negation_requires_nothing_and_takes_its_choice_along() -> None:
    ore = term("ore")
    assert clauses(Not(part=ore)) == ()
    assert clauses(Not(part=Not(part=ore))) == ()
    assert clauses(Or(parts=(ore, Not(part=ore)))) == ()


DAILY = Document(
    id="1", title="Ore", text="Smelter closed", outlet="news.example.org", language="es-MX", feed="Example Daily",
    tags=("Mining",), author="Ana Pérez",
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "scope", "looked_at"),
    [
        ("smelter", {}, True),
        ("refinery", {}, False),
        ("smel*", {}, True),
        ("smelt AND ore", {}, False),
        ("smelter AND lang:es", {}, True),
        ("smelter AND lang:es-mx", {}, True),
        ("smelter AND lang:en", {}, False),
        ("smelter AND outlet:example.org", {}, True),
        ("smelter AND outlet:ample.org", {}, False),
        ("smelter AND feed:other", {}, False),
        ("smelter AND tag:mining AND author:ana", {}, True),
        ("smelter AND tag:mining AND author:eva", {}, False),
        ("smelter", {"languages": ("en", "fr")}, False),
        ("smelter", {"languages": ("en", "es")}, True),
        ("smelter", {"feeds": ("Weekly",)}, False),
        ("smelter", {"feeds": ("Weekly", "mining")}, True),
        ("url:org", {}, True),
    ],
)
def test_what_is_known_of_a_document_is_a_key_like_its_words(
    query: str, scope: dict[str, Any], looked_at: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(return_value=None)
    monkeypatch.setattr("monitor.watches.matching.find", asked)
    watch = Compiler({}).compile(Watch(name="w", query=query, **scope), None)
    assert Matcher([watch]).match(DAILY) == ()
    assert asked.call_count == looked_at


def test_a_set_is_one_key_however_many_watches_ask_for_it() -> None:
    names = term_set("names", [f"wheelwright{n}" for n in range(WIDE + 1)])
    index = RouteIndex([clauses(And(parts=(names, term(f"town{n}")))) for n in range(50)])
    assert len(index._wide.keys) == WIDE + 1
    assert {name for held in index._wide.keys.values() for name in held} == {"|0"}
    page = Page(Document(id="1", title="Wheelwright7 leaves town3 for town44"))
    assert index.candidates(page) == [3, 44]


def test_watches_that_require_nothing_are_always_looked_at() -> None:
    index = RouteIndex([(), (("ore",),), ()])
    assert index._shelves[ANY] == {ANY: [0, 2]}
    assert index.candidates(Page(Document(id="1", title="Tin"))) == [0, 2]


def test_equal_queries_are_read_once_and_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = Compiler(SETS)
    asked = [Watch(name=f"w{n}", query="smelter AND ore", level="digest" if n == 1 else "alert") for n in range(5)]
    compiled = [compiler.compile(watch, None) for watch in asked]
    assert len({id(one.tree) for one in compiled}) == 1
    calls = Mock(wraps=find)
    monkeypatch.setattr("monitor.watches.matching.find", calls)
    matches = Matcher(compiled).match(DAILY)
    assert [(match.watch, match.level) for match in matches] == [(watch.name, watch.level) for watch in asked]
    assert calls.call_count == 2  # one for each level


@pytest.mark.parametrize(
    ("asked", "word", "held"),
    [
        (["de", "dep", "deport", "depot"], "deported", {"de*", "dep*", "deport*"}),
        (["de", "dep", "deport", "depot"], "dep", {"de*", "dep*"}),
        (["de", "depz"], "depot", {"de*"}),
        (["ab", "deport"], "deal", set()),
        (["deport"], "a", set()),
        ([], "deport", set()),
    ],
)
def test_the_prefixes_of_a_word_are_found_by_one_lookup(asked: list[str], word: str, held: set[str]) -> None:
    assert set(routes._Prefixes([f"{prefix}*" for prefix in asked]).starting(word)) == held


@given(st.sets(st.text("ab", max_size=5)), st.text("ab", max_size=7))
def test_no_prefix_is_overlooked(asked: set[str], word: str) -> None:
    held = routes._Prefixes([f"{prefix}*" for prefix in asked]).starting(word)
    assert set(held) == {f"{prefix}*" for prefix in asked if word.startswith(prefix)}


# ---- trees of every kind × documents of every kind: the index against evaluating every watch -------------------------

Case: TypeAlias = tuple[Sequence[CompiledWatch], Document]

WORDS = ("ax", "axe", "AXE", "axes", "box", "boxer", "Café", "移", "民")
terms = st.one_of(
    st.sampled_from(WORDS).map(term),
    st.sampled_from(("ax*", "axe*", "bo*", "box*")).map(term),
    st.sampled_from(("移民", "box ax", "axe* box", "cafe boxer")).map(term),
    st.sampled_from(("Axe", "Café")).map(lambda word: term(word, exact=True)),
)
sets = st.builds(
    lambda some, more: TermSet(name="some", terms=(*some, *map(term, more))),
    st.lists(terms, min_size=1, max_size=4),
    st.sampled_from(((), tuple(f"oxen{n}" for n in range(WIDE)))),  # few terms, or many
)
attributes = st.builds(
    lambda name, value: Attribute(name=name, value=value),
    st.sampled_from(get_args(AttributeName)),
    st.sampled_from(("en", "en-gb", "EN_us", "org", "example.org", "daily", "ana", "ana ax")),
)
regexes = st.sampled_from(("ax.*bo", "^caf", "[x-z]+es?")).map(lambda pattern: Regex(pattern=pattern))
places = st.recursive(
    st.one_of(terms, sets),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(parts=tuple(parts))),
        st.builds(
            lambda left, right, distance, ordered: Near(left=left, right=right, distance=distance, ordered=ordered),
            inner, inner, st.integers(1, 5), st.booleans(),
        ),
    ),
    max_leaves=3,
)  # fmt: skip
plain: st.SearchStrategy[Node] = st.one_of(
    places, attributes, regexes, st.builds(lambda n, part: AtLeast(count=n, part=part), st.integers(1, 3), places)
)


def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Trees over trees, a negation among three others: negated throughout they would all require nothing."""
    part = st.one_of(inner, inner, inner, inner.map(lambda part: Not(part=part)))
    parts = st.lists(part, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        parts.map(lambda parts: And(parts=parts)),
        parts.map(lambda parts: Or(parts=parts)),
        st.builds(
            lambda where, part, count: Within(where=where, part=part, count=count),
            st.sampled_from(("title", "body", "lead", "first")), part, st.integers(1, 9),
        ),
    )  # fmt: skip


trees: st.SearchStrategy[Node] = st.one_of(plain, st.recursive(plain, joined, max_leaves=4))
writing = st.lists(st.sampled_from((*WORDS, "\n")), max_size=8).map(" ".join)
documents = st.builds(
    Document,
    id=st.just("1"),
    title=writing,
    summary=writing,
    text=writing,
    outlet=st.sampled_from(("", "example.org", "en.example.org", "ample.org")),
    url=st.sampled_from(("", "https://example.org/daily-ax")),
    author=st.sampled_from(("", "Ana", "Ana Ax", "Ax, Ana")),
    language=st.sampled_from(("", "en", "en-GB", "en_US", "es")),
    feed=st.sampled_from(("", "Daily", "Weekly")),
    tags=st.sampled_from(((), ("Daily",), ("ax", "EN"))),
)
scopes = st.one_of(
    st.just(Watch(name="w")),
    st.builds(
        Watch,
        name=st.just("w"),
        feeds=st.sampled_from(((), ("daily",), ("Weekly", "en"))),
        languages=st.sampled_from(((), ("en",), ("en-gb", "ES"))),
    ),
)
compiled_watches = st.builds(
    lambda watch, tree: CompiledWatch(watch=watch, tree=tree, pack=None, sets={}), scopes, trees
)
cases: st.SearchStrategy[Case] = st.tuples(st.lists(compiled_watches, min_size=1, max_size=4), documents)


def in_scope(watch: Watch, document: Document) -> bool:
    names = {fold(name) for name in (document.feed, *document.tags)}
    language = fold(document.language).replace("_", "-")
    spoken = (fold(one) for one in watch.languages)
    return (not watch.feeds or bool(names & {fold(feed) for feed in watch.feeds})) and (
        not watch.languages or not language or any(f"{language}-".startswith(f"{one}-") for one in spoken)
    )


def satisfied(case: Case) -> list[int]:
    """The watches that match, by evaluating every one of them."""
    compiled, document = case
    page = Page(document)
    return [
        number
        for number, one in enumerate(compiled)
        if one.tree is not None and in_scope(one.watch, document) and find(one.tree, page) is not None
    ]


def told(case: Case) -> list[int]:
    """The watches that the indexed matcher finds."""
    compiled, document = case
    numbered = [
        CompiledWatch(watch=Watch(name=str(n), feeds=one.watch.feeds, languages=one.watch.languages), tree=one.tree,
                      pack=None, sets={})
        for n, one in enumerate(compiled)
    ]  # fmt: skip
    return [int(match.watch) for match in Matcher(numbered).match(document)]


@settings(max_examples=500, deadline=None)
@given(cases)
def test_the_index_finds_what_evaluating_every_watch_finds(case: Case) -> None:
    assert told(case) == satisfied(case)


def found(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> bool:
    """Does the strategy come upon such a value, in the order of one seed? Which is the smallest is of no interest."""
    search = settings(max_examples=3_000, database=None, phases=[Phase.generate])
    return bool(hypothesis.find(strategy, condition, settings=search, random=random.Random(7)))


def kinds(node: Node) -> set[type]:
    match node:
        case And(parts=parts) | Or(parts=parts) | TermSet(terms=parts):
            inner: Sequence[Node] = parts
        case Near(left=left, right=right):
            inner = (left, right)
        case Not(part=part) | AtLeast(part=part) | Within(part=part):
            inner = (part,)
        case _:
            inner = ()
    return {type(node)}.union(*map(kinds, inner))


@pytest.mark.parametrize("kind", get_args(Node), ids=lambda kind: kind.__name__)
def test_every_kind_of_node_is_among_the_trees(kind: type) -> None:
    """A kind that no tree has would be a kind that the comparison says nothing about."""
    assert found(trees, lambda tree: kind in kinds(tree))


def either_first(parts: Sequence[Node]) -> list[routes.Clause]:
    return list(clauses(parts[0]))


def either_all(parts: Sequence[Node]) -> list[routes.Clause]:
    return [clause for part in parts for clause in clauses(part)]


FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "an OR is filed under its first part": ("monitor.watches.routes._either", either_first),
    "an OR asks for all its parts": ("monitor.watches.routes._either", either_all),
    "a prefix is looked up as a word": ("monitor.watches.routes._word_key", lambda word: word.folded),
    "an exact word is looked up as written": (
        "monitor.watches.routes._word_key",
        lambda word: word.exact or word.folded,
    ),
    "a wide clause is forgotten": ("monitor.watches.routes._WideClauses.held", lambda self, held: set()),
    "a language is the whole tag": ("monitor.watches.page._facts", lambda document: [f"lang:{document.language}"]),
    "a scope counts an unknown language out": ("monitor.watches.matching._scope", lambda watch: [("lang:en",)]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_sees_an_index_that_is_wrong(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault, put in on purpose, is found by the trees and documents above."""
    monkeypatch.setattr(*FAULTS[fault])
    assert found(cases, lambda case: told(case) != satisfied(case))
