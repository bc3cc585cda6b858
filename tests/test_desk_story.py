"""One story at the desk: read whole, judged, noted, cut in two and put together again."""

from __future__ import annotations

import httpx
from playwright.sync_api import expect

from monitor.desk.place import Desk
from storage import review, stories
from tests.browser import Watched


def told(desk: Desk) -> int:
    """The demo's story."""
    (row,) = httpx.get(f"{desk.home}/day.json").json()["rows"]
    return int(row["story"])


def test_a_story_tells_who_broke_it_who_copies_it_and_whom_it_names(screen: Watched, desk: Desk) -> None:
    page = screen.go(f"/stories/{told(desk)}")
    expect(page.locator("h1")).to_contain_text("ICE")
    expect(page.locator(".head")).to_contain_text("First reported by The Guardian; 5 outlets credit it")
    expect(page.locator("li.origin")).to_contain_text("The Guardian · broke it")
    expect(page.locator("#timeline")).to_contain_text("copies folded")
    expect(page.get_by_text("Companies and agencies")).to_be_visible()
    expect(page.locator(".aside")).to_contain_text("Microsoft companies, in 8 reports")
    expect(page.locator(".aside")).to_contain_text("alert to desk by mail: sent")


def test_chosen_reports_become_a_story_of_their_own_and_come_back(screen: Watched, desk: Desk) -> None:
    number = told(desk)
    page = screen.go(f"/stories/{number}")
    page.get_by_label("Choose the report of Reuters").check()
    page.get_by_role("button", name="Make them a story of their own…").click()
    page.locator("#field-why").fill("the answer is news of its own")
    page.get_by_role("button", name="They are a story of their own").click()
    expect(page.get_by_role("status").first).to_contain_text("Done: correction 1.")
    page.goto(f"{desk.home}/stories/{number}")
    expect(page.locator(".aside")).to_contain_text("split by you: the answer is news of its own")
    expect(page.locator("ol.timeline")).not_to_contain_text("Reuters")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("ol.timeline")).to_contain_text("Reuters")
    with desk.database.read() as connection:
        assert len(stories.members_of(connection, number)) == 8


def test_a_note_is_written_changed_and_taken_back(screen: Watched, desk: Desk) -> None:
    number = told(desk)
    page = screen.go(f"/stories/{number}")
    page.get_by_label("A new note").fill("Ask <b>the agency</b>\nfor the contract.")
    page.get_by_role("button", name="Keep the note").last.click()
    expect(page.locator("#notes")).to_contain_text("Ask <b>the agency</b>")
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Wording").fill("Asked.")
    page.get_by_role("button", name="Keep this wording").click()
    expect(page.locator("#notes")).to_contain_text("Asked.")
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Wording").fill("")
    page.get_by_role("button", name="Keep this wording").click()
    expect(page.locator("#notes")).to_contain_text("None yet.")


def test_what_was_said_before_stays_readable(screen: Watched, desk: Desk) -> None:
    """Who wrote what, who took it back, who gave the story to whom."""
    number = told(desk)
    with desk.database.write() as connection:
        kept = review.add_note(connection, number, "Ask the agency.", by="ada", now=desk.clock())
        review.edit_note(connection, kept.id, "Asked.", by="bea", now=desk.clock(), version=kept.version)
        gone = review.add_note(connection, number, "A rumour.", by="cay", now=desk.clock())
        review.edit_note(connection, gone.id, "", by="ada", now=desk.clock(), version=gone.version)
        first = review.assign(connection, number, "ada", by="bea", now=desk.clock())
        review.assign(connection, number, "", by="ada", now=desk.clock(), version=first.version)
    page = screen.go(f"/stories/{number}")
    expect(page.get_by_text("Ask the agency.")).to_be_hidden()
    page.get_by_text("1 earlier wording").click()
    expect(page.get_by_text("Ask the agency.")).to_be_visible()
    page.get_by_text("1 note was taken back").click()
    expect(page.get_by_text("A rumour.")).to_be_visible()
    page.get_by_text("2 handings over").click()
    expect(page.locator("#assign-here")).to_contain_text("bea gave it to ada")
    expect(page.locator("#assign-here")).to_contain_text("ada made it nobody’s")
    told_as_data = httpx.get(f"{desk.home}/stories/{number}.json").json()
    assert [[one["text"] for one in wordings] for wordings in told_as_data["note_histories"]] == [
        ["Ask the agency.", "Asked."],
        ["A rumour.", ""],
    ]
    assert [one["text"] for one in told_as_data["notes"]] == ["Asked."]
    assert [one["assignee"] for one in told_as_data["assignments"]] == ["ada", ""]


def test_two_people_who_change_one_note_are_told(screen: Watched, desk: Desk) -> None:
    number = told(desk)
    with desk.database.write() as connection:
        note = review.add_note(connection, number, "one", by="ada", now=desk.clock())
    page = screen.go(f"/stories/{number}")
    with desk.database.write() as connection:
        review.edit_note(connection, note.id, "two", by="bea", now=desk.clock(), version=note.version)
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Wording").fill("three")
    page.get_by_role("button", name="Keep this wording").click()
    asked = page.get_by_role("dialog", name="bea was faster")
    expect(asked.get_by_role("alert")).to_contain_text("bea: two")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Wording")).to_have_value("three")  # what was typed stays
    page.get_by_role("button", name="Keep this wording").click()
    asked.get_by_label("What you wrote").fill("two and three")
    asked.get_by_role("button", name="Say mine all the same").click()
    expect(page.locator("#notes .said-by").first).to_have_text("two and three")
    screen.complaints.clear()  # the browser logs the 409 that was the point


def test_without_a_script_the_words_of_a_note_that_came_too_late_are_given_back(desk: Desk) -> None:
    number = told(desk)
    with desk.database.write() as connection:
        note = review.add_note(connection, number, "one", by="ada", now=desk.clock())
        review.edit_note(connection, note.id, "two", by="bea", now=desk.clock(), version=note.version)
    page = httpx.get(desk.home, headers={"Accept": "text/html"}).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": csrf, "text": "three\n<b>words</b>", "version": note.version, "next": f"/stories/{number}#notes"}
    answer = httpx.post(
        f"{desk.home}/notes/{note.id}", data=fields, headers={"Accept": "text/html", "Origin": desk.home}
    )
    assert answer.status_code == 409
    assert "bea was faster" in answer.text
    assert "three\n&lt;b&gt;words&lt;/b&gt;</textarea>" in answer.text
    assert f'href="/stories/{number}#notes"' in answer.text


def test_a_story_that_is_not_there_says_so(desk: Desk) -> None:
    answer = httpx.get(f"{desk.home}/stories/999", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "there is no story 999" in answer.text
    assert httpx.get(f"{desk.home}/stories/999.json").json() == {"detail": "there is no story 999"}
