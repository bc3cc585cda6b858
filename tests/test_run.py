"""The daemon as a process of its own: it watches until told to stop, alone, and outlives a server that is not there."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from monitor.cli.demo import SECRET, SECRET_NAME, write_config
from monitor.demo.mailroom import Mailroom
from monitor.demo.newsroom import Newsroom
from monitor.model import Message, Recipient
from monitor.pipeline.upkeep import follow_clock_back, take_over
from monitor.run import TICK, Stages, open_stages, serve
from monitor.settings.config import read_config
from storage import entries, outbox
from storage.database import Database
from storage.schema import feeds
from tests.command import start, tipsheet
from tests.conftest import Clock
from tests.mail_sink import MailSink
from tests.rows import COURIER, FERRY, keep, keyed, remember
from tests.scripted_server import Answer, ScriptedServer

PATIENCE = 120.0  # seconds for what takes two on an idle machine
PROMPT = 20.0  # seconds in which a stop is done: one on an idle machine
SLACK = 5.0  # seconds that a busy machine may add to a tick


@dataclass
class Daemon:
    """`tipsheet run`, and what it has logged so far."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.events.append(json.loads(line))

    def wait_for(self, done: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert self.process.poll() is None, f"it ended by itself: {self.events}"
            assert time.monotonic() < deadline, f"{what} did not happen: {self.events}"
            time.sleep(0.05)

    def logged(self, event: str, **fields: object) -> list[dict[str, Any]]:
        return [found for found in list(self.events) if fields.items() <= found.items() and found["event"] == event]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join()
        return code, time.monotonic() - began

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


@contextmanager
def running(directory: Path) -> Iterator[Daemon]:
    environ = {SECRET_NAME: SECRET}
    daemon = Daemon(start("run", "--log-json", *where(directory), environ=environ))
    try:
        yield daemon
    finally:
        daemon.end()


def where(directory: Path) -> tuple[str, str, str, str]:
    return ("--config", str(directory / "feeds.yaml"), "--database", f"sqlite:///{directory / 'tipsheet.db'}")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Newsroom, Mailroom, Path]]:
    """A daemon that watches the demo's newsroom, which opens late; its first story has been told."""
    directory = tmp_path_factory.mktemp("day")
    opened = datetime.now(UTC)
    with Mailroom() as mailroom:
        with Newsroom(opened=opened) as early:
            write_config(directory, early, mailroom)
            port = early.port
        with (directory / "feeds.yaml").open("a") as stream:
            stream.write("alerts: {group_wait: 10s}\n")  # longer than its feeds take to come back one by one
        with running(directory) as daemon:
            daemon.wait_for(lambda: len(daemon.logged("refresh", result="failed")) >= 13, "a failed poll of each feed")
            with Newsroom(port=port, opened=opened) as newsroom:
                daemon.wait_for(lambda: mailroom.letters and newsroom.hooks, "an alert by mail and by webhook")
                yield daemon, newsroom, mailroom, directory


def test_a_server_that_comes_later_is_heard_when_it_comes(day: tuple[Daemon, Newsroom, Mailroom, Path]) -> None:
    daemon, newsroom, _, _ = day
    readable = {outlet.name for outlet in newsroom.outlets if outlet.entries}
    daemon.wait_for(lambda: {event["feed"] for event in daemon.logged("refresh", result="read")} == readable, "reading")
    assert {event["feed"] for event in daemon.logged("refresh", result="failed")} >= readable


def test_a_second_instance_is_refused_while_the_first_goes_on(day: tuple[Daemon, Newsroom, Mailroom, Path]) -> None:
    daemon, _, _, directory = day
    ran = tipsheet("once", *where(directory), environ={SECRET_NAME: SECRET})
    assert (ran.code, ran.out) == (75, "")
    assert f"another tipsheet (process {daemon.process.pid}) is working on" in ran.err
    assert daemon.process.poll() is None


def test_it_delivers_polls_on_tells_nothing_twice_and_stops_on_sigterm(
    day: tuple[Daemon, Newsroom, Mailroom, Path],
) -> None:
    daemon, newsroom, mailroom, directory = day
    daemon.wait_for(lambda: daemon.logged("refresh", result="unchanged"), "a second poll")
    code, seconds = daemon.stop()
    assert code == 0
    assert seconds < PROMPT
    assert [event["event"] for event in daemon.events if event["event"].startswith("st")] == [
        "started", "stopping", "stopped",
    ]  # fmt: skip
    assert not [event for event in daemon.events if event["level"] not in ("info", "debug")]
    assert daemon.logged("started")[0]["feeds"] == len(newsroom.outlets)

    again = tipsheet("once", *where(directory), environ={SECRET_NAME: SECRET})
    assert again.code != 75, "the lock went with the process"
    subjects = [str(letter.message["Subject"]) for letter in mailroom.letters]
    assert len(set(subjects)) == len(subjects)
    assert len(newsroom.hooks) == len(subjects), "what the stop left waiting has been sent since"


# ---- a world that comes and goes -------------------------------------------------------------------------------------

CONFIG = """
contact: https://desk.example/
fetch: {{gap: 0s, timeout: 10s}}
network: {{allow: [127.0.0.0/8], ports: [{web}]}}
alerts: {{group_wait: 0s}}
channels: [{{name: mail, kind: email, host: 127.0.0.1, port: {mail}, security: none, from: tipsheet@desk.example}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example}}]
watches: [{{name: ferries, query: ferry}}]
feeds: [{{name: Ferry Times, url: 'http://127.0.0.1:{web}/feed', outlet: ferry.example, every: 1s}}]
"""


def feed() -> bytes:
    now = datetime.now(UTC).isoformat()
    items = [{"id": "1", "title": "Ferry sails again", "content_text": "At last.", "date_published": now}]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Ferry Times", "items": items}).encode()


def test_ctrl_c_ends_a_poll_in_hand_and_keeps_what_it_brought(tmp_path: Path) -> None:
    with ScriptedServer() as web, MailSink() as mail:
        web.script("/feed", Answer(body=feed(), delay=2.0))
        (tmp_path / "feeds.yaml").write_text(CONFIG.format(web=web.port, mail=mail.port))
        with running(tmp_path) as daemon:
            daemon.wait_for(lambda: web.asked("/feed"), "a request")
            code, seconds = daemon.stop(signal.SIGINT)
        assert code == 0
        assert seconds < PROMPT
        assert daemon.logged("refresh", result="read")
        tipsheet("once", *where(tmp_path))
        assert len(mail.letters) == 1


def test_a_file_with_a_fault_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("contact: nobody\n")
    ran = tipsheet("run", *where(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert not (tmp_path / "tipsheet.db").exists()


# ---- the clock and the channels, with the daemon in this process -----------------------------------------------------

TWO_WAYS = """
contact: https://desk.example/
network: {allow: [127.0.0.0/8]}
channels:
  - {name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}
  - {name: bot, kind: webhook, url: "https://bot.example/hook", secret: "${HOOK_SECRET}"}
recipients: [{name: desk, channel: mail, address: desk@desk.example}, {name: robot, channel: bot}]
watches: [{name: ferries, query: ferry}]
feeds: []
"""
DESK = Recipient(name="desk", channel="mail", address="desk@desk.example")
ROBOT = Recipient(name="robot", channel="bot", address="")


class MovableClock:
    """The real time, and what somebody has added to it."""

    added = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.added


@dataclass
class Line:
    """A way out that says when a message is on it, and takes it when it is open."""

    open: threading.Event = field(default_factory=threading.Event)
    begun: list[str] = field(default_factory=list)

    def send(self, message: Message, address: str) -> str:
        self.begun.append(message.key)
        assert self.open.wait(PATIENCE)
        return "taken"


@dataclass
class Desk:
    """A daemon's stages with two lines, and the means to queue a message for each."""

    stages: Stages
    clock: MovableClock
    mail: Line
    bot: Line

    def queue(self, to: Recipient, day: str, *, ahead: timedelta = timedelta()) -> None:
        with self.stages.database.write() as connection:
            assert outbox.add_digest(connection, to, day=day, now=self.clock() + ahead)

    def serve_while(self, scenario: Callable[[], None]) -> None:
        """Serve, as a process does, until the scenario has been played."""

        def play() -> None:
            try:
                scenario()
            finally:
                self.mail.open.set()
                self.bot.open.set()
                self.stages.stop.set()

        with ThreadPoolExecutor(1) as pool:
            played = pool.submit(play)
            serve(self.stages)
        played.result()


@pytest.fixture
def desk(tmp_path: Path, database: Database) -> Iterator[Desk]:
    (tmp_path / "feeds.yaml").write_text(TWO_WAYS)
    config = read_config(tmp_path / "feeds.yaml", {"HOOK_SECRET": SECRET})
    clock, mail, bot = MovableClock(), Line(), Line()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with open_stages(config, database, stop=threading.Event(), clock=clock) as stages:
            stages.deliver = replace(stages.deliver, senders={"mail": mail, "bot": bot})
            yield Desk(stages, clock, mail, bot)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def eventually(done: Callable[[], object], seconds: float = PROMPT) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_dead_mail_server_with_a_full_queue_does_not_delay_a_webhook(desk: Desk) -> None:
    for number in range(50):
        desk.queue(DESK, f"day {number}")
    desk.bot.open.set()

    def scenario() -> None:
        eventually(lambda: desk.mail.begun)
        for day in ("first", "second"):
            queued = time.monotonic()
            desk.queue(ROBOT, day)
            eventually(lambda day=day: f"digest:{day}:robot:bot" in desk.bot.begun)  # type: ignore[misc]
            assert time.monotonic() - queued < TICK.total_seconds() + SLACK

    desk.serve_while(scenario)
    assert len(desk.mail.begun) == 1, "and when told to stop, it began no other"


def test_sigterm_ends_the_send_under_way_and_leaves_the_rest_due(desk: Desk) -> None:
    for number in range(5):
        desk.queue(DESK, f"day {number}")

    def scenario() -> None:
        eventually(lambda: desk.mail.begun)
        os.kill(os.getpid(), signal.SIGTERM)
        eventually(desk.stages.stop.is_set)

    desk.serve_while(scenario)
    with desk.stages.database.read() as connection:
        states = [row.state for row in outbox.listing(connection)]
    assert sorted(states) == ["sent", "waiting", "waiting", "waiting", "waiting"]


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(days=1)])
def test_a_clock_that_is_set_does_not_silence_it(
    desk: Desk, by: timedelta, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class SchedulersTime(datetime):
        """What APScheduler takes for now."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return desk.clock().astimezone(tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", SchedulersTime)
    desk.bot.open.set()

    def scenario() -> None:
        desk.queue(ROBOT, "before")
        desk.queue(ROBOT, "put off", ahead=timedelta(minutes=30))
        eventually(lambda: len(desk.bot.begun) == 1)
        desk.clock.added = by
        eventually(lambda: caplog.messages)
        desk.queue(ROBOT, "after")
        eventually(lambda: len(desk.bot.begun) == 3)

    with caplog.at_level(logging.WARNING, "tipsheet"):
        desk.serve_while(scenario)
    assert [f"clock moved_by={by.total_seconds():.0f}"] == caplog.messages


def test_what_a_clock_that_ran_ahead_has_put_off_is_due_by_the_right_one(database: Database, clock: Clock) -> None:
    ahead = clock() + timedelta(days=1)
    remember(database)
    with database.write() as connection:
        polled = update(feeds).where(feeds.c.name == FERRY.name)
        connection.execute(polled.values(polled_at=ahead, next_poll_at=ahead + timedelta(hours=1)))
        resting = update(feeds).where(feeds.c.name == COURIER.name)
        connection.execute(resting.values(polled_at=clock(), next_poll_at=clock() + timedelta(hours=12)))
        assert outbox.add_digest(connection, DESK, day="put off", now=ahead)
    keep(database, keyed("a"), now=ahead)

    follow_clock_back(database, now=clock())
    with database.read() as connection:
        due = {row.name: row.next_poll_at for row in connection.execute(select(feeds))}
        assert outbox.count_due(connection, now=clock(), horizon=clock()) == 1
        assert entries.count_due(connection, now=clock()) == 1
    assert due[FERRY.name] == clock() + timedelta(hours=1), "as long as was decided, from now"
    assert due[COURIER.name] == clock() + timedelta(hours=12), "what its server asked for before is kept"


def test_a_start_by_the_right_clock_does_not_wait_for_the_wrong_one(
    tmp_path: Path, database: Database, clock: Clock
) -> None:
    (tmp_path / "feeds.yaml").write_text(TWO_WAYS)
    config = read_config(tmp_path / "feeds.yaml", {"HOOK_SECRET": "whsec_c2hvcnQ="})
    ahead = clock() + timedelta(days=1)
    remember(database)
    with database.write() as connection:
        connection.execute(update(feeds).values(polled_at=ahead, next_poll_at=ahead + timedelta(hours=1)))
        assert outbox.add_digest(connection, DESK, day="put off", now=ahead)
    take_over(database, config, now=clock())
    with database.read() as connection:
        waits = connection.execute(select(feeds.c.next_poll_at)).scalars()
        assert set(waits) == {clock() + timedelta(hours=1)}
        assert outbox.count_due(connection, now=clock(), horizon=clock()) == 1


# ---- a channel with wrong settings -----------------------------------------------------------------------------------


def test_a_channel_that_cannot_be_used_holds_back_its_own_alerts_only(
    tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "feeds.yaml").write_text(TWO_WAYS)
    config = read_config(tmp_path / "feeds.yaml", {"HOOK_SECRET": "whsec_c2hvcnQ="})
    stop, mail = threading.Event(), Line()
    mail.open.set()
    reason = "the channel “bot” cannot be used: secret: expected whsec_ and the base64 of 24 to 64 bytes"
    with caplog.at_level(logging.ERROR, "tipsheet"), open_stages(config, database, stop=stop) as stages:
        stages.deliver = replace(stages.deliver, senders={**stages.deliver.senders, "mail": mail})
        assert [record.__dict__["event"] for record in caplog.records] == ["channel"]
        desk = Desk(stages, MovableClock(), mail, Line())
        desk.queue(DESK, "day")
        desk.queue(ROBOT, "day")
        ended = {one.item.channel: (one.state, one.reason) for one in desk.stages.deliver()}
    assert ended == {"mail": ("sent", "taken"), "bot": ("waiting", reason)}
