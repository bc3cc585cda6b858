"""Shares by weeks as a picture: each dot at its height, and the same in words."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from monitor.pictures.drawing import Box, Label, to_svg
from monitor.pictures.shares import Point, shares

EMPTY = Point(first=date(2026, 9, 7), count=0, share=0.0, low=0.0, high=1.0)
HALF = Point(first=date(2026, 9, 14), count=8, share=0.5, low=0.25, high=0.75)
ALL = Point(first=date(2026, 9, 21), count=3, share=1.0, low=0.4, high=1.0)


def test_a_week_has_a_dot_at_its_share_and_a_line_over_its_interval() -> None:
    drawing = shares([EMPTY, HALF, ALL], title="ferries", below="by weeks")
    lines, dots = (
        [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.ink == ink] for ink in ("step2", "step4")
    )
    assert len(lines) == len(dots) == 2  # a week without verdicts has its place, and nothing in it
    grid = {label.text: label.y - 4 for label in drawing.shapes if isinstance(label, Label) and "%" in label.text}
    assert [dot.y + dot.height / 2 for dot in dots] == [grid["50 %"], grid["100 %"]]
    assert (lines[0].y + lines[0].height / 2, lines[0].height) == (grid["50 %"], (grid["0 %"] - grid["100 %"]) / 2)
    assert dots[1].x - dots[0].x == lines[1].x - lines[0].x > 0


def test_it_says_in_words_what_it_shows() -> None:
    drawing = shares([EMPTY, HALF], title="<b>&", below="by weeks")
    assert drawing.about == "week of 14 September: 50% of 8 (25% to 75%)"
    svg = ElementTree.fromstring(to_svg(drawing))
    assert svg.findtext("{http://www.w3.org/2000/svg}title") == "<b>&"
    assert shares([EMPTY], title="", below="").about == "Nothing yet."


def test_a_long_name_does_not_run_out_of_the_picture() -> None:
    drawing = shares([HALF] * 12, title="a watch with many words " * 20, below="")
    (title,) = (shape for shape in drawing.shapes if isinstance(shape, Label) and shape.bold)
    assert title.text.endswith(" …")
    assert len(title.text) < 60
