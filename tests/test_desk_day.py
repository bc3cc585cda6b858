"""The day, as a reporter goes through it: with the keys, with the mouse, without a script."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

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


def test_another_verdict_in_between_is_told_and_not_lost(screen: Watched, desk: Desk) -> None:
    page = screen.go("/")
    number = int(page.locator("article.story").get_attribute("data-story") or "")
    watch = page.locator("article.story").get_attribute("data-watch") or ""
    with desk.database.write() as connection:
        review.judge(connection, number, "kept", watch=watch, by="bea", now=desk.clock())
    page.keyboard.press("s")
    expect(page.locator("#toast")).to_contain_text("bea was faster")
    assert verdict_of(desk, number) == ("kept", "")
    screen.complaints.clear()  # the browser logs the 409 that was the point


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
