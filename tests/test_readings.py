"""What is kept of a body's last reading comes back as it was, and gives way to the next."""

from __future__ import annotations

from dataclasses import replace

from monitor.model import Reading, UnchangedEntry
from storage import readings
from storage.database import Database
from tests.conftest import NOON
from tests.rows import FERRY, remember

ENTRY = UnchangedEntry(
    fingerprint="0f", key="guid:1", content_hash="ab", id="1", link="https://ferry.example/1", title="Ferry “waits”",
    published=NOON, updated=None,
)  # fmt: skip
READING = Reading(frame="frame", entries=(ENTRY, replace(ENTRY, fingerprint="1e", published=None, updated=NOON)))


def keep(database: Database, reading: Reading | None) -> Reading | None:
    with database.write() as connection:
        readings.keep(connection, {1: reading})
    with database.read() as connection:
        return readings.last(connection, 1)


def test_a_reading_comes_back_as_it_was_and_the_next_takes_its_place(database: Database) -> None:
    remember(database, FERRY)
    assert keep(database, READING) == READING
    assert keep(database, replace(READING, frame="another")) == replace(READING, frame="another")
    assert keep(database, None) is None


def test_a_feed_that_was_never_read_has_none(database: Database) -> None:
    with database.read() as connection:
        assert readings.last(connection, 1) is None
