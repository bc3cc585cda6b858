"""Stories put together and parted at the desk: by keys, by pointer, by two people at once, and taken back."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from monitor.desk.place import Desk
from monitor.pipeline.correct import Correct
from storage import corrections, stories
from storage.schema import stories as story_table
from tests.browser import PHONE, Watched
from tests.test_desk_story import told

HTML = {"Accept": "text/html"}


def near(desk: Desk, story: int, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = httpx.get(f"{desk.home}/stories/{story}/near.json", params=asked).json()["rows"]
    return rows


def send(desk: Desk, address: str, **fields: Any) -> httpx.Response:
    """As a browser without a script sends a form of the desk."""
    token = re.search(r'name="csrf" value="([^"]+)"', httpx.get(desk.home, headers=HTML).text)
    assert token is not None
    fields["csrf"] = token[1]
    return httpx.post(desk.home + address, data=fields, headers={**HTML, "Origin": desk.home})


def members(desk: Desk, story: int) -> tuple[int, ...]:
    with desk.database.read() as connection:
        return tuple(row.entry for row in stories.members_of(connection, story))


def correct(desk: Desk) -> Correct:
    return Correct(database=desk.database, by="bea", why="", now=desk.clock())


# ---- which stories are near ------------------------------------------------------------------------------------------


def test_the_likeliest_are_first_and_say_what_they_share(desk: Desk) -> None:
    story = told(desk)
    rows = near(desk, story)
    assert "Microsoft" in rows[0]["shared"]
    assert story not in [row["story"] for row in rows]
    assert len({row["story"] for row in rows}) == len(rows)
    assert {"title", "outlets", "last_at"} <= rows[0].keys()


def test_reports_that_were_parted_are_each_others_nearest(desk: Desk) -> None:
    story = told(desk)
    all_of_it = members(desk, story)
    made = correct(desk).split(story, all_of_it[-2:])
    other = near(desk, story)[0]["story"]
    assert other in made.stories
    assert sorted(members(desk, story) + members(desk, other)) == sorted(all_of_it)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("exchange cloud", "Intercontinental Exchange moves market data to the cloud"),
        ("INTERCONT mov", "Intercontinental Exchange moves market data to the cloud"),  # as far as it is typed
        ("no such words anywhere", None),
        ("'\"*() NEAR", None),  # no operator of anybody's
    ],
)
def test_a_story_is_found_by_words_of_its_headline(desk: Desk, asked: str, found: str | None) -> None:
    titles = [row["title"] for row in near(desk, told(desk), q=asked)]
    assert titles == ([found] if found else [])


def test_a_story_is_found_by_its_number(desk: Desk) -> None:
    story = told(desk)
    other = near(desk, story)[0]["story"]
    assert [row["story"] for row in near(desk, story, q=str(other))] == [other]
    assert near(desk, story, q="9" * 40) == []


# ---- by keys, by pointer, on a phone without a script ----------------------------------------------------------------


def test_two_stories_are_merged_by_keys_alone_and_parted_again(screen: Watched, desk: Desk) -> None:
    story = told(desk)
    page = screen.go("/")
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.locator("h1")).to_have_text("Merge with which story?")
    page.keyboard.press("j")
    page.keyboard.press("j")
    other = int(page.locator(".story.current").get_attribute("data-story") or "")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Make these one story")
    page.keyboard.type("both are of the same papers")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 1.")
    expect(page.locator(".aside")).to_contain_text("merge by you: both are of the same papers")
    kept, gone = sorted((story, other))
    assert page.url == f"{desk.home}/stories/{kept}"
    page.goto(f"{desk.home}/stories/{gone}")
    expect(page.locator(".said")).to_have_text(f"Story {gone} was merged into this one, {kept}.")
    page.get_by_role("button", name="Undo").click()
    page.goto(f"{desk.home}/stories/{gone}")
    expect(page.locator(".said")).to_have_count(0)
    expect(page.locator(".aside")).to_contain_text("undone by you")


def test_a_report_is_moved_by_the_pointer_to_a_story_that_was_searched(screen: Watched, desk: Desk) -> None:
    story = told(desk)
    page = screen.go(f"/stories/{story}")
    page.get_by_label("Choose the report of Reuters").check()
    page.get_by_role("button", name="Move the chosen reports…").click()
    expect(page.locator("h1")).to_have_text("To which story?")
    page.get_by_label("Words of its headline").fill("intercontinental")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="moves market data").click()
    expect(page.locator("input[name=entries]:checked")).to_have_count(1)
    page.get_by_role("button", name="Move them").click()
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 1.")
    expect(page.locator("h1")).to_contain_text("tripled")  # where the reporter was
    expect(page.locator("ol.timeline")).not_to_contain_text("Reuters")
    expect(page.locator(".aside")).to_contain_text("move of 1 report to story 10 by you")


def test_without_a_script_reports_become_a_story_of_their_own(browser: Browser, desk: Desk) -> None:
    story = told(desk)
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{desk.home}/stories/{story}")
        page.get_by_label("Choose the report of Reuters").check()
        page.get_by_role("button", name="Make them a story of their own…").click()
        page.get_by_label("Why?").fill("an answer, not the finding")
        page.get_by_role("button", name="They are a story of their own").click()
        expect(page.get_by_role("status").first).to_contain_text("Done: correction 1.")
        expect(page.locator("ol.timeline")).not_to_contain_text("Reuters")


# ---- what cannot be, and who was faster ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "fields", "fault"),
    [
        ("split", {"entries": []}, "expected at least one entry"),
        ("split", {"entries": [9_999]}, "entry 9999 is not in story"),
        ("merge", {"other": 9_999}, "there is no story 9999"),
        ("merge", {"other": 2}, "both are story 2 already"),
        ("move", {"other": 1, "entries": []}, "expected at least one entry"),
        ("move", {"other": 9_999, "entries": [7]}, "there is no story 9999"),
        ("merge", {}, "other: is missing"),
        ("merge", {"other": "seven"}, "other: expected a whole number, not “seven”"),
        ("split", {"entries": [1], "why": "x" * 501}, "why: expected at most 500 characters"),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(desk: Desk, address: str, fields: dict[str, Any], fault: str) -> None:
    assert told(desk) == 2
    answer = send(desk, f"/stories/2/{address}", **{"why": "for a reason"} | fields)
    assert answer.status_code == 422
    assert fault in answer.text
    if "why" not in fields and fields:
        assert answer.text.count('value="for a reason"') == 1  # what was typed is kept
    with desk.database.read() as connection:
        assert corrections.listing(connection) == ()


def test_all_reports_of_a_story_cannot_leave_it(desk: Desk) -> None:
    answer = send(desk, "/stories/2/split", entries=members(desk, 2), why="all of it")
    assert answer.status_code == 422
    assert "these are all entries of story 2" in answer.text
    assert answer.text.count(" checked>") == len(members(desk, 2))


def test_whoever_looked_before_another_spoke_is_told_and_nothing_is_changed(screen: Watched, desk: Desk) -> None:
    one, other = told(desk), near(desk, told(desk))[0]["story"]
    page = screen.go(f"/stories/{one}/regroup?other={other}")
    third = near(desk, one)[1]["story"]
    correct(desk).merge(other, third)
    page.get_by_label("Why?").fill("the same papers")
    page.get_by_role("button", name="They are one story").click()
    expect(page.get_by_role("alert")).to_contain_text(f"bea was faster with story {other}")
    expect(page.get_by_label("Why?")).to_have_value("the same papers")
    with desk.database.read() as connection:
        assert len(corrections.listing(connection)) == 1
    page.get_by_role("button", name="They are one story").click()  # having seen it
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 2.")
    screen.complaints.clear()  # the browser logs the 409 that was the point


@pytest.mark.parametrize("word", ["split", "move", "merge", "undo"])
def test_every_word_of_another_person_is_told(desk: Desk, word: str) -> None:
    """Also the one that was taken back since: what was looked at is not what stood there."""
    story, bea = told(desk), correct(desk)
    other = near(desk, story)[0]["story"]
    first, second, *_ = members(desk, story)
    seen = {"version": 0, "other_version": 0}
    match word:
        case "split":
            bea.split(story, [first])
        case "move":
            bea.move([first], other)
        case "merge":
            bea.merge(story, other)
        case "undo":
            bea.undo(bea.split(story, [first]).correction)
            seen["version"] = 1
    for address, fields in (("split", {"entries": [second]}), ("move", {"entries": [second], "other": 1})):
        answer = send(desk, f"/stories/{story}/{address}", **fields, **seen)
        assert answer.status_code == 409, address
        assert "bea was faster" in answer.text


def test_a_story_that_grouping_merged_meanwhile_is_told(desk: Desk) -> None:
    """Nobody was faster; yet what was looked at is not what would be changed."""
    story, other = told(desk), near(desk, told(desk))[0]["story"]
    with desk.database.write() as connection:
        begun = {row.id: row.began_with for row in connection.execute(select(story_table))}
        stories.merge(connection, kept=begun[story], gone=begun[other])
    answer = send(desk, f"/stories/{other}/merge", other=1)
    assert answer.status_code == 409
    assert f"story {other} became a part of story {story} meanwhile" in answer.text
