"""The feeds at the desk: how each is, asking one, finding, adding, changing, lists in and out."""

from __future__ import annotations

import csv
import http.client
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from monitor.desk.app import LARGEST
from monitor.desk.door.entrance import csrf_token
from monitor.desk.place import Desk
from monitor.desk.rooms.feed_lists import LARGEST as LARGEST_LIST
from monitor.feeds import opml
from monitor.model import Feed
from monitor.run import open_client
from monitor.settings.config import read_config
from storage import audit, feeds
from storage.database import Database
from storage.schema import feeds as feeds_table
from tests.browser import Watched, open_desk
from tests.conftest import NOON, Clock
from tests.rows import keep, keyed
from tests.scripted_server import Answer, ScriptedServer

CONFIG = """\
# Kept by the night desk.
contact: https://desk.example/
fetch: {{gap: 0s, timeout: 10s}}
network: {{allow: [127.0.0.0/8], ports: [80, 443, {port}]}}
channels: [{{name: mail, kind: email, host: 127.0.0.1, port: 25, security: none, from: a@desk.example}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example}}]
watches:
  - {{name: ferries, query: ferry}}
feeds:
  - name: Ferry Times  # since 1890
    url: https://ferry.example/feed
    outlet: ferry.example
    tags: [sea, daily]
  - name: Courier
    url: https://courier.example/feed
    outlet: courier.example
  - name: Fog Signal
    url: https://fog.example/feed
    outlet: fog.example
"""
OPML = b"""<opml version="2.0"><body><outline text="Sea">
<outline type="rss" text="Tide" xmlUrl="https://tide.example/feed"/>
<outline type="rss" text="Ferry" xmlUrl="http://ferry.example/feed/"/>
</outline><outline type="rss" text="Gopher" xmlUrl="gopher://old.example/"/></body></opml>"""
ITEMS = "".join(f"<item><title>Ferry {number} late</title><guid>{number}</guid></item>" for number in range(5))
RSS = f"<rss version='2.0'><channel><title>Harbor Ledger</title><language>en</language>{ITEMS}</channel></rss>"
PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'


@pytest.fixture
def web() -> Iterator[ScriptedServer]:
    with ScriptedServer() as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path, web: ScriptedServer) -> Path:
    written = tmp_path / "feeds.yaml"
    written.write_text(CONFIG.format(port=web.port), encoding="utf-8")
    return written


@pytest.fixture
def room(database: Database, clock: Clock, path: Path) -> Iterator[Desk]:
    """A desk that may ask this machine. Ferry Times is well, Courier fails, Fog Signal was not taken up yet."""
    with database.write() as connection:
        feeds.remember(connection, feeds_of(path)[:2])
    put(database, 1, polls=9, polled_at=NOON - timedelta(hours=1), succeeded_at=NOON - timedelta(hours=1))
    put(
        database, 2, polls=3, polled_at=NOON - timedelta(minutes=1), failures=3, failing_since=NOON - timedelta(days=2),
        problem_kind="http", problem="the server answered 404 (Not Found)", status=404,
    )  # fmt: skip
    keep(database, keyed("a", title="Ferry waits"), keyed("b", title="Ferry sails"), now=NOON)
    with open_desk(database, path, clock, open_client=open_client) as opened:
        yield opened


def put(database: Database, feed: int, **values: Any) -> None:
    with database.write() as connection:
        connection.execute(update(feeds_table).where(feeds_table.c.id == feed).values(values))


def feeds_of(path: Path) -> list[Feed]:
    return list(read_config(path, {}, with_secrets=False).feeds.values())


def ask(desk: Desk, path: str) -> Any:
    answer = httpx.get(desk.home + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(desk: Desk, path: str, *, page: bool = False, upload: bytes | None = None, **form: object) -> httpx.Response:
    """What a script of the page sends; with `page`, what a form without one does."""
    headers = {"X-CSRF-Token": csrf_token(desk.secret), "Origin": desk.home}
    headers |= {"Accept": "text/html"} if page else {}
    files = None if upload is None else {"file": ("feeds.opml", upload)}
    return httpx.post(desk.home + path, data=form, files=files, headers=headers, timeout=30)


# ---- how they are ----------------------------------------------------------------------------------------------------


def test_the_feeds_are_told_the_worst_first_and_counted(room: Desk) -> None:
    told = ask(room, "/feeds.json")
    assert [(one["name"], one["state"]) for one in told["rows"]] == [
        ("Courier", "failing"), ("Ferry Times", "ok"), ("Fog Signal", "waiting"),
    ]  # fmt: skip
    assert told["rows"][0]["advice"] == "find its new address with `tipsheet feeds add https://courier.example/`"
    assert told["rows"][2]["why"].startswith("in feeds.yaml; a Tipsheet at work takes it up")
    page = httpx.get(f"{room.home}/feeds").text
    assert "2 of 3 feeds healthy, 1 failing since" in page
    assert "the server answered 404 (Not Found) (3 polls in a row)" in page
    rows = list(csv.DictReader(io.StringIO(httpx.get(f"{room.home}/feeds.csv").text)))
    assert [(row["name"], row["failures"], row["tags"]) for row in rows[:2]] == [
        ("Courier", "3", ""), ("Ferry Times", "0", "sea; daily"),
    ]  # fmt: skip


FILTERS = {
    "?state=unwell": ["Courier"],
    "?state=failing": ["Courier"],
    "?state=silent": [],
    "?tag=sea": ["Ferry Times"],
    "?q=FERRY": ["Ferry Times"],
    "?q=fog.example&state=": ["Fog Signal"],
}


def test_the_feeds_are_filtered_and_searched(room: Desk) -> None:
    found = {query: [one["name"] for one in ask(room, f"/feeds.json{query}")["rows"]] for query in FILTERS}
    assert found == FILTERS
    assert httpx.get(f"{room.home}/feeds.json?state=odd").status_code == 422


def test_a_gap_is_told_with_what_it_may_have_cost(room: Desk) -> None:
    put(room.database, 1, gap_at=NOON - timedelta(hours=2))
    (row,) = ask(room, "/feeds.json?state=gaps")["rows"]
    assert row["why"] == "two polls share no item: stories between them may be missed"
    assert "1 with gaps: stories may have been missed" in httpx.get(f"{room.home}/feeds").text


def test_a_file_that_cannot_be_read_does_not_hide_how_the_feeds_are(room: Desk, path: Path) -> None:
    path.write_text("feeds: [", encoding="utf-8")
    told = ask(room, "/feeds.json")
    assert [one["name"] for one in told["rows"]] == ["Courier", "Ferry Times"]
    assert "is not valid YAML" in told["fault"]


def test_one_feed_shows_its_habit_and_its_latest_entries(desk: Desk, room: Desk) -> None:
    told = ask(desk, "/feeds/1.json")
    assert len(told["rates"]) == 24
    assert told["rows"][0]["story"] is not None
    picture = httpx.get(f"{desk.home}/feeds/1/habit.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.text.count("<rect") >= 24
    assert [one["title"] for one in ask(room, "/feeds/1.json")["rows"]] == ["Ferry sails", "Ferry waits"]
    assert httpx.get(f"{room.home}/feeds/1/habit.svg").status_code == 404, "nothing is known of its habit"
    assert httpx.get(f"{room.home}/feeds/9").status_code == 404


def test_a_feed_is_asked_now_unless_it_was_a_moment_ago(room: Desk) -> None:
    assert do(room, "/feeds/1/refresh").json()["said"].startswith("Ferry Times will be asked now")
    assert ask(room, "/feeds/1.json")["feed"]["next_poll_reason"] == "somebody asked for it"
    early = do(room, "/feeds/2/refresh")
    assert (early.status_code, early.json()["detail"]) == (
        409, "Courier is left alone: it was asked 1 min ago; nobody is asked twice within 5 min",
    )  # fmt: skip


# ---- finding and adding ----------------------------------------------------------------------------------------------


def test_a_feed_is_found_looked_at_and_added_in_the_browser(
    screen: Watched, room: Desk, web: ScriptedServer, path: Path
) -> None:
    before = path.read_text(encoding="utf-8")
    web.script("/", Answer(body=PAGE.encode(), headers={"Content-Type": "text/html"}))
    web.script("/feed", Answer(body=RSS.encode(), headers={"Content-Type": "application/rss+xml"}))
    page = screen.page
    page.goto(f"{room.home}/feeds/find")
    page.get_by_label("Address of a page, or of the feed").fill(web.url("/"))
    page.get_by_role("button", name="Look").click()
    expect(page.locator("article")).to_contain_text("Ferry 0 late")
    page.get_by_label("Tags").fill("harbor, daily")
    page.get_by_label("Name").fill("The Ledger")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("status").first).to_contain_text("The Ledger: Written to feeds.yaml")
    expect(page.locator("table")).to_contain_text("The Ledger")
    added = feeds_of(path)[-1]
    assert (added.name, added.url, added.tags) == ("The Ledger", web.url("/feed"), ("harbor", "daily"))
    assert path.read_text(encoding="utf-8").startswith(before), "comments and order are kept"
    with room.database.read() as connection:
        line = audit.listing(connection)[0]
    assert (line.action, line.subject, line.detail) == ("feeds changed", "The Ledger", web.url("/feed"))
    again = do(room, "/feeds/find", address=web.url("/")).json()
    assert [one["in_file"] for one in again["rows"]] == ["The Ledger"]


def test_what_cannot_be_asked_is_said_beside_the_field(room: Desk, web: ScriptedServer) -> None:
    answer = do(room, "/feeds/find", page=True, address="http://10.0.0.1/")
    assert answer.status_code == 422
    assert 'id="fault-address"' in answer.text
    assert 'value="http://10.0.0.1/"' in answer.text, "what was typed stays"
    web.script("/", Answer(body=b"<html>no feed</html>", headers={"Content-Type": "text/html"}))
    assert "offers no feed" in do(room, "/feeds/find", page=True, address=web.url("/")).text
    assert web.asked("/"), "nobody but this machine was asked"


def test_nobody_looks_for_feeds_more_than_ten_times_a_minute(room: Desk) -> None:
    answers = [do(room, "/feeds/find", address="ftp://x.example/").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


# ---- changing --------------------------------------------------------------------------------------------------------


def form_of(desk: Desk, name: str) -> dict[str, Any]:
    told = ask(desk, f"/feeds/settings.json?name={name}")
    typed: dict[str, Any] = told["typed"] | {"mark": told["mark"]}
    return {key: value for key, value in typed.items() if value is not False}


def test_a_feed_is_renamed_tagged_and_put_to_rest(room: Desk, path: Path) -> None:
    form = form_of(room, "Ferry Times") | {"name": "The Ferry", "tags": "sea", "max_delay": "30m"}
    del form["enabled"]  # a box that is not ticked
    assert "The Ferry: Written to feeds.yaml" in do(room, "/feeds/settings", **form).json()["said"]
    changed = feeds_of(path)[0]
    assert (changed.name, changed.tags, changed.enabled) == ("The Ferry", ("sea",), False)
    assert changed.max_delay == timedelta(minutes=30)
    text = path.read_text(encoding="utf-8")
    assert "# since 1890" in text
    assert "# Kept by the night desk." in text


def test_a_faulty_change_is_told_beside_its_field_and_the_file_is_untouched(room: Desk, path: Path) -> None:
    before = path.read_bytes()
    form = form_of(room, "Courier") | {"every": "often", "name": "Ferry Times"}
    answer = do(room, "/feeds/settings", page=True, **form)
    assert answer.status_code == 422
    assert 'id="fault-every"' in answer.text
    assert "expected a duration such as 30s, 15m, 1h, 2d or 1w" in answer.text
    assert 'value="often"' in answer.text
    twin = do(room, "/feeds/settings", page=True, mark=form["mark"], name="Again", url="http://ferry.example/feed/")
    assert "this feed is in the file already, as “Ferry Times”" in twin.text
    assert do(room, "/feeds/settings", **form).status_code == 400, "a program is told the same"
    assert path.read_bytes() == before


def test_two_who_change_the_file_are_told_and_nothing_is_lost(room: Desk, path: Path) -> None:
    mine = form_of(room, "Courier") | {"name": "My Courier"}
    theirs = form_of(room, "Courier") | {"name": "Their Courier"}
    assert do(room, "/feeds/settings", **theirs).status_code == 200
    answer = do(room, "/feeds/settings", page=True, **mine)
    assert answer.status_code == 409
    assert "after you opened this; nothing was written" in answer.text
    assert 'value="My Courier"' in answer.text
    assert [feed.name for feed in feeds_of(path)] == ["Ferry Times", "Their Courier", "Fog Signal"]


def test_a_feed_is_taken_out_and_what_it_brought_stays(room: Desk, path: Path) -> None:
    mark = form_of(room, "Ferry Times")["mark"]
    assert do(room, "/feeds/settings/remove", name="Ferry Times", mark=mark).status_code == 200
    assert [feed.name for feed in feeds_of(path)] == ["Courier", "Fog Signal"]
    assert len(ask(room, "/feeds/1.json")["rows"]) == 2
    assert do(room, "/feeds/settings/remove", name="Ferry Times", mark=mark).status_code == 404


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_a_list_is_shown_before_anything_is_written(room: Desk, path: Path) -> None:
    before = path.read_bytes()
    brought = do(room, "/feeds/lists/read", upload=OPML).json()
    assert [(one["name"], one["tags"]) for one in brought["rows"]] == [("Tide", ["Sea"])]
    assert brought["skipped"] == [
        "line 4: Gopher: 'gopher://old.example/' is no http or https address",
        "http://ferry.example/feed/: is in the file already",
    ]
    assert path.read_bytes() == before
    added = do(room, "/feeds/lists", document=brought["document"], mark=brought["mark"])
    assert added.json()["said"].startswith("1 feed added.")
    assert [feed.name for feed in feeds_of(path)][-1] == "Tide"
    assert do(room, "/feeds/lists", document=brought["document"], mark=brought["mark"]).status_code == 409


def test_a_list_is_brought_in_the_browser(screen: Watched, room: Desk, path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.opml").write_bytes(OPML)
    page = screen.page
    page.goto(f"{room.home}/feeds/lists")
    page.get_by_label("The file").set_input_files(tmp_path / "mine.opml")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#brought")).to_have_text("1 feed would be added, 2 not")
    page.get_by_role("button", name="Add 1 feed to feeds.yaml").click()
    expect(page.get_by_role("status").first).to_contain_text("1 feed added.")
    assert feeds_of(path)[-1].url == "https://tide.example/feed"


@pytest.mark.parametrize(
    ("source", "fault"),
    [(b"hello", "the document holds no outline"), (b" " * (LARGEST_LIST + 1), "the list is larger than 5 MB")],
    ids=["no list", "too large"],
)
def test_a_list_that_cannot_be_read_says_why(room: Desk, source: bytes, fault: str) -> None:
    answer = do(room, "/feeds/lists/read", page=True, upload=source)
    assert answer.status_code == 422
    assert fault in answer.text


def test_all_feeds_go_out_as_they_would_come_in(room: Desk, path: Path) -> None:
    answer = httpx.get(f"{room.home}/feeds.opml")
    assert answer.headers["content-disposition"] == 'attachment; filename="tipsheet-feeds.opml"'
    assert list(opml.read(answer.content).feeds) == feeds_of(path)


def test_what_is_far_too_large_is_not_read_whoever_sends_it(room: Desk) -> None:
    place = urlsplit(room.home)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    line.putrequest("POST", "/login")
    line.putheader("Content-Length", str(LARGEST + 1))
    line.endheaders()
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (413, b'{"detail":"expected at most 32 MB"}')
    line.close()
