"""Plurals and tenses, where a set asks for them: in the sets of a file, and on a story."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model import Document
from monitor.settings.config import Config, read_config
from monitor.watches.matching import Matcher
from monitor.words.inflection import forms


@pytest.mark.parametrize(
    ("word", "language", "others"),
    [
        ("arrest", "en", {"arrests", "arrested", "arresting"}),
        ("sell", "en", {"sells", "selling", "sold"}),
        ("agency", "en", {"agencies"}),
        ("palantir", "en", set()),
    ],
)
def test_a_dictionary_knows_the_forms_of_a_word(word: str, language: str, others: set[str]) -> None:
    found = forms(frozenset([word]), language)[word]
    assert {word} | others <= set(found)
    assert others or found == (word,)


def read(folder: Path, acts: str) -> Config:
    path = folder / "feeds.yaml"
    path.write_text(
        "contact: https://desk.test/\nchannels: []\nrecipients: []\nfeeds: []\n"
        f"sets:\n  acts: {acts}\nwatches:\n  - {{name: acts, query: '@acts'}}\n"
    )
    return read_config(path, {})


@pytest.mark.parametrize(
    ("acts", "title", "expected"),
    [
        ("{terms: [detain], forms: [en]}", "Two were detained", True),
        ("{terms: [detain]}", "Two were detained", False),
        ("[detain]", "Two were detained", False),
        ("{terms: [deport, immigration raid], forms: [en]}", "Immigration raids go on", True),
        ("{terms: [ICE], forms: [en]}", "Ices and cakes", False),
        ("{terms: ['{Ring}'], forms: [en]}", "Two Rings", False),
        ("{terms: [track*], forms: [en]}", "Trackers", True),
    ],
)
def test_a_set_takes_the_forms_that_it_asks_for(tmp_path: Path, acts: str, title: str, expected: bool) -> None:
    matches = Matcher(read(tmp_path, acts).compiled).match(Document(id="1", title=title))
    assert bool(matches) is expected


def test_spanish_has_its_forms_and_two_languages_may_stand_in_one_set(tmp_path: Path) -> None:
    matcher = Matcher(
        read(tmp_path, "{terms: [sell, agente migratorio, detención, detener], forms: [en, es]}").compiled
    )
    for title in ("Los agentes migratorios llegaron", "Las detenciones de ayer", "Detuvieron a dos", "It was sold"):
        assert matcher.match(Document(id="1", title=title)), title
    assert not matcher.match(Document(id="1", title="Un agente de viajes"))


def test_what_matched_is_named_as_it_was_written_and_cut_as_it_is_printed(tmp_path: Path) -> None:
    title = "ICE sold the tools"
    (match,) = Matcher(read(tmp_path, "{terms: [sell], forms: [en]}").compiled).match(Document(id="1", title=title))
    (span,) = match.spans
    assert (span.term, title[span.start : span.end]) == ("sell", "sold")


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        ("{terms: [sell], forms: [xx]}", "forms"),
        ("{terms: [go take see buy sell run], forms: [en]}", "more than 1,000 forms"),
        ("{forms: [en]}", "terms"),
        ("sell", "sets.acts"),
        ("['*']", "sets.acts[0]"),
        ("{terms: ['*']}", "sets.acts.terms[0]"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_at_its_place(tmp_path: Path, acts: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, acts)
    assert said in str(caught.value)
