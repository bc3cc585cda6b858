"""The archive at the desk: what is asked, what is found, and what cannot be read."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from playwright.sync_api import expect

from monitor.desk.place import Desk
from tests.browser import Watched


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
