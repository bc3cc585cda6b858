"""The archive at the desk: what is asked, what is found, and what cannot be read."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from monitor.desk import streams
from monitor.desk.place import Desk
from monitor.desk.streams import MOST, Suffix
from storage import review
from storage.schema import members
from tests.browser import PHONE, Watched

WATCH = "tech and immigration enforcement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    query: str
    shows: str


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


# ---- the whole result ------------------------------------------------------------------------------------------------


def whole(desk: Desk, suffix: str, **asked: str) -> httpx.Response:
    answer = httpx.get(f"{desk.home}/search/whole.{suffix}", params=asked)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["tipsheet-most-rows"]) == MOST
    return answer


def test_a_whole_result_is_all_pages_in_three_formats(desk: Desk) -> None:
    pages, before = [], None
    while True:
        page = httpx.get(f"{desk.home}/search.json", params={"until": "2999-01-01", "before": before or ""}).json()
        pages += page["rows"]
        before = page["resume_before"]
        if before is None:
            break
    assert len(pages) > 50
    given = whole(desk, "json", until="2999-01-01").json()
    assert (given["rows"], given["more"]) == (pages, False)
    lines = whole(desk, "jsonl", until="2999-01-01").text.splitlines()
    assert [json.loads(line) for line in lines] == pages
    table = list(csv.DictReader(io.StringIO(whole(desk, "csv", until="2999-01-01", plain="yes").text, newline="")))
    assert [row["title"] for row in table] == [row["title"] for row in pages]


def test_a_whole_result_is_bounded_and_says_so(desk: Desk) -> None:
    answer = httpx.get(f"{desk.home}/search", params={"q": "ICE"}).text
    assert f"up to {MOST:,} entries" in answer
    assert 'href="/search/whole.jsonl?q=ICE"' in answer
    assert httpx.get(f"{desk.home}/search/whole.csv").status_code == 422  # asks for nothing
    assert httpx.get(f"{desk.home}/search/whole.csv?q=(ICE").status_code == 400


@pytest.mark.parametrize(("rows", "more"), [(2, False), (3, False), (4, True)])
def test_more_than_the_bound_is_not_passed_over_in_silence(rows: int, more: bool) -> None:
    def bytes_of(suffix: Suffix) -> bytes:
        found = (Example(query=str(number), shows="") for number in range(rows))
        return b"".join(streams.pieces_of(found, kind=Example, suffix=suffix, most=3))

    given = json.loads(bytes_of("json"))
    assert (len(given["rows"]), given["most"], given["more"]) == (min(rows, 3), 3, more)
    assert len(bytes_of("jsonl").splitlines()) == min(rows, 3)
    assert len(bytes_of("csv").splitlines()) == min(rows, 3) + 1


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_a_whole_result_takes_no_more_memory_the_longer_it_is(suffix: Suffix) -> None:
    def peak_of(rows: int) -> int:
        found = (Example(query=f"{number:06}", shows="a sentence of some length " * 20) for number in range(rows))
        tracemalloc.start()
        length = sum(map(len, streams.pieces_of(found, kind=Example, suffix=suffix)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert length > rows * 500
        return peak

    peak_of(200)  # what is made once for all
    assert peak_of(8_000) < 1.5 * peak_of(400)
