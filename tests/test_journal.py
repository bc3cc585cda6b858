"""One event is one line, whatever a feed puts into its title."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.logs import configure_logging
from monitor.pipeline.journal import log, note

FORGED = "Ferry\r\n2026-02-18 12:00:00,000 INFO deliver state=sent\x1b[2K\x85\u2028\u202edesrever\x9b1A\x00"


@contextmanager
def written(*, as_json: bool = False) -> Iterator[io.StringIO]:
    """What the log says meanwhile, set up as the commands set it up."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], (root.level, log.level)
    root.handlers = []
    configure_logging(verbose=True, as_json=as_json)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    try:
        yield stream
    finally:
        root.handlers = handlers
        root.setLevel(levels[0])
        log.setLevel(levels[1])


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"result": "read", "new": 3, "edited": 0}, "refresh result=read new=3 edited=0"),
        ({"feed": "Example Daily"}, 'refresh feed="Example Daily"'),
        ({"problem": "", "status": None, "new": 0}, "refresh new=0"),
        ({"feed": "a=b"}, 'refresh feed="a=b"'),
        ({"feed": 'say "ferry"'}, 'refresh feed="say \\"ferry\\""'),
        ({"feed": "El País"}, 'refresh feed="El País"'),
        ({"feed": "Ferry\nrefresh"}, 'refresh feed="Ferry\\nrefresh"'),
        ({"feed": "\x1b]0;x\x07"}, 'refresh feed="\\u001b]0;x\\u0007"'),
        ({"feed": "\u202egnp\x85"}, 'refresh feed="\\u202egnp\\u0085"'),
        ({"seconds": 1.5, "error": ValueError("no")}, "refresh seconds=1.5 error=no"),
    ],
)
def test_an_event_and_its_fields_are_one_line(fields: dict[str, Any], line: str) -> None:
    with written() as stream:
        note("refresh", **fields)
    stamped, _, said = stream.getvalue().partition(" INFO ")
    assert said == line + "\n"
    assert stamped[:2] == "20"


@given(st.text(st.characters(exclude_characters="@")))
def test_no_text_makes_a_second_line_or_an_unprintable_one(text: str) -> None:
    with written() as plain:
        note("refresh", feed=text)
    with written(as_json=True) as as_json:
        note("refresh", feed=text)
    for stream in (plain, as_json):
        line = stream.getvalue()
        assert line.endswith("\n")
        assert line[:-1].isprintable()
    assert json.loads(as_json.getvalue())["feed"] == text


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("said", "written_is"),
    [
        ("550 <ana.quay@desk.example>: no such user", "550 <…@desk.example>: no such user"),
        ("postgresql://tips:hunter2@db.example/tips is away", "postgresql://…@db.example/tips is away"),
        ("http://user@10.0.0.1:8080/feed", "http://…@10.0.0.1:8080/feed"),
        ('refused "ana quay"@desk.example', 'refused "ana quay"@desk.example'),
        ("@quay told it, 5 @ 3.20", "@quay told it, 5 @ 3.20"),
    ],
)
def test_nobodys_mailbox_and_no_login_is_written(said: str, written_is: str, *, as_json: bool) -> None:
    with written(as_json=as_json) as stream:
        note("deliver", state="failed", reason=said)
    line = stream.getvalue()
    assert written_is in (json.loads(line)["reason"] if as_json else line.replace('\\"', '"'))


def test_a_librarys_words_are_an_event_too() -> None:
    with written(as_json=True) as stream:
        logging.getLogger("some.library").warning("asked for %s", "much")
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "event": "library", "library": "some.library", "message": "asked for much"}


def test_json_keeps_the_fields_as_values() -> None:
    with written(as_json=True) as stream:
        note("refresh", level=logging.WARNING, feed=FORGED, new=3)
    found = json.loads(stream.getvalue())
    assert found | {"time": ""} == {"time": "", "level": "warning", "event": "refresh", "feed": FORGED, "new": 3}


class Verbatim:
    """Something that an exception shows as it is."""

    def __repr__(self) -> str:
        return FORGED


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_cannot_pass_for_an_event(*, as_json: bool) -> None:
    nothing: dict[Verbatim, int] = {}
    with written(as_json=as_json) as stream:
        try:
            nothing[Verbatim()]
        except KeyError:
            log.exception("refresh of %r failed unexpectedly", FORGED)
    first, *others = stream.getvalue().removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in (first, *others))
    assert "failed unexpectedly" in first
    if as_json:
        assert others == []
        assert f"KeyError: {FORGED}" in json.loads(first)["exception"]
    else:
        assert others
        assert all(line.startswith("    ") for line in others)


def test_a_librarys_line_breaks_are_no_events_either() -> None:
    with written() as stream:
        logging.getLogger("some.library").warning("asked for %s", FORGED)
    first, *others = stream.getvalue().removesuffix("\n").split("\n")
    assert " WARNING asked for Ferry" in first
    assert others
    assert all(line.startswith("    ") for line in others)


def test_what_nobody_asked_for_stays_silent() -> None:
    with written() as stream:
        note("merge", level=logging.DEBUG, stories=2)
        logging.getLogger("some.library").info("chatter")
    assert stream.getvalue() == ""
