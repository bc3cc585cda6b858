"""The ledger's pictures: what a reader sees, as shapes, as SVG in a parser's eyes, as PNG in an imaging library's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree

import pytest
from font_roboto import Roboto, RobotoMedium  # type: ignore[import-untyped]  # it publishes no types
from PIL import Image, ImageFont

from monitor.model import Mention, Naming
from monitor.pictures.charts import MOST_COLUMNS, MOST_PAIRS, MOST_ROWS, heat_map, timeline
from monitor.pictures.drawing import DAY, NIGHT, Box, Drawing, Label, to_svg
from monitor.pictures.raster import SCALE, to_png
from monitor.story.ledger import Cell, cells

SVG = "{http://www.w3.org/2000/svg}"
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
PERIOD = "from 26 September 2025 to 24 September 2026"  # as long as they get


def table(*named: tuple[str, str, int]) -> tuple[Cell, ...]:
    """Cells with so many stories each, one story a day."""
    namings: list[Naming] = []
    for company, agency, stories in named:
        for _ in range(stories):
            pair = tuple(
                Mention(entity=name, kind=kind, field="title", start=0, end=1, sentence=0, lead=True)
                for name, kind in ((company, "companies"), (agency, "agencies"))
            )
            number = len(namings)
            namings.append(
                Naming(
                    story=number, entry=number, outlet="a.example", title="", link="",
                    at=BEGAN + timedelta(days=number), mentions=pair,
                )
            )  # fmt: skip
    return cells(namings, rows="companies", columns="agencies")


def mapped(found: tuple[Cell, ...]) -> Drawing:
    return heat_map(found, rows="companies", columns="agencies", period=PERIOD)


def by_week(found: tuple[Cell, ...], until: date = date(2026, 11, 1)) -> Drawing:
    return timeline(found, rows="companies", columns="agencies", since=BEGAN.date(), until=until, period=PERIOD)


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Label)]


FEW = table(("Palantir", "ICE", 12), ("Flock Safety", "ICE", 3), ("Palantir", "CBP", 1))
MANY = table(*((f"Company {n}", f"Agency {n % 20}", 1) for n in range(60)))


def test_a_heat_map_shows_names_and_numbers_darker_with_more_stories() -> None:
    drawing = mapped(FEW)
    assert {"Palantir", "Flock Safety", "ICE", "CBP", "12", "3", "1"} <= set(texts(drawing))
    inks = {shape.hint.split(":")[0]: shape.ink for shape in drawing.shapes if isinstance(shape, Box) and shape.hint}
    assert inks == {"Palantir and ICE": "step4", "Flock Safety and ICE": "step2", "Palantir and CBP": "step1"}
    assert "Palantir with ICE: 12" in drawing.about


def test_what_finds_no_place_is_counted() -> None:
    drawing = mapped(MANY)
    companies = [text for text in texts(drawing) if text.startswith("Company")]
    assert 0 < len(companies) <= MOST_ROWS
    assert MOST_COLUMNS < 20
    shown = sum(isinstance(shape, Box) and bool(shape.hint) for shape in drawing.shapes)
    assert f"and {60 - shown} more pairs, in the table" in texts(drawing)


def test_a_timeline_puts_stories_into_the_week_that_began_them() -> None:
    drawing = by_week(FEW)
    assert "Palantir · ICE" in texts(drawing)
    hints = [
        shape.hint for shape in drawing.shapes if isinstance(shape, Box) and shape.hint.startswith("Palantir and ICE")
    ]
    assert hints == [
        "Palantir and ICE, week of 31 August 2026: 6 stories",
        "Palantir and ICE, week of 07 September 2026: 6 stories",
    ]


def test_a_timeline_of_ten_years_keeps_its_width() -> None:
    assert by_week(FEW, until=date(2036, 9, 1)).width < 1_100
    assert len([text for text in texts(by_week(MANY)) if " · " in text]) == MOST_PAIRS


@pytest.mark.parametrize("drawing", [mapped(()), by_week(()), mapped(FEW), by_week(FEW), mapped(MANY), by_week(MANY)])
def test_every_drawing_is_svg_and_png_of_its_size(drawing: Drawing) -> None:
    root = ElementTree.fromstring(to_svg(drawing))
    assert root.get("viewBox") == f"0 0 {drawing.width:g} {drawing.height:g}"
    assert root.findtext(f"{SVG}title") == drawing.title
    with Image.open(BytesIO(to_png(drawing))) as image:
        assert image.size == (round(drawing.width * SCALE), round(drawing.height * SCALE))
        assert len(image.getcolors(maxcolors=100_000) or []) > 2  # something was drawn
    for shape in drawing.shapes:
        if isinstance(shape, Box):
            assert shape.x >= 0
            assert shape.x + shape.width <= drawing.width
            assert shape.y + shape.height <= drawing.height


@pytest.mark.parametrize("drawing", [mapped(FEW), by_week(FEW), mapped(MANY), by_week(MANY)])
def test_every_text_stands_within_its_drawing(drawing: Drawing) -> None:
    for label in (shape for shape in drawing.shapes if isinstance(shape, Label)):
        letters = ImageFont.truetype(RobotoMedium if label.bold else Roboto, label.size)
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * letters.getlength(label.text)
        assert label.x - before >= 0, label.text
        assert label.x - before + letters.getlength(label.text) <= drawing.width, label.text


def test_a_name_cannot_leave_its_text() -> None:
    hostile = '</text><script>alert(1)</script>" onload="x'
    written = to_svg(mapped(table((hostile, "ICE", 1))))
    root = ElementTree.fromstring(written)
    assert not list(root.iter(f"{SVG}script"))
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_svg_asks_nobody_for_anything_and_has_colours_for_the_night() -> None:
    written = to_svg(mapped(FEW))
    assert "prefers-color-scheme:dark" in written
    assert written.count("http") == 1  # the name of the format
    assert DAY.keys() == NIGHT.keys()
