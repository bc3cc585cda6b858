"""Hosts that asked for rest, in the database."""

from __future__ import annotations

from datetime import timedelta

from storage import hosts
from storage.database import Database
from tests.conftest import NOON

HOUR = timedelta(hours=1)


def test_a_host_rests_until_its_time_and_is_forgotten_after_it(database: Database) -> None:
    with database.write() as connection:
        hosts.rest(connection, "a.example", now=NOON, until=NOON + HOUR)
        hosts.rest(connection, "b.example", now=NOON, until=NOON + 3 * HOUR)
        assert hosts.resting(connection, now=NOON) == {"a.example": NOON + HOUR, "b.example": NOON + 3 * HOUR}
        assert hosts.resting(connection, now=NOON + HOUR) == {"b.example": NOON + 3 * HOUR}


def test_the_last_word_of_a_host_counts(database: Database) -> None:
    with database.write() as connection:
        for hours in (5, 2):
            hosts.rest(connection, "a.example", now=NOON, until=NOON + hours * HOUR)
        assert hosts.resting(connection, now=NOON) == {"a.example": NOON + 2 * HOUR}


def test_what_was_asked_by_a_clock_that_ran_ahead_begins_now(database: Database) -> None:
    year = timedelta(days=365)
    with database.write() as connection:
        hosts.rest(connection, "a.example", now=NOON, until=NOON + 2 * HOUR)
        hosts.rest(connection, "b.example", now=NOON - year, until=NOON - year + HOUR)
        hosts.follow_clock_back(connection, now=NOON - year)
        assert hosts.resting(connection, now=NOON - year) == {
            "a.example": NOON - year + 2 * HOUR,
            "b.example": NOON - year + HOUR,
        }
