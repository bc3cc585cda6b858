"""The whole way: real feeds over HTTP in, one alert by real SMTP and a signed webhook out, and nothing twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from standardwebhooks import Webhook

from monitor.cli.demo import SECRET, write_config
from monitor.cli.work import work_off
from monitor.demo.mailroom import Mailroom
from monitor.demo.newsroom import Newsroom
from monitor.errors import StorageError
from monitor.model import Filters
from monitor.pipeline.search import asked, find
from monitor.run import Stages, open_stages
from monitor.settings.config import Config
from storage import feeds, outbox, stories, word_index
from storage.database import Database
from tests.conftest import Clock
from tests.engines import ENGINES, made_database


@dataclass
class World:
    """An offline newsroom, its mail server, and a Tipsheet that watches it on a clock that stands still."""

    newsroom: Newsroom
    mailroom: Mailroom
    config: Config
    url: str
    database: Database
    clock: Clock
    tally: dict[str, int] = field(default_factory=dict)  # of its first look

    @contextmanager
    def stages(self) -> Iterator[Stages]:
        with open_stages(self.config, self.database, stop=Event(), clock=self.clock) as stages:
            yield stages
        # The next one is a new process, as far as the database can tell.
        self.database.close()
        self.database = Database(self.url)

    def once(self) -> dict[str, int]:
        with self.stages() as stages:
            return work_off(stages)


@contextmanager
def open_world(directory: Path, engine: str = "sqlite") -> Iterator[World]:
    clock = Clock()
    with Newsroom(opened=clock()) as newsroom, Mailroom() as mailroom, made_database(engine, directory) as url:
        config = write_config(directory, newsroom, mailroom)
        world = World(newsroom, mailroom, config, url, Database(url), clock)
        yield world
        world.database.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        yield world


@pytest.fixture(scope="module", params=ENGINES)
def morning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The day has been read once. The tests that use it follow one another through the rest of the day."""
    with open_world(tmp_path_factory.mktemp("morning"), request.param) as world:
        world.tally = world.once()
        yield world


def test_a_day_of_news_becomes_one_alert_by_mail_and_one_by_webhook(morning: World) -> None:
    readable = [outlet for outlet in morning.newsroom.outlets if outlet.entries]
    assert morning.tally["polled"] == len(morning.newsroom.outlets)
    assert morning.tally["failed"] == len(morning.newsroom.outlets) - len(readable)
    assert morning.tally["entries"] == sum(outlet.entries for outlet in readable)
    assert [letter.recipients for letter in morning.mailroom.letters] == [("desk@demo.example",)]
    assert len(morning.newsroom.hooks) == 1


def test_the_alert_names_who_broke_it_and_folds_the_copies(morning: World) -> None:
    (letter,) = morning.mailroom.letters
    body = letter.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "The Guardian" in text
    assert "Also in 6 outlets" in " ".join(text.split())
    html = letter.message.get_body(("html",))
    assert html is not None
    assert "<mark" in html.get_content()
    with morning.database.read() as connection:
        (told,) = [
            row
            for row in stories.listing(connection, since=morning.clock() - timedelta(days=1))
            if row.level == "alert"
        ]
    assert told.outlets == 8


def test_the_webhook_is_signed_so_that_the_receivers_own_library_accepts_it(morning: World) -> None:
    (hook,) = morning.newsroom.hooks
    Webhook(SECRET).verify(hook.body, dict(hook.headers))
    assert json.loads(hook.body)["data"]["origin"] == ["The Guardian"]


def test_a_second_look_finds_nothing_new(morning: World) -> None:
    morning.clock.move(timedelta(minutes=5))
    tally = morning.once()
    assert tally["entries"] == 0
    assert tally["delivered"] == 0
    assert tally["unchanged"] >= 10
    assert len(morning.mailroom.letters) == 1


def test_what_came_can_be_searched(morning: World) -> None:
    with morning.database.read() as connection:
        assert word_index.unindexed(connection, limit=1) == ()
        found = find(connection, asked("Microsoft AND ICE", {}), Filters())
    assert found.hits
    assert found.looked_at < 20


def test_a_restart_polls_nothing_early(morning: World) -> None:
    asked = len(morning.newsroom.answers)
    assert morning.once()["polled"] == 0
    assert len(morning.newsroom.answers) == asked


def test_the_feed_that_answers_with_a_login_page_is_shown_while_the_others_go_on(morning: World) -> None:
    with morning.database.read() as connection:
        failing = [row for row in feeds.listing(connection) if row.failures]
    assert [row.name for row in failing] == ["The Night Desk"]
    assert failing[0].problem_kind == "login"


def test_a_digest_comes_at_its_hour_once_and_late_rather_than_never(morning: World) -> None:
    morning.clock.move(timedelta(hours=20))  # 08:00 UTC: the digest was due at seven, and nobody was there
    assert morning.once()["delivered"] == 1
    assert morning.once()["delivered"] == 0
    digest = morning.mailroom.letters[-1].message
    assert "digest" in str(digest["List-Id"])
    body = digest.get_body(("plain",))
    assert body is not None
    assert "12 of 13 feeds" in body.get_content()
    told = "ICE more than tripled the data it keeps on Microsoft's cloud"
    assert told in " ".join(body.get_content().split()), "the first digest holds what the first look found"


def test_a_mail_server_that_is_down_loses_nothing(world: World) -> None:
    with world.stages() as stages:
        list(stages.refresh())
        list(stages.examine())
        port = world.mailroom.port
        world.mailroom.__exit__(None, None, None)
        delivered = list(stages.deliver(close_window=True))
        assert sorted((one.item.channel, one.state) for one in delivered) == [("bot", "sent"), ("mail", "waiting")]
        with Mailroom(port) as reopened:
            world.clock.move(timedelta(minutes=2))
            assert [one.state for one in stages.deliver()] == ["sent"]
            assert len(reopened.letters) == 1
        world.mailroom.__enter__()


def test_a_locked_database_stops_before_a_send(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sqlite.BUSY_SECONDS", 0.2)
    world.database.close()
    world.database = Database(world.url)
    with world.stages() as stages:
        list(stages.refresh())
        list(stages.examine())
        other = sqlite3.connect(tmp_path / "tipsheet.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            list(stages.deliver(close_window=True))
        assert world.mailroom.letters == []
        assert world.newsroom.hooks == []
        other.close()
        list(stages.deliver(close_window=True))
        assert len(world.mailroom.letters) == 1


def test_a_disk_that_fills_up_at_the_attempt_stops_before_a_send(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise StorageError("the database refused: database or disk is full")

    with world.stages() as stages:
        list(stages.refresh())
        list(stages.examine())
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "begin_attempt", full)
            with pytest.raises(StorageError, match="full"):
                list(stages.deliver(close_window=True))
        assert world.mailroom.letters == []
        world.clock.move(timedelta(minutes=16))  # the lease of the claim that was made runs out by itself
        list(stages.deliver(close_window=True))
        assert len(world.mailroom.letters) == 1
