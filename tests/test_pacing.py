"""Quiet hours and caps where they count: in what leaves, with every row still there and every reason readable."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError, DeliveryError
from monitor.model import Decision
from monitor.pipeline.deliver import Deliver
from monitor.settings.config import Config, read_config
from storage import outbox
from tests.conftest import Clock
from tests.newsroom import CONFIG, Phone, ledger, tell

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


# ---- quiet hours -----------------------------------------------------------------------------------------------------


def test_at_night_nothing_is_sent_and_in_the_morning_everything_is_once(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    clock.move(11 * HOUR)  # midnight in Madrid
    tell(deliver, 2)
    tell(deliver, 1, to="night", prefix="n")
    list(deliver())
    assert [to for to, _ in phone.took] == ["night"]
    assert [row.reason for row in ledger(deliver, "waiting")] == [
        "it is quiet for desk until Thu 19 Feb, 07:00 CET"
    ] * 2
    clock.move(7 * HOUR - MINUTE)
    list(deliver(close_window=True))
    assert phone.kinds() == []
    clock.move(MINUTE)
    list(deliver())
    list(deliver())
    assert phone.kinds() == ["alert", "alert"]


def test_an_urgent_watch_passes_and_takes_no_other_with_it(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    clock.move(11 * HOUR)
    tell(deliver, 2)
    tell(deliver, 1, watch="floods", prefix="f")
    list(deliver())
    assert [message.data["watch"] for _, message in phone.took] == ["floods"]


def test_what_failed_in_the_evening_is_not_tried_at_night(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    clock.move(8 * HOUR + 59 * MINUTE)
    tell(deliver)
    phone.answers = [DeliveryError("connection refused", retry=True)]
    list(deliver())
    clock.move(MINUTE)
    list(deliver())
    assert phone.took == []
    clock.move(9 * HOUR)
    list(deliver())
    assert phone.kinds() == ["alert"]


def test_a_window_that_is_closed_half_a_minute_before_morning_sends_nothing_early(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    clock.move(18 * HOUR - MINUTE / 6)
    tell(deliver)
    list(deliver(close_window=True))
    assert phone.took == []
    clock.move(MINUTE)
    list(deliver())
    assert phone.kinds() == ["alert"]


# ---- caps ------------------------------------------------------------------------------------------------------------


def test_what_an_hour_has_no_room_for_is_told_in_its_last_message(deliver: Deliver, phone: Phone) -> None:
    tell(deliver, 9)
    list(deliver())
    assert phone.kinds() == ["alert", "alert", "alert", "more"]
    more = phone.took[-1][1]
    assert more.subject.startswith("6 more stories: Ferry s")
    for number in range(3, 9):
        assert f"Ferry s{number} waits" in more.text
        assert f"https://ferry.example/s{number}" in more.html
    assert "`tipsheet stories` lists every story" in " ".join(more.text.split())
    folded = ledger(deliver, "folded")
    assert {row.reason for row in folded} == {"desk had 3 messages in an hour; told in the message 10, which was sent"}
    assert len(folded) == 6


def test_what_comes_when_the_hour_is_full_waits_and_is_told_together(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    tell(deliver, 9)
    list(deliver())
    clock.move(10 * MINUTE)
    tell(deliver, 7, prefix="late")
    list(deliver())
    assert len(phone.took) == 4
    assert {row.reason for row in ledger(deliver, "waiting")} == {
        "desk had 4 messages in an hour; waits until Wed 18 Feb, 14:00 CET"
    }
    clock.move(50 * MINUTE)
    list(deliver())
    assert phone.kinds()[4:] == ["alert", "alert", "alert", "more"]


def test_one_recipient_s_hour_is_not_another_s(deliver: Deliver, phone: Phone) -> None:
    tell(deliver, 9)
    tell(deliver, 5, to="night", prefix="n")
    list(deliver())
    assert phone.kinds("night") == ["alert"] * 5


def test_what_may_have_arrived_is_not_told_again_in_a_gathered_message(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    tell(deliver, 1)
    phone.answers = [DeliveryError("the line broke behind the last byte", retry=True, reached=True)]
    list(deliver())
    clock.move(MINUTE)
    tell(deliver, 9, prefix="later")
    list(deliver())
    assert phone.kinds() == ["alert", "alert", "alert", "more"]
    (again,) = [message for _, message in phone.took if "s0" in message.subject]
    assert again.kind == "alert"


def test_a_gathered_message_that_does_not_arrive_is_tried_again_as_it_is(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    deliver = replace(deliver, config=with_cap(deliver.config, 1))
    tell(deliver, 3)
    phone.answers = [DeliveryError("connection refused", retry=True)]
    list(deliver())
    assert phone.took == []
    clock.move(MINUTE)
    tell(deliver, 3, prefix="later")
    list(deliver())
    (message,) = [message for _, message in phone.took]
    assert message.data["total"] == 3
    assert len(ledger(deliver, "waiting")) == 3


def with_cap(config: Config, cap: int) -> Config:
    desk = replace(config.recipients["desk"], an_hour=cap)
    return replace(config, recipients=dict(config.recipients) | {"desk": desk})


# ---- what the file may say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('quiet: "22:00"', 'recipients[0].quiet: expected two different hours such as "22:00-07:00"'),
        ('quiet: "22:00-22:00"', "expected two different hours"),
        ('quiet: "25:00-07:00"', "expected two different hours"),
        ("an_hour: 0", "recipients[0].an_hour"),
        ("digest: monthly", "recipients[0].digest"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(tmp_path: Path, written: str, fault: str) -> None:
    key = written.partition(":")[0]
    (tmp_path / "feeds.yaml").write_text(re.sub(rf"{key}: (\"[^\"]*\"|\d+)", written, CONFIG) if key != "digest"
                                         else CONFIG.replace("an_hour: 4", written))  # fmt: skip
    with pytest.raises(ConfigError, match=re.escape(fault)):
        read_config(tmp_path / "feeds.yaml", {})


def test_updates_of_a_night_are_told_with_the_alert_that_waits(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    clock.move(11 * HOUR)
    tell(deliver)
    update = Decision(watch="ferries", recipient="desk", action="update", reason="news", due_at=clock())
    with deliver.database.write() as connection:
        desk = deliver.config.recipients["desk"]
        outbox.add(connection, update, desk, story_id=1, entry_id=1, version=2, now=clock())
    (folded,) = ledger(deliver, "folded")
    assert (folded.folded_into, folded.reason) == (1, "news; told in the message 1, which waits")
    clock.move(8 * HOUR)
    list(deliver())
    assert phone.kinds() == ["alert"]
    assert ledger(deliver, "folded")[0].reason == "news; told in the message 1, which was sent"
    with deliver.database.write() as connection:
        outbox.add(connection, update, desk, story_id=1, entry_id=1, version=3, now=clock())
        outbox.add(connection, update, desk, story_id=1, entry_id=1, version=4, now=clock())
    list(deliver())
    assert phone.kinds() == ["alert", "update"]
