"""Feeds in the database: the rows follow the file, remember what happened, and forget nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.model import Feed, FeedHealth, FeedOutcome, FeedRow, FeedState, Problem, Validators
from monitor.pipeline.rhythm import feed_health
from storage import feeds
from storage.database import Database
from tests.conftest import NOON, Clock
from tests.rows import COURIER, FERRY, LEASE, WANTED, remember

HOUR = timedelta(hours=1)
READ = FeedOutcome(
    feed_id=1, polled_at=NOON, next_poll_at=NOON + HOUR, result="read", reason="as always", status=200,
    validators=Validators(etag='"1"', last_modified="then"), body_hash="abc", interval_hint=2 * HOUR,
    title="Ferry Times", language="en", redirect_to="https://new.example/", redirect_seen=2, request_url="",
)  # fmt: skip
FAILED = replace(READ, result="failed", status=500, reason="again soon", problem=Problem(kind="http", message="500"))


def claim(
    database: Database, clock: Clock, claimant: str = "me", wanted: Mapping[str, Feed] = WANTED
) -> tuple[FeedState, ...]:
    with database.write() as connection:
        return feeds.claim_due(connection, wanted, claimant=claimant, now=clock(), lease=LEASE, limit=100)


def record(database: Database, *outcomes: FeedOutcome, claimant: str = "me") -> list[bool]:
    with database.write() as connection:
        return [bool(feeds.record(connection, [outcome], claimant=claimant)) for outcome in outcomes]


def listing(database: Database) -> dict[str, FeedRow]:
    with database.read() as connection:
        return {row.name: row for row in feeds.listing(connection)}


def poll(database: Database, clock: Clock, outcome: FeedOutcome) -> None:
    """One round: what is due is claimed, and this is what came of it."""
    claim(database, clock)
    assert record(database, outcome) == [True]


def test_a_poll_is_remembered_for_the_next_one(database: Database, clock: Clock) -> None:
    remember(database, FERRY)
    assert claim(database, clock) == (FeedState(id=1, feed=FERRY),)
    assert record(database, READ) == [True]
    clock.move(HOUR)
    assert claim(database, clock) == (
        FeedState(
            id=1, feed=FERRY, validators=READ.validators, body_hash="abc", interval_hint=2 * HOUR,
            next_poll_at=NOON + HOUR, last_success_at=NOON, redirect_to="https://new.example/", redirect_seen=2,
        ),
    )  # fmt: skip


def test_a_claim_that_was_lost_writes_nothing(database: Database, clock: Clock) -> None:
    remember(database, FERRY)
    claim(database, clock, "paused")
    clock.move(LEASE)
    claim(database, clock, "quick")
    assert record(database, READ, claimant="paused") == [False]
    assert listing(database)["Ferry Times"].polls == 0
    assert record(database, READ, claimant="quick") == [True]
    assert record(database, READ, claimant="quick") == [False], "a poll is recorded once"


def test_failures_add_up_from_the_first_one_and_end_with_a_success(database: Database, clock: Clock) -> None:
    remember(database, FERRY)
    poll(database, clock, READ)
    for hours in (1, 2):
        clock.move(HOUR)
        poll(database, clock, replace(FAILED, polled_at=clock(), next_poll_at=clock() + HOUR))
        row = listing(database)["Ferry Times"]
        assert (row.failures, row.failing_since, row.succeeded_at) == (hours, NOON + HOUR, NOON)
        assert (row.problem_kind, row.problem, row.next_poll_reason) == ("http", "500", "again soon")
    clock.move(HOUR)
    poll(database, clock, replace(READ, result="unchanged", polled_at=clock(), title="", language=""))
    row = listing(database)["Ferry Times"]
    assert (row.failures, row.failing_since, row.succeeded_at, row.problem) == (0, None, clock(), "")
    assert (row.polls, row.changed_at) == (4, None)


@pytest.mark.parametrize("before", [READ, FAILED])
def test_a_postponed_poll_was_none_and_changes_only_when_the_next_is(
    database: Database, clock: Clock, before: FeedOutcome
) -> None:
    def columns() -> dict[str, Any]:
        with database.read() as connection:
            return dict(connection.exec_driver_sql("SELECT * FROM feeds").mappings().one())

    remember(database, FERRY)
    poll(database, clock, before)
    clock.move(HOUR)
    kept = columns()
    later = replace(READ, result="postponed", next_poll_at=NOON + 9 * HOUR, reason="the host", validators=Validators())
    poll(database, clock, later)
    changed = {name for name, value in columns().items() if value != kept[name]}
    assert changed == {"next_poll_at", "next_poll_reason"}


def test_the_longest_waiting_is_asked_first_and_a_new_feed_at_once(database: Database, clock: Clock) -> None:
    new = Feed(url="https://new.example/feed", name="New", outlet="new.example")
    remember(database, FERRY, COURIER, new)
    everyone = {**WANTED, new.url: new}
    assert len(claim(database, clock, wanted=everyone)) == 3
    record(database, replace(READ, next_poll_at=NOON + HOUR), replace(READ, feed_id=2, next_poll_at=NOON + HOUR / 2))
    clock.move(HOUR)
    assert [state.feed.name for state in claim(database, clock, "next", everyone)] == ["New", "Courier", "Ferry Times"]
    with database.read() as connection:
        assert feeds.count_due(connection, now=NOON) == 1


def test_the_rows_follow_the_file_and_keep_what_happened(database: Database, clock: Clock) -> None:
    remember(database, FERRY, COURIER)
    poll(database, clock, READ)
    clock.move(2 * HOUR)

    remember(database, replace(FERRY, enabled=False), replace(COURIER, name="The Courier"))
    assert [state.feed.url for state in claim(database, clock, "a")] == [COURIER.url], "one at rest is not asked"
    remember(database)  # as it was
    rows = listing(database)
    assert set(rows) == {"Ferry Times", "Courier"}
    assert (rows["Ferry Times"].active, rows["Ferry Times"].polls) == (True, 1)

    with database.write() as connection:
        feeds.remember(connection, [])
    assert claim(database, clock, "b") == ()
    assert [row.polls for row in listing(database).values()] == [0, 1], "a feed that left loses no history"
    remember(database, FERRY)
    (state,) = claim(database, clock, "c")
    assert state.validators == READ.validators


def test_health_counts_what_is_in_use_and_names_what_fails(database: Database, clock: Clock) -> None:
    unasked = Feed(url="https://new.example/feed", name="New", outlet="new.example")
    gone = Feed(url="https://gone.example/feed", name="Gone", outlet="gone.example", enabled=False)
    remember(database, FERRY, COURIER, unasked, gone)
    claim(database, clock, wanted={**WANTED, unasked.url: unasked})
    record(database, READ, replace(FAILED, feed_id=2))
    with database.read() as connection:
        health = feed_health(connection, now=clock())
        assert health == FeedHealth(total=3, healthy=1, failing=(("Courier", "500"),))
        assert [row.name for row in feeds.listing(connection)] == ["Courier", "Ferry Times", "Gone", "New"]


def test_a_feed_that_was_gone_is_asked_again_when_it_is_taken_out_of_the_file_and_put_back(
    database: Database, clock: Clock
) -> None:
    remember(database, FERRY)
    never = replace(
        READ,
        result="gone",
        status=410,
        next_poll_at=NOON + timedelta(days=9999),
        problem=Problem(kind="gone", message=""),
    )
    poll(database, clock, never)
    remember(database, FERRY)
    assert claim(database, clock, "a") == (), "a restart alone changes nothing"
    with database.write() as connection:
        feeds.remember(connection, [])
        feeds.remember(connection, [FERRY])
    assert [state.feed.url for state in claim(database, clock, "b")] == [FERRY.url]


def test_a_poll_that_a_wrong_clock_planned_for_years_ahead_is_due(database: Database, clock: Clock) -> None:
    remember(database, FERRY)
    poll(database, clock, replace(READ, next_poll_at=NOON + timedelta(days=3650)))
    assert [state.feed.url for state in claim(database, clock, "a")] == [FERRY.url]


def test_the_habits_of_the_feeds_in_use_can_be_asked_for(database: Database, clock: Clock) -> None:
    remember(database, FERRY, COURIER)
    claim(database, clock)
    record(database, replace(READ, habit=(1.5, 2.0)))
    with database.read() as connection:
        assert {one.url: one.habit for one in feeds.habits(connection)} == {FERRY.url: (1.5, 2.0), COURIER.url: ()}
    clock.move(HOUR)
    assert {state.id: state.habit for state in claim(database, clock)} == {1: (1.5, 2.0), 2: ()}
    record(database, replace(READ, result="gone", problem=Problem(kind="gone", message="410")))
    remember(database, FERRY, replace(COURIER, enabled=False))
    with database.read() as connection:
        assert feeds.habits(connection) == (), "neither takes any polls"
