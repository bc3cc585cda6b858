"""The day, as a reporter goes through it: with the keys, with the mouse, without a script."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.desk.place import Desk
from storage import review
from tests.browser import PHONE, Watched


def verdict_of(desk: Desk, story: int) -> tuple[str, str]:
    with desk.database.read() as connection:
        last = review.verdict_history(connection, story)[-1]
    return last.kind, last.reason


def test_the_day_shows_the_story_its_sentence_and_who_broke_it(screen: Watched) -> None:
    page = screen.go("/")
    story = page.locator("article.story")
    expect(story).to_have_count(1)
    expect(story.locator(".sentence mark").first).to_be_visible()
    expect(story.locator(".origin")).to_contain_text("First reported by The Guardian. ")
    expect(story.locator(".meta")).to_contain_text("8 outlets")


def test_a_story_is_starred_refused_and_opened_by_keys_alone(screen: Watched, desk: Desk) -> None:
    page = screen.go("/")
    page.keyboard.press("j")
    story = page.locator("article.story.current")
    number = int(story.get_attribute("data-story") or "")
    page.keyboard.press("s")
    expect(story.locator(".meta")).to_contain_text("starred")
    assert verdict_of(desk, number) == ("starred", "")
    page.keyboard.press("x")
    page.keyboard.type("another ICE")
    page.keyboard.press("Enter")
    expect(story.locator(".meta")).to_contain_text("not relevant: another ICE")
    assert verdict_of(desk, number) == ("refused", "another ICE")
    page.keyboard.press("n")
    page.keyboard.type("Ask the agency.")
    page.locator("#note button.main").click()
    expect(story.locator(".meta")).to_contain_text("1 note")
    page.keyboard.press("a")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    expect(story.locator(".meta")).to_contain_text("ada’s")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_without_a_script_the_buttons_are_forms(browser: Browser, desk: Desk) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(desk.home)
        page.get_by_role("button", name="Star").click()
        expect(page.get_by_role("status").first).to_have_text("Starred.")
        expect(page.locator("article.story .meta")).to_contain_text("starred")
        expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(page.locator(".said")).to_have_count(0)  # said once


def bea_keeps_it(page: Page, desk: Desk) -> int:
    """The story of a day that is shown, judged by another since; its number."""
    number = int(page.locator("article.story").get_attribute("data-story") or "")
    watch = page.locator("article.story").get_attribute("data-watch") or ""
    with desk.database.write() as connection:
        seen = [one.version for one in review.verdict_history(connection, number, watch=watch)]
        review.judge(
            connection, number, "kept", watch=watch, by="bea", now=desk.clock(), reason="a leak",
            version=max(seen, default=0),
        )  # fmt: skip
    return number


def test_another_verdict_in_between_is_told_and_somebody_decides(screen: Watched, desk: Desk) -> None:
    page = screen.go("/")
    number = bea_keeps_it(page, desk)
    page.keyboard.press("s")
    asked = page.get_by_role("dialog", name="bea was faster")
    expect(asked.get_by_role("alert")).to_contain_text("bea: kept: a leak")
    asked.get_by_role("link", name="Leave theirs").click()
    expect(asked).to_have_count(0)
    expect(page.locator("article.story .meta")).to_contain_text("kept")  # theirs is shown
    assert verdict_of(desk, number) == ("kept", "a leak")
    page.reload()
    bea_keeps_it(page, desk)
    page.keyboard.press("x")
    page.get_by_label("Why?").fill("old news")
    page.keyboard.press("Enter")
    expect(asked.get_by_label("Why?")).to_have_value("old news")
    asked.get_by_role("button", name="Not relevant all the same").click()
    expect(page.locator("article.story .meta")).to_contain_text("not relevant: old news")
    expect(page.locator("article.story.current")).to_be_focused()
    screen.complaints.clear()  # the browser logs each 409 that was the point


def test_without_a_script_it_is_asked_on_a_page_of_its_own(browser: Browser, desk: Desk) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(desk.home)
        number = bea_keeps_it(page, desk)
        page.get_by_role("button", name="Star").click()
        expect(page.get_by_role("heading", name="bea was faster")).to_be_visible()
        page.get_by_role("button", name="Star it all the same").click()
        expect(page.get_by_role("status").first).to_have_text("Starred.")
        with desk.database.read() as connection:
            said = [(one.by, one.kind) for one in review.verdict_history(connection, number)]
        assert said == [("bea", "kept"), ("you", "starred")]


@pytest.mark.parametrize("address", ["/day.json", "/day.csv"])
def test_the_day_is_data_too(desk: Desk, address: str) -> None:
    answer = httpx.get(desk.home + address)
    assert answer.status_code == 200
    if address.endswith("json"):
        (row,) = answer.json()["rows"]
        assert row["level"] == "alert"
        assert "The Guardian" in row["origin"]
    else:
        head, row = answer.text.strip().split("\r\n")
        assert head.startswith("story,watch,level,title")
        assert re.match(r"\d+,", row)


def test_a_post_that_comes_from_elsewhere_changes_nothing(desk: Desk) -> None:
    for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Origin": desk.home, "Sec-Fetch-Site": "cross-site"}):
        answer = httpx.post(f"{desk.home}/stories/2/verdict", data={"kind": "kept"}, headers=headers)
        assert answer.status_code == 403, headers
    answer = httpx.post(f"{desk.home}/stories/2/verdict", data={"kind": "kept"}, headers={"Origin": desk.home})
    assert answer.status_code == 403
    assert "load it again" in answer.json()["detail"]
    with desk.database.read() as connection:
        assert review.verdict_history(connection, 2) == ()


def test_under_a_name_that_is_not_ours_nothing_is_told(desk: Desk) -> None:
    answer = httpx.get(desk.home, headers={"Host": "attacker.example"})
    assert answer.status_code == 421
    assert "Tipsheet" not in answer.text
