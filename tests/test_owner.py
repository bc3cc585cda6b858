"""Its owner hears within a quarter of an hour that alerts do not arrive; somebody outside hears that it lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from alerts.trouble import DOWN_AFTER, is_down, to_tell
from monitor.errors import ConfigError, DeliveryError
from monitor.model import ChannelTrouble
from monitor.net.fetch import Client
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.heartbeat import Heartbeat
from monitor.pipeline.owner import tell_owner
from monitor.settings.config import Config, heartbeat_faults, read_config
from storage.database import Database
from tests.command import tipsheet
from tests.conftest import Clock
from tests.newsroom import Phone, delivery, settings, tell
from tests.scripted_server import Answer, ScriptedServer

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONFIG = """
contact: https://desk.example/
owner: keeper
heartbeat: ${PULSE}
channels:
  - {name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}
  - {name: other, kind: email, host: localhost, security: none, from: tipsheet@desk.example}
recipients:
  - {name: desk, channel: mail, address: desk@desk.example}
  - {name: night, channel: mail, address: night@desk.example}
  - {name: keeper, channel: other, address: keeper@desk.example}
watches: [{name: ferries, query: ferry, to: [desk, night]}]
feeds: []
"""
SECRETS = {"PULSE": "https://pulse.example/canary"}
WELL = ChannelTrouble(channel="mail", dead=0, waiting=0, since=None, sent_at=NOW, told_at=None, reason="")
STUCK = replace(WELL, waiting=2, since=NOW - 9 * MINUTE, sent_at=NOW - 10 * MINUTE, reason="connection refused")


# ---- when, and in which words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "down"),
    [
        (WELL, False),
        (STUCK, True),
        (replace(STUCK, sent_at=None), True),
        (replace(STUCK, since=NOW - DOWN_AFTER + MINUTE / 60), False),  # it may be a moment's fault
        (replace(STUCK, sent_at=NOW - MINUTE), False),  # others get through: one receiver is slow
    ],
)
def test_a_channel_is_down_when_nothing_gets_through(trouble: ChannelTrouble, down: bool) -> None:
    assert is_down(trouble, now=NOW) is down
    assert bool(to_tell(trouble, now=NOW)) is down


def test_the_owner_is_told_once_of_one_fault_and_again_of_the_next() -> None:
    assert "2 messages wait there" in to_tell(STUCK, now=NOW)
    assert "last word: connection refused." in to_tell(STUCK, now=NOW)
    assert to_tell(replace(STUCK, told_at=NOW - MINUTE), now=NOW) == ""
    assert to_tell(replace(STUCK, told_at=NOW - timedelta(days=1)), now=NOW)
    dead = replace(WELL, dead=1, reason="550 no such user")
    assert to_tell(dead, now=NOW).startswith("1 message on the channel “mail” could not be delivered.")
    assert "tipsheet alerts retry" in to_tell(dead, now=NOW)


# ---- in the outbox ---------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path, CONFIG, SECRETS)


@pytest.fixture
def mail() -> Phone:
    return Phone()


@pytest.fixture
def other() -> Phone:
    return Phone()


@pytest.fixture
def deliver(database: Database, config: Config, clock: Clock, mail: Phone, other: Phone) -> Deliver:
    return delivery(database, config, {"mail": mail, "other": other}, clock)


def pass_time(deliver: Deliver, clock: Clock, minutes: int) -> None:
    for _ in range(minutes):
        clock.move(MINUTE)
        tell_owner(deliver.database, deliver.config, clock=clock)
        list(deliver())


def test_a_channel_that_is_dead_is_told_on_another_within_a_quarter_of_an_hour_once(
    deliver: Deliver, mail: Phone, other: Phone, clock: Clock
) -> None:
    mail.answers = [DeliveryError("connection refused", retry=True)] * 20
    tell(deliver, 2)
    list(deliver())
    pass_time(deliver, clock, 15)
    (notice,) = [message for _, message in other.took]
    assert notice.kind == "notice"
    assert notice.subject == "Tipsheet: alerts do not arrive by “mail”"
    assert "messages wait there" in " ".join(notice.text.split())
    pass_time(deliver, clock, 15)
    assert len(other.took) == 1


def test_a_dead_letter_is_told_and_one_that_was_told_is_not_told_again(
    deliver: Deliver, mail: Phone, other: Phone, clock: Clock
) -> None:
    mail.answers = [DeliveryError("550 no such user", retry=False)]
    tell(deliver)
    list(deliver())
    pass_time(deliver, clock, 3)
    mail.answers = [DeliveryError("550 no such user", retry=False)]
    tell(deliver, prefix="next")
    list(deliver())
    pass_time(deliver, clock, 3)
    assert ["1 message on" in " ".join(message.text.split()) for _, message in other.took] == [True, True]


def test_an_owner_is_a_recipient_and_without_one_nobody_is_told(
    deliver: Deliver, mail: Phone, other: Phone, clock: Clock, tmp_path: Path
) -> None:
    mail.answers = [DeliveryError("550 no such user", retry=False)]
    tell(deliver)
    pass_time(replace(deliver, config=replace(deliver.config, owner="")), clock, 20)
    assert other.took == []
    (tmp_path / "feeds.yaml").write_text(CONFIG.replace("owner: keeper", "owner: nobody"))
    with pytest.raises(ConfigError, match="owner: no recipient is called 'nobody'"):
        read_config(tmp_path / "feeds.yaml", SECRETS)


# ---- a sign of life --------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def heartbeat(server: ScriptedServer) -> Iterator[Heartbeat]:
    with Client(server.settings()) as client:
        yield Heartbeat(client=client, url=server.url("/pulse"))


@pytest.mark.parametrize(("status", "arrived"), [(200, True), (204, True), (404, False), (500, False)])
def test_a_sign_is_given_after_a_round_that_went_well(
    server: ScriptedServer, heartbeat: Heartbeat, status: int, arrived: bool
) -> None:
    server.script("/pulse", Answer(status=status, body=b"OK" if status == 200 else b""))
    assert heartbeat.beat() is False  # nothing was done yet
    for stage in ("refresh", "examine", "deliver mail"):
        heartbeat.ended(stage, well=True)
    assert heartbeat.beat() is arrived
    assert heartbeat.beat() is False  # and nothing since


def test_no_sign_is_given_while_a_job_fails(server: ScriptedServer, heartbeat: Heartbeat) -> None:
    server.script("/pulse", Answer(status=200, body=b"OK"))
    for stage in ("refresh", "examine"):
        heartbeat.ended(stage, well=True)
    heartbeat.ended("examine", well=False)
    assert heartbeat.beat() is False
    for stage in ("refresh", "examine"):
        heartbeat.ended(stage, well=True)
    assert heartbeat.beat() is True


def test_its_address_is_a_secret_and_shown_nowhere(config: Config, tmp_path: Path) -> None:
    assert config.heartbeat == SECRETS["PULSE"]
    assert "canary" not in repr(config)
    with pytest.raises(ConfigError, match=r"heartbeat: the secret is missing"):
        read_config(tmp_path / "feeds.yaml", {})
    assert heartbeat_faults(config) == ()
    (fault,) = heartbeat_faults(read_config(tmp_path / "feeds.yaml", {"PULSE": "canary"}))
    assert "heartbeat: its secret is no URL" in str(fault)
    assert "canary" not in str(fault)


def test_check_says_of_which_channel_the_owner_hears_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE", SECRETS["PULSE"])
    path = tmp_path / "feeds.yaml"
    where = ("--config", path, "--database", f"sqlite:///{tmp_path / 'none.db'}")
    path.write_text(CONFIG)
    assert "is not told of a fault" not in tipsheet("check", *where).out
    path.write_text(CONFIG.replace("keeper, channel: other", "keeper, channel: mail"))
    assert "keeper is not told of a fault of mail" in " ".join(tipsheet("check", *where).out.split())


def test_once_gives_the_sign_when_its_work_is_done(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script("/pulse", Answer(status=200, body=b"OK"))
    monkeypatch.setenv("PULSE", server.url("/pulse"))
    network = f"network: {{allow: [127.0.0.0/8], ports: [{server.port}]}}\n"
    (tmp_path / "feeds.yaml").write_text(CONFIG + network)
    where = ("--config", tmp_path / "feeds.yaml", "--database", f"sqlite:///{tmp_path / 'new.db'}")
    assert tipsheet("once", *where).code == 0
    assert [request.path for request in server.requests] == ["/pulse"]


def test_what_failed_once_and_waits_for_the_morning_is_no_fault_of_its_channel(
    deliver: Deliver, mail: Phone, other: Phone, clock: Clock
) -> None:
    desk = replace(deliver.config.recipients["desk"], quiet=(time(12, 1), time(20)))
    recipients = dict(deliver.config.recipients) | {"desk": desk}
    deliver = replace(deliver, config=replace(deliver.config, recipients=recipients))
    mail.answers = [DeliveryError("greylisted, come back", retry=True)]
    tell(deliver)
    list(deliver())
    pass_time(deliver, clock, 30)
    assert (mail.took, other.took) == ([], [])
