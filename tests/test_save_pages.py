"""Snapshots of matched articles at a public archive, played by a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.net.fetch import Client
from monitor.pipeline.examine import Examine
from monitor.pipeline.save_pages import SavePages
from monitor.settings.config import read_config
from monitor.story.outlets import shipped
from storage import errands
from storage.database import Database
from storage.errands import ErrandRow
from tests.conftest import NOON, Clock
from tests.rows import keep, keyed, remember
from tests.scripted_server import Answer, ScriptedServer

FIRST, SECOND = "/save/https://ferry.example/0", "/save/https://ferry.example/1"


class Archive:
    """A service that is asked for snapshots of what the watch on ferries matched."""

    def __init__(self, server: ScriptedServer, client: Client, database: Database, clock: Clock, path: Path) -> None:
        blocks = {
            "contact": "https://desk.example/",
            "network": {"allow": ["127.0.0.0/8"], "ports": [443, server.port]},
            "archive": {"save": "matched", "service": server.url("/save/")},
            "channels": [],
            "recipients": [],
            "watches": [{"name": "ferries", "query": "ferry"}],
            "feeds": [{"name": "Ferry Times", "url": "https://ferry.example/feed"}],
        }
        path.write_text(json.dumps(blocks))
        self.config = read_config(path, {})
        self.server, self.client, self.database, self.clock = server, client, database, clock
        self.stop = threading.Event()
        remember(database)

    def publish(self, *titles: str, service: str | None = None) -> None:
        keep(self.database, *(keyed(str(n), title) for n, title in enumerate(titles)), now=self.clock())
        config = self.config if service is None else replace(self.config, archive=service)
        examine = Examine(database=self.database, config=config, outlets=shipped(), clock=self.clock, stop=self.stop)
        list(examine())

    def save(self) -> list[str]:
        """How each request ended."""
        stage = SavePages(
            database=self.database, config=self.config, client=self.client, clock=self.clock, stop=self.stop, gap=0
        )
        return [saved.state for saved in stage()]

    def row(self) -> ErrandRow:
        with self.database.read() as connection:
            (found,) = [one for one in errands.of_entries(connection, [1])[1] if one.kind == "snapshot"]
        return found


@pytest.fixture
def archive(database: Database, clock: Clock, tmp_path: Path) -> Iterator[Archive]:
    with ScriptedServer() as server, Client(server.settings()) as client:
        yield Archive(server, client, database, clock, tmp_path / "feeds.yaml")


def test_what_matched_is_saved_once_and_its_address_kept(archive: Archive) -> None:
    archive.server.script(FIRST, Answer(status=302, headers={"Location": "/web/2026/ferry"}))
    archive.server.script("/web/2026/ferry", Answer(body=b"<html>a copy</html>"))
    archive.publish("The ferry sank", "Bread is dear")
    assert archive.save() == ["done"]
    assert archive.save() == []
    row = archive.row()
    assert (row.state, row.result, row.done_at) == ("done", archive.server.url("/web/2026/ferry"), NOON)
    assert [request.path for request in archive.server.requests] == [FIRST, "/web/2026/ferry"]


def test_an_archive_that_asks_for_rest_gets_it_and_the_story_is_none_the_worse(archive: Archive) -> None:
    archive.server.script(FIRST, Answer(status=429, headers={"Retry-After": "3600"}), Answer(body=b"saved"))
    archive.server.script(SECOND, Answer(body=b"saved"))
    archive.publish("The ferry sank", "Another ferry is late")
    assert archive.save() == ["waiting"]
    assert len(archive.server.requests) == 1  # the second is not asked for in the same breath
    archive.clock.move(timedelta(minutes=59))
    assert archive.save() == ["done"]  # the second; the first still rests
    archive.clock.move(timedelta(minutes=2))
    assert archive.save() == ["done"]


def test_an_archive_that_refuses_is_not_asked_again(archive: Archive) -> None:
    archive.server.script(FIRST, Answer(status=403))
    archive.publish("The ferry sank")
    assert archive.save() == ["refused"]
    archive.clock.move(timedelta(days=9))
    assert archive.save() == []
    assert "403" in archive.row().reason


def test_nobody_is_told_unless_the_file_asks_for_it(archive: Archive) -> None:
    archive.publish("The ferry sank", service="")
    assert archive.save() == []
    assert archive.server.requests == []
