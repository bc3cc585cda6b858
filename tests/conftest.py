"""What several tests need: a database of their own, a clock that they set, and a desk with a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.pipeline.deliver import Deliver
from monitor.settings.config import Config
from storage.database import Database
from tests.engines import ENGINES, washed_database
from tests.newsroom import Phone, delivery, settings

NOON = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)

# The storage suite: what it says holds on each engine.
ON_EACH_ENGINE = {
    f"tests.test_{room}"
    for room in (
        "accounts", "claims", "corrections", "database", "entries", "examinations", "feed_rows", "hosts", "imprint",
        "outbox", "pacing", "readings", "reminders", "review", "search", "stories_rows", "versions", "word_index",
    )
}  # fmt: skip


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a row: of SQLite, or of each engine in turn where a test is about what is stored."""
    with washed_database(getattr(request, "param", "sqlite"), tmp_path) as url, Database(url) as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path)


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def deliver(database: Database, config: Config, clock: Clock, phone: Phone) -> Deliver:
    """The desk's alerts, on their way to its phone. A module with a file of its own has a `config` of its own."""
    return delivery(database, config, {"mail": phone}, clock)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames and metafunc.module.__name__ in ON_EACH_ENGINE:
        metafunc.parametrize("database", ENGINES, indirect=True)
