"""An alert that nobody acknowledges is told again, three times at most; one that was seen is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.reminders import queue_reminders
from monitor.settings.config import read_config
from storage import reminders
from storage.database import Database
from tests.command import tipsheet
from tests.conftest import Clock
from tests.newsroom import CONFIG, Phone, ledger, tell

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def reminding(deliver: Deliver, *, wait: timedelta = HOUR) -> Deliver:
    watches = dict(deliver.config.watches)
    watches["ferries"] = replace(watches["ferries"], remind=wait)
    return replace(deliver, config=replace(deliver.config, watches=watches))


def pass_time(deliver: Deliver, clock: Clock, hours: int) -> None:
    for _ in range(hours * 4):
        clock.move(15 * MINUTE)
        queue_reminders(deliver.database, deliver.config, clock=clock)
        list(deliver())


def test_three_reminders_an_hour_apart_and_no_more(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    deliver = reminding(deliver)
    tell(deliver)
    list(deliver())
    pass_time(deliver, clock, 7)
    assert phone.kinds() == ["alert", "reminder", "reminder", "reminder"]
    first, last = phone.took[1][1], phone.took[3][1]
    assert first.subject == "Reminder: Ferry s0 waits"
    assert "Reminder 1 of 3" in first.text
    assert "Reminder 3 of 3" in last.html
    assert "tipsheet alerts ack 1" in first.text
    assert "tipsheet alerts ack 1" in first.html
    reminder = ledger(deliver, "sent")[1]
    assert (reminder.kind, reminder.reminds_of) == ("reminder", 1)


def test_what_was_seen_is_not_reminded_of_and_a_reminder_that_waits_is_taken_back(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    deliver = reminding(deliver)
    tell(deliver, 2)
    list(deliver())
    with deliver.database.write() as connection:
        assert reminders.acknowledge(connection, [1, 99], now=clock()) == (1,)
    pass_time(deliver, clock, 1)
    assert phone.kinds() == ["alert", "alert", "reminder"]
    clock.move(HOUR)
    queue_reminders(deliver.database, deliver.config, clock=clock)
    with deliver.database.write() as connection:
        assert reminders.acknowledge(connection, [3], now=clock()) == (3,)  # by the number of a reminder
    pass_time(deliver, clock, 3)
    assert phone.kinds() == ["alert", "alert", "reminder"]
    (taken_back,) = ledger(deliver, "folded")
    assert taken_back.reason == "its alert was acknowledged"


def test_no_watch_that_does_not_ask_and_nothing_of_long_ago_is_reminded_of(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    tell(deliver)
    list(deliver())
    pass_time(deliver, clock, 5)
    pass_time(reminding(deliver), clock, 2)
    assert phone.kinds() == ["alert"]


def test_after_a_pause_of_the_program_one_reminder_comes_and_not_all_at_once(
    deliver: Deliver, phone: Phone, clock: Clock
) -> None:
    deliver = reminding(deliver)
    tell(deliver)
    list(deliver())
    clock.move(3 * HOUR)
    pass_time(deliver, clock, 0)
    for _ in range(3):
        queue_reminders(deliver.database, deliver.config, clock=clock)
        list(deliver())
        clock.move(MINUTE)
    assert phone.kinds() == ["alert", "reminder"]


def test_the_command_says_what_it_knew(deliver: Deliver, database: Database) -> None:
    tell(deliver)
    where = ("--database", str(database.url))
    ran = tipsheet("alerts", "ack", "1", *where)
    assert (ran.code, ran.out.strip()) == (0, "1 acknowledged.")
    assert ledger(deliver, "waiting")[0].acked_at is not None
    ran = tipsheet("alerts", "ack", "1", "7", *where)
    assert ran.code == 1
    assert "7: no alert, update or reminder" in ran.err


def test_a_reminder_has_its_bounds(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(CONFIG.replace("query: ferry", "query: ferry, remind: 1m"))
    with pytest.raises(ConfigError, match="expected at least 5m"):
        read_config(tmp_path / "feeds.yaml", {})
    (tmp_path / "feeds.yaml").write_text(CONFIG.replace("query: ferry", "query: ferry, remind: 2h"))
    assert read_config(tmp_path / "feeds.yaml", {}).watches["ferries"].remind == 2 * HOUR
