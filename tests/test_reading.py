"""Which entries are worth having their page read, as a table; and how often a page is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor import packs
from monitor.model import Document, Entry, Match, PagesWanted
from monitor.pack import read_pack
from monitor.reading import ENOUGH, is_wanted, next_try
from tests.conftest import NOON

PACKS = [read_pack(packs.shipped("tech-and-immigration-enforcement"), "shipped")]
DOCUMENT = Document(id="1", title="ICE renews its contract", url="https://ferry.example/a")
ENTRY = Entry(id=1, document=DOCUMENT, feed_id=1, first_seen=NOON, backlog=False, edited=False)
MATCH = Match(watch="w", level="digest", score=0.4, why="", spans=())
FRESH = timedelta(days=2)


def wanted(entry: Entry = ENTRY, *matches: Match, pages: PagesWanted = "near") -> bool:
    return is_wanted(entry, matches, pages=pages, packs=PACKS, now=NOON + timedelta(hours=1), fresh=FRESH)


def titled(title: str) -> Entry:
    return replace(ENTRY, document=replace(DOCUMENT, title=title))


@pytest.mark.parametrize(
    ("title", "near"),
    [
        ("ICE renews its contract", True),  # one half for sure
        ("Palantir shares rise", True),
        ("Ice melts on the river", False),
        ("ICE hockey final: Comets win", False),  # another sense
        ("Intercontinental Exchange: ICE futures close higher", False),
        ("Council votes on bicycle lanes", False),
    ],
)
def test_half_a_story_is_worth_its_page(title: str, near: bool) -> None:
    assert wanted(titled(title)) is near
    assert not wanted(titled(title), pages="matched")


def test_a_match_is_worth_its_page_and_so_is_what_its_feed_wants_read() -> None:
    plain = titled("Council votes on bicycle lanes")
    assert wanted(plain, MATCH, pages="matched")
    assert wanted(replace(plain, pages=True), pages="matched")


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, backlog=True),
        replace(ENTRY, first_seen=NOON - FRESH),
        replace(ENTRY, document=replace(DOCUMENT, url="")),
        replace(ENTRY, document=replace(DOCUMENT, text="x" * ENOUGH)),  # the feed gives the article
    ],
    ids=["backlog", "old", "no link", "whole text"],
)
def test_what_cannot_matter_any_more_or_is_there_already_is_not_asked_for(entry: Entry) -> None:
    assert not wanted(entry, MATCH)


def test_never_means_never() -> None:
    assert not wanted(replace(ENTRY, pages=True), MATCH, pages="never")


def test_a_page_is_tried_four_times_ever_later_and_never_before_it_may() -> None:
    waits = []
    for tries in (1, 2, 3):
        again = next_try(tries, now=NOON, retry_after=None)
        assert again is not None
        waits.append(again - NOON)
    assert waits == [timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6)]
    assert next_try(4, now=NOON, retry_after=None) is None
    assert next_try(1, now=NOON, retry_after=timedelta(hours=2)) == NOON + timedelta(hours=2)
    assert next_try(1, now=NOON, retry_after=timedelta(days=900)) == NOON + timedelta(days=1)
