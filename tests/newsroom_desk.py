"""The demo's newsroom as it stands after its run, for tests of the desk: told once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import func, select

from monitor.desk.place import Desk
from storage.database import Database
from storage.schema import Instant, entries
from tests import command
from tests.browser import DESKTOP, Watched, open_browser, open_desk
from tests.conftest import Clock


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's directory: feeds.yaml, its database, the mail it sent."""
    place = tmp_path_factory.mktemp("newsroom")
    ran = command.tipsheet("demo", "--directory", str(place))
    assert ran.code == 0, ran.err
    return place


@pytest.fixture
def files(newsroom: Path, tmp_path: Path) -> Path:
    """A copy for one test."""
    place = tmp_path / "newsroom"
    shutil.copytree(newsroom, place)
    return place


@pytest.fixture
def desk(files: Path) -> Iterator[Desk]:
    """The desk, open to whoever comes, at the minute after the last entry."""
    with (
        Database(f"sqlite:///{files / 'tipsheet.db'}") as database,
        open_desk(database, files / "feeds.yaml", at_the_end(database)) as opened,
    ):
        yield opened


def at_the_end(database: Database) -> Clock:
    """The moment after its last entry."""
    with database.read() as connection:
        last = connection.execute(select(func.max(entries.c.first_seen_at, type_=Instant))).scalar_one()
    return Clock(last + timedelta(milliseconds=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def screen(browser: Browser, desk: Desk) -> Iterator[Watched]:
    """A page at a desk's width. What its browser complained of fails the test."""
    with browser.new_context(viewport=DESKTOP) as context:  # type: ignore[arg-type]
        watched = Watched(page=context.new_page(), home=desk.home)
        yield watched
        assert watched.complaints == []
