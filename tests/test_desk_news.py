"""The day tells what changed on a story since its reader looked; what was only copied is folded, and nothing hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from monitor.desk.place import Desk
from storage import review
from storage.database import Database
from tests.browser import Watched, open_desk
from tests.conftest import Clock
from tests.rows import claim, decision, edit, examined, keep, keyed, match, record, remember
from tests.test_desk_doors import MINIMAL


@pytest.fixture
def desk(database: Database, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """Three stories began yesterday. Today one has another outlet and another headline, one a copy, and one is matched
    for another watch, too."""
    today = clock()
    remember(database)
    yesterday = today - timedelta(days=1)
    keep(database, *(keyed(key, f"Ferry {key} waits") for key in "abc"), now=yesterday)
    claim(database, now=yesterday)
    record(database, *(examined(n, decision(), matches=[match()]) for n in (1, 2, 3)), now=yesterday)
    keep(database, *(keyed(key, f"The {key} ferry is late") for key in "ABC"), now=today, feed_id=2)
    edit(database, keyed("a", "Ferry a waits for good"), now=today)
    claim(database, now=today)
    came = [
        examined(4, decision(), matches=[match()], story=1, relation="same-event"),
        examined(5, decision(), matches=[match()], story=2, relation="copy"),
        examined(6, decision(), matches=[match(), match("boats")], story=3, relation="same-event"),
    ]
    record(database, *came, now=today)
    (tmp_path / "feeds.yaml").write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, tmp_path / "feeds.yaml", clock) as opened:
        yield opened


def look(desk: Desk, *, hours_ago: float) -> None:
    """The reader looks at all stories."""
    with desk.database.write() as connection:
        for story in (1, 2, 3):
            review.see(connection, story, person="you", now=desk.clock() - timedelta(hours=hours_ago))


def cards(desk: Desk) -> dict[tuple[int, str], dict[str, Any]]:
    rows = httpx.get(f"{desk.home}/day.json").json()["rows"]
    return {(row["story"], row["watch"]): row for row in rows}


def test_since_the_reader_looked(desk: Desk) -> None:
    look(desk, hours_ago=20)
    found = cards(desk)
    assert found[1, "ferries"]["news"] == ["headline changed", "+1 outlet: courier.example"]
    assert found[2, "ferries"]["news"] == ["+1 copy"]
    assert [key for key, row in found.items() if row["unchanged"]] == [(2, "ferries")]
    table = httpx.get(f"{desk.home}/day.csv").text
    assert "headline changed; +1 outlet: courier.example" in table


def test_who_never_looked_is_told_what_the_day_brought(desk: Desk) -> None:
    found = cards(desk)
    assert found[1, "ferries"]["news"] == ["headline changed", "+1 outlet: courier.example"]
    assert not any(row["unchanged"] for row in found.values())  # what nobody saw is not folded


def test_what_was_seen_today_is_told_no_more_and_stays_where_it_is(desk: Desk) -> None:
    look(desk, hours_ago=0)
    found = cards(desk)
    assert all(row["news"] == [] and not row["unchanged"] for row in found.values())


def test_a_verdict_is_a_look(desk: Desk) -> None:
    with desk.database.write() as connection:
        review.judge(connection, 1, "kept", watch="ferries", by="you", now=desk.clock())
        review.judge(connection, 2, "kept", watch="ferries", by="bea", now=desk.clock())
    found = cards(desk)
    assert found[1, "ferries"]["news"] == []
    assert found[2, "ferries"]["news"] == ["+1 copy"]


def test_folded_stories_open_and_the_keys_pass_by_while_they_are_folded(screen: Watched, desk: Desk) -> None:
    look(desk, hours_ago=20)
    page = screen.page
    page.goto(desk.home)
    expect(page.locator(".news").first).to_be_visible()
    for _ in range(5):
        page.keyboard.press("j")
    expect(page.locator(".story.current")).to_have_attribute("data-story", "3")
    page.get_by_text("1 story as you saw it: only copied since").click()
    page.keyboard.press("j")
    expect(page.locator(".story.current")).to_have_attribute("data-story", "2")


def test_what_came_stays_on_a_story_that_is_judged_until_the_page_is_left(screen: Watched, desk: Desk) -> None:
    look(desk, hours_ago=20)
    page = screen.page
    page.goto(desk.home)
    story = page.locator("article.story[data-story='1']")
    said = story.locator(".news").inner_text()
    story.get_by_role("button", name="Star").click()
    expect(story.locator(".chip.good")).to_contain_text("starred")
    expect(story.locator(".news")).to_have_text(said)
    page.reload()
    expect(story.locator(".news")).to_have_count(0)  # a verdict is a look


def test_no_two_things_of_a_page_have_one_name(screen: Watched, desk: Desk) -> None:
    screen.page.goto(desk.home)
    assert screen.page.locator("article.story[data-story='3']").count() == 2  # once for each watch
    ids = screen.page.evaluate("() => [...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(ids) == len(set(ids))
