"""The language of a text that says none: told where it is plain, and silence where it is not."""

from __future__ import annotations

import pytest

from monitor.model import Document, Watch
from monitor.watches.matching import Matcher, compile_watch
from monitor.words.language import detect, with_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Border agents searched her phone for an hour", "en"),
        ("Los agentes revisaron su teléfono durante una hora", "es"),
        ("La police a fouillé son téléphone pendant une heure", "fr"),
        ("Die Polizei durchsuchte eine Stunde lang ihr Telefon", "de"),
        ("Полиция целый час проверяла её телефон", "ru"),
        ("警察は一時間にわたり彼女の電話を調べた", "ja"),
        ("", ""),
        ("ICE", ""),
        ("12345 67890 — 12345 67890", ""),
        ("Palantir Azure", ""),
        ("\n\0\ud800 x", ""),
    ],
)
def test_a_language_is_told_where_it_is_plain(text: str, language: str) -> None:
    assert detect(text) == language


def test_what_the_feed_says_counts_first() -> None:
    assert with_language(Document(id="1", title="Los agentes revisaron su teléfono", language="en")).language == "en"
    assert with_language(Document(id="1", title="ICE", summary="Los agentes revisaron su teléfono")).language == "es"


def test_a_watch_for_one_language_takes_what_is_plainly_in_it_and_what_may_be() -> None:
    matcher = Matcher([compile_watch(Watch(name="w", query="ICE", languages=("es",)), None, {})])
    told = [
        "ICE revisa los teléfonos de los viajeros",
        "ICE agents searched the phones of travelers at the airport",
        "ICE",
    ]
    found = [bool(matcher.match(with_language(Document(id="1", title=title)))) for title in told]
    assert found == [True, False, True]
