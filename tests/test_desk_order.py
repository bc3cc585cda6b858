"""What people kept and refused orders the next day at the desk: visibly, with reasons, and nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.desk.place import Desk
from storage import review
from storage.database import Database
from tests.browser import open_desk
from tests.conftest import Clock
from tests.rows import claim, decision, examined, keep, keyed, match, record, remember
from tests.test_desk_doors import MINIMAL

YESTERDAY = (
    *(("Regatta on the ferry line", "refused"),) * 4,
    *(("Strike stops the ferry line", "kept"),) * 4,
)  # fmt: skip


@pytest.fixture
def desk(database: Database, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """Yesterday eight stories that were judged, today two that were not."""
    today = clock()
    remember(database)
    old = [keyed(str(number), f"{title} {number}") for number, (title, _) in enumerate(YESTERDAY)]
    keep(database, *old, now=today - timedelta(days=1))
    keep(database, keyed("a", "Regatta begins at the ferry"), keyed("b", "Strike at the ferry goes on"), now=today)
    claim(database, now=today)
    found = (examined(n, decision(), matches=[match()]) for n in range(1, len(YESTERDAY) + 3))
    record(database, *found, now=today)
    (tmp_path / "feeds.yaml").write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, tmp_path / "feeds.yaml", clock) as opened:
        yield opened


def judge(desk: Desk, *, hours_ago: int) -> None:
    with desk.database.write() as connection:
        for story, (_, kind) in enumerate(YESTERDAY, start=1):
            said_at = desk.clock() - timedelta(hours=hours_ago)
            review.judge(connection, story, kind, watch="ferries", by="ada", now=said_at)  # type: ignore[arg-type]


def day(desk: Desk, order: str = "learned") -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{desk.home}/day.json", params={"order": order}).json()
    return found


def titles(found: dict[str, Any]) -> list[str]:
    return [row["title"].split()[0] for row in found["rows"]]


def test_without_verdicts_the_order_is_the_watches_own(desk: Desk) -> None:
    assert day(desk) == day(desk, "plain")
    assert titles(day(desk)) == ["Regatta", "Strike"]


def test_verdicts_of_yesterday_move_what_is_like_what_was_kept_up_and_say_why(desk: Desk) -> None:
    judge(desk, hours_ago=20)
    found = day(desk)
    assert titles(found) == ["Strike", "Regatta"]
    assert found["taught_by"] == len(YESTERDAY)
    assert found["rows"][0]["moved"][0] == "up 1 by your verdicts"
    assert "the word “strike”: 4 kept, 0 refused" in found["rows"][0]["moved"]
    assert titles(day(desk, "plain")) == ["Regatta", "Strike"]


def test_a_place_names_the_judged_stories_that_moved_it_most_and_leads_to_them(desk: Desk) -> None:
    judge(desk, hours_ago=20)
    up, down = day(desk)["rows"]
    assert [(one["kept"], one["title"].split()[0]) for one in up["like"]] == [(True, "Strike")] * 3
    assert [(one["kept"], one["title"].split()[0]) for one in down["like"]] == [(False, "Regatta")] * 3
    shown = httpx.get(f"{desk.home}/", headers={"Accept": "text/html"}).text
    for one in (*up["like"], *down["like"]):
        assert (
            f'<a href="/stories/{one["story"]}">{one["title"]}</a> ({"kept" if one["kept"] else "not relevant"})'
            in shown
        )
    assert not any(row["like"] for row in day(desk, "plain")["rows"])


def test_verdicts_of_today_do_not_move_the_page_under_the_hand(desk: Desk) -> None:
    judge(desk, hours_ago=1)
    assert titles(day(desk)) == ["Regatta", "Strike"]
