"""Many watches × one document: who matches, where, why; and that the index never changes the answer."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, TypeAlias, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.model import Document, Level, Match, Watch
from monitor.watches.matching import MAX_FIELD, MAX_SPANS, Matcher, compile_watch, failing_examples
from monitor.watches.query import parse, term_set
from monitor.watches.tree import AttributeName
from monitor.words.text import folded_words, mask

SETS = {
    "agencies": term_set("agencies", ("ICE", "Border Patrol"), label="agency"),
    "companies": term_set("companies", ("Acme Cloud", "Initech"), label="company"),
}


def matches(watch: Watch, document: Document) -> tuple[Match, ...]:
    return Matcher([compile_watch(watch, None, SETS)]).match(document)


def only_match(query: str, document: Document) -> Match:
    (match,) = matches(Watch(name="w", query=query), document)
    return match


STORY = Document(
    id="1",
    title="ICE's new tool: Initech-built scanner",
    summary="Detención y vigilancia. Officers deported nobody.",
    text="The first paragraph names Oslo.\nThe second names Acme Cloud, twice: Acme Cloud. And scanner, scanner.",
    outlet="news.example.org",
    url="https://news.example.org/2026/scanner",
    author="Ana María Pérez",
    language="en-GB",
    feed="Example Daily",
    tags=("Technology",),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ICE", True),
        ("{Ice}", False),
        ("ice", True),
        ("service", False),
        ("initech", True),
        ("built", True),
        ('"initech built"', True),
        ('"built initech"', False),
        ("detencion", True),
        ("DETENCION", False),
        ("deport*", True),
        ("deport", False),
        ("tool AND oslo", True),
        ("tool AND NOT oslo", False),
        ("paris OR oslo", True),
        ("tool NEAR/1 initech", True),
        ("ICE NEAR/2 tool", True),
        ("ICE NEAR/1 tool", False),
        ("tool ONEAR/9 ICE", False),
        ("ICE ONEAR/9 tool", True),
        ("scanner NEAR/5 vigilancia", False),  # one ends the title, the other stands in the summary
        ("(paris OR ICE) NEAR/3 (tool OR oslo)", True),
        ("@agencies NEAR/6 @companies", True),
        ("(ICE NEAR/2 tool) NEAR/2 initech", True),
        ("atleast3(scanner)", True),
        ("atleast4(scanner)", False),
        ("atleast2(@companies) AND tool", True),
        (r"/Init\w+/", True),
        ("/initech/", False),
        ("/(?i)initech/", True),
        (r"/Cloud\. And/", True),
        ("body:/Initech/", False),
        (r"/tool: \w+-built/ NEAR/2 scanner", True),
        ("atleast3(/scann?er/)", True),
        ("/[:.]/", False),  # between words there is no place
        ("lead(oslo)", True),
        ('lead("acme cloud")', False),
        ("first5(scanner)", False),
        ("first6(scanner)", True),
        ("title:tool", True),
        ("body:tool", False),
        ("body:oslo", True),
        ("title:(tool AND oslo)", False),
        ("outlet:example.org AND tool", True),
        ("outlet:ample.org AND tool", False),
        ('feed:"example daily" AND tool', True),
        ('author:"maria perez" AND tool', True),
        ("author:mari AND tool", False),
        ("tag:technology AND tool", True),
        ("lang:en AND tool", True),
        ("lang:es AND tool", False),
        ("lang:en_GB AND lang:en AND tool", True),
        ("NOT title:(NOT tool)", True),
        ("tool AND NOT title:(NOT oslo)", False),
        ("url:2026/scanner", True),
    ],
)
def test_each_operator_on_one_story(query: str, expected: bool) -> None:
    assert bool(matches(Watch(name="w", query=query), STORY)) is expected


@pytest.mark.parametrize(
    ("field", "query", "cuts"),
    [
        ("<p class='service'>The <b>I</b>CE&rsquo;s plan</p>", "ICE", ["I</b>CE"]),
        ('<a class="service" href="/ICE">Customer service</a>', "ICE", []),
        ("AT&amp;T and Caf&eacute; Uno", '"at t" OR café', ["AT&amp;T", "Caf&eacute;"]),
        ("&Eacute;xito total", "exito", ["&Eacute;xito"]),
        ("ICE, ice, Ice and iCE", "ICE", ["ICE"]),
        ("The Border\nPatrol", "@agencies", ["Border\nPatrol"]),
        ("据移民局称", "移民局", ["移民局"]),
        ("avec l\u2019ICE", "ICE", ["ICE"]),
        ("Deporte y deportado", "deportad*", ["deportado"]),
    ],
)
def test_spans_are_cut_from_the_field_as_given(field: str, query: str, cuts: list[str]) -> None:
    found = matches(Watch(name="w", query=query), Document(id="1", title="", summary=field))
    assert [field[span.start : span.end] for match in found for span in match.spans] == cuts
    assert all(span.field == "summary" for match in found for span in match.spans)


@pytest.mark.parametrize(
    ("title", "query", "cut"),
    [
        ("They de\u00adported two", "deported", "de\u00adported"),
        ("Pal\u200bantir pays", "palantir", "Pal\u200bantir"),
        ("\uff29\uff23\uff25 pays", "ICE", "\uff29\uff23\uff25"),
        ("Jose\u0301 left", "{Jos\u00e9}", "Jose\u0301"),
        ("A \ufb01rm pays", "firm", "\ufb01rm"),
        ("\u201cICE\u2019s\u201d deal", "ICE", "ICE"),
        ("ICE\u2011run flights", '"ICE run"', "ICE\u2011run"),
        ("\u05d4\u05d4\u05d2\u05d9\u05e8\u05d4 \u202bICE\u202c", "ICE", "ICE"),
        ("I&zwj;CE&nbsp;pays", "ICE", "I&zwj;CE"),
        ("They de&shy;ported two", "deported", "de&shy;ported"),
    ],
)
def test_however_a_word_is_written_the_span_is_cut_from_the_title_as_given(title: str, query: str, cut: str) -> None:
    (span,) = only_match(query, Document(id="1", title=title)).spans
    assert title[span.start : span.end] == cut


def test_why_is_a_phrase_for_a_person() -> None:
    document = Document(id="1", title="ICE buys a tool from Initech")
    assert only_match("@agencies NEAR/9 @companies", document).why == "ICE (agency) near Initech (company) in the title"
    assert only_match("tool AND buys", document).why == "buys and tool in the title"
    assert only_match("lang:en AND NOT paris", STORY).why == "satisfies lang:en AND NOT paris"


@pytest.mark.parametrize(
    ("feeds", "languages", "expected"),
    [
        ((), (), True),
        (("example daily",), (), True),
        (("technology",), (), True),
        (("Other Daily",), (), False),
        ((), ("en",), True),
        ((), ("en-gb",), True),
        ((), ("es", "fr"), False),
        (("technology",), ("es",), False),
    ],
)
def test_a_watch_keeps_to_its_feeds_and_languages(
    feeds: tuple[str, ...], languages: tuple[str, ...], expected: bool
) -> None:
    watch = Watch(name="w", query="tool", feeds=feeds, languages=languages)
    assert bool(matches(watch, STORY)) is expected


def test_a_document_of_unknown_language_is_looked_at_all_the_same() -> None:
    assert matches(Watch(name="w", query="tool", languages=("es",)), Document(id="1", title="A tool"))


@pytest.mark.parametrize("level", ["alert", "digest"])
def test_a_query_reaches_the_level_of_its_watch(level: Level) -> None:
    (match,) = matches(Watch(name="w", query="tool", level=level), STORY)
    assert (match.level, match.score) == (level, 1.0)


def test_a_watch_without_query_or_pack_is_refused() -> None:
    with pytest.raises(QueryError, match="neither a query nor a pack"):
        compile_watch(Watch(name="w"), None, {})


def test_a_text_of_ten_megabytes_is_read_up_to_a_stated_length() -> None:
    huge = "word " * 2_000_000
    assert len(huge) == 10_000_000
    inside = huge[: MAX_FIELD - 10] + "needle " + huge[: 10_000_000 - MAX_FIELD]
    (match,) = matches(Watch(name="w", query="needle"), Document(id="1", title="", text=inside))
    assert match.why.endswith("in the text; read was only of its text the first 200,000 of 9,999,997 characters")
    assert not matches(Watch(name="w", query="needle"), Document(id="1", title="", text=huge + " needle"))


@pytest.mark.parametrize("query", ["ax NEAR/100 box", "(ax NEAR/100 box) NEAR/100 ax", "atleast900(ax) AND box*"])
def test_a_text_that_only_repeats_the_terms_is_told_with_its_first_places(query: str) -> None:
    (match,) = matches(Watch(name="w", query=query), Document(id="1", title="", text="ax box " * 10_000))
    assert 0 < len(match.spans) <= MAX_SPANS


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("ferry", "it lacks ferry"),
        ("scanner AND (ferry OR tram)", "it lacks ferry or tram"),
        ("scanner AND (a1 OR a2 OR a3 OR a4 OR a5)", "it lacks a1 or a2 or a3 or a4 or …"),
        ("scanner AND NOT sold", "it has sold, which the query excludes"),
        ("ferry AND NOT sold", "it lacks ferry; it has sold, which the query excludes"),
        ("scanner NEAR/3 ferry", "it lacks scanner within 3 words of ferry"),
        ("scanner AND title:ferry AND lang:es", "it lacks ferry in the title and lang:es"),
        ("scanner AND @boats", "it lacks @boats"),
        ("scanner AND atleast2(sold)", "it lacks sold at 2 places"),
    ],
)
def test_an_example_that_does_not_match_says_what_it_lacks(query: str, why: str) -> None:
    sets = {"boats": term_set("boats", ["ferry"])}
    watch = Watch(name="w", query=query, must_match=("Scanner sold",))
    (failure,) = failing_examples(compile_watch(watch, None, sets))
    assert failure.why == why


def test_examples_that_fail_are_named_with_the_reason() -> None:
    watch = Watch(
        name="scanners",
        query="scanner AND body:initech",
        must_match=("A scanner\nInitech made it.", "A scanner\nNobody made it."),
        must_not_match=("A scandal\nInitech denies.", "Scanner sold\nBy Initech."),
    )
    wrong_silence, wrong_match = failing_examples(compile_watch(watch, None, {}))
    assert (wrong_silence.example, wrong_silence.expected) == ("A scanner\nNobody made it.", True)
    assert wrong_silence.why == "it lacks initech in the body"
    assert (wrong_match.example, wrong_match.expected) == ("Scanner sold\nBy Initech.", False)
    assert wrong_match.why == "matched: Scanner and Initech in the title and in the text"


# ---- the index against brute force: an oracle of its own, on random trees -------------------------------------------

Spec: TypeAlias = tuple[Any, ...]
Place: TypeAlias = tuple[int, int, int]  # field, first word, behind the last word
VOCABULARY = ("ax", "axe", "axes", "box", "boxer", "cat")

_words = st.sampled_from(VOCABULARY)
_places = st.recursive(
    st.one_of(
        st.tuples(st.just("word"), _words),
        st.tuples(st.just("prefix"), st.sampled_from(("ax", "bo"))),
        st.tuples(st.just("phrase"), _words, _words),
        st.tuples(st.just("regex"), st.sampled_from(("x", "ox", "a"))),
    ),
    lambda inner: st.one_of(
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("near"), inner, inner, st.integers(1, 4)),
        st.tuples(st.just("onear"), inner, inner, st.integers(1, 4)),
    ),
    max_leaves=4,
)
_specs = st.recursive(
    st.one_of(_places, st.tuples(st.just("atleast"), _places, st.integers(1, 3))),
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("title"), inner),
    ),
    max_leaves=6,
)
_fields = st.lists(_words, max_size=8)


def written(spec: Spec) -> str:
    match spec:
        case ("word", word):
            return str(word)
        case ("prefix", prefix):
            return f"{prefix}*"
        case ("regex", piece):
            return f"/{piece}/"
        case ("phrase", first, second):
            return f'"{first} {second}"'
        case ("near" | "onear" as name, left, right, distance):
            return f"({written(left)} {name.upper()}/{distance} {written(right)})"
        case ("atleast", inner, count):
            return f"atleast{count}({written(inner)})"
        case ("title", inner):
            return f"title:({written(inner)})"
        case ("not", inner):
            return f"(NOT {written(inner)})"
        case (name, left, right):
            return f"({written(left)} {name.upper()} {written(right)})"
    raise AssertionError(spec)


def places(spec: Spec, fields: list[list[str]]) -> set[Place]:
    """Every place that satisfies a spec, found by trying them all."""
    match spec:
        case ("word" | "phrase", *wanted):
            size = len(wanted)
            return {
                (f, i, i + size) for f, row in enumerate(fields) for i in range(len(row)) if row[i : i + size] == wanted
            }
        case ("prefix", prefix):
            return {
                (f, i, i + 1) for f, row in enumerate(fields) for i, word in enumerate(row) if word.startswith(prefix)
            }
        case ("regex", piece):
            return {(f, i, i + 1) for f, row in enumerate(fields) for i, word in enumerate(row) if piece in word}
        case ("or", left, right):
            return places(left, fields) | places(right, fields)
        case ("near" | "onear" as name, left, right, distance):
            pairs = {(a, b) for a in places(left, fields) for b in places(right, fields)}
            pairs |= {(b, a) for a, b in pairs} if name == "near" else set()
            return {(a[0], a[1], b[2]) for a, b in pairs if a[0] == b[0] and 1 <= b[1] - a[2] + 1 <= distance}
    raise AssertionError(spec)


def holds(spec: Spec, fields: list[list[str]]) -> bool:
    match spec:
        case ("and", left, right):
            return holds(left, fields) and holds(right, fields)
        case ("or", left, right):
            return holds(left, fields) or holds(right, fields)
        case ("not", inner):
            return not holds(inner, fields)
        case ("title", inner):
            return holds(inner, fields[:1])
        case ("atleast", inner, count):
            starts = {(field, start) for field, start, _ in places(inner, fields)}
            return len(starts) >= int(count)
    return bool(places(spec, fields))


@settings(max_examples=400, deadline=None)
@given(st.lists(_specs, min_size=1, max_size=5), _fields, _fields)
def test_the_index_tells_what_trying_every_watch_on_every_place_tells(
    specs: list[Spec], title: list[str], text: list[str]
) -> None:
    readable = [spec for spec in specs if _is_read(written(spec))]
    compiled = [compile_watch(Watch(name=str(n), query=written(spec)), None, {}) for n, spec in enumerate(readable)]
    document = Document(id="1", title=" ".join(title), text=" ".join(text))
    told = {match.watch for match in Matcher(compiled).match(document)}
    assert told == {str(n) for n, spec in enumerate(readable) if holds(spec, [title, text])}


@settings(max_examples=200, deadline=None)
@given(_specs, _fields, _fields)
def test_a_watch_is_refused_only_where_no_document_or_every_one_matches(
    spec: Spec, title: list[str], text: list[str]
) -> None:
    try:
        parse(written(spec), {})
    except QueryError as error:
        wrong = "never match" in error.message and holds(spec, [title, text])
        assert not wrong, error  # noqa: PT017  # that this error is raised is the very thing under test
        if "match everything" in error.message:
            assert holds(spec, [[], []])


@given(
    st.lists(
        st.sampled_from(["ICE", "<b>", "</b>", "&amp;", "Acme", "Cloud", "<i class='ICE'>", " ", "é", "'s"]),
        max_size=15,
    )
)
def test_every_span_holds_the_words_of_its_term(pieces: list[str]) -> None:
    field = "".join(pieces)
    for match in matches(Watch(name="w", query="ICE OR @companies OR é"), Document(id="1", title=field)):
        for span in match.spans:
            assert folded_words(mask(field[span.start : span.end])) == folded_words(span.term)


def test_many_watches_are_not_all_evaluated() -> None:
    """Of a thousand watches only those whose rarest word is in the document are looked at."""
    shuffled = random.Random(7)
    names = [f"w{n:03}" for n in range(1_000)]
    watches = [Watch(name=name, query=f"tool AND (rare{name} OR also{name})") for name in names]
    shuffled.shuffle(watches)
    matcher = Matcher([compile_watch(watch, None, {}) for watch in watches])
    document = Document(id="1", title="A tool and rarew007 and alsow042")
    assert sorted(match.watch for match in matcher.match(document)) == ["w007", "w042"]


def _is_read(source: str) -> bool:
    try:
        parse(source, {})
    except QueryError:
        return False
    return True


# ---- the reference page ---------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs/watch-language.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| `")]


_FIELDS = {"lang": "language"}  # where a document has another name for it


def example(text: str) -> Document:
    """A story as the page writes it: title / text / more text, or what is known of an entry: lang = es."""
    name, known, value = text.partition(" = ")
    if known:
        field, value = _FIELDS.get(name, name), value.strip("`")
        given: Any = {"tags": (value,)} if name == "tag" else {"about": (value,)} if name == "about" else {field: value}
        return Document(**{"id": "1", "title": "A day"} | given)
    title, _, rest = text.partition(" / ")
    return Document(id="1", title=title, text=rest.replace(" / ", "\n"))


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) == 4], ids=lambda row: row[0])
def test_every_example_of_the_reference_does_what_it_says(row: list[str]) -> None:
    query, _, hit, miss = row
    watch = Watch(name="w", query=query.strip("`"))
    assert matches(watch, example(hit))
    assert not matches(watch, example(miss))


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) == 2], ids=lambda row: row[0])
def test_every_refusal_of_the_reference_is_one(row: list[str]) -> None:
    query, reason = row[0].strip("`"), row[1]
    with pytest.raises(QueryError) as caught:
        parse(query, SETS)
    assert reason in caught.value.message


def test_the_reference_covers_the_language() -> None:
    written_there = " ".join(row[0] for row in ROWS)
    for piece in (
        "AND",
        "OR",
        "NOT",
        "NEAR/",
        "ONEAR/",
        "atleast",
        "lead(",
        "first",
        "*",
        '"',
        "{",
        "@",
        "title:",
        "body:",
    ):
        assert piece in written_there
    for name in get_args(AttributeName):
        assert f"{name}:" in written_there
