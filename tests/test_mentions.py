"""Who is named in a document: the shipped packs on sentences of our own, names that mislead among them."""

from __future__ import annotations

import pytest

from monitor.model import Document
from monitor.story.mentions import mentions, sentence_of
from monitor.watches import packs
from monitor.watches.pack import read_pack
from monitor.watches.page import Page

PACKS = [read_pack(packs.shipped(name), name) for name in packs.names()]


def document(title: str, summary: str = "", text: str = "") -> Document:
    return Document(id="1", title=title, summary=summary, text=text)


def named(title: str, summary: str = "", text: str = "") -> list[str]:
    return [mention.entity for mention in mentions(PACKS, Page(document(title, summary, text)))]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("ICE pays Palantir for a new case system", ["ICE", "Palantir"]),
        ("Ice agents search phones with Cellebrite", ["ICE", "Cellebrite"]),  # as some papers print the agency
        ("Border Patrol tests Skydio drones", ["Border Patrol", "Skydio"]),
        ("HSI, a part of Homeland Security, buys Penlink", ["HSI", "DHS", "Penlink"]),
        ("Homeland Security Investigations renews Clearview", ["HSI", "Clearview AI"]),  # the longer name counts
        ("Azure, Microsoft's cloud", ["Microsoft Azure", "Microsoft"]),
        ("Amazon Web Services and Amazon", ["Amazon Web Services", "Amazon"]),
        ("A Ring camera watched the street", ["Ring"]),
        ("Thomson Reuters renews its CLEAR database contract", ["Thomson Reuters", "Thomson Reuters"]),
        ("Lawsuit says DoorDash owes wages, the Department of Labor agrees", ["DoorDash", "Department of Labor"]),
        ("287(g) deals triple", ["287(g)"]),
        ("La Patrulla Fronteriza usa cámaras Flock", ["Border Patrol", "Flock Safety"]),
        ("El Departamento de Seguridad Nacional y Palantir", ["DHS", "Palantir"]),
        ("Apple removes ICEBlock from the App Store", ["Apple", "ICEBlock", "Apple"]),
    ],
)
def test_who_acts_is_named(title: str, expected: list[str]) -> None:
    assert named(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Black ice on the motorway",
        "ICE hockey final sold out",
        "An apple a day, says the meta study",
        "Fires along the Amazon River",
        "The theft ring used a flock of drones",
        "ICE trains return to Cologne",
        "He shared it in an Instagram post",
        "Reuters reports a strike",
        "Grupo ICE sube la tarifa",
        "Thomson Reuters Foundation trains reporters",
        "Power BI for beginners",
    ],
)
def test_a_name_that_is_another_thing_is_nobody(title: str) -> None:
    assert named(title) == []


def test_a_mention_says_where_it_stands_and_in_which_sentence() -> None:
    told = document(
        "Who pays?", "It began in May. Then ICE’s office called Palantir.", "A first paragraph.\nCBP later."
    )
    ice, palantir, cbp = mentions(PACKS, Page(told))
    assert (ice.field, told.summary[ice.start : ice.end], ice.sentence, ice.lead) == ("summary", "ICE", 1, True)
    assert (palantir.sentence, palantir.kind) == (1, "companies")
    assert (cbp.field, told.text[cbp.start : cbp.end], cbp.lead) == ("text", "CBP", False)
    assert sentence_of(told, palantir) == "Then ICE’s office called Palantir."


def test_a_sentence_that_is_gone_is_not_made_up() -> None:
    told = document("Who pays?", "It began in May. Then ICE called Palantir.")
    last = mentions(PACKS, Page(told))[-1]
    assert sentence_of(document("Who pays?", "Nothing."), last) == ""


def test_without_packs_nobody_is_named() -> None:
    assert mentions([], Page(document("ICE pays Palantir"))) == ()
