"""The watch language: what is read, and what is refused with a caret under the spot."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.watches.query import MAX_DEPTH, MAX_SOURCE, parse
from monitor.watches.tree import And, AtLeast, Attribute, Near, Node, Not, Or, Regex, Term, TermSet, Within, term

COMPANIES = TermSet(name="companies", terms=(term("Acme Cloud"), term("Initech")), label="company")
SETS = {"companies": COMPANIES}
A, B, C = term("alpha"), term("beta"), term("gamma")


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("alpha", A),
        ("(alpha)", A),
        ("alpha AND beta AND gamma", And(parts=(A, B, C))),
        ("alpha OR beta", Or(parts=(A, B))),
        ("alpha AND (beta OR gamma)", And(parts=(A, Or(parts=(B, C))))),
        ("alpha AND NOT beta", And(parts=(A, Not(part=B)))),
        ("alpha AND NOT NOT beta", And(parts=(A, Not(part=Not(part=B))))),
        ("alpha NEAR/5 beta", Near(left=A, right=B, distance=5, ordered=False)),
        ("alpha ONEAR/5 beta", Near(left=A, right=B, distance=5, ordered=True)),
        ("alpha NEAR/5 beta AND gamma", And(parts=(Near(left=A, right=B, distance=5, ordered=False), C))),
        ("(alpha OR beta) NEAR/2 gamma", Near(left=Or(parts=(A, B)), right=C, distance=2, ordered=False)),
        ("@companies NEAR/9 alpha", Near(left=COMPANIES, right=A, distance=9, ordered=False)),
        ("atleast3(alpha)", AtLeast(count=3, part=A)),
        ("lead(alpha AND beta)", Within(where="lead", part=And(parts=(A, B)))),
        ("first50(alpha)", Within(where="first", part=A, count=50)),
        ("title:alpha", Within(where="title", part=A)),
        ("body:(alpha OR beta)", Within(where="body", part=Or(parts=(A, B)))),
        ("/alph[ab]/", Regex(pattern="alph[ab]")),
        (r"title:/a\/b/", Within(where="title", part=Regex(pattern="a/b"))),
        ("/a+/ NEAR/3 beta", Near(left=Regex(pattern="a+"), right=B, distance=3, ordered=False)),
        ("outlet:example.org", Attribute(name="outlet", value="example.org")),
        ('feed:"The Daily Example"', Attribute(name="feed", value="The Daily Example")),
        ("url:https://example.org/a", Attribute(name="url", value="https://example.org/a")),
        ("lang:es AND alpha", And(parts=(Attribute(name="lang", value="es"), A))),
        ("alpha\n  AND\n  beta", And(parts=(A, B))),
    ],
)
def test_a_watch_becomes_a_tree(source: str, tree: Node) -> None:
    assert parse(source, SETS) == tree


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("ice", [("ice", "", False)]),
        ("ICE", [("ice", "ICE", False)]),
        ("{Ice}", [("ice", "Ice", False)]),
        ("Detención", [("detencion", "", False)]),
        ("deport*", [("deport", "", True)]),
        ('"ICE agents"', [("ice", "ICE", False), ("agents", "", False)]),
        ('"license plate* read*"', [("license", "", False), ("plate", "", True), ("read", "", True)]),
        ("E-Verify", [("e", "", False), ("verify", "", False)]),
        ("移民", [("移", "", False), ("民", "", False)]),
    ],
)
def test_a_term_says_what_it_takes(source: str, words: list[tuple[str, str, bool]]) -> None:
    tree = parse(source, {})
    assert isinstance(tree, Term)
    assert [(word.folded, word.exact, word.prefix) for word in tree.words] == words


REFUSED = [
    ("alpha AND beta OR gamma", "OR", "need parentheses"),
    ("alpha beta", "beta", '"a phrase"'),
    ("alpha NOT beta", "NOT", "write AND NOT"),
    ("alpha and beta", "and", "Expected AND, OR or NEAR/5"),
    ("and", "and", "written in capitals"),
    ("alpha WITHIN/5 beta", "WITHIN/5", "Expected AND"),
    ("alpha AND W/5", "W/5", "Unknown operator"),
    ("NEAR5", "NEAR5", "Unknown operator"),
    ("alpha NEAR beta", "NEAR", "Expected AND"),
    ("alpha NEAR/0 beta", "NEAR/0", "distance from 1"),
    ("alpha NEAR/101 beta", "NEAR/101", "distance from 1"),
    ("alpha NEAR/5 beta NEAR/5 gamma", "NEAR/5 gamma", "parentheses around the first two"),
    ("(alpha AND beta) NEAR/5 gamma", "(", "no place in a text"),
    ("alpha NEAR/5 lang:en", "lang:", "no place in a text"),
    ("alpha NEAR/5 (beta OR NOT gamma)", "(", "no place in a text"),
    ("(alpha", "(", "never closed"),
    ("alpha)", ")", "closes nothing"),
    ('"alpha', '"', "never closed"),
    ("{alpha", "{", "never closed"),
    ("alpha AND", "", "the watch ends here"),
    ("", "", "the watch ends here"),
    ("()", ")", "Expected a word"),
    ("headline:alpha", "headline:", "Unknown field"),
    ("title: alpha", "title:", "right after"),
    ("@nobody", "@nobody", "Known sets: @companies"),
    ("near3(alpha)", "near3", "Unknown function"),
    ("atleast0(alpha)", "atleast0", "match everything"),
    ("first0(alpha)", "first0", "never match"),
    ("alpha AND /(beta/", "/(beta/", "as RE2 reads it: missing )"),
    (r"/(?=alpha)/", "/(?=", "as RE2 reads it"),
    (r"/(alpha)\1/", "/(alpha)", "as RE2 reads it"),
    ("/" + "a" * 1025 + "/", "/aaa", "at most 1,024 bytes; this one has 1,025"),
    ("/" + "é" * 513 + "/", "/é", "this one has 1,026"),
    ("alpha OR /[ab]{400}c/", "/[ab]", "too costly: 405 steps"),
    ("/[ab]{5000}/", "/[ab]", "as RE2 reads it"),
    ("/alpha|/", "/alpha|/", "true of every text"),
    ("/alpha", "/alpha", "never closed"),
    ("a*", "a*", "nearly everything"),
    ("al*pha", "al*pha", "only at the end"),
    ('"..."', '"..."', "no word"),
    ("NOT alpha", "NOT alpha", "match everything"),
    ("alpha OR NOT alpha", "alpha", "match everything"),
    ("NOT alpha AND NOT beta", "NOT", "match everything"),
    ("alpha AND NOT alpha", "alpha", "never match"),
    ("(alpha NEAR/3 beta) AND NOT beta", "(", "never match"),
    ("title:alpha AND NOT (alpha OR beta)", "title:", "never match"),
    ("initech AND NOT @companies", "initech", "never match"),
    ("{Alpha} AND NOT alpha", "{Alpha}", "never match"),
    ("alphabet AND NOT alpha*", "alphabet", "never match"),
    ('"alpha beta" AND NOT beta', '"alpha', "never match"),
    ("/alpha+/ AND NOT /alpha+/", "/alpha", "never match"),
    ("lang:en AND (lang:es OR lang:fr) AND alpha", "lang:en", "never match"),
    ("atleast2(alpha) AND NOT alpha", "atleast2", "never match"),
    ("title:(body:alpha)", "title:", "never match"),
    ("lang:en AND lang:es AND alpha", "lang:en", "two languages"),
    ("}", "}", "Nothing opens"),
]


@pytest.mark.parametrize(("source", "spot", "reason"), REFUSED, ids=[source or "empty" for source, _, _ in REFUSED])
def test_what_is_not_plainly_understood_is_refused_at_the_spot(source: str, spot: str, reason: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(source, SETS)
    assert reason in caught.value.message
    assert source[caught.value.start :].startswith(spot)


def test_the_refusal_shows_the_line_with_a_caret() -> None:
    with pytest.raises(QueryError) as caught:
        parse("alpha AND\nbeta OR gamma", SETS)
    message, line, carets = str(caught.value).splitlines()
    assert "parentheses" in message
    assert line == "    beta OR gamma"
    assert carets == "         ^^"


@pytest.mark.parametrize(
    "source",
    [
        "lang:es AND NOT alpha",
        "lang:en AND lang:en-GB AND alpha",
        "outlet:example.org AND outlet:news.example.org",
        "alpha AND NOT {Alpha}",
        "alpha* AND NOT alphabet",
        'beta AND NOT "alpha beta"',
        "/alpha/ AND NOT alpha",
        "alpha AND NOT (alpha NEAR/3 beta)",
        "alpha AND NOT title:alpha",
        "NOT NOT alpha",
    ],
)
def test_a_watch_that_can_match_is_not_refused(source: str) -> None:
    assert isinstance(parse(source, SETS), Node)


def test_a_watch_has_a_length_and_a_depth() -> None:
    with pytest.raises(QueryError, match="at most"):
        parse("alpha OR " * MAX_SOURCE + "alpha", {})
    with pytest.raises(QueryError, match="levels of parentheses"):
        parse("(" * (MAX_DEPTH + 1) + "alpha" + ")" * (MAX_DEPTH + 1), {})
    with pytest.raises(QueryError, match="levels of parentheses"):
        parse("NOT " * 4_000 + "alpha", {})


@given(st.text(alphabet='alphNEAROT/5 ()"{}@:*_-\n移é', max_size=40))
def test_any_text_is_read_or_refused(source: str) -> None:
    with contextlib.suppress(QueryError):
        assert isinstance(parse(source, SETS), Node)
