"""The pages of entries that may matter: a real server, the real worker, and what the second look leads to."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.isolate import IsolatedParser
from monitor.model import Examined
from monitor.net.fetch import Client
from monitor.pipeline.examine import Examine
from monitor.pipeline.read_pages import ReadPage, ReadPages
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import entries, errands, stories
from storage.database import Database
from tests.conftest import Clock
from tests.rows import edit, keep, keyed, remember
from tests.scripted_server import Answer, ScriptedServer

TEXT = "Palantir's new tool finds addresses for agents. It was tested in three cities, the mayor said on Monday. "


def html(text: str = TEXT * 4, head: str = "") -> Answer:
    written = f"<html lang='en'><head><title>The tool</title>{head}</head><body><article><p>{text}</p></article></body>"
    return Answer(body=written.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    with IsolatedParser(workers=1, seconds=2.5) as parser:
        yield parser


@dataclass
class Desk:
    """Entries whose links lead to a server, and the two stages that look at them."""

    server: ScriptedServer
    database: Database
    clock: Clock
    config: Config
    client: Client
    parser: IsolatedParser
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        remember(self.database)
        self.pages = ReadPages(
            database=self.database, config=self.config, client=self.client, parser=self.parser, clock=self.clock,
            stop=self.stop, free_at={},
        )  # fmt: skip

    def publish(self, path: str = "/a", title: str = "ICE has a tool", **wording: Any) -> None:
        keep(self.database, keyed(path, title, link=self.server.url(path), **wording), now=self.clock())

    def examine(self) -> list[Examined]:
        stage = Examine(
            database=self.database, config=self.config, outlets=shipped(), clock=self.clock, stop=self.stop
        )  # fmt: skip
        return list(stage())

    def read(self) -> list[ReadPage]:
        return list(self.pages())

    def text(self, entry: int = 1) -> str:
        with self.database.read() as connection:
            return entries.documents(connection, [entry])[entry][0].text


@pytest.fixture
def desk(tmp_path: Path, database: Database, clock: Clock, parser: IsolatedParser) -> Iterator[Desk]:
    with ScriptedServer() as server, Client(server.settings(total_timeout=2.0)) as client:
        blocks = {
            "contact": "https://desk.example/", "fetch": {"gap": "0s"},
            "network": {"allow": ["127.0.0.0/8"], "ports": [443, server.port]},
            "channels": [{"name": "mail", "kind": "email", "host": "localhost", "security": "none",
                          "from": "desk@desk.example"}],
            "recipients": [{"name": "desk", "channel": "mail", "address": "desk@desk.example"}],
            "watches": [{"name": "beat", "pack": "tech-and-immigration-enforcement"}],
            "feeds": [{"name": "Ferry Times", "url": "https://ferry.example/feed"}],
        }  # fmt: skip
        (tmp_path / "feeds.yaml").write_text(json.dumps(blocks))
        config = read_config(tmp_path / "feeds.yaml", {})
        yield Desk(server=server, database=database, clock=clock, config=config, client=client, parser=parser)


def actions(found: list[Examined]) -> list[str]:
    return [decision.action for one in found for decision in one.decisions]


def states(read: list[ReadPage]) -> list[str]:
    return [one.state for one in read]


def test_a_page_brings_the_half_that_the_feed_left_out_and_the_story_is_told(desk: Desk) -> None:
    desk.server.script("/a", html())
    desk.publish()
    assert actions(desk.examine()) == []  # an agency, and nothing of technology
    assert states(desk.read()) == ["done"]
    assert "Palantir" in desk.text()
    (again,) = desk.examine()
    assert [match.watch for match in again.matches] == ["beat"]
    assert desk.read() == []  # once
    assert [request.path for request in desk.server.requests] == ["/robots.txt", "/a"]
    assert desk.server.requests[1].headers["accept"].startswith("text/html")


def test_an_alert_does_not_wait_for_the_page_and_is_not_told_again_with_it(desk: Desk) -> None:
    desk.server.script("/a", html())
    desk.publish(title="ICE buys Palantir's ImmigrationOS to find addresses")
    assert actions(desk.examine()) == ["alert"]
    assert states(desk.read()) == ["done"]
    assert actions(desk.examine()) == ["nothing"]


def test_a_page_that_says_the_address_of_another_entry_is_its_copy(desk: Desk) -> None:
    desk.publish("/b", title="ImmigrationOS: Palantir builds a map for ICE")
    desk.publish("/a", title="A tool for agents of ICE, and who pays for it")
    desk.server.script("/a", html(head=f"<link rel='canonical' href='{desk.server.url('/b')}?utm_source=wire'>"))
    desk.server.script("/b", html("The ferry waits in the harbour until the fog has lifted from the pier. " * 6))
    assert [one.placement.relation for one in desk.examine() if one.placement] == ["new", "new"]
    desk.read()
    desk.examine()
    with desk.database.read() as connection:
        first, copy = stories.members_of(connection, 1)
    assert (first.entry, copy.entry, copy.relation, copy.of, copy.placed_by) == (1, 2, "copy", 1, "merge")
    assert copy.why.startswith("a page gives the address of the other")


def test_what_the_feed_does_not_say_the_page_may(desk: Desk) -> None:
    desk.server.script("/a", html(head="<meta property='article:published_time' content='2026-02-18T09:00:00Z'>"))
    desk.publish(author="")
    desk.examine()
    desk.read()
    with desk.database.read() as connection:
        document, _ = entries.documents(connection, [1])[1]
    assert document.published is not None
    assert (document.published.hour, document.language) == (9, "en")


def test_an_edit_in_the_feed_keeps_what_the_page_said(desk: Desk) -> None:
    desk.server.script("/a", html())
    desk.publish()
    desk.examine()
    desk.read()
    edit(desk.database, keyed("/a", "ICE has a new tool", link=desk.server.url("/a")), now=desk.clock())
    assert "Palantir" in desk.text()
    desk.examine()
    assert desk.read() == []  # it was read


def test_robots_txt_is_asked_once_a_day_and_heeded(desk: Desk) -> None:
    desk.server.script("/robots.txt", Answer(body=b"User-agent: *\nDisallow: /no/"))
    desk.server.script("/a", html())
    for path in ("/no/1", "/a", "/no/2"):
        desk.publish(path)
    desk.examine()
    read = {one.errand.url: one for one in desk.read()}
    assert read[desk.server.url("/a")].state == "done"
    assert read[desk.server.url("/no/1")].reason == "its site's robots.txt asks not to read it"
    assert [request.path for request in desk.server.requests] == ["/robots.txt", "/a"]


def test_a_site_whose_rules_cannot_be_had_is_not_read_for_now(desk: Desk) -> None:
    desk.server.script("/robots.txt", Answer(status=503), Answer(status=404))
    desk.server.script("/a", html())
    desk.publish()
    desk.examine()
    assert states(desk.read()) == ["waiting"]
    assert not desk.server.asked("/a")
    desk.clock.move(timedelta(minutes=11))
    assert states(desk.read()) == ["done"]


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(status=404), "refused", "404"),
        (Answer(status=410), "refused", "410"),
        (Answer(status=401), "refused", "401"),
        (Answer(status=302, headers={"Location": "http://169.254.169.254/latest"}), "refused", "is not asked"),
        (Answer(body=b"%PDF", headers={"Content-Type": "application/pdf"}), "failed", "leads to no page"),
        (Answer(body=b"\x00" * 100, headers={"Content-Length": "50000000"}), "refused", "larger than 5 MB"),
        (Answer(body=lambda: itertools.repeat(b"<p>more</p>" * 10_000)), "refused", "larger than"),
        (html("Hello.", "<title>Just a moment...</title>"), "refused", "checks whether a person is asking"),
        (Answer(body=b"<html><body></body></html>"), "failed", "no article"),
        (Answer(body=b"<div>" * 200_000), "failed", ""),
        (Answer(status=500), "waiting", "500"),
        (Answer(status=429, headers={"Retry-After": "7200"}), "waiting", "429"),
        (Answer(body=b"", delay=3.0), "waiting", "did not answer"),
    ],
    ids=[
        "gone", "gone for good", "login", "inside", "no page", "announced", "endless", "challenge", "empty", "bomb",
        "broken", "busy", "silent",
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_had_costs_its_limit_and_says_why(
    desk: Desk, answer: Answer, state: str, reason: str
) -> None:
    desk.server.script("/a", answer)
    desk.publish()
    desk.examine()
    (read,) = desk.read()
    assert (read.state, reason in read.reason) == (state, True), read.reason
    assert desk.text() == ""
    with desk.database.read() as connection:
        assert errands.of_entries(connection, [1])[1][0].state == state


def test_a_paywall_is_said_and_its_beginning_read(desk: Desk) -> None:
    desk.server.script("/a", html(TEXT * 2 + "Subscribe to continue reading."))
    desk.publish()
    desk.examine()
    (read,) = desk.read()
    assert (read.state, read.reason) == ("done", "the page asks for a subscription: only its beginning was read")


def test_a_host_that_asks_for_rest_is_left_alone_with_all_its_pages(desk: Desk) -> None:
    desk.server.script("/a", Answer(status=429, headers={"Retry-After": "7200"}), html())
    desk.server.script("/b", html())
    desk.publish("/a")
    desk.publish("/b")
    desk.examine()
    assert states(desk.read()) == ["waiting", "waiting"]
    assert not desk.server.asked("/b")
    desk.clock.move(timedelta(minutes=119))
    assert desk.read() == []
    desk.clock.move(timedelta(minutes=2))
    assert states(desk.read()) == ["done", "done"]


def test_a_page_that_never_comes_is_let_go(desk: Desk) -> None:
    desk.server.script("/a", Answer(status=502))
    desk.publish()
    desk.examine()
    seen = []
    for _ in range(6):
        seen += states(desk.read())
        desk.clock.move(timedelta(hours=7))
    assert seen == ["waiting", "waiting", "waiting", "failed"]
    assert len(desk.server.asked("/a")) == 4


def test_a_host_is_asked_with_the_gap_that_its_robots_txt_asks_for(desk: Desk) -> None:
    desk.server.script("/robots.txt", Answer(body=b"User-agent: *\nCrawl-delay: 0.3"))
    for path in ("/a", "/b", "/c"):
        desk.server.script(path, html())
        desk.publish(path)
    desk.examine()
    began = time.monotonic()
    assert states(desk.read()) == ["done"] * 3
    assert time.monotonic() - began >= 0.6
    starts = [request.at for request in desk.server.requests if request.path != "/robots.txt"]
    assert all(later - earlier >= 0.29 for earlier, later in itertools.pairwise(starts))


def test_a_reader_who_dies_leaves_the_page_to_the_next(desk: Desk) -> None:
    desk.server.script("/a", html())
    desk.publish()
    desk.examine()
    desk.pages().__next__()  # committed before it is told
    with desk.database.write() as connection:
        again = errands.claim_due(
            connection, "page", claimant="late", now=desk.clock(), lease=timedelta(hours=1), limit=10
        )  # fmt: skip
    assert again == ()
    desk.publish("/b")
    desk.server.script("/b", html())
    desk.examine()
    with desk.database.write() as connection:
        errands.claim_due(connection, "page", claimant="dead", now=desk.clock(), lease=timedelta(hours=1), limit=10)
    assert desk.read() == []
    desk.clock.move(timedelta(minutes=61))
    assert states(desk.read()) == ["done"]
