"""A channel that rests: its alerts wait and lose nothing by it, the others go on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from alerts.breaker import FIRST_REST
from alerts.channel import open_sender
from monitor.errors import DeliveryError
from monitor.model import Channel, Message, Recipient
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.resting import end_rests, resting_channels
from monitor.run import utc_now
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import outbox
from storage.database import Database
from tests import command
from tests.conftest import Clock

CONFIG = """
contact: https://desk.example/
channels:
  - {name: chat, kind: slack, url: "${SLACK_URL}"}
  - {name: bot, kind: webhook, url: "https://bot.example/hook", secret: "${HOOK_SECRET}"}
recipients:
  - {name: room, channel: chat, an_hour: 1000}
  - {name: robot, channel: bot, an_hour: 1000}
watches: [{name: ferries, query: ferry}]
feeds: []
"""
SECRETS = {
    "SLACK_URL": "https://hooks.slack.example/services/T/B/K3y",
    "HOOK_SECRET": "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD",
}
ROOM = Recipient(name="room", channel="chat", address="")
ROBOT = Recipient(name="robot", channel="bot", address="")


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Slack:
    """Takes a message a second at most; asked sooner, it wants half a minute of peace, and notes who breaks it."""

    clock: Clock
    taken: list[str] = field(default_factory=list)
    calls: int = 0
    intrusions: int = 0
    free_at: datetime | None = None
    peace_until: datetime | None = None
    moods: tuple[int, ...] = ()  # calls that it answers with 429 whatever their time

    def __call__(self, url: str, *, headers: object, body: bytes, method: str = "POST") -> Answered:
        now = self.clock()
        self.calls += 1
        self.intrusions += bool(self.peace_until and now < self.peace_until)
        if (self.free_at and now < self.free_at) or self.calls in self.moods:
            self.peace_until = now + timedelta(seconds=30)
            return Answered(429, b"rate_limited", {"retry-after": "30"})
        self.free_at = now + timedelta(seconds=1)
        self.taken.append(json.loads(body)["text"])
        return Answered(200)


class Patience(Event):
    """An event on which nobody waits in earnest: the clock is moved."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.move(timedelta(seconds=timeout or 0))
        return self.is_set()


@dataclass
class Bot:
    """A way out that answers as told, and takes everything when it has been told nothing."""

    answers: list[DeliveryError] = field(default_factory=list)
    sent: int = 0

    def send(self, message: Message, address: str) -> str:
        self.sent += 1
        if self.answers:
            raise self.answers.pop(0)
        return "taken"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    return read_config(tmp_path / "feeds.yaml", SECRETS)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def deliver(database: Database, config: Config, clock: Clock, bot: Bot) -> Deliver:
    return Deliver(
        database=database, config=config, outlets=shipped(), senders={"chat": Bot(), "bot": bot}, clock=clock,
        stop=Patience(clock),
    )  # fmt: skip


def with_chat(deliver: Deliver, slack: Slack, channel: Channel) -> Deliver:
    return replace(deliver, senders={**deliver.senders, "chat": open_sender(channel, post=slack)})


def queue(deliver: Deliver, count: int, to: Recipient) -> None:
    with deliver.database.write() as connection:
        for day in range(count):
            assert outbox.add_digest(connection, to, day=f"day {day}", now=deliver.clock())


def states(deliver: Deliver) -> dict[str, int]:
    with deliver.database.read() as connection:
        rows = outbox.listing(connection, limit=10_000)
    return {state: [row.state for row in rows].count(state) for state in {row.state for row in rows}}


def fails(times: int) -> list[DeliveryError]:
    return [DeliveryError("503 and no more", retry=True) for _ in range(times)]


# ---- a service that asks for rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "moods"),
    [(150, tuple(range(10, 400, 7))), (60, ()), (60, tuple(range(1, 40)))],
    ids=["moody", "patient", "cross at first"],
)
def test_of_many_alerts_none_is_lost_and_none_disturbs_the_peace(
    deliver: Deliver, config: Config, clock: Clock, count: int, moods: tuple[int, ...]
) -> None:
    slack = Slack(clock, moods=moods)
    deliver = with_chat(deliver, slack, config.channels["chat"])
    queue(deliver, count, ROOM)
    for _ in range(3000):
        list(deliver.empty("chat"))
        clock.move(timedelta(seconds=2))
        if len(slack.taken) == count:
            break
    assert states(deliver) == {"sent": count}
    assert len(slack.taken) == count
    assert slack.intrusions == 0
    assert slack.calls == count + len([mood for mood in moods if mood <= slack.calls])


def test_an_alert_that_is_queued_during_the_rest_waits_with_the_others(
    deliver: Deliver, config: Config, clock: Clock
) -> None:
    slack = Slack(clock, moods=(1,))
    deliver = with_chat(deliver, slack, config.channels["chat"])
    queue(deliver, 1, ROOM)
    assert [one.state for one in deliver()] == ["waiting"]
    with deliver.database.write() as connection:
        assert outbox.add_digest(connection, ROOM, day="later", now=clock())
    clock.move(timedelta(seconds=29))
    assert list(deliver()) == []
    clock.move(timedelta(seconds=1))
    assert [one.state for one in deliver()] == ["sent", "sent"]


def test_who_is_only_told_to_wait_loses_no_try_but_not_for_ever(deliver: Deliver, bot: Bot, clock: Clock) -> None:
    bot.answers = [DeliveryError("later", retry=True, retry_after=timedelta(hours=6)) for _ in range(500)]
    queue(deliver, 1, ROBOT)
    while states(deliver) == {"waiting": 1}:
        list(deliver())
        clock.move(timedelta(hours=6))
    assert states(deliver) == {"failed": 1}
    assert bot.sent == 5 * 4 + 1


def test_who_was_told_to_wait_has_all_his_tries_left(deliver: Deliver, bot: Bot, clock: Clock) -> None:
    later = [DeliveryError("later", retry=True, retry_after=timedelta(minutes=1)) for _ in range(9)]
    bot.answers = [*later, *fails(9)]
    queue(deliver, 1, ROBOT)
    while states(deliver) == {"waiting": 1}:
        clock.move(timedelta(days=1) if len(bot.answers) < 9 else timedelta(minutes=1))
        list(deliver())
    assert states(deliver) == {"sent": 1}
    assert bot.sent == 19


def test_other_channels_go_on(deliver: Deliver, config: Config, clock: Clock, bot: Bot) -> None:
    deliver = with_chat(deliver, Slack(clock, moods=(1,)), config.channels["chat"])
    queue(deliver, 5, ROOM)
    queue(deliver, 20, ROBOT)
    list(deliver())
    assert bot.sent == 20
    assert states(deliver) == {"sent": 20, "waiting": 5}


# ---- a service that is down ------------------------------------------------------------------------------------------


def test_after_five_failures_the_channel_rests_and_what_waits_loses_no_try(
    deliver: Deliver, bot: Bot, clock: Clock
) -> None:
    bot.answers = fails(100)
    queue(deliver, 50, ROBOT)
    list(deliver())
    assert bot.sent == 5
    list(deliver())
    assert bot.sent == 5, "it rests"
    clock.move(FIRST_REST)
    list(deliver())
    assert bot.sent == 6, "one probe"
    with deliver.database.read() as connection:
        rows = outbox.listing(connection)
    assert sorted(row.attempts for row in rows)[:44] == [0] * 44


def test_a_probe_that_gets_through_opens_the_way(deliver: Deliver, bot: Bot, clock: Clock) -> None:
    bot.answers = fails(5)
    queue(deliver, 20, ROBOT)
    list(deliver())
    clock.move(FIRST_REST)
    list(deliver())
    assert states(deliver) == {"sent": 20}
    with deliver.database.read() as connection:
        assert resting_channels(connection, now=clock()) == []


def test_a_success_between_failures_keeps_it_open(deliver: Deliver, bot: Bot) -> None:
    queue(deliver, 9, ROBOT)
    bot.answers = fails(4)
    list(deliver.empty("bot"))
    bot.answers = fails(4)
    queue_more(deliver, 4)
    list(deliver.empty("bot"))
    with deliver.database.read() as connection:
        assert resting_channels(connection, now=deliver.clock()) == []


def queue_more(deliver: Deliver, count: int) -> None:
    with deliver.database.write() as connection:
        for day in range(count):
            assert outbox.add_digest(connection, ROBOT, day=f"more {day}", now=deliver.clock())


def test_messages_that_are_refused_for_their_own_sake_say_nothing_of_the_channel(deliver: Deliver, bot: Bot) -> None:
    bot.answers = [DeliveryError("413 too large", retry=False) for _ in range(20)]
    queue(deliver, 21, ROBOT)
    list(deliver())
    assert states(deliver) == {"failed": 20, "sent": 1}


def test_receivers_whom_their_server_puts_off_do_not_stop_the_mail_of_others(deliver: Deliver, bot: Bot) -> None:
    bot.answers = [DeliveryError("450 greylisted", retry=True, of_one=True) for _ in range(20)]
    queue(deliver, 21, ROBOT)
    list(deliver())
    assert states(deliver) == {"waiting": 20, "sent": 1}


# ---- what a person sees and can do -----------------------------------------------------------------------------------


def test_a_person_who_has_mended_it_ends_the_rest_but_not_one_that_was_asked_for(
    deliver: Deliver, bot: Bot, config: Config, clock: Clock
) -> None:
    bot.answers = fails(5)
    deliver = with_chat(deliver, Slack(clock, moods=(1,)), config.channels["chat"])
    queue(deliver, 10, ROBOT)
    queue(deliver, 1, ROOM)
    list(deliver())
    with deliver.database.write() as connection:
        assert len(resting_channels(connection, now=clock())) == 2
        end_rests(connection)
        (left,) = resting_channels(connection, now=clock())
    assert left.startswith("The channel chat rests until ")
    list(deliver.empty("bot"))
    assert bot.sent == 10


def test_the_list_and_the_check_name_a_channel_that_rests(deliver: Deliver, bot: Bot, tmp_path: Path) -> None:
    bot.answers = fails(5)
    live = replace(deliver, clock=utc_now)
    queue(live, 10, ROBOT)
    list(live())
    url = ("--database", str(deliver.database.url))
    listed = command.tipsheet("alerts", "list", *url)
    checked = command.tipsheet("check", "--config", tmp_path / "feeds.yaml", *url, environ=SECRETS)
    for said in (listed.err, checked.out):
        assert "The channel bot rests until" in said
        assert "5 failures in a row. The last answer: 503 and no more. Its alerts wait." in " ".join(said.split())
