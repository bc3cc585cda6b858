"""What several tests need: a database of their own, a clock that they set, and a desk with a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.pipeline.deliver import Deliver
from monitor.settings.config import Config
from storage.database import Database
from tests.newsroom import Phone, delivery, settings

NOON = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)


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
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(f"sqlite:///{tmp_path / 'tipsheet.db'}") as opened:
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
