"""Why a watch takes a document or leaves it: each part with what held, and never another verdict than matching's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Document, Watch
from monitor.watches import packs
from monitor.watches.explain import Clue, Explanation, Part, explain
from monitor.watches.matching import CompiledWatch, Matcher, compile_watch
from monitor.watches.pack import read_pack
from monitor.watches.query import term_set
from tests.command import tipsheet

PACK = "tech-and-immigration-enforcement"
SETS = {"agencies": term_set("agencies", ("ICE", "Border Patrol"), label="agency")}
STORY = Document(
    id="1",
    title="ICE agents buy a scanner",
    text="The scanner reads faces. A hockey club lent the hall.",
    language="es",
    feed="Example Daily",
)


def told(query: str, **settings: tuple[str, ...]) -> Explanation:
    watch = Watch(name="w", query=query, **settings)  # type: ignore[arg-type]
    return explain(compile_watch(watch, None, SETS), STORY)


def lines(part: Part, depth: int = 0) -> list[str]:
    """A tree as a reader sees it, with the words that its spans cut from the story."""
    cuts = [getattr(STORY, span.field)[span.start : span.end] for span in part.spans]
    line = f"{'  ' * depth}{'+' if part.holds else '-'} {part.written}"
    line += f" ({part.note})" if part.note else ""
    line += f" [{', '.join(cuts)}]" if cuts else ""
    return [line, *(inner for child in part.parts for inner in lines(child, depth + 1))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("scanner", ["+ scanner [scanner, scanner]"]),
        ("{agents}", ["+ {agents} [agents]"]),
        ('"ICE agents"', ['+ "ICE agents" [ICE agents]']),
        ("@agencies", ["+ @agencies [ICE]"]),
        (r"/read\w/", [r"+ /read\w/ [reads]"]),
        ("ICE AND NOT hockey", ["- AND", "  + ICE [ICE]", "  - NOT", "    + hockey [hockey]"]),
        ("ICE AND NOT tennis", ["+ AND", "  + ICE [ICE]", "  + NOT", "    - tennis"]),
        ("ICE NEAR/2 scanner", ["- NEAR/2 (4 apart)", "  + ICE [ICE]", "  + scanner [scanner, scanner]"]),
        (
            "scanner ONEAR/9 ICE",
            ["- ONEAR/9 (never in this order in one field)", "  + scanner [scanner, scanner]", "  + ICE [ICE]"],
        ),
        ("ICE NEAR/9 hockey", ["- NEAR/9 (never in one field)", "  + ICE [ICE]", "  + hockey [hockey]"]),
        ("ICE NEAR/9 tennis", ["- NEAR/9", "  + ICE [ICE]", "  - tennis"]),
        ("atleast3(scanner)", ["- atleast3( ) (2 places)", "  + scanner [scanner, scanner]"]),
        ("title:(scanner AND faces)", ["- title:", "  - AND", "    + scanner [scanner]", "    - faces"]),
        ("title:first1(ICE)", ["+ title:", "  + first1( )", "    + ICE [ICE]"]),
        ("lang:en AND ICE", ["- AND", "  - lang:en (it is es)", "  + ICE [ICE]"]),
        ("outlet:example.org OR ICE", ["+ OR", "  - outlet:example.org (it is not known)", "  + ICE [ICE]"]),
    ],
)
def test_each_part_of_a_query_says_what_became_of_it(query: str, expected: list[str]) -> None:
    tree = told(query).tree
    assert tree is not None
    assert lines(tree) == expected


def test_a_story_out_of_scope_is_explained_all_the_same() -> None:
    found = told("ICE", feeds=("Other Paper",), languages=("en",))
    assert found.match is None
    assert found.outside == "the watch keeps to feeds Other Paper and languages en; this is of Example Daily, in es"
    assert found.tree is not None
    assert found.tree.holds


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["ICE", "agents", "hockey", "Azure", "Palantir", "deported", "app", "immigration"]), max_size=8
    ),
    st.lists(st.sampled_from(["ICE", "drone", "cloud", "contract", "Border Patrol", "Ice hockey"]), max_size=8),
)
def test_an_explanation_never_says_another_thing_than_the_verdict(title: list[str], text: list[str]) -> None:
    document = Document(id="1", title=" ".join(title), text=" ".join(text))
    for compiled in (BEAT, QUERY):
        found = explain(compiled, document)
        match = next(iter(MATCHERS[compiled.watch.name].match(document)), None)
        assert found.match == match
        if found.tree:
            assert found.tree.holds == (match is not None)
        if found.weighing:
            level = found.weighing.verdict.split(":")[0].removesuffix(" and no alert")
            assert level == (match.level if match else "no match")
            assert match is None or found.weighing.score == match.score


def _beat() -> CompiledWatch:
    return compile_watch(Watch(name="beat", pack=PACK), read_pack(packs.shipped(PACK), PACK), {})


BEAT = _beat()
QUERY = compile_watch(Watch(name="query", query="(ICE NEAR/3 app) OR (cloud AND NOT hockey)"), None, {})
MATCHERS = {one.watch.name: Matcher([one]) for one in (BEAT, QUERY)}


def clue(found: Explanation, name: str) -> Clue:
    assert found.weighing is not None
    return next(one for one in found.weighing.clues if one.cue == name)


def test_a_pack_shows_each_half_its_cues_and_why_not_more() -> None:
    found = explain(BEAT, Document(id="1", title="ICE agents photograph faces with a phone app"))
    assert found.weighing is not None
    assert [half.name for half in found.weighing.halves] == ["enforcement", "technology"]
    assert found.weighing.score == round(found.weighing.halves[0].filled * found.weighing.halves[1].filled, 3)
    assert clue(found, "immigration_agents").weights == {"enforcement": 0.85}
    assert found.weighing.verdict.startswith(("digest and no alert: ", "alert"))


@pytest.mark.parametrize(
    ("document", "cue", "why"),
    [
        (Document(id="1", title="Cold as ice hockey: the ICE on the rink"), "ice", "frozen water and sport"),
        (Document(id="1", title="A day", text="Nothing.\n" + "word " * 200 + "Palantir."), "vendors", "below the lead"),
    ],
)
def test_what_a_cue_loses_has_its_reason(document: Document, cue: str, why: str) -> None:
    found = explain(BEAT, document)
    assert found.weighing is not None
    reasons = [one.dismissed + "".join(doubt.reason for doubt in one.doubts) for one in found.weighing.clues]
    assert any(why in reason for reason in reasons), reasons
    assert found.weighing.verdict.startswith("no match: ")


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_explains_a_story_from_standard_input(tmp_path: Path) -> None:
    ran = tipsheet(
        "explain", "--query", "ICE NEAR/2 scanner", stdin="ICE agents buy a <b>scanner</b>\n\nNothing more.\n"
    )
    assert ran.code == 0
    assert ran.out.startswith("✗ (query): no match\n")
    assert "NEAR/2  (4 apart)" in ran.out
    assert "title: ICE agents buy a scanner\n" in ran.out


def test_the_command_explains_a_pack_and_a_json_document(tmp_path: Path) -> None:
    story = tmp_path / "story.json"
    story.write_text(json.dumps({"title": "ICE pays Palantir for ImmigrationOS", "language": "en"}))
    ran = tipsheet("explain", PACK, story, "--config", _file(tmp_path))
    assert ran.code == 2
    assert "no watch is called" in ran.err
    ran = tipsheet("explain", "beat", story, "--config", _file(tmp_path))
    assert ran.code == 0
    assert ran.out.startswith("✓ beat: alert, score ")
    assert "enforcement 0." in ran.out
    assert ran.out.endswith("\nalert\n")
    (found,) = tipsheet("explain", "beat", story, "--config", _file(tmp_path), "--json").objects
    assert found["match"]["level"] == "alert"
    assert found["weighing"]["verdict"] == "alert"


def test_where_the_file_has_one_watch_only_the_story_need_be_named(tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    story.write_text("ICE pays Palantir for ImmigrationOS\n")
    one = tmp_path / "one.yaml"
    one.write_text(_file(tmp_path).read_text().rpartition("\n  - ")[0])
    assert tipsheet("explain", story, "--config", one).out.startswith("✓ beat: alert, score ")
    ran = tipsheet("explain", story, "--config", _file(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "Say which watch: beat, other" in ran.err


@pytest.mark.parametrize(
    ("args", "stdin", "said"),
    [
        (("--query", "ICE cloud"), "x", "Expected AND, OR or NEAR/5"),
        (("--query", "ICE"), "", "The story is empty"),
        (("--query", "ICE"), b"\xff\xfe", "not UTF-8"),
        (("--query", "ICE"), '{"title": ', "begins like JSON"),
        (("--query", "ICE"), '{"name": "no title"}', "begins like JSON"),
    ],
)
def test_what_cannot_be_explained_is_refused(args: tuple[str, ...], stdin: str | bytes, said: str) -> None:
    ran = tipsheet("explain", *args, stdin=stdin)
    assert ran.code in (1, 2)
    assert said in ran.err


def _file(folder: Path) -> Path:
    path = folder / "feeds.yaml"
    path.write_text(
        "contact: https://desk.test/\nchannels: []\nrecipients: []\nfeeds: []\n"
        f"watches:\n  - {{name: beat, pack: {PACK}}}\n  - {{name: other, query: ferry}}\n"
    )
    return path
