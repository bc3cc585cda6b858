"""The archive at the desk: what is asked, what is found, and what cannot be read."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from monitor.desk.place import Desk
from storage import review
from storage.schema import members
from tests.browser import PHONE, Watched

WATCH = "tech and immigration enforcement"


def found(desk: Desk, **asked: object) -> list[str]:
    answer = httpx.get(f"{desk.home}/search.json", params={name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["rows"]]


def test_a_reporter_searches_from_any_page_and_opens_what_was_found(screen: Watched) -> None:
    page = screen.go("/")
    page.keyboard.press("/")
    page.wait_for_url("**/search")
    expect(page.locator("dl.facts code")).not_to_have_count(0)  # what may be asked, before anything was
    page.keyboard.type("title:Azure AND ICE")
    page.keyboard.press("Enter")
    first = page.locator("article.story").first
    expect(first.locator("h3 mark").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/stories/*")
    expect(page.locator("ol.timeline")).to_contain_text("Azure")


@pytest.mark.parametrize(
    ("query", "caret"),
    [("ICE AND (cloud", "ICE AND (cloud\n"), ("@nobody", "Unknown set"), ("a AND b OR c", "parenthes")],
)
def test_a_query_that_cannot_be_read_is_told_with_its_place_and_kept(desk: Desk, query: str, caret: str) -> None:
    answer = httpx.get(f"{desk.home}/search", params={"q": query}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.text
    assert caret in answer.text
    for suffix in ("json", "csv"):  # a program must not take it for an archive that holds nothing
        answer = httpx.get(f"{desk.home}/search.{suffix}", params={"q": query})
        assert (answer.status_code, caret in answer.json()["detail"]) == (400, True)


def test_filters_narrow_what_is_found_and_empty_ones_ask_for_nothing(desk: Desk) -> None:
    everything = found(desk, q="ICE", since="", until="", verdict="", before="", outlet="", watch="")
    assert len(everything) > len(found(desk, q="title:ICE")) > 0
    of_watch = found(desk, q="ICE", watch="tech and immigration enforcement")
    assert 0 < len(of_watch) < len(everything)
    assert set(of_watch) < set(everything)
    assert len(found(desk, q="ICE", outlet="theguardian.com")) < len(everything)
    assert found(desk, outlet="nobody.example") == []
    assert found(desk, q="ICE", until="2020-01-01") == []
    assert found(desk, q="ICE", since=f"{desk.clock():%Y-%m-%d}", verdict="starred") == []
    assert httpx.get(f"{desk.home}/search", params={"since": "yesterday"}).status_code == 422


def test_the_rows_are_data_and_each_page_begins_where_the_one_before_it_ended(desk: Desk) -> None:
    whole = httpx.get(f"{desk.home}/search.json", params={"until": "2999-01-01"}).json()
    ids = [row["entry"] for row in whole["rows"]]
    assert len(ids) == 50
    assert ids == sorted(ids, reverse=True)
    rest = httpx.get(
        f"{desk.home}/search.json", params={"until": "2999-01-01", "before": whole["resume_before"]}
    ).json()
    assert max(row["entry"] for row in rest["rows"]) < ids[-1]
    assert rest["resume_before"] is None
    table = list(csv.DictReader(io.StringIO(httpx.get(f"{desk.home}/search.csv", params={"q": "ICE"}).text)))
    assert [row["title"].lstrip("'") for row in table] == found(desk, q="ICE")


def test_the_next_page_keeps_what_was_asked(desk: Desk) -> None:
    page = httpx.get(f"{desk.home}/search", params={"until": "2999-01-01", "outlet": ""}).text
    assert 'rel="next" href="/search?until=2999-01-01&amp;before=' in page


def test_what_was_found_is_judged_where_it_stands_by_keys_alone(screen: Watched, desk: Desk) -> None:
    page = screen.go("/search?q=title:tripled")
    hits = page.locator("article.story[data-story='2']")
    assert hits.count() > 1  # reports of one story
    page.keyboard.press("j")
    number = page.locator("article.story.current").get_attribute("data-story")
    assert number == "2"
    page.keyboard.press("s")
    expect(hits.first.locator(".chip")).to_have_text("★ starred")
    expect(hits.last.locator(".chip")).to_have_text("★ starred")  # the same story
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.type("old news")
    page.keyboard.press("Enter")
    expect(hits.first.locator(".chip")).to_have_text("not relevant: old news")
    with desk.database.read() as connection:
        said = [(one.kind, one.watch) for one in review.verdict_history(connection, 2)]
    assert said == [("starred", WATCH), ("refused", WATCH)]
    page.keyboard.press("Enter")
    page.wait_for_url("**/stories/2**")


def test_what_was_found_is_judged_without_a_script_and_says_what_was_said(browser: Browser, desk: Desk) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{desk.home}/search?q=title:tripled&outlet=theguardian.com")
        page.get_by_role("button", name="Keep").first.click()
        page.wait_for_url("**/search?q=title:tripled&outlet=theguardian.com#entry-*")
        expect(page.get_by_role("status").first).to_have_text("Kept.")
        expect(page.get_by_role("button", name="Keep").first).to_have_attribute("aria-pressed", "true")
    (row,) = httpx.get(f"{desk.home}/search.json?q=title:tripled&outlet=theguardian.com").json()["rows"]
    assert (row["story"], row["watch"], row["verdict"], row["judged_by"]) == (2, WATCH, "kept", "you")


def test_an_entry_that_has_no_story_yet_says_that_it_cannot_be_judged(desk: Desk) -> None:
    with desk.database.write() as connection:
        connection.execute(delete(members).where(members.c.entry_id == 1))
    page = httpx.get(f"{desk.home}/search", params={"until": "2999-01-01", "before": 2}).text
    assert "Not examined yet: it has no story that could be judged." in page
    assert "data-story" not in page
