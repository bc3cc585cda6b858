"""The outbox: one row for each alert, an attempt before each send, and no way to lose or repeat one unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.model import Decision, Message, Recipient
from storage import claims, outbox
from storage.database import Database
from storage.outbox import OutboxItem
from storage.schema import outbox as outbox_table
from tests.conftest import Clock

DESK = Recipient(name="desk", channel="mail", address="desk@example.org")
ALERT = Decision(watch="w", recipient="desk", action="alert", reason="new story")
MESSAGE = Message(key="k", kind="alert", subject="s", text="t", html="h", data={}, created_at=Clock().now)
LEASE = timedelta(minutes=15)


@pytest.fixture
def queued(database: Database, clock: Clock) -> Database:
    """A database with one alert that is due."""
    with database.write() as connection:
        outbox.add(connection, ALERT, DESK, story_id=None, entry_id=None, now=clock())
    return database


def claim(database: Database, clock: Clock, claimant: str = "me") -> OutboxItem | None:
    with database.write() as connection:
        return outbox.claim_next(connection, "mail", claimant=claimant, now=clock(), lease=LEASE, horizon=clock())


def begin(database: Database, clock: Clock, claimant: str = "me") -> tuple[OutboxItem, int | None]:
    item = claim(database, clock, claimant)
    assert item is not None
    with database.write() as connection:
        return item, outbox.begin_attempt(connection, item, MESSAGE, claimant=claimant, now=clock())


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return [row.state for row in outbox.listing(connection)]


def test_the_same_alert_is_queued_once(queued: Database, clock: Clock) -> None:
    with queued.write() as connection:
        outbox.add(connection, ALERT, DESK, story_id=None, entry_id=None, now=clock())
    assert states(queued) == ["waiting"]


def test_a_digest_and_a_notice_are_queued_once_and_whoever_queues_knows(database: Database, clock: Clock) -> None:
    with database.write() as connection:
        for new in (True, False):
            assert outbox.add_digest(connection, DESK, day="2026-02-18", now=clock()) is new
            assert outbox.add_notice(connection, DESK, MESSAGE, reason="said", due_at=clock()) is new
    assert states(database) == ["waiting", "waiting"]


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(queued: Database, clock: Clock) -> None:
    assert claim(queued, clock, "first") is not None
    assert claim(queued, clock, "second") is None
    clock.move(LEASE)
    assert claim(queued, clock, "second") is not None


def test_whoever_lost_the_lease_may_not_send(queued: Database, clock: Clock) -> None:
    late = claim(queued, clock, "paused")
    assert late is not None
    clock.move(LEASE)
    assert claim(queued, clock, "quick") is not None
    with queued.write() as connection:
        assert outbox.begin_attempt(connection, late, MESSAGE, claimant="paused", now=clock()) is None


def test_an_attempt_that_never_ended_is_known_as_ambiguous_and_keeps_its_words(queued: Database, clock: Clock) -> None:
    begin(queued, clock)
    with queued.write() as connection:
        claims.release(connection, outbox_table)  # the process died, and another took over
    again = claim(queued, clock, "next")
    assert again is not None
    assert (again.attempts, again.ambiguous, again.message) == (1, 1, MESSAGE)


def test_words_rendered_later_do_not_replace_the_first(queued: Database, clock: Clock) -> None:
    item, _ = begin(queued, clock)
    other = Message(key="k", kind="alert", subject="other", text="t", html="h", data={}, created_at=clock())
    with queued.write() as connection:
        outbox.begin_attempt(connection, item, other, claimant="me", now=clock())
        claims.release(connection, outbox_table)
    again = claim(queued, clock)
    assert again is not None
    assert again.message == MESSAGE


def test_what_was_sent_is_never_due_again_and_cannot_be_replayed(queued: Database, clock: Clock) -> None:
    item, attempt = begin(queued, clock)
    assert attempt is not None
    with queued.write() as connection:
        outbox.end_attempt(connection, attempt, "sent", "250 ok", now=clock())
        outbox.settle(connection, item, "sent", "250 ok", due_at=None, now=clock())
    clock.move(timedelta(days=365))
    assert claim(queued, clock) is None
    with queued.write() as connection:
        assert outbox.retry(connection, [item.id], now=clock()) == ()


@pytest.mark.parametrize("state", ["failed", "uncertain"])
def test_a_person_can_send_a_dead_letter_again_once(queued: Database, clock: Clock, state: outbox.State) -> None:
    item, _ = begin(queued, clock)
    with queued.write() as connection:
        outbox.settle(connection, item, state, "why", due_at=None, now=clock())
        assert outbox.retry(connection, [item.id], now=clock()) == (item.id,)
        assert outbox.retry(connection, [item.id], now=clock()) == ()
    again = claim(queued, clock)
    assert again is not None
    assert again.ambiguous == 0


def test_an_alert_that_waits_for_copies_is_due_within_the_horizon_but_a_retry_is_not(
    database: Database, clock: Clock
) -> None:
    waits = Decision(watch="w", recipient="desk", action="alert", reason="", due_at=clock() + timedelta(seconds=30))
    with database.write() as connection:
        outbox.add(connection, waits, DESK, story_id=None, entry_id=None, now=clock())
    assert claim(database, clock) is None
    horizon = clock() + timedelta(seconds=30)
    with database.write() as connection:
        item = outbox.claim_next(connection, "mail", claimant="me", now=clock(), lease=LEASE, horizon=horizon)
        assert item is not None
        outbox.begin_attempt(connection, item, MESSAGE, claimant="me", now=clock())
        outbox.settle(connection, item, "waiting", "later", due_at=horizon, now=clock())
        assert outbox.count_due(connection, now=clock(), horizon=horizon) == 0


def test_what_waits_for_a_channel_or_recipient_that_left_the_file_fails_visibly(queued: Database, clock: Clock) -> None:
    with queued.write() as connection:
        assert outbox.give_up_orphans(connection, channels=["mail"], recipients=["desk"]) == 0
        assert outbox.give_up_orphans(connection, channels=["pager"], recipients=["desk"]) == 1
    assert states(queued) == ["failed"]
    with queued.write() as connection:
        assert len(outbox.retry(connection, [1], now=clock())) == 1
        assert outbox.give_up_orphans(connection, channels=["mail"], recipients=["night shift"]) == 1


def test_what_waits_can_be_tried_at_once_and_keeps_what_is_known_of_it(queued: Database, clock: Clock) -> None:
    item, _ = begin(queued, clock)
    later = clock() + timedelta(hours=2)
    with queued.write() as connection:
        outbox.settle(connection, item, "waiting", "the server is down", due_at=later, now=clock())
    assert claim(queued, clock) is None
    with queued.write() as connection:
        assert outbox.hurry(connection, [item.id, 99], now=clock()) == (item.id,)
    again = claim(queued, clock)
    assert again is not None
    assert (again.attempts, again.ambiguous) == (1, 1)
