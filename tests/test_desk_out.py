"""What leaves the desk: feeds at secret addresses, sheets that run nothing, pages for paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import feedparser
import httpx
import pytest
from playwright.sync_api import Browser, expect

from monitor.desk.door.people import People
from monitor.desk.pages import csv_answer
from monitor.desk.place import Desk
from storage import access_keys, review
from storage.database import Database
from tests.browser import PHONE, Watched, open_desk
from tests.conftest import NOON
from tests.newsroom_desk import at_the_end

NAME = "tech and immigration enforcement"
WATCH = quote(NAME)
STORY = "ICE more than tripled the data it keeps on Microsoft's cloud, leaked files show"


@pytest.fixture
def locked(files: Path) -> Iterator[Desk]:
    """The demo's newsroom with an account."""
    with Database(f"sqlite:///{files / 'tipsheet.db'}") as database:
        People(database=database, by="the keeper", now=NOON).add("ana", "juniper ferry 1871", "admin")
        with open_desk(database, files / "feeds.yaml", at_the_end(database)) as opened:
            yield opened


def people(desk: Desk) -> People:
    return People(database=desk.database, by="the keeper", now=desk.clock())


# ---- feeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["rss", "atom"])
@pytest.mark.parametrize("what", [f"watch/{WATCH}.", "search."])
def test_a_watch_and_a_search_are_feeds_that_a_reader_reads(desk: Desk, what: str, suffix: str) -> None:
    asked = {} if what.startswith("watch") else {"q": "title:tripled AND microsoft"}
    answer = httpx.get(f"{desk.home}/out/me/{what}{suffix}", params=asked)
    assert answer.headers["content-type"].startswith(f"application/{suffix}+xml")
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == {"rss": "rss20", "atom": "atom10"}[suffix]
    (entry,) = [one for one in read.entries if one.title.startswith(STORY)]
    assert entry.title == f"{STORY} — The Guardian"
    assert "/the-guardian/ice-more-than-tripled" in entry.link
    assert "&lt;mark&gt;" in answer.text
    assert "At the desk" in entry.description
    assert entry.published_parsed


def test_json_feed_has_what_its_version_asks_for(desk: Desk) -> None:
    feed = httpx.get(f"{desk.home}/out/me/watch/{WATCH}.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert item["id"] == f"{desk.home}/stories/2"
    assert item["title"] == f"{STORY} — The Guardian"
    assert "First reported by The Guardian." in item["content_text"]
    assert "Told by 8 outlets: " in item["content_text"]
    assert item["content_html"]


def test_a_key_opens_its_owners_feeds_until_it_is_revoked(locked: Desk) -> None:
    key = people(locked).add_key("ana", "phone", "feed")
    address = f"{locked.home}/out/{key}/watch/{WATCH}.rss"
    answer = httpx.get(address)
    assert answer.status_code == 200
    assert key not in answer.text  # feeds are passed on
    with locked.database.read() as connection:
        assert access_keys.listing(connection)[0].used_on == locked.clock().date()
    assert httpx.get(f"{locked.home}/day.json", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    people(locked).revoke_key("ana", "phone", "feed")
    refused = httpx.get(address)
    assert refused.status_code == 404
    assert refused.json() == {"detail": "there is no such address, or it was revoked"}


def test_no_other_key_and_nobody_who_is_out_gets_a_feed(locked: Desk) -> None:
    person = people(locked)
    person.add("bea", "juniper ferry 1872", "reader")
    key, token = person.add_key("bea", "phone", "feed"), person.add_key("ana", "script", "api")
    person.disable("bea")
    for wrong in (key, token, "me", "1", "%00", "é"):
        answer = httpx.get(f"{locked.home}/out/{wrong}/search.atom?q=microsoft")
        assert answer.status_code == 404, wrong


def test_a_reader_that_has_the_feed_is_spared_it(desk: Desk) -> None:
    address = f"{desk.home}/out/me/watch/{WATCH}.atom?verdict=kept"
    first = httpx.get(address)
    had = {"If-None-Match": first.headers["etag"]}
    same_time = {"If-Modified-Since": first.headers["last-modified"]}
    for given in (had, same_time, {"If-None-Match": f'"other", W/{first.headers["etag"]}'}):
        answer = httpx.get(address, headers=given)
        assert (answer.status_code, answer.content) == (304, b""), given
    with desk.database.write() as connection:
        review.judge(connection, 2, "kept", watch=NAME, by="ana", now=desk.clock())
    for given in (had, same_time, had | same_time, {"If-Modified-Since": "yesterday"}):
        answer = httpx.get(address, headers=given)
        assert answer.status_code == 200, given
        assert STORY in feedparser.parse(answer.content).entries[0].title


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("watch/nobody%20asked.rss", 404, "no watch is called nobody asked"),
        (f"watch/{WATCH}.xml", 422, "suffix"),
        ("search.rss", 422, "expected a query as `q`"),
        ("search.rss?q=(ferry", 400, "^"),
    ],
)
def test_what_is_no_feed_says_why(desk: Desk, address: str, status: int, said: str) -> None:
    answer = httpx.get(f"{desk.home}/out/me/{address}")
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_the_page_of_feeds_names_addresses_that_work(screen: Watched, desk: Desk) -> None:
    page = screen.go("/out")
    addresses = [one for one in page.locator("code").all_text_contents() if one.startswith("http")]
    assert len(addresses) == 4
    assert [httpx.get(address).status_code for address in addresses] == [200] * 4


def test_an_address_is_made_for_one_feed_shown_once_and_withdrawn(browser: Browser, locked: Desk) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{locked.home}/login")
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill("juniper ferry 1871")
        page.get_by_role("button").first.click()
        page.goto(f"{locked.home}/search?q=title:tripled+AND+microsoft")
        page.get_by_role("link", name="As a feed").click()
        page.get_by_label("The stories of").select_option("the search below")
        page.get_by_label("Your password").fill("not this one")
        page.get_by_role("button", name="Make its address").click()
        expect(page.locator("#fault-key_password")).to_be_visible()
        expect(page.get_by_label("Or what a search finds")).to_have_value("title:tripled AND microsoft")
        page.get_by_label("Your password").fill("juniper ferry 1871")
        page.get_by_role("button", name="Make its address").click()
        addresses = [one for one in page.locator("code").all_text_contents() if one.startswith("http")]
        assert [httpx.get(one).status_code for one in addresses] == [200, 200, 200]
        assert any(STORY in one.title for one in feedparser.parse(httpx.get(addresses[0]).content).entries)
        page.get_by_role("link", name="I have kept it").click()
        expect(page.locator("tbody")).to_contain_text("search: title:tripled AND microsoft")
        page.get_by_label("The stories of").select_option("the search below")
        page.get_by_label("Or what a search finds").fill("title:tripled AND microsoft")
        page.get_by_label("Your password").fill("juniper ferry 1871")
        page.get_by_role("button", name="Make its address").click()
        expect(page.locator("#fault-q")).to_contain_text("you have its address already")
        assert addresses[0].split("/")[4] not in page.content()
        page.get_by_role("button", name="Withdraw").click()
        expect(page.get_by_role("status").first).to_contain_text("opens nothing any more")
    assert httpx.get(addresses[0]).status_code == 404


# ---- sheets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    said: str
    count: int


RUN = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1+1", "＋1", "－1", "＠x"]
HIDDEN = ["\ufeff=1+1", '"=1+1', "'=1+1", "  =1+1", '\ufeff"=1', "\ufeff＝1"]
HARMLESS = ["1=1", "a-b", "", "−1", "(=1)", "ﬁ=", "mail@desk.example"]


def sheet(said: str, *, guard: bool = True) -> str:
    """A cell as a spreadsheet reads it."""
    body = bytes(csv_answer([Line(said=said, count=-3)], kind=Line, name="x", guard=guard).body).decode()
    ((said, count),) = list(csv.reader(io.StringIO(body, newline="")))[1:]
    assert count == "-3"  # a number is a number
    return said


@pytest.mark.parametrize("said", [*RUN, *HIDDEN])
def test_no_cell_runs_in_a_spreadsheet(said: str) -> None:
    assert sheet(said) == f"'{said}"
    assert sheet(said, guard=False) == said


@pytest.mark.parametrize("said", HARMLESS)
def test_what_runs_nowhere_stays_as_it_is(said: str) -> None:
    assert sheet(said) == said


def test_a_sheet_without_rows_has_its_names() -> None:
    answer = csv_answer([], kind=Line, name="x")
    assert answer.body == b"said,count\r\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="tipsheet-x.csv"'


def test_the_flag_for_programs_turns_the_guard_off(desk: Desk) -> None:
    with desk.database.write() as connection:
        review.judge(connection, 2, "refused", watch=NAME, reason="=1+1", by="ana", now=desk.clock())
    cells = {
        plain: next(csv.DictReader(io.StringIO(httpx.get(f"{desk.home}/day.csv?plain={plain}").text)))["reason"]
        for plain in ("yes", "no")
    }
    assert cells == {"yes": "=1+1", "no": "'=1+1"}


# ---- paper -----------------------------------------------------------------------------------------------------------


def test_on_paper_a_day_is_its_stories_with_their_addresses(screen: Watched, desk: Desk) -> None:
    page = screen.go("/")
    page.emulate_media(media="print")
    shown = page.evaluate(
        "() => [...document.querySelectorAll('.masthead, .actions, footer')].map(one => getComputedStyle(one).display)"
    )
    assert set(shown) == {"none"}
    after = page.locator("article.story h3 a").evaluate("link => getComputedStyle(link, '::after').content")
    assert f"{desk.home}/stories/2>" in after  # on paper, nobody knows where the desk is
