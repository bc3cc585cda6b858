"""The daily page: what stands first, each story once, and what silence means."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup

from alerts.digest import IN_FULL, NearMiss, compose_digest, in_order_of_weight, once_each
from monitor.model import FeedHealth, Message, StoryReport
from tests.test_message import DESK, NOW, REPORT, SCRIPTS, faults, golden, hostile

DAY = date(2026, 3, 4)
WELL = FeedHealth(total=420, healthy=420, failing=())
ILL = FeedHealth(
    total=420,
    healthy=418,
    failing=(("Bay Courier", "answers 503 since Monday 09:10"),),
    silent=(("Lakeside FM", NOW - timedelta(days=9)),),
)
QUIET = replace(
    REPORT, story_id=18, level="digest", members=(), origin=(), origin_note="first seen here 03:20, ± 15 min"
)
ELSEWHERE = replace(REPORT, story_id=19, watch="Phone location", why="location broker in the title", members=())


def digest(*reports: StoryReport, health: FeedHealth = WELL) -> Message:
    return compose_digest(reports, recipient=DESK, health=health, day=DAY, key="digest:desk:2026-03-04", now=NOW)


def test_the_page_is_the_one_that_somebody_has_looked_at() -> None:
    made = digest(QUIET, REPORT, ELSEWHERE, health=ILL)
    golden("digest.html", made.html)
    golden("digest.txt", made.text)
    empty = digest(health=ILL)
    golden("digest-empty.html", empty.html)
    golden("digest-empty.txt", empty.text)


@pytest.mark.parametrize(
    ("reports", "health", "subject"),
    [
        ((), WELL, "No stories, Wednesday 4 March: 420 of 420 feeds healthy"),
        ((), ILL, "No stories, Wednesday 4 March: 418 of 420 feeds healthy, 1 failing, 1 silent"),
        ((), FeedHealth(total=0, healthy=0, failing=()), "No stories, Wednesday 4 March: No feeds are configured"),
        ((REPORT,), WELL, f"1 story, Wednesday 4 March: {REPORT.lead.title}"),
        ((QUIET, REPORT), WELL, f"2 stories, Wednesday 4 March: {REPORT.lead.title}"),
    ],
)
def test_the_subject_says_how_much_and_what_first(
    reports: tuple[StoryReport, ...], health: FeedHealth, subject: str
) -> None:
    assert digest(*reports, health=health).subject == subject


def test_a_day_without_news_still_says_that_somebody_listened() -> None:
    made = digest()
    for part in (made.text, made.html):
        assert "420 of 420 feeds healthy" in part
        assert "Silence means no news." in part
    ill = digest(health=ILL)
    for part in (ill.text, ill.html):
        assert "418 of 420 feeds healthy, 1 failing, 1 silent." in part
        assert "answers 503 since Monday 09:10" in part
        assert "Silence means no news." not in part


def test_what_matters_stands_first() -> None:
    wide_digest = replace(REPORT, story_id=1, level="digest")
    narrow_alert = replace(REPORT, story_id=2, members=(), score=0.5)
    sure_alert = replace(REPORT, story_id=3, members=(), score=0.9)
    newer_alert = replace(REPORT, story_id=4, members=(), score=0.9, first_seen=REPORT.first_seen + timedelta(hours=1))
    wide_alert = replace(REPORT, story_id=5, score=0.1)
    ranked = in_order_of_weight([wide_digest, narrow_alert, sure_alert, newer_alert, wide_alert])
    assert [report.story_id for report in ranked] == [5, 4, 3, 2, 1]


def test_a_story_that_two_watches_found_stands_once_and_names_both() -> None:
    twin = replace(ELSEWHERE, story_id=REPORT.story_id, level="digest")
    for pair in ((REPORT, twin), (twin, REPORT), (REPORT, REPORT, twin)):
        (kept,) = once_each(pair)
        assert kept.level == "alert"
        assert kept.why == f"{REPORT.why}; and for the watch “Phone location”: location broker in the title"


def test_each_watch_has_its_section_in_the_order_of_its_best_story() -> None:
    page = BeautifulSoup(digest(QUIET, replace(ELSEWHERE, score=0.1), REPORT).html, "lxml")
    assert [heading.get_text() for heading in page("h2")] == ["Plate readers", "Phone location"]
    assert len(page("h3")) == 3


def test_a_flood_day_stays_one_page_and_loses_nothing() -> None:
    many = [
        replace(QUIET, story_id=number, lead=replace(QUIET.lead, title=f"Story number {number}."))
        for number in range(500)
    ]
    made = digest(*many)
    page = BeautifulSoup(made.html, "lxml")
    assert len(page("h3")) == IN_FULL
    for number in range(500):
        assert f"Story number {number}." in made.text
        assert f"Story number {number}." in made.html
    assert len(made.html) < 400_000


def test_the_same_day_is_the_same_page() -> None:
    assert digest(REPORT, QUIET) == digest(REPORT, QUIET)
    assert digest(REPORT, QUIET).html == digest(QUIET, REPORT).html


def test_the_data_is_json_and_whole() -> None:
    made = digest(QUIET, REPORT, health=ILL)
    data = json.loads(json.dumps(made.data))
    assert data == made.data
    assert [story["story"] for story in data["stories"]] == [17, 18]
    assert data["feeds"] == {
        "total": 420,
        "healthy": 418,
        "failing": [["Bay Courier", "answers 503 since Monday 09:10"]],
        "silent": [["Lakeside FM", "nothing new since 23 Feb"]],
    }


@pytest.mark.parametrize("words", SCRIPTS[::7], ids=ascii)
def test_hostile_words_stay_words(words: str) -> None:
    failing = FeedHealth(total=1, healthy=0, failing=((words, words),))
    made = digest(hostile(words), replace(hostile(words), story_id=2), health=failing)
    assert list(faults(made.html)) == []
    assert not re.search("[\x00\r]", made.text)


def test_an_honest_page_calls_nobody() -> None:
    assert list(faults(digest(REPORT, QUIET, ELSEWHERE, health=ILL).html)) == []


def test_what_was_edited_and_what_came_near_stand_below_the_stories() -> None:
    changed = replace(
        REPORT, story_id=3, lead=replace(REPORT.lead, title="The port never shared its scans"), members=()
    )
    misses = [
        NearMiss(watch="Plate readers", title=f"A ring is found {n}", outlet="Bay Courier", link=link, why="too weak")
        for n, link in enumerate(("https://bay.example/ring", "javascript:alert(1)", "", "https://bay.example/4"))
    ]
    made = compose_digest(
        [REPORT], recipient=DESK, health=WELL, day=DAY, key="k", now=NOW, changed=[changed], near=misses
    )
    for part in (made.text, made.html):
        assert "Edited since they were told" in part
        assert "The port never shared its scans" in part
        assert part.index("Came near, and left out") > part.index("The port never")
        assert "A ring is found 2" in part
        assert "A ring is found 3" not in part, "three are enough"
        assert "Plate readers: too weak" in part
        assert "https://bay.example/ring" in part
        assert "javascript" not in part
    assert list(faults(made.html)) == []
    assert "Edited since" not in digest(REPORT).text


@pytest.mark.parametrize("words", SCRIPTS[::11], ids=ascii)
def test_hostile_near_misses_stay_words(words: str) -> None:
    miss = NearMiss(watch=words, title=words, outlet=words, link=words, why=words)
    made = compose_digest([], recipient=DESK, health=WELL, day=DAY, key="k", now=NOW, near=[miss])
    assert list(faults(made.html)) == []
    assert not re.search("[\x00\r]", made.text)
