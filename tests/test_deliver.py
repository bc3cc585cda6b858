"""Deliveries that fail, get lost, or change meanwhile: at most twice, never unseen, and nobody waits for others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from alerts.message import compose_alert
from monitor.errors import DeliveryError, StorageError
from monitor.model import Message, Recipient
from monitor.pipeline.deliver import LEASE, MAX_UNWRITTEN, PAUSE, Deliver, Delivered
from monitor.pipeline.upkeep import take_over
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import claims, folding, outbox
from storage.database import Database
from storage.schema import outbox as outbox_table
from tests.conftest import Clock
from tests.rows import DESK, claim, decision, examined, keep, keyed, match, record, remember

CONFIG = """
contact: https://desk.example/
alerts: {group_wait: 1h}
channels:
  - {name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}
  - {name: bot, kind: webhook, url: "https://bot.example/hook", secret: "${HOOK_SECRET}"}
recipients:
  - {name: desk, channel: mail, address: desk@desk.example, digest_at: "07:00", an_hour: 1000}
  - {name: robot, channel: bot, an_hour: 1000}
watches: [{name: ferries, query: ferry}]
feeds: []
"""
SECRETS = {"HOOK_SECRET": "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"}
COMPOSE = "monitor.pipeline.compose.compose_alert"
ROBOT = Recipient(name="robot", channel="bot", address="")
LOST = DeliveryError("the line broke behind the last byte", retry=True, reached=True)
CLOSED = DeliveryError("connection refused", retry=True)


@dataclass
class ScriptedSender:
    """A way out that answers as told, and takes everything when it has been told nothing."""

    answers: list[str | DeliveryError] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)  # key and address of each message that left
    meanwhile: Callable[[], object] = lambda: None  # happens while a message is on its way

    def send(self, message: Message, address: str) -> str:
        self.sent.append((message.key, address))
        self.meanwhile()
        answer = self.answers.pop(0) if self.answers else "taken"
        if isinstance(answer, DeliveryError):
            raise answer
        return answer


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    return read_config(tmp_path / "feeds.yaml", SECRETS)


@pytest.fixture
def mail() -> ScriptedSender:
    return ScriptedSender()


@pytest.fixture
def deliver(database: Database, config: Config, clock: Clock, mail: ScriptedSender) -> Deliver:
    senders = {"mail": mail, "bot": ScriptedSender()}
    return Deliver(database=database, config=config, outlets=shipped(), senders=senders, clock=clock, stop=Event())


def queue(deliver: Deliver, count: int = 1, to: Recipient = DESK) -> None:
    """Digests of an empty newsroom: the shortest messages there are."""
    with deliver.database.write() as connection:
        for day in range(count):
            assert outbox.add_digest(connection, to, day=f"day {day}", now=deliver.clock())


def queue_alert(deliver: Deliver, watch: str = "ferries") -> None:
    """An alert about the one story that there is."""
    with deliver.database.write() as connection:
        outbox.add(connection, decision(watch=watch), DESK, story_id=1, entry_id=1, now=deliver.clock())


def tell_story(deliver: Deliver, clock: Clock) -> None:
    """The story of which the alerts speak."""
    remember(deliver.database)
    keep(deliver.database, keyed("a"), now=clock())
    claim(deliver.database, now=clock())
    found = examined(1, matches=(match(), match("boats")))
    assert record(deliver.database, found, now=clock()) == [True]


def ends(delivered: list[Delivered]) -> list[tuple[str, str]]:
    return [(one.state, one.reason) for one in delivered]


def states(database: Database) -> list[str]:
    """Of all deliveries, the oldest first."""
    with database.read() as connection:
        return [row.state for row in reversed(outbox.listing(connection))]


def ledger(database: Database) -> outbox.OutboxRow:
    with database.read() as connection:
        (row,) = outbox.listing(connection)
    return row


def begin_and_die(deliver: Deliver) -> None:
    """What a process leaves that is killed while it sends."""
    claimant, now = claims.new_claimant(), deliver.clock()
    with deliver.database.write() as connection:
        item = outbox.claim_next(connection, "mail", claimant=claimant, now=now, lease=LEASE, horizon=now)
        assert item is not None
        message = item.message or Message(
            key=item.key, kind="digest", subject="", text="", html="", data={}, created_at=now
        )
        assert outbox.begin_attempt(connection, item, message, claimant=claimant, now=now)
        claims.release(connection, outbox_table)


# ---- at most twice ---------------------------------------------------------------------------------------------------


def test_what_is_taken_is_sent_once(deliver: Deliver, mail: ScriptedSender) -> None:
    queue(deliver, 3)
    assert ends(list(deliver())) == [("sent", "taken")] * 3
    assert list(deliver()) == []
    assert len(mail.sent) == 3


def test_begun_and_never_ended_is_sent_once_more(deliver: Deliver, mail: ScriptedSender) -> None:
    queue(deliver)
    begin_and_die(deliver)
    assert ends(list(deliver())) == [("sent", "taken")]
    assert len(mail.sent) == 1


def test_twice_begun_and_never_ended_is_uncertain_and_not_sent_a_third_time(
    deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    queue(deliver)
    begin_and_die(deliver)
    begin_and_die(deliver)
    assert [one.state for one in deliver()] == ["uncertain"]
    clock.move(timedelta(days=30))
    assert list(deliver()) == []
    assert mail.sent == []


def test_the_answer_lost_twice_is_uncertain_and_not_sent_a_third_time(
    deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    queue(deliver)
    mail.answers = [LOST, LOST]
    assert ends(list(deliver())) == [("waiting", str(LOST))]
    clock.move(timedelta(minutes=1))
    assert ends(list(deliver())) == [("uncertain", str(LOST))]
    clock.move(timedelta(days=30))
    assert list(deliver()) == []
    assert len(mail.sent) == 2


def test_a_restart_takes_up_at_once_what_a_dead_process_had_claimed(
    deliver: Deliver, config: Config, clock: Clock
) -> None:
    queue(deliver)
    with deliver.database.write() as connection:
        claimed = outbox.claim_next(connection, "mail", claimant="dead", now=clock(), lease=LEASE, horizon=clock())
    assert claimed is not None
    assert list(deliver()) == []
    take_over(deliver.database, config, now=deliver.clock())
    assert [one.state for one in deliver()] == ["sent"]


def test_what_a_process_died_of_holds_up_nothing_else(
    deliver: Deliver, mail: ScriptedSender, config: Config, clock: Clock
) -> None:
    queue(deliver, 3)
    clock.move(timedelta(minutes=1))
    with deliver.database.write() as connection:
        deadly = outbox.claim_next(connection, "mail", claimant="dead", now=clock(), lease=LEASE, horizon=clock())
    assert deadly is not None
    take_over(deliver.database, config, now=clock())
    assert [one.item.id for one in deliver()][-1] == deadly.id
    assert len(mail.sent) == 3


def test_what_a_process_died_of_twice_waits_while_the_others_get_through(
    deliver: Deliver, config: Config, clock: Clock
) -> None:
    queue(deliver)
    for waits in (0, 600):
        clock.move(timedelta(minutes=1))
        with deliver.database.write() as connection:
            assert outbox.claim_next(connection, "mail", claimant="dead", now=clock(), lease=LEASE, horizon=clock())
        with Database(str(deliver.database.url)) as next_start:
            take_over(next_start, config, now=clock())
        with deliver.database.read() as connection:
            (row,) = outbox.listing(connection, states=("waiting",))
        assert row.due_at == clock() + timedelta(seconds=waits)
        assert row.reason == "the program ended while this was in its hands"
    clock.move(timedelta(minutes=10))
    assert [one.state for one in deliver()] == ["sent"]


def test_two_at_work_on_one_database_send_each_message_once(
    deliver: Deliver, mail: ScriptedSender, config: Config
) -> None:
    queue(deliver, 20)
    both_begin = threading.Barrier(2)
    with Database(str(deliver.database.url)) as other_connection:
        two = (deliver, replace(deliver, database=other_connection))

        def work(one: Deliver) -> None:
            both_begin.wait()
            list(one())

        threads = [threading.Thread(target=work, args=(one,)) for one in two]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(mail.sent) == len(set(mail.sent)) == 20
    assert set(states(deliver.database)) == {"sent"}


def test_the_last_of_a_long_queue_is_held_as_long_as_the_first(
    deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    """Each send takes ten minutes, and a lease fifteen: another who looks in during the last one finds nothing free."""
    queue(deliver, 3)
    other = ScriptedSender()
    second = replace(deliver, senders={"mail": other})

    def look_in() -> None:
        clock.move(timedelta(minutes=10))
        if len(mail.sent) == 3:
            assert list(second()) == []

    mail.meanwhile = look_in
    assert len(list(deliver())) == 3
    assert other.sent == []


def test_an_alert_that_is_folded_between_its_claim_and_its_attempt_is_not_sent(
    deliver: Deliver, mail: ScriptedSender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_story(deliver, clock)
    queue_alert(deliver)
    assert [one.state for one in deliver()] == ["sent"]
    queue_alert(deliver, "boats")

    def compose_slowly(*args: Any, **more: Any) -> Message:
        with deliver.database.write() as connection:
            folding.fold(connection, 1)
        return compose_alert(*args, **more)

    monkeypatch.setattr(COMPOSE, compose_slowly)
    assert list(deliver()) == []
    assert len(mail.sent) == 1
    assert states(deliver.database) == ["sent", "folded"]


# ---- nobody waits for others -----------------------------------------------------------------------------------------


def test_one_channel_can_be_emptied_by_itself(deliver: Deliver) -> None:
    queue(deliver, 2)
    queue(deliver, 1, ROBOT)
    assert [one.item.channel for one in deliver.empty("bot")] == ["bot"]
    assert states(deliver.database) == ["waiting", "waiting", "sent"]


def test_a_caller_who_stops_listening_ends_only_the_send_under_way(deliver: Deliver, mail: ScriptedSender) -> None:
    queue(deliver, 5)
    under_way, answer = Event(), Event()

    def hold_the_second() -> None:
        if len(mail.sent) == 2:
            under_way.set()
            answer.wait(10)

    mail.meanwhile = hold_the_second
    work = deliver()
    assert isinstance(work, Generator)
    next(work)
    assert under_way.wait(10)
    late = threading.Timer(0.2, answer.set)
    late.start()
    work.close()
    late.join()
    assert len(mail.sent) == 2
    assert states(deliver.database) == ["sent", "sent", "waiting", "waiting", "waiting"]
    assert len(list(deliver())) == 3, "nobody holds what was left"


def test_told_to_stop_it_ends_only_the_send_under_way(deliver: Deliver, mail: ScriptedSender) -> None:
    queue(deliver, 5)
    mail.meanwhile = deliver.stop.set
    assert [one.state for one in deliver()] == ["sent"]
    assert len(mail.sent) == 1


# ---- where the file says now -----------------------------------------------------------------------------------------


def test_a_new_address_in_the_file_is_used_for_what_waits_and_for_what_is_sent_again(
    deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    queue(deliver, 2)
    mail.answers = [CLOSED, DeliveryError("550 no such user", retry=False)]
    assert [one.state for one in deliver()] == ["waiting", "failed"]
    desk = replace(deliver.config.recipients["desk"], address="new@desk.example")
    changed = replace(deliver, config=replace(deliver.config, recipients={"desk": desk}))
    with deliver.database.write() as connection:
        assert outbox.retry(connection, [2], now=clock())
    clock.move(timedelta(minutes=1))
    assert [one.state for one in changed()] == ["sent", "sent"]
    assert [address for _, address in mail.sent] == ["desk@desk.example"] * 2 + ["new@desk.example"] * 2


def test_a_recipient_that_moves_to_another_channel_gets_there_what_waits(
    deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    queue(deliver)
    mail.answers = [CLOSED]
    list(deliver())
    config = deliver.config
    desk = replace(config.recipients["desk"], channel="bot", address="")
    bot = ScriptedSender()
    without_mail = replace(config, channels={"bot": config.channels["bot"]}, recipients={"desk": desk})
    changed = replace(deliver, config=without_mail, senders={"bot": bot})
    clock.move(timedelta(minutes=1))
    assert ends(list(changed())) == [("sent", "taken")]
    assert [address for _, address in bot.sent] == [""]


def test_a_recipient_that_has_left_the_file_fails_visibly(deliver: Deliver, mail: ScriptedSender) -> None:
    queue(deliver)
    assert list(replace(deliver, config=replace(deliver.config, recipients={}))()) == []
    assert (ledger(deliver.database).state, mail.sent) == ("failed", [])


def test_sent_again_by_hand_it_is_tried_as_patiently_as_the_first_time(deliver: Deliver, clock: Clock) -> None:
    bot = ScriptedSender(answers=[CLOSED] * 12)
    deliver = replace(deliver, senders={"bot": bot})
    queue(deliver, 1, ROBOT)
    while ledger(deliver.database).state == "waiting":
        clock.move(timedelta(days=1))
        list(deliver())
    assert len(bot.sent) == 10
    clock.move(timedelta(days=1))
    with deliver.database.write() as connection:
        assert outbox.retry(connection, [1], now=clock())
    again, next_time = (list(deliver()) for _ in range(2))
    assert ends(again) == [("waiting", str(CLOSED))]
    assert next_time == []
    assert ledger(deliver.database).due_at == clock() + timedelta(seconds=5), "as after a first attempt"


# ---- no words --------------------------------------------------------------------------------------------------------


@pytest.fixture
def speechless(deliver: Deliver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An alert is due that the program stumbles over."""

    def stumble(*_args: object, **_more: object) -> Message:
        raise LookupError("nobody thought of this")

    tell_story(deliver, clock)
    queue_alert(deliver)
    monkeypatch.setattr(COMPOSE, stumble)
    return monkeypatch


def test_an_alert_that_cannot_be_written_is_tried_five_times_and_then_fails_with_the_reason(
    speechless: pytest.MonkeyPatch, deliver: Deliver, mail: ScriptedSender, clock: Clock
) -> None:
    seen = []
    for _ in range(MAX_UNWRITTEN + 3):
        seen += ends(list(deliver()))
        clock.move(PAUSE)
    reason = "Tipsheet itself failed to write it: LookupError('nobody thought of this')"
    assert seen == [("waiting", reason)] * (MAX_UNWRITTEN - 1) + [("failed", f"given up: {reason}")]
    row = ledger(deliver.database)
    assert (row.state, row.attempts, mail.sent) == ("failed", MAX_UNWRITTEN, [])

    with deliver.database.write() as connection:
        assert outbox.retry(connection, [1], now=clock())
    assert [one.state for one in deliver()] == ["waiting"], "sent again by hand, it has five tries more"
    speechless.undo()
    clock.move(PAUSE)
    assert [one.state for one in deliver()] == ["sent"]


def test_an_alert_that_cannot_be_written_rests_though_the_window_is_closed(
    speechless: pytest.MonkeyPatch, deliver: Deliver, clock: Clock
) -> None:
    work = deliver.empty("mail", close_window=True)
    assert next(work).state == "waiting"
    assert list(work) == []
    clock.move(PAUSE - timedelta(seconds=1))
    assert list(deliver(close_window=True)) == []


def test_an_alert_that_cannot_be_written_is_no_reason_to_fold_another(
    speechless: pytest.MonkeyPatch, deliver: Deliver, clock: Clock
) -> None:
    list(deliver())
    queue_alert(deliver, "boats")
    with deliver.database.write() as connection:
        folding.fold(connection, 1)
    assert states(deliver.database) == ["folded", "waiting"]


def test_a_database_that_cannot_be_read_is_not_the_alerts_fault(
    deliver: Deliver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise StorageError("the database refused: disk I/O error")

    queue(deliver)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "last_digest", refuse)
        for _ in range(MAX_UNWRITTEN + 1):
            with pytest.raises(StorageError):
                list(deliver())
            clock.move(LEASE)
    assert [one.state for one in deliver()] == ["sent"]
