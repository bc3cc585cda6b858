"""What somebody typed is not lost, whatever is answered to the form: it stands again, and is sent when they want it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete

from monitor.desk.door.people import People
from monitor.desk.place import Desk
from monitor.desk.unsent import Unsent, from_json
from storage import review
from storage.account_tables import sessions
from tests.browser import PHONE
from tests.worked_desk import FEED, OLD_MARK, OPML, PASSWORD, WATCH, filled_in, headers_of


def notes(desk: Desk) -> list[str]:
    with desk.database.read() as connection:
        return [note.text for note in review.notes_of(connection, 2)]


def comes_in(page: Page, desk: Desk, address: str) -> None:
    page.goto(desk.home + address)
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def put_out(desk: Desk) -> None:
    """Every session is over."""
    with desk.database.write() as connection:
        connection.execute(delete(sessions))


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without one"])
def test_a_session_that_ends_while_somebody_types_takes_nothing_with_it(
    browser: Browser, worked: Desk, scripts: bool
) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=scripts) as context:  # type: ignore[arg-type]
        page = context.new_page()
        comes_in(page, worked, "/stories/2")
        page.get_by_label("A new note").fill("The agency\n  denies <b>it</b>.")
        if scripts:
            page.route("**/notes", lambda asked: asked.abort())
            page.get_by_role("button", name="Keep the note").click()
            expect(page.get_by_text("The desk cannot be reached; nothing was sent")).to_be_visible()
            page.unroute("**/notes")
        put_out(worked)
        page.get_by_role("button", name="Keep the note").click()
        expect(page.get_by_text("What you typed is kept")).to_be_visible()
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill("not it")
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_label("What you wrote")).to_have_value("The agency\n  denies <b>it</b>.")
        assert notes(worked) == ["Ask the agency."]  # nothing is sent that she has not seen
        page.get_by_role("button", name="Send it").click()
        expect(page.get_by_role("status").first).to_have_text("The note is kept.")
        assert notes(worked)[-1].replace("\r\n", "\n") == "The agency\n  denies <b>it</b>."


# What a form without a script sent, and words of the page that is answered.
REFUSED: Mapping[str, tuple[str, Mapping[str, object], int, tuple[str, ...]]] = {
    "another judged": (
        "/stories/2/verdict", {"kind": "refused", "watch": WATCH, "reason": "opinion", "next": "/day/2026-02-18"}, 409,
        ("bo: ", "not relevant: old news", 'value="opinion"', 'value="1"', 'href="/day/2026-02-18"'),
    ),
    "another gave it to somebody": (
        "/stories/2/assignment", {"assignee": "ana"}, 409, ("it is bo’s", 'value="ana"', 'href="/stories/2"'),
    ),
    "another wrote": (
        "/notes/1", {"text": "Asked.", "next": "/stories/2#notes"}, 409, ("Ask the agency.", ">\nAsked.</textarea>"),
    ),
    "another took reports out": (
        "/stories/2/split", {"entries": 2, "why": "a leak"}, 409, ("bo was faster", 'value="a leak"'),
    ),
    "another wrote the file: a feed": (
        "/feeds/settings/remove", {"name": FEED, "mark": OLD_MARK}, 409,
        ("after you opened this; nothing was written", f"Take “{FEED}” out", 'name="mark" value="{mark}"'),
    ),
    "another wrote the file: a watch": (
        "/settings/watch/remove", {"name": WATCH, "mark": OLD_MARK}, 409,
        ("after you opened this; nothing was written", f"Remove “{WATCH}”", 'name="mark" value="{mark}"'),
    ),
    "another wrote the file: a list": (
        "/feeds/lists", {"document": OPML, "mark": OLD_MARK}, 409,
        ("after you opened this; nothing was written", "Add 1 feed to", 'name="mark" value="{mark}"'),
    ),
    "too long": (
        "/stories/2/verdict", {"kind": "refused", "reason": "x" * 20_001}, 422, ("reason: expected at most", "xxx\">"),
    ),
    "no such story": ("/stories/999/notes", {"text": "Asked."}, 400, ("no story 999", ">\nAsked.</textarea>")),
    "from before they came in": (
        "/stories/2/notes", {"text": "Asked.", "csrf": "old"}, 403, ("from before", ">\nAsked.</textarea>"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_was_typed_stands_again_with_the_reason(
    worked: Desk, case: tuple[str, Mapping[str, object], int, tuple[str, ...]]
) -> None:
    path, typed, status, words = case
    answer = send(worked, path, typed)
    assert answer.status_code == status
    for said in words:
        assert str(filled_in(worked, said)) in unescape(answer.text), said


def test_a_program_is_told_whose_word_came_between_and_says_its_own_after_it(worked: Desk) -> None:
    typed = {"kind": "kept", "watch": WATCH}
    refused = send(worked, "/stories/2/verdict", typed, Accept="application/json")
    assert refused.status_code == 409
    told = refused.json()
    assert (told["by"], told["said"], told["at"][-1]) == ("bo", "not relevant: old news", "Z")
    again = send(worked, "/stories/2/verdict", typed | {"version": told["version"]}, Accept="application/json")
    assert again.json()["said"] == "Kept."


def test_what_another_page_sends_is_not_offered(worked: Desk) -> None:
    path, typed = "/stories/2/notes", {"text": "a trap"}
    answer = send(worked, path, typed, Origin="https://elsewhere.example")
    assert answer.status_code == 403
    assert "a trap" not in answer.text
    answer = send(worked, path, typed, Origin="https://elsewhere.example", Cookie="")
    assert answer.headers["location"] == "/login?next=%2F"


def test_hours_are_those_of_the_reader(worked: Desk) -> None:
    People(database=worked.database, by="ana", now=worked.clock()).set_zone("ana", "Asia/Kathmandu")
    here = f"{worked.clock().astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M}"
    judged = send(worked, "/stories/2/verdict", {"kind": "kept", "watch": WATCH}).text
    assert f">{here}</time>, bo: " in judged
    parted = send(worked, "/stories/2/split", {"entries": 2}).text
    assert f"bo was faster with story 2, at {here} (split)" in parted
    told = httpx.get(f"{worked.home}/stories/2", headers=headers_of(worked, "ana")).text
    assert re.search(r"first seen here \d\d:\d\d UTC\+0545", told)


def test_the_form_of_no_address_of_ours_is_not_offered(worked: Desk) -> None:
    answer = send(worked, "//elsewhere.example/notes", {"text": "a trap"})
    assert answer.status_code == 404
    assert "elsewhere.example" not in answer.text


def test_a_button_and_a_file_are_not_kept_over_a_login(worked: Desk) -> None:
    out = send(worked, "/logout", {}, Cookie="")
    assert out.headers["location"] == "/login?next=%2F"
    files = {"file": ("feeds.opml", OPML)}
    known = headers_of(worked, "ana") | {"Accept": "text/html", "Cookie": ""}
    brought = httpx.post(f"{worked.home}/feeds/lists/read", files=files, headers=known)
    assert brought.headers["location"] == "/login?next=%2F"


def test_no_password_stands_again(worked: Desk) -> None:
    new = "granite otter 1902"
    answer = send(worked, "/account/password", {"old": PASSWORD, "new": new, "again": new, "csrf": "old"})
    assert answer.status_code == 403
    assert "from before you came in" in answer.text
    assert new not in answer.text


def test_who_may_not_send_it_keeps_the_words_and_gets_no_button(worked: Desk) -> None:
    answer = send(worked, "/stories/2/notes", {"text": "Asked."}, by="rea")
    assert answer.status_code == 403
    assert "readonly>\nAsked.</textarea>" in answer.text
    assert '<button class="main">' not in answer.text


@pytest.mark.parametrize("text", ["", "{", '{"path": "//elsewhere.example/x", "fields": []}', '{"path": 1}', "[]"])
def test_what_is_no_form_of_ours_is_none(text: str) -> None:
    assert from_json(text) is None
    kept = Unsent(path="/stories/2/notes", fields=(("text", "„“\r\n<b>\u202e"), ("entries", "1"), ("entries", "2")))
    assert from_json(kept.to_json()) == kept


def send(desk: Desk, path: str, typed: Mapping[str, object], by: str = "ana", **headers: str) -> httpx.Response:
    """What a form without a script sends."""
    known = headers_of(desk, by)
    fields = {"csrf": known.pop("X-CSRF-Token")} | dict(typed)
    return httpx.post(desk.home + path, data=fields, headers=known | {"Accept": "text/html"} | headers)
