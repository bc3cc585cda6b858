"""Why a document that came near is not the story: the reason is named, and silence means there was nothing to it."""

from __future__ import annotations

import pytest

from monitor.model import Document, Watch
from monitor.watches import packs
from monitor.watches.matching import CompiledWatch, Matcher, compile_watch
from monitor.watches.near_miss import why_not
from monitor.watches.pack import read_pack

PACK = "tech-and-immigration-enforcement"


@pytest.fixture(scope="module")
def beat() -> CompiledWatch:
    return compile_watch(Watch(name="beat", pack=PACK), read_pack(packs.shipped(PACK), PACK), {})


NEAR = [
    ("ICE agents arrest a baker at her shop", ["ICE (agency)", "nothing of technology"]),
    ("Azure growth carries Microsoft past its forecasts", ["Azure (company)", "nothing of enforcement"]),
    ("New ICE trains of Deutsche Bahn get better phone coverage", ["ICE (agency)", "speaks of trains and engines"]),
    (
        "Intercontinental Exchange moves ICE market data to Microsoft's cloud",
        [
            "too weak together (0.",
            "a digest needs 0.",
            "“Intercontinental Exchange” speaks of Intercontinental Exchange",
        ],
    ),
]


@pytest.mark.parametrize(("title", "reasons"), NEAR)
def test_the_reason_names_what_was_there_and_what_was_missing(
    beat: CompiledWatch, title: str, reasons: list[str]
) -> None:
    document = Document(id="1", title=title)
    assert Matcher([beat]).match(document) == ()
    why = why_not(beat, document)
    for reason in reasons:
        assert reason in why
    assert "\n" not in why


def test_at_most_three_things_are_named_each_once(beat: CompiledWatch) -> None:
    title = "Azure, AWS, Palantir, Oracle and Google: Azure leads the cloud, and software, and data centers"
    named = why_not(beat, Document(id="1", title=title)).partition(": ")[0]
    assert 1 <= len(named.split(", ")) <= 3
    assert len(set(named.split(", "))) == len(named.split(", "))


@pytest.mark.parametrize("title", ["Bakery wins a prize for its rye bread", "", "Nice mice and rice at a low price"])
def test_a_document_that_holds_nothing_of_the_watch_needs_no_reason(beat: CompiledWatch, title: str) -> None:
    assert why_not(beat, Document(id="1", title=title)) == ""


def test_a_query_speaks_for_itself() -> None:
    ferries = compile_watch(Watch(name="ferries", query="ferry AND fog"), None, {})
    assert why_not(ferries, Document(id="1", title="Ferry sails")) == ""


def test_every_field_is_looked_at(beat: CompiledWatch) -> None:
    told = "ICE agents arrest a baker."
    for document in (
        Document(id="1", title=told),
        Document(id="1", title="A day", summary=told),
        Document(id="1", title="A day", text=told),
    ):
        assert "nothing of technology" in why_not(beat, document)
