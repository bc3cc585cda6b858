"""What the benchmark of many watches rests on: ways that agree, watches that stay the same, a picture that is one."""

from __future__ import annotations

from itertools import islice
from xml.etree import ElementTree as ET

import pytest

from benchmarks.matching_plot import Curve, log_log
from benchmarks.matching_texts import TEXT, TITLE, Newsroom, made_up, queries
from benchmarks.matching_ways import WAYS, Pair


@pytest.fixture(scope="module")
def room() -> Newsroom:
    return made_up(20)


@pytest.fixture(scope="module")
def asked(room: Newsroom) -> list[str]:
    """Watches made up, and one of each shape that is sure to hit."""
    title, text = (getattr(room.articles[3], field).split() for field in ("title", "text"))
    hits = [
        f'"{text[0]} {text[1]}"',
        f'"{title[0]}" AND ("{text[7]}" OR "nowhere")',
        f'"{title[1]}" AND "{text[9]}" AND NOT "nowhere"',
        f'"{text[20]}" NEAR/5 ("nowhere" OR "{text[24]}")',
        f'"{title[-1]}" NEAR/5 "{text[0]}"',  # across the end of the title: none
        f"{text[30][:5]}*",
    ]
    return [*hits, *queries(room, 300)]


@pytest.fixture(scope="module")
def found(room: Newsroom, asked: list[str]) -> dict[str, set[Pair]]:
    return {name: set(way(asked).meet(room.articles)) for name, way in WAYS.items()}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_finds_the_same(name: str, found: dict[str, set[Pair]]) -> None:
    """Three of them share nothing with the matcher but the grammar."""
    assert found[name] == found["regexes"]
    assert {(3, 0), (3, 1), (3, 2), (3, 3), (3, 5)} <= found[name]


def test_articles_and_watches_are_always_the_same(room: Newsroom) -> None:
    assert made_up(20) == room
    assert {len(f"{one.title} {one.text}".split()) for one in room.articles} == {TITLE + TEXT}
    assert list(queries(room, 50)) == list(islice(queries(room, 1_000_000), 50))


def test_the_picture_names_each_curve_and_keeps_it_inside() -> None:
    steep = Curve(name="A & B", points=[(10, 5_000), (1_000_000, 0.5)])
    flat = Curve(name="C", points=[(10, 5_000)])
    picture = ET.fromstring(log_log([steep, flat], across="watches", up="articles"))
    names = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"A & B", "C", "watches", "articles", "10", "1,000,000", "0.1", "10,000"} <= names
    for circle in picture.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 < float(circle.attrib["cx"]) < float(picture.attrib["width"])
        assert 0 < float(circle.attrib["cy"]) < float(picture.attrib["height"])
