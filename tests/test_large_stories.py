"""A story that ten thousand entries tell is still opened, digested and told while somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert

from alerts.message import compose_alert
from monitor.story.outlets import shipped
from monitor.story.report import tell
from storage import stories
from storage.database import Database
from storage.schema import members
from tests import command
from tests.conftest import NOON
from tests.rows import DESK, claim, decision, examined, keep, keyed, match, record, remember

MANY = 10_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One story: an entry that matched and alerted, and its copies."""
    with Database(f"sqlite:///{tmp_path_factory.mktemp('crowd') / 'tipsheet.db'}") as database:
        remember(database)
        keep(database, *(keyed(str(number), f"Ferry waits {number}") for number in range(MANY)), now=NOON)
        claim(database, now=NOON, limit=1)
        record(database, examined(1, decision(), matches=[match()]), now=NOON)
        with database.write() as connection:
            rows = [
                {
                    "entry_id": number,
                    "story_id": 1,
                    "relation": "copy",
                    "of_entry_id": 1,
                    "similarity": 1.0,
                    "why": "alike",
                }
                for number in range(2, MANY + 1)
            ]
            connection.execute(insert(members), rows)
        yield database


def seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_all_members_are_read_in_one_go(crowded: Database) -> None:
    with crowded.read() as connection:
        assert len(stories.members_of(connection, 1)) == len(stories.tellings(connection, 1)) == MANY


def test_it_is_shown(crowded: Database) -> None:
    def show() -> None:
        ran = command.tipsheet("stories", "show", "1", "--database", str(crowded.url))
        assert ran.out.count("  copy: alike") == MANY - 1

    assert seconds(show) < 6


def test_an_alert_and_a_digest_are_composed_of_it(crowded: Database) -> None:
    def compose() -> None:
        with crowded.read() as connection:
            report = tell(1, "ferries", stories.tellings(connection, 1), shipped())
            message = compose_alert(report, recipient=DESK, key="k", kind="alert", now=NOON)
            assert "More at the same outlet; the first 50 of 9,999 reports" in message.text
            assert len(message.text) < 20_000
            period = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1)}
            assert stories.decided(connection, recipient="desk", **period) == ((1, "ferries"),)

    assert seconds(compose) < 6
