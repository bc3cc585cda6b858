"""Leases, where several take what is due from one table: everything is taken, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.model import Feed
from storage import feeds
from storage.claims import new_claimant
from storage.database import Database
from tests.conftest import NOON
from tests.engines import washed_database
from tests.rows import LEASE

MANY = tuple(Feed(url=f"https://{number}.example/", name=f"Feed {number}", outlet="") for number in range(60))
WANTED = {feed.url: feed for feed in MANY}


@pytest.fixture
def stocked(database: Database) -> Database:
    with database.write() as connection:
        feeds.remember(connection, MANY)
    return database


def take(database: Database, *, limit: int = 7, claimant: str = "") -> list[int]:
    with database.write(alongside=True) as connection:
        due = feeds.claim_due(
            connection, WANTED, claimant=claimant or new_claimant(), now=NOON, lease=LEASE, limit=limit
        )
    return [feed.id for feed in due]


def take_all(database: Database) -> list[int]:
    taken: list[int] = []
    while some := take(database):
        taken += some
    return taken


def test_four_at_once_take_everything_and_nothing_twice(stocked: Database) -> None:
    with ThreadPoolExecutor(4) as crowd:
        taken = list(crowd.map(take_all, [stocked] * 4))
    assert sorted(feed for some in taken for feed in some) == list(range(1, 61))


def test_what_is_taken_comes_back_with_its_lease_in_the_order_of_its_wait(stocked: Database) -> None:
    assert take(stocked, limit=2) == [1, 2]
    assert take(stocked, limit=2) == [3, 4]
    with stocked.write() as connection:
        again = feeds.claim_due(
            connection, WANTED, claimant="late", now=NOON + LEASE + timedelta(seconds=1), lease=LEASE, limit=60
        )
    assert [feed.id for feed in again] == list(range(1, 61))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Database]:
    with washed_database("postgresql", tmp_path) as url, Database(url) as database:
        with database.write() as connection:
            feeds.remember(connection, MANY)
        yield database


def test_what_somebody_is_taking_is_passed_over_and_not_waited_for(served: Database) -> None:
    with served.write(alongside=True) as connection:
        mine = feeds.claim_due(connection, WANTED, claimant="me", now=NOON, lease=LEASE, limit=2)
        assert take(served, limit=2) == [3, 4]
    assert [feed.id for feed in mine] == [1, 2]


def test_who_has_the_state_to_himself_waits_for_those_alongside(served: Database) -> None:
    def alone() -> None:
        with served.write():
            pass

    with ThreadPoolExecutor(1) as other:
        with served.write(alongside=True):
            waits = other.submit(alone)
            with pytest.raises(TimeoutError):
                waits.result(timeout=0.2)
        waits.result(timeout=10)
