"""Which entries are worth having their page read, as a table; and how often a page is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.articles.reading import ENOUGH, after_failure, is_wanted
from monitor.errors import FetchError
from monitor.model import Document, Entry, Match, PagesWanted
from monitor.watches import packs
from monitor.watches.pack import read_pack
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
    silent = FetchError("timeout", "no answer")
    found = [after_failure(silent, tries, now=NOON) for tries in (1, 2, 3, 4)]
    assert [state for state, _ in found] == ["waiting", "waiting", "waiting", "failed"]
    waits = [again - NOON for _, again in found if again]
    assert waits == [timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6)]
    for asked, kept in ((timedelta(hours=2), timedelta(hours=2)), (timedelta(days=900), timedelta(days=1))):
        busy = FetchError("throttled", "busy", status=429, retry_after=asked)
        assert after_failure(busy, 1, now=NOON) == ("waiting", NOON + kept)


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("http", 404, "refused"),
        ("http", 403, "refused"),
        ("gone", 410, "refused"),
        ("refused-address", None, "refused"),
        ("too-large", None, "refused"),
        ("http", 500, "waiting"),
        ("throttled", 503, "waiting"),
        ("dns", None, "waiting"),
        ("proxy", None, "waiting"),
    ],
)
def test_whoever_says_no_is_not_asked_again(kind: str, status: int | None, state: str) -> None:
    assert after_failure(FetchError(kind, "no", status=status), 1, now=NOON)[0] == state
