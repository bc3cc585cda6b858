"""The month at a glance: counts as bars, as blocks and as words, in a mail, in a file and in plain text."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import date, time
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from alerts.digest import compose_digest
from alerts.discretion import reduced
from alerts.history import DAYS, MOST_WATCHES, History, blocks, drawing_of, picture_id
from alerts.languages.language import ENGLISH, language_of
from alerts.smtp import compose_letter
from monitor.model import Message
from monitor.pictures.drawing import Box, Label
from tests.test_digest import DAY, WELL
from tests.test_message import DESK, NOW, REPORT, SCRIPTS, faults


def counts(*last: int) -> tuple[int, ...]:
    return (0,) * (DAYS - len(last)) + last


MONTH = History(last=DAY, rows={"Plate readers": counts(1, 0, 8), "Phone location": counts()})


def digest(history: History = MONTH, *, alone: bool = False, language: str = "en") -> Message:
    recipient = replace(DESK, language=language, digest_at=time(7))
    return compose_digest(
        [REPORT], recipient=recipient, health=WELL, day=DAY, key="digest:k", now=NOW, history=history, alone=alone
    )


@pytest.mark.parametrize(
    ("row", "most", "printed"),
    [((0, 1, 8), 8, "·▂█"), ((0, 0), 0, "··"), ((3,), 3, "█"), ((1, 500), 500, "▁█"), ((4, 8), 16, "▃▅")],
)
def test_a_day_is_a_block_and_a_day_without_anything_a_dot(row: tuple[int, ...], most: int, printed: str) -> None:
    assert blocks(row, most) == printed


def test_in_plain_text_each_watch_has_a_row_of_blocks() -> None:
    text = digest().text
    assert "Stories a day, the last 30 days" in text
    assert f"{'·' * 27}▂·█  Plate readers: 9 stories" in text
    assert f"{'·' * 30}  Phone location: 0 stories" in text
    assert "Historias por día, los últimos 30 días" in digest(language="es").text


def test_a_mail_carries_the_picture_in_itself_and_says_it_in_words() -> None:
    made = digest()
    letter = message_from_bytes(
        compose_letter(made, sender="t@desk.example", recipient="a@b.example"), policy=policy.default
    )
    assert letter.get_content_type() == "multipart/alternative"
    plain, related = letter.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    page, picture = related.iter_parts()
    assert picture["Content-ID"] == f"<{picture_id(made.key)}>"
    assert picture.get_content_disposition() == "inline"
    assert Image.open(BytesIO(picture.get_content())).size == (1088, 2 * (42 + 2 * 78 + 26))
    (shown,) = BeautifulSoup(page.get_content(), "lxml")("img")
    assert shown["src"] == f"cid:{picture_id(made.key)}"
    assert shown["alt"] == "Stories a day, the last 30 days: Phone location: 0 stories; Plate readers: 9 stories"


def test_a_mail_without_a_picture_has_two_parts_as_ever() -> None:
    made = compose_digest([REPORT], recipient=DESK, health=WELL, day=DAY, key="k", now=NOW)
    letter = message_from_bytes(compose_letter(made, sender="t@desk.example", recipient="a@b.example"))
    assert [part.get_content_type() for part in letter.walk()][1:] == ["text/plain", "text/html"]


def test_a_page_that_is_a_file_holds_its_picture_and_asks_for_nothing() -> None:
    made = digest(alone=True)
    (shown,) = BeautifulSoup(made.html, "lxml")("img")
    kind, _, svg = str(shown["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"Plate readers" in base64.b64decode(svg)
    assert made.picture == ""
    assert list(faults(re.sub("<img[^>]*>", "", made.html))) == []


def test_the_same_month_is_the_same_picture() -> None:
    assert digest() == digest()


def test_many_watches_share_a_row_and_none_is_lost() -> None:
    rows = {f"Watch {number}": counts(number) for number in range(9)}
    shapes = drawing_of(History(last=DAY, rows=rows), ENGLISH).shapes
    said = [shape.text for shape in shapes if isinstance(shape, Label)]
    assert said[1 : 1 + 2 * MOST_WATCHES : 2] == [*(f"Watch {n}" for n in range(4, 9)), "4 more watches"]
    assert said[2 : 2 + 2 * MOST_WATCHES : 2][-1] == "6 stories"
    tallest = max(shape.height for shape in shapes if isinstance(shape, Box))
    assert [shape.height for shape in shapes if isinstance(shape, Box)].index(tallest) == 5 * DAYS - 1


@pytest.mark.parametrize("rows", [{}, {"Plate readers": counts()}])
def test_an_empty_month_is_a_picture_too(rows: dict[str, tuple[int, ...]]) -> None:
    made = digest(History(last=DAY, rows=rows))
    assert made.picture
    assert ("No watch is set up." in made.html) is (not rows)


def test_the_first_and_the_last_day_are_named() -> None:
    texts = [shape.text for shape in drawing_of(MONTH, language_of("es")).shapes if isinstance(shape, Label)]
    assert texts[-2:] == ["3 feb", "4 mar"]
    assert MONTH.first == date(2026, 2, 3)


def test_what_may_say_little_carries_no_picture() -> None:
    for content in ("title", "count"):
        assert reduced(digest(), content).picture == ""


@pytest.mark.parametrize("words", SCRIPTS[::9], ids=ascii)
def test_a_watch_of_any_name_is_drawn(words: str) -> None:
    made = digest(History(last=DAY, rows={words: counts(1)}), alone=True)
    assert made.html.count("<img") == 1
