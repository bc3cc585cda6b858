"""From a feed that names a hub to an entry that was pushed: real hub, real feed, real door, a clock that we set."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select, update

from monitor.errors import ConfigError, StorageError
from monitor.isolate import IsolatedParser
from monitor.model import Subscription
from monitor.net.callback import CallbackServer
from monitor.net.fetch import Client
from monitor.pipeline.hear import Hear, Meter
from monitor.pipeline.refresh import Refresh
from monitor.pipeline.subscribe import Subscribe
from monitor.pipeline.take_in import TakeIn
from monitor.settings.config import Config, read_config
from storage import feeds, subscriptions
from storage.database import Database
from storage.schema import entries as entry_table
from storage.schema import feeds as feed_table
from storage.schema import pushes as push_table
from tests.command import start, tipsheet
from tests.conftest import Clock
from tests.scripted_server import Answer, ScriptedServer
from tests.websub_hub import Hub, Listener, request

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    with IsolatedParser(workers=1) as parser:
        yield parser


def feed_body(itself: str, hub: str, dates: Mapping[str, str]) -> bytes:
    """A feed that names its hub; `dates` by the entries' titles."""
    row = "<item><guid isPermaLink='false'>{0}</guid><title>{0}</title><pubDate>{1}</pubDate></item>"
    items = "".join(row.format(title, date) for title, date in dates.items())
    link = "<link xmlns='http://www.w3.org/2005/Atom' rel='{}' href='{}'/>"
    links = link.format("self", itself) + link.format("hub", hub)
    return f"<rss version='2.0'><channel><title>Ferry Times</title>{links}{items}</channel></rss>".encode()


@dataclass
class Desk:
    """A feed, its hub, and the stages; each call makes them anew, as a restart would."""

    server: ScriptedServer
    hub: Hub
    database: Database
    clock: Clock
    directory: Path
    parser: IsolatedParser
    hear: Hear
    door: CallbackServer
    client: Client
    dates: dict[str, str] = field(default_factory=dict)  # by title
    config: Config = field(init=False)

    def follow(self, *paths: str) -> None:
        path = self.directory / "feeds.yaml"
        wanted = [{"name": path[1:], "url": self.server.url(path), "outlet": "ferry.example"} for path in paths]
        blocks = {
            "contact": "https://desk.example/", "fetch": {"gap": "0s"},
            "network": {"allow": ["127.0.0.0/8"], "ports": [self.server.port, self.hub.port]},
            "websub": {"callback": f"http://127.0.0.1:{self.door.port}/hub/", "listen": f"127.0.0.1:{self.door.port}"},
            "channels": [], "recipients": [], "watches": [], "feeds": wanted,
        }  # fmt: skip
        path.write_text(json.dumps(blocks))  # JSON is YAML
        self.config = read_config(path, {})
        with self.database.write() as connection:
            feeds.remember(connection, tuple(self.config.feeds.values()))

    def publish(self, *titles: str, path: str = "/a", hub: str | None = None, etag: str = "") -> None:
        """What the feed's own server says from now on."""
        headers = {"Content-Type": "application/rss+xml"} | ({"ETag": etag} if etag else {})
        self.server.script(path, Answer(body=self.body(*titles, path=path, hub=hub), headers=headers))

    def body(self, *titles: str, path: str = "/a", hub: str | None = None) -> bytes:
        address = self.hub.url if hub is None else hub
        return feed_body(self.server.url(path), address, {title: self.date(title) for title in titles})

    def date(self, title: str) -> str:
        """When it was first heard of."""
        return self.dates.setdefault(title, format_datetime(self.clock()))

    def poll(self) -> list[str]:
        refresh = Refresh(
            database=self.database, config=self.config, client=self.client, parser=self.parser, clock=self.clock,
            stop=Event(),
        )  # fmt: skip
        return [outcome.result for outcome in refresh()]

    def ask(self, *, after: timedelta = timedelta()) -> list[str]:
        """What each hub that was due said."""
        self.clock.move(after)
        subscribe = Subscribe(
            database=self.database, config=self.config, client=self.client, clock=self.clock, stop=Event()
        )
        return [asked.verdict.kind for asked in subscribe()]

    def take_in(self) -> list[int]:
        """How many new entries each push brought."""
        take_in = TakeIn(database=self.database, config=self.config, parser=self.parser, clock=self.clock, stop=Event())
        return [len(taken.changes.new) for taken in take_in()]

    def push(self, *titles: str, **how: Any) -> list[int]:
        return self.hub.push(self.topic, self.body(*titles), **how)

    @property
    def topic(self) -> str:
        return self.server.url("/a")

    @property
    def rows(self) -> tuple[Subscription, ...]:
        with self.database.read() as connection:
            return subscriptions.all_of_them(connection)

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    def feed(self, name: str = "a") -> Any:
        with self.database.read() as connection:
            return connection.execute(select(feed_table).where(feed_table.c.name == name)).one()

    def titles(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.execute(select(entry_table.c.title).order_by(entry_table.c.id)).scalars())

    def waiting(self) -> int:
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(push_table)).scalar_one()

    def subscribed(self) -> Listener:
        """Polled, asked, verified: from here on, most tests begin."""
        self.publish("One")
        assert self.poll() == ["read"]
        assert self.ask() == ["heard"]
        assert self.states == ["active"]
        (listener,) = self.hub.listeners.values()
        return listener


@pytest.fixture
def desk(database: Database, clock: Clock, tmp_path: Path, parser: IsolatedParser) -> Iterator[Desk]:
    hear = Hear(database=database, clock=clock)
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedServer())
        hub = stack.enter_context(Hub())
        door = stack.enter_context(CallbackServer("127.0.0.1", 0, hear))
        client = stack.enter_context(Client(server.settings(allow_ports=(server.port, hub.port))))
        desk = Desk(server, hub, database, clock, tmp_path, parser, hear, door, client)
        desk.follow("/a")
        yield desk


# ---- asked, verified, pushed -----------------------------------------------------------------------------------------


def test_a_feed_that_names_a_hub_is_subscribed_to_without_another_request_to_it(desk: Desk) -> None:
    listener = desk.subscribed()
    assert len(desk.server.requests) == 1
    (form,) = desk.hub.asked
    assert form["hub.topic"] == desk.topic
    assert form["hub.callback"].startswith(f"http://127.0.0.1:{desk.door.port}/hub/")
    assert (len(form["hub.callback"].rpartition("/")[2]), len(listener.secret)) == (43, 64)
    (row,) = desk.rows
    assert row.lease_until == desk.clock() + DAY
    assert row.due_at is not None
    assert 0.75 <= (row.due_at - desk.clock()) / DAY <= 0.80


def test_a_hub_in_the_headers_will_do(desk: Desk) -> None:
    link = f'<{desk.hub.url}>; rel="hub", <{desk.topic}>; rel="self"'
    desk.server.script("/a", Answer(body=b"<rss version='2.0'><channel/></rss>", headers={"Link": link}))
    desk.poll()
    assert desk.ask() == ["heard"]
    assert desk.states == ["active"]


def test_a_push_brings_entries_and_leaves_the_poll_alone(desk: Desk) -> None:
    desk.subscribed()
    desk.clock.move(10 * MINUTE)
    before = desk.feed()
    assert desk.push("Two", "One") == [204]
    assert desk.take_in() == [1]
    assert desk.titles() == ["One", "Two"]
    after = desk.feed()._asdict()
    assert after == before._asdict() | {"changed_at": desk.clock()}
    assert desk.rows[0].pushes == 1
    assert (desk.waiting(), desk.take_in()) == (0, [])


@pytest.mark.parametrize("first", ["push", "poll"])
def test_an_entry_that_comes_both_ways_comes_once(desk: Desk, first: str) -> None:
    desk.subscribed()
    desk.publish("Two", "One")
    desk.clock.move(6 * HOUR)
    if first == "poll":
        assert desk.poll() == ["read"]
    desk.push("Two")
    assert desk.take_in() == [1 if first == "push" else 0]
    if first == "push":
        assert desk.poll() == ["read"]
    assert sorted(desk.titles()) == ["One", "Two"]


def test_a_push_during_a_poll_is_not_lost_and_told_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The poll has its answer, and has not written yet."""
    desk.subscribed()
    desk.publish("Two", "One")
    desk.clock.move(6 * HOUR)
    fetch = desk.client.get

    def pushed_meanwhile(*args: Any, **more: Any) -> Any:
        answer = fetch(*args, **more)
        desk.push("Two", "Three")
        assert desk.take_in() == [2]
        return answer

    monkeypatch.setattr(desk.client, "get", pushed_meanwhile)
    assert desk.poll() == ["read"]
    assert sorted(desk.titles()) == ["One", "Three", "Two"]


def test_a_feed_whose_news_is_pushed_keeps_its_rhythm(desk: Desk) -> None:
    """Two feeds bring the same at the same hours; of one, a hub tells first."""
    desk.follow("/a", "/b")
    desk.publish("One", path="/b", hub="")
    desk.publish("One")
    desk.poll()
    desk.ask()
    for hour in range(3):
        desk.clock.move(6 * HOUR)
        titles = [f"Item {hour}", "One"]
        desk.publish(*titles)
        desk.publish(*titles, path="/b", hub="")
        assert desk.push(*titles) == [204]
        desk.take_in()
        desk.clock.move(HOUR)
        assert desk.poll() == ["read", "read"]
        desk.ask()
    assert desk.feed("a").habit == pytest.approx(desk.feed("b").habit)
    assert sum(desk.feed("a").habit) > 3


# ---- who is not believed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"secret": "guessed"}, {"method": ""}, {"method": "md5"}])
def test_what_is_not_signed_as_agreed_is_answered_counted_and_ignored(desk: Desk, how: dict[str, str]) -> None:
    desk.subscribed()
    due = desk.feed().next_poll_at
    assert desk.push("Forged", **how) == [204]
    assert desk.take_in() == []
    assert (desk.rows[0].refused_pushes, desk.rows[0].pushes) == (1, 0)
    assert (desk.titles(), desk.feed().next_poll_at) == (["One"], due)


@pytest.mark.parametrize("method", ["sha1", "sha384", "sha512"])
def test_each_way_to_sign_is_known(desk: Desk, method: str) -> None:
    desk.subscribed()
    desk.push("Two", method=method)
    assert desk.take_in() == [1]


def test_only_what_was_asked_for_is_confirmed(desk: Desk) -> None:
    listener = desk.subscribed()
    there = listener.callback
    assert desk.hub.verify(there, "unsubscribe") == (404, False)
    assert desk.hub.verify(there, topic=desk.topic + "x") == (404, False)
    assert desk.hub.verify(there) == (200, True), "a hub whose first question got lost asks again"
    desk.clock.move(2 * HOUR)
    assert desk.hub.verify(there) == (404, False)
    nowhere = there[:-1] + ("x" if there[-1] != "x" else "y")
    assert [request("GET", address)[0] for address in (there, nowhere, f"{there}/..")] == [404] * 3
    assert request("POST", nowhere, b"<rss/>")[0] == 404
    assert request("DELETE", there)[0] == 405


def test_nothing_is_taken_from_a_hub_that_has_not_verified(desk: Desk) -> None:
    desk.hub.verifies = False
    desk.publish("One")
    desk.poll()
    desk.ask()
    (listener,) = desk.hub.listeners.values()
    assert desk.hub.send(listener, desk.body("Two")) == 404
    assert desk.hub.verify(listener.callback) == (200, True)
    assert desk.hub.send(listener, desk.body("Two")) == 204


def test_a_hub_without_tls_may_only_say_that_there_is_news_of_a_feed_with(desk: Desk) -> None:
    desk.subscribed()
    with desk.database.write() as connection:
        connection.execute(update(feed_table).values(url=desk.topic.replace("http:", "https:")))
    assert desk.push("Two") == [204]
    with desk.database.read() as connection:
        assert connection.execute(select(push_table.c.body)).scalars().all() == [b""]


def test_a_feed_that_gives_another_address_as_its_own_gets_no_entries_of_that_one(desk: Desk) -> None:
    body = feed_body(desk.server.url("/all"), desk.hub.url, {"One": desk.date("One")})
    desk.server.script("/a", Answer(body=body))
    desk.poll()
    assert desk.ask() == ["heard"]
    desk.clock.move(HOUR / 2)
    assert desk.hub.push(desk.server.url("/all"), desk.body("Of another feed")) == [204]
    assert desk.take_in() == [0]
    assert desk.poll() == ["unchanged"], "it says that it is time to ask"
    assert desk.titles() == ["One"]


# ---- hubs that are slow, lost, unwilling -----------------------------------------------------------------------------


def test_a_hub_that_does_not_verify_is_asked_less_and_less_often(desk: Desk) -> None:
    desk.hub.verifies = False
    desk.publish("One")
    desk.poll()
    asked = [sum(desk.ask(after=HOUR) == ["heard"] for _ in range(24)) for _ in range(3)]
    assert asked == [5, 1, 1]
    assert [row.failures for row in desk.rows] == [7]
    assert len({form["hub.callback"] for form in desk.hub.asked}) == 1


def test_a_hub_that_is_down_costs_no_poll_and_is_asked_when_it_is_back(desk: Desk) -> None:
    desk.hub.status = 503
    desk.publish("One")
    desk.poll()
    assert desk.ask() == ["later"]
    assert desk.rows[0].reason == "the hub 127.0.0.1 answered 503 (Service Unavailable)"
    assert desk.ask(after=30 * MINUTE) == []
    assert desk.poll() == [], "the feed is not due yet"
    desk.hub.status = 202
    assert desk.ask(after=HOUR) == ["heard"]
    assert (desk.states, desk.rows[0].reason, desk.rows[0].failures) == (["active"], "", 0)


def test_a_hub_says_when_it_has_time(desk: Desk) -> None:
    desk.hub.status, desk.hub.headers = 429, {"Retry-After": "36000"}
    desk.publish("One")
    desk.poll()
    assert desk.ask() == ["later"]
    assert desk.ask(after=9 * HOUR) == []
    desk.hub.status = 202
    assert desk.ask(after=2 * HOUR) == ["heard"]


def test_of_many_feeds_with_a_hub_that_is_down_one_asks(desk: Desk) -> None:
    desk.follow("/a", "/b", "/c")
    for path in ("/a", "/b", "/c"):
        desk.publish("One", path=path)
    desk.poll()
    desk.hub.status = 500
    assert desk.ask() == ["later"]
    assert len(desk.hub.asked) == 1


@pytest.mark.parametrize(("status", "after_a_month"), [(403, ["heard"]), (410, [])])
def test_a_hub_that_refuses_is_left_alone(desk: Desk, status: int, after_a_month: list[str]) -> None:
    desk.hub.status = status
    desk.publish("One")
    desk.poll()
    assert desk.ask() == ["refused"]
    assert desk.states == ["refused"]
    desk.hub.status = 202
    assert desk.ask(after=29 * DAY) == []
    assert desk.ask(after=2 * DAY) == after_a_month


@pytest.mark.parametrize("verifies", [True, False])
def test_a_hub_may_deny_before_or_after(desk: Desk, verifies: bool) -> None:
    desk.hub.verifies = verifies
    desk.publish("One")
    desk.poll()
    desk.ask()
    (listener,) = desk.hub.listeners.values()
    assert desk.hub.deny(listener.callback, "no time for you") == 204
    assert [(row.state, row.reason) for row in desk.rows] == [("refused", "the hub denies it: no time for you")]
    assert desk.hub.send(listener, desk.body("Two")) == 410
    assert desk.ask(after=DAY) == []


def test_a_hub_in_a_private_network_is_not_asked(desk: Desk) -> None:
    desk.publish("One", hub=f"http://169.254.169.254:{desk.hub.port}/")
    desk.poll()
    assert desk.ask() == ["refused"]
    assert "169.254.169.254, which is not public" in desk.rows[0].reason


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_hub_that_has_moved_is_asked_where_it_is_now(desk: Desk, status: int) -> None:
    desk.server.script("/hub", Answer(status=status, headers={"Location": desk.hub.url}))
    desk.publish("One", hub=desk.server.url("/hub"))
    desk.poll()
    assert desk.ask() == ["heard"]
    assert desk.states == ["active"]


def test_a_hub_that_sends_us_in_a_circle_is_asked_later(desk: Desk) -> None:
    desk.server.script("/hub", Answer(status=307, headers={"Location": "/hub"}))
    desk.publish("One", hub=desk.server.url("/hub"))
    desk.poll()
    assert desk.ask() == ["later"]
    assert len(desk.server.asked("/hub")) == 3


def test_a_hub_that_dies_silently_loses_no_story(desk: Desk) -> None:
    desk.subscribed()
    desk.publish("Two", "One")
    desk.clock.move(6 * HOUR)
    assert desk.poll() == ["read"]
    assert desk.titles() == ["One", "Two"]


# ---- leases ----------------------------------------------------------------------------------------------------------


def test_a_lease_is_renewed_under_a_new_callback_and_the_old_one_is_left(desk: Desk) -> None:
    old = desk.subscribed()
    assert desk.ask(after=0.7 * DAY) == []
    assert desk.ask(after=0.1 * DAY) == ["heard"]  # with a quarter or a fifth of the lease left
    assert desk.states == ["leaving", "active"]
    assert desk.hub.send(old, desk.body("Two")) == 410
    assert desk.ask() == ["heard"]  # to stop
    assert desk.states == ["left", "active"]
    (new,) = desk.hub.listeners.values()
    assert new.callback != old.callback
    assert new.secret != old.secret
    assert desk.push("Two") == [204]
    assert desk.ask(after=2 * HOUR) == []
    assert desk.states == ["active"]


def test_while_the_hub_does_not_renew_the_old_lease_counts_until_its_end(desk: Desk) -> None:
    old = desk.subscribed()
    desk.hub.status = 503
    assert desk.ask(after=0.8 * DAY) == ["later"]
    assert desk.states == ["active", "asking"]
    assert desk.hub.send(old, desk.body("Two")) == 204
    desk.ask(after=0.3 * DAY)
    assert desk.states == ["asking"]
    assert desk.hub.send(old, desk.body("Three")) == 404
    desk.hub.status = 202
    assert desk.ask(after=DAY) == ["heard"]
    assert desk.states == ["active"]


def test_a_restart_asks_nobody_again(desk: Desk) -> None:
    desk.subscribed()
    desk.follow("/a")  # as at each start
    assert desk.ask(after=10 * MINUTE) == []
    assert desk.push("Two") == [204]
    assert desk.take_in() == [1]


def test_a_push_outlives_the_process_that_received_it(desk: Desk) -> None:
    desk.subscribed()
    desk.push("Two")
    assert desk.waiting() == 1
    assert desk.take_in() == [1]  # by stages made anew


@pytest.mark.parametrize("why", ["it left the file", "it names no hub any more", "it is gone"])
def test_a_feed_that_needs_no_hub_any_more_is_unsubscribed(desk: Desk, why: str) -> None:
    desk.subscribed()
    if why == "it left the file":
        desk.follow("/b")
    else:
        desk.publish("One", hub="")
        if why == "it is gone":
            desk.server.script("/a", Answer(status=410))
        desk.clock.move(6 * HOUR)
        desk.poll()
    assert desk.ask() == ["heard"]
    assert desk.hub.asked[-1]["hub.mode"] == "unsubscribe"
    assert (desk.states, desk.hub.listeners) == (["left"], {})
    desk.ask(after=2 * HOUR)
    assert desk.rows == ()


def test_a_hub_that_hears_no_farewell_is_told_three_times(desk: Desk) -> None:
    desk.subscribed()
    desk.follow("/b")
    desk.hub.status = 500
    said = [desk.ask(after=HOUR) for _ in range(48)]
    assert sum(map(len, said)) == 3
    assert desk.rows == ()


def test_another_hub_is_subscribed_to_when_the_feed_names_another(desk: Desk) -> None:
    desk.subscribed()
    with Hub() as other:
        ports = [desk.server.port, desk.hub.port, other.port]
        desk.config = read_config(_with_ports(desk.directory / "feeds.yaml", ports), {})
        desk.publish("One", hub=other.url)
        desk.clock.move(6 * HOUR)
        desk.poll()
        with Client(desk.server.settings(allow_ports=tuple(ports))) as desk.client:
            assert sorted(desk.ask()) == ["heard", "heard"]
        assert [len(hub.listeners) for hub in (desk.hub, other)] == [0, 1]


def _with_ports(path: Path, ports: list[int]) -> Path:
    blocks = json.loads(path.read_text())
    blocks["network"]["ports"] = ports
    path.write_text(json.dumps(blocks))
    return path


# ---- pings and odd bodies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Down for the weekend</body></html>",
        b"\x1f\x8b" + bytes(50),
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
            b"<!ENTITY %c '%b'>" % (char, b"&%c;" % (char - 1) * 50) for char in range(ord("b"), ord("m"))
        ) + b"]><rss version='2.0'><channel><title>&l;</title></channel></rss>",
        bytes(range(256)) * 100,
    ],
    ids=["thin", "page", "broken gzip", "entities", "noise"],
)  # fmt: skip
def test_what_cannot_be_read_says_that_it_is_time_to_ask(desk: Desk, body: bytes) -> None:
    desk.subscribed()
    assert desk.hub.push(desk.topic, body) == [204]
    assert desk.take_in() == [0]
    assert desk.feed().next_poll_at == desk.clock() + 5 * MINUTE, "no sooner than politeness allows"
    assert desk.feed().next_poll_reason == "its hub says that there is news"
    desk.publish("Two", "One")
    desk.clock.move(5 * MINUTE)
    assert desk.poll() == ["read"]
    assert desk.titles() == ["One", "Two"]


def test_a_thin_ping_after_a_while_makes_the_feed_due_at_once(desk: Desk) -> None:
    desk.subscribed()
    desk.clock.move(20 * MINUTE)
    desk.hub.push(desk.topic, b"")
    desk.take_in()
    assert desk.poll() == ["unchanged"]


def test_a_ping_does_not_break_the_rest_that_a_server_asked_for(desk: Desk) -> None:
    desk.publish("One")
    (answer,) = desk.server._scripts["/a"]
    desk.server.script("/a", Answer(body=answer.body, headers={"Cache-Control": "max-age=7200"}))
    desk.poll()
    desk.ask()
    due = desk.feed().next_poll_at
    desk.clock.move(HOUR)
    desk.hub.push(desk.topic, b"")
    desk.take_in()
    assert desk.clock() + HOUR <= desk.feed().next_poll_at <= due


def test_a_ping_while_the_feed_is_asked_waits_for_the_end_of_it(desk: Desk) -> None:
    desk.subscribed()
    with desk.database.write() as connection:
        connection.execute(update(feed_table).values(claimed_until=desk.clock() + HOUR, claimed_by="a poll"))
    desk.hub.push(desk.topic, b"")
    assert desk.take_in() == []
    assert desk.waiting() == 1
    with desk.database.write() as connection:
        connection.execute(update(feed_table).values(claimed_until=None, claimed_by=None))
    assert desk.take_in() == [0]
    assert desk.waiting() == 0


def test_a_push_for_a_feed_that_is_not_watched_any_more_is_dropped(desk: Desk) -> None:
    desk.subscribed()
    desk.push("Two")
    desk.follow("/b")
    assert desk.take_in() == [0]
    assert (desk.waiting(), desk.titles()) == (0, ["One"])


def test_a_hub_that_sends_too_much_is_slowed_down_and_nothing_is_forgotten(desk: Desk) -> None:
    desk.subscribed()
    answers = [desk.push(f"Item {number}")[0] for number in range(31)]
    assert answers == [204] * 30 + [429]
    assert desk.waiting() == subscriptions.MAX_WAITING
    assert desk.take_in() == [1] * (subscriptions.MAX_WAITING - 1) + [0]
    assert desk.feed().next_poll_reason == "its hub says that there is news", "for what did not find room"


def test_a_meter_lets_pass_again_after_a_while() -> None:
    now = 0.0
    meter = Meter(2, 60.0, clock=lambda: now)
    assert [meter.lets_pass(1), meter.lets_pass(1), meter.lets_pass(1), meter.lets_pass(2)] == [True, True, False, True]
    now = 60.0
    assert [meter.lets_pass(1), meter.lets_pass(1), meter.lets_pass(1)] == [True, True, False]


def test_a_database_that_refuses_is_said_so_that_the_hub_tries_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.subscribed()

    def refuse(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(subscriptions, "receive", refuse)
        assert desk.push("Two") == [503]
    assert desk.push("Two") == [204]
    assert (desk.rows[0].pushes, desk.take_in()) == (1, [1])


def test_without_a_place_for_callbacks_nobody_is_asked(desk: Desk) -> None:
    path = desk.directory / "feeds.yaml"
    blocks = json.loads(path.read_text())
    del blocks["websub"]
    path.write_text(json.dumps(blocks))
    desk.config = read_config(path, {})
    desk.publish("One")
    desk.poll()
    assert desk.ask() == []
    assert (desk.hub.asked, desk.rows) == ([], ())
    assert desk.feed().hub == desk.hub.url, "what it offers is known all the same"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"callback": "http://watch.example/hub"}, "expected a URL that starts with https://"),
        ({"callback": "https://watch.example/hub?a"}, "expected a URL without ? and #"),
        ({"listen": "8081"}, "such as 127.0.0.1:8081"),
        ({"listen": "127.0.0.1:0"}, "such as 127.0.0.1:8081"),
    ],
)
def test_a_place_that_cannot_be_is_a_fault(desk: Desk, changes: dict[str, str], fault: str) -> None:
    path = desk.directory / "feeds.yaml"
    blocks = json.loads(path.read_text())
    blocks["websub"] |= changes
    path.write_text(json.dumps(blocks))
    with pytest.raises(ConfigError, match=re.escape(fault)):
        read_config(path, {})


def test_who_asks_through_a_proxy_gives_no_hub_an_address(desk: Desk) -> None:
    path = desk.directory / "feeds.yaml"
    blocks = json.loads(path.read_text())
    blocks["network"]["proxy"] = "socks5h://127.0.0.1:9050"
    path.write_text(json.dumps(blocks))
    with pytest.raises(ConfigError, match="websub: tells every hub who you are"):
        read_config(path, {})


def test_feeds_health_says_how_a_feed_stands_with_its_hub(desk: Desk) -> None:
    desk.clock.now = datetime.now(UTC)  # the command has no other clock
    desk.subscribed()
    desk.push("Two")
    desk.follow("/a", "/b")
    where = ("--database", str(desk.database.url))
    records = tipsheet("feeds", "health", "--json", *where).objects
    assert {record["name"]: record["hub"].partition(", last")[0] for record in records} == {
        "a": "told by hub", "b": "",
    }  # fmt: skip
    assert "told by hub, last" in tipsheet("feeds", "health", *where).out


# ---- the whole program -----------------------------------------------------------------------------------------------


def test_the_daemon_tells_what_a_hub_pushes_within_seconds(tmp_path: Path) -> None:
    """`tipsheet run`, a feed that would not be asked for an hour, its hub, and somebody who is told."""
    with ScriptedServer() as server, Hub() as hub:
        server.script("/told", Answer(status=204))
        desk = _Newsroom(server, hub, tmp_path)
        desk.open(door=_free_port())
        daemon = start("run", "--log-json", *desk.where, environ={"HOOK_SECRET": "whsec_" + "A" * 32})
        try:
            _until(lambda: any(listener.verified for listener in hub.listeners.values()), daemon)
            began = time.monotonic()
            assert hub.push(server.url("/a"), desk.body("Two: the ferry is sold", "One")) == [204]
            _until(lambda: server.asked("/told"), daemon)
            assert time.monotonic() - began < 60, "five on an idle machine; a poll would come in an hour"
            told = json.loads(server.asked("/told")[0].body)
            assert told["data"]["title"] == "Two: the ferry is sold"
            assert len(server.asked("/a")) == 1, "its server was not asked for it"
        finally:
            daemon.send_signal(signal.SIGTERM)
            out, err = daemon.communicate(timeout=60)
        assert daemon.returncode == 0, (out, err)


@dataclass
class _Newsroom:
    server: ScriptedServer
    hub: Hub
    directory: Path

    @property
    def where(self) -> list[str]:
        return ["--config", str(self.directory / "feeds.yaml"), "--database", f"sqlite:///{self.directory / 'desk.db'}"]

    def open(self, *, door: int) -> None:
        self.server.script("/a", Answer(body=self.body("One"), headers={"Content-Type": "application/rss+xml"}))
        blocks = {
            "contact": "https://desk.example/",
            "network": {"allow": ["127.0.0.0/8"], "ports": [self.server.port, self.hub.port]},
            "websub": {"callback": f"http://127.0.0.1:{door}/hub", "listen": f"127.0.0.1:{door}"},
            "alerts": {"group_wait": "0s"},
            "channels": [
                {"name": "hook", "kind": "webhook", "url": self.server.url("/told"), "secret": "${HOOK_SECRET}"}
            ],
            "recipients": [{"name": "desk", "channel": "hook"}],
            "watches": [{"name": "ferries", "query": "ferry"}],
            "feeds": [{"name": "a", "url": self.server.url("/a"), "outlet": "ferry.example"}],
        }
        (self.directory / "feeds.yaml").write_text(json.dumps(blocks))

    def body(self, *titles: str) -> bytes:
        return feed_body(self.server.url("/a"), self.hub.url, dict.fromkeys(titles, ""))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _until(done: Callable[[], object], daemon: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert daemon.poll() is None, daemon.communicate()
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
