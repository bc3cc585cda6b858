"""A reporter's morning at the desk, from seven until she leaves: in Chromium, in one go, as somebody new to it would.

Reading and judging are done with the keyboard alone. Every step finds what the one before it left.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.desk.place import Desk
from monitor.settings.config import read_config
from storage import deliveries, review
from tests.browser import DESKTOP, PHONE, Watched
from tests.worked_desk import PASSWORD, WATCH, WEB, filled_in


@pytest.fixture
def screen(browser: Browser, worked: Desk) -> Iterator[Watched]:
    """A browser that nobody has used. What it complains of fails the test."""
    with browser.new_context(viewport=DESKTOP) as context:  # type: ignore[arg-type]
        watched = Watched(page=context.new_page(), home=worked.home)
        yield watched
        assert watched.complaints == []


def test_a_morning_at_the_desk(screen: Watched, worked: Desk) -> None:
    page = screen.go("/")
    comes_in(page)
    story = reads_and_judges(page, worked)
    puts_a_report_back(page)
    takes_a_wrong_one_out(page)
    searches_and_arms_a_watch(page, worked)
    looks_after_a_feed_that_fails(page, worked)
    sends_a_dead_letter_again(page, worked)
    reads_who_is_named_with_whom(page)
    takes_a_feed_along(page, story)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto(worked.home)
    expect(page.locator("h1")).to_have_text("Log in")


def comes_in(page: Page) -> None:
    """Whoever is not known is asked, and led on to where they wanted to go."""
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h2").first).to_contain_text(WATCH)


def reads_and_judges(page: Page, desk: Desk) -> int:
    """The second story Bo thought old news. Ana reads on, disagrees, notes why, and hands it back to him. No mouse."""
    page.keyboard.press("j")
    page.keyboard.press("j")
    story = page.locator("article.story.current")
    expect(story.locator(".sentence mark").first).to_be_visible()
    expect(story.locator(".meta")).to_contain_text("not relevant: old news")
    number = int(story.get_attribute("data-story") or "")
    page.keyboard.press("x")
    page.keyboard.type("another ICE")
    page.keyboard.press("Enter")
    expect(story.locator(".meta")).to_contain_text("not relevant: another ICE")
    page.keyboard.press("s")
    expect(story.locator(".meta")).to_contain_text("starred")
    page.keyboard.press("n")
    page.keyboard.type("The contract ends in March.")
    for key in ("Tab", "Tab", "Enter"):  # over “Cancel” to “Keep the note”
        page.keyboard.press(key)
    expect(story.locator(".meta")).to_contain_text("2 notes")
    page.keyboard.press("a")
    page.keyboard.type("bo, with Ana")
    page.keyboard.press("Enter")
    expect(story.locator(".meta")).to_contain_text("bo, with Ana’s")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/stories/{number}")
    expect(page.locator("#notes")).to_contain_text("The contract ends in March.")
    with desk.database.read() as connection:
        said = [(one.by, one.kind, one.reason) for one in review.verdict_history(connection, number)]
    assert said == [("bo", "refused", "old news"), ("ana", "refused", "another ICE"), ("ana", "starred", "")]
    return number


def puts_a_report_back(page: Page) -> None:
    """Bo had made a story of its own of one report. It is the nearest, and goes back by keys and a reason."""
    page.keyboard.press("m")
    expect(page.locator("h1")).to_have_text("Merge with which story?")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Make these one story")
    page.keyboard.type("it only retells it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 2.")
    expect(page.locator(".aside")).to_contain_text("merge by ana: it only retells it")


def takes_a_wrong_one_out(page: Page) -> None:
    page.get_by_label("Choose the report of Reuters").check()
    page.get_by_role("button", name="Make them a story of their own…").click()
    page.get_by_label("Why?").fill("an answer, and news")
    page.get_by_role("button", name="They are a story of their own").click()
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 3.")
    expect(page.locator("ol.timeline")).not_to_contain_text("Reuters")


def searches_and_arms_a_watch(page: Page, desk: Desk) -> None:
    """What a search finds becomes a watch, tried on the archive before it can send anything."""
    page.keyboard.press("/")
    page.wait_for_url("**/search")
    page.keyboard.type("title:Azure AND ICE")
    page.keyboard.press("Enter")
    expect(page.locator("article.story h3 mark").first).to_be_visible()
    page.get_by_role("link", name="Make it a watch").click()
    page.get_by_role("button", name="Try it on the archive first").click()
    expect(page.get_by_label("The result")).to_contain_text("It would have sent")
    page.get_by_role("button", name="Back to the form").click()
    page.get_by_label("Name").fill("azure")
    page.get_by_label("desk", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("azure: Written to feeds.yaml")
    assert read_config(desk.settings.path, {}, with_secrets=False).watches["azure"].query == "title:Azure AND ICE"


def looks_after_a_feed_that_fails(page: Page, desk: Desk) -> None:
    """The worst one stands first. Its page says what to do; she does it, and the feed has its address."""
    page.get_by_role("link", name="Feeds", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("login page instead of the feed")
    page.locator("tbody tr").first.get_by_role("link").click()
    expect(page.locator(".said.warn")).to_contain_text("What to do:")
    page.get_by_role("link", name="Look for the feeds of nightdesk.example").click()
    page.get_by_label("Address of a page, or of the feed").fill(str(filled_in(desk, WEB)))
    page.get_by_role("button", name="Look").click()
    page.get_by_label("Name").fill("Harbor Radio")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("status").first).to_contain_text("Harbor Radio: Written to feeds.yaml")


def sends_a_dead_letter_again(page: Page, desk: Desk) -> None:
    page.get_by_role("link", name="Deliveries", exact=True).click()
    page.get_by_label("State").select_option("failed")
    page.wait_for_url("**stage=failed**")
    expect(page.locator("tbody")).to_contain_text("410 gone")
    page.get_by_label("Choose delivery 2").check()
    page.get_by_role("button", name="Send the chosen ones again, or now").click()
    expect(page.get_by_role("status").first).to_contain_text("1 delivery will be sent")
    with desk.database.read() as connection:
        found = deliveries.find(connection, 2)
    assert found
    assert found.row.state == "waiting"


def reads_who_is_named_with_whom(page: Page) -> None:
    """A number of the map leads to the sentences behind it; the table goes to a spreadsheet."""
    page.get_by_role("link", name="Companies", exact=True).click()
    with page.expect_download() as told:
        page.get_by_role("contentinfo").get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(told.value.path().read_text(encoding="utf-8").splitlines()))
    assert {"Microsoft", "ICE"} <= {rows[0]["row"], rows[0]["column"]}
    page.locator("table.heat td a").first.click()
    expect(page.locator("main")).to_contain_text("Microsoft")
    expect(page.locator("main")).to_contain_text("ICE")


def takes_a_feed_along(page: Page, story: int) -> None:
    """A secret address for her feed reader, shown once; it leads back to the story."""
    page.get_by_role("link", name="ana", exact=True).click()
    page.get_by_label("What is the new key for?").fill("reader on my phone")
    page.get_by_label("the watches, to a feed reader, by a secret address").check()
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("h1")).to_have_text("Shown once")
    (address,) = re.findall(r"<code>(http://[^<]+immigration[^<]+\.atom)</code>", html.unescape(page.content()))
    assert f"/stories/{story}" in httpx.get(address).text


def test_the_same_day_on_a_phone(browser: Browser, worked: Desk) -> None:
    """On the way to work: read, opened, starred with a thumb; nothing is wider than the screen or too small to hit."""
    with browser.new_context(viewport=PHONE, has_touch=True) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(worked.home)
        comes_in(page)
        story = page.locator("article.story").first
        expect(story.locator(".sentence")).to_be_visible()
        star = story.get_by_role("button", name="Star")
        star.tap()
        expect(story.locator(".meta")).to_contain_text("starred")
        for button in story.locator("button, a.button").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 40
        story.locator("h3 a").tap()
        page.wait_for_url("**/stories/*")
        expect(page.locator(".head")).to_contain_text("First reported by The Guardian")
        assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
