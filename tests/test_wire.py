"""What crosses from the worker to us, and back comes out the same or is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.model import ParsedEntry, ParsedFeed, Problem
from monitor.wire import BrokenAnswer, dump_error, dump_feed, load_feed

LIMIT = 8 * 1024 * 1024
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.none() | st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
entries = st.builds(
    ParsedEntry,
    id=texts,
    link=texts,
    title=texts,
    summary=texts,
    content=texts,
    author=texts,
    published=times,
    updated=times,
    tags=st.lists(texts, max_size=3).map(tuple),
)
feeds = st.builds(
    ParsedFeed,
    title=texts,
    link=texts,
    language=texts,
    entries=st.lists(entries, max_size=4).map(tuple),
    problem=st.none() | st.builds(Problem, kind=texts, message=texts),
    rests=st.sets(st.integers(0, 167)).map(lambda hours: tuple(sorted(hours))),
    interval_hint=st.none() | st.integers(1, 10**7).map(lambda seconds: timedelta(seconds=seconds)),
)


@given(feeds)
def test_a_feed_comes_out_as_it_went_in(feed: ParsedFeed) -> None:
    assert load_feed(dump_feed(feed, limit=LIMIT)) == feed


def test_an_error_comes_out_as_it_went_in() -> None:
    with pytest.raises(ParseError, match="robots: “no”") as caught:
        load_feed(dump_error(ParseError("challenge", "robots: “no”")))
    assert caught.value.kind == "challenge"


GOOD = json.loads(
    dump_feed(
        ParsedFeed(
            title="t",
            link="",
            language="",
            entries=(
                ParsedEntry(id="1", link="", title="", summary="", content="", author="", published=None, updated=None),
            ),
        ),
        limit=LIMIT,
    )
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", None),
        ("link", 5),
        ("language", ["en"]),
        ("entries", {}),
        ("entries", ["x"]),
        ("entries", [GOOD["entries"][0] | {"title": 1}]),
        ("entries", [GOOD["entries"][0] | {"tags": [1]}]),
        ("entries", [GOOD["entries"][0] | {"tags": "news"}]),
        ("entries", [GOOD["entries"][0] | {"published": "yesterday"}]),
        ("entries", [GOOD["entries"][0] | {"published": "2025-07-01T00:00:00"}]),
        ("entries", [GOOD["entries"][0] | {"updated": 1_700_000_000}]),
        ("problem", "capped"),
        ("problem", ["a", "b", "c"]),
        ("interval_hint", -1),
        ("rests", None),
        ("rests", [168]),
        ("rests", [True]),
        ("interval_hint", True),
        ("interval_hint", 1e300),
        ("error", []),
    ],
)
def test_what_has_the_wrong_shape_is_refused(key: str, value: object) -> None:
    assert isinstance(load_feed(json.dumps(GOOD).encode()), ParsedFeed)
    with pytest.raises(BrokenAnswer):
        load_feed(json.dumps(GOOD | {key: value}).encode())


def test_a_feed_of_which_nothing_fits_is_refused() -> None:
    feed = load_feed(json.dumps(GOOD).encode())
    with pytest.raises(ParseError, match="the first 0 of 1 were kept"):
        dump_feed(feed, limit=10)
