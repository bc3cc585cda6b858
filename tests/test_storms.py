"""A watch that matches hundreds of entries at once: few messages, one of them for the rest, and nothing lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select

from monitor.model import KeyedEntry
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.examine import Examine
from monitor.pipeline.storms import MOST, resume
from monitor.run import utc_now
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import decisions as decision_rows
from storage import facts
from storage.database import Database
from storage.facts import Pause
from storage.schema import decisions, matches
from tests.command import tipsheet
from tests.conftest import Clock
from tests.newsroom import Phone, ledger, settings
from tests.rows import FERRY, keep, keyed

CONFIG = f"""
contact: https://desk.example/
channels: [{{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}}]
recipients:
  - {{name: desk, channel: mail, address: desk@desk.example, digest_at: "07:00"}}
  - {{name: phone, channel: mail, address: phone@desk.example}}
watches:
  - {{name: ferries, query: ferry}}
  - {{name: trams, query: tram}}
feeds:
  - {{name: {FERRY.name}, url: {FERRY.url}, outlet: {FERRY.outlet}}}
"""
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path, CONFIG)


def examine(deliver: Deliver) -> None:
    stage = Examine(
        database=deliver.database, config=deliver.config, outlets=shipped(), clock=deliver.clock, stop=Event()
    )
    for _ in stage():
        pass


def reports(count: int, what: str, start: int = 0) -> Iterator[KeyedEntry]:
    """Stories that have nothing in common but the word that is watched for."""
    for n in range(start, start + count):
        own = " ".join(f"q{what}{n}w{word}" for word in range(6))
        yield keyed(f"{what}{n}", f"{own} {what}", summary="")


def storm(deliver: Deliver, count: int, what: str = "ferry", start: int = 0) -> None:
    keep(deliver.database, *reports(count, what, start), now=deliver.clock())
    examine(deliver)


def test_hundreds_of_matches_are_ten_messages_and_lose_no_row(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    storm(deliver, 500)
    clock.move(MINUTE)
    list(deliver())
    for recipient in ("desk", "phone"):
        assert phone.kinds(recipient) == ["alert"] * 9 + ["more"]
    more = phone.took[-1][1]
    assert more.data["total"] == MOST - 9
    assert "is paused until Thu 19 Feb, 12:00 UTC" in " ".join(more.text.split())
    assert "tipsheet watches resume 'ferries'" in " ".join(more.text.split())
    with deliver.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(matches)).scalar_one() == 500
        rows = connection.execute(select(decisions.c.recipient, decisions.c.action)).all()
    counted = Counter((row.recipient, row.action) for row in rows)
    assert counted == {
        (name, action): count
        for name in ("desk", "phone")
        for action, count in (("alert", MOST), ("digest", 500 - MOST))
    }
    clock.move(23 * HOUR)
    list(deliver())
    assert len(phone.took) == 20
    clock.move(HOUR)
    list(deliver())
    assert phone.kinds("phone")[10:] == ["more"]  # who takes no digest is told when the pause is over
    assert phone.took[-1][1].data["total"] == 500 - MOST


def test_a_storm_pauses_its_own_watch_and_says_why(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    storm(deliver, MOST + 5)
    storm(deliver, 3, "tram")
    with deliver.database.read() as connection:
        assert list(facts.pauses(connection)) == ["ferries"]
        quiet = decision_rows.quiet(connection, since=clock() - HOUR)
        reasons = {(row.recipient, row.reason) for row in quiet}
    why = "the watch sent 30 alerts within an hour and is paused until Thu 12:00 UTC"
    assert reasons == {("desk", why), ("phone", f"{why}; told then, for the recipient takes no digest")}
    trams = [row for row in ledger(deliver, "waiting") if row.watch == "trams"]
    assert len(trams) == 6


def test_so_many_in_a_day_are_no_storm_and_a_busy_watch_has_none(deliver: Deliver, clock: Clock) -> None:
    for hour in range(3):
        storm(deliver, MOST - 1, start=hour * MOST)
        clock.move(HOUR)
    deliver.config.path.write_text(CONFIG.replace("query: tram", "query: tram, busy: true"))
    storm(replace(deliver, config=read_config(deliver.config.path, {})), 3 * MOST, "tram")
    with deliver.database.read() as connection:
        assert facts.pauses(connection) == {}


def test_a_pause_survives_a_restart_and_ends_after_a_day(deliver: Deliver, clock: Clock) -> None:
    storm(deliver, MOST)
    clock.move(DAY - MINUTE)
    storm(deliver, 1, start=5_000)
    assert not [row for row in ledger(deliver, "waiting") if row.kind == "alert" and row.created_at == clock()]
    clock.move(MINUTE)
    storm(deliver, 1, start=2_000)
    assert [row.recipient for row in ledger(deliver, "waiting") if row.created_at == clock()] == ["desk", "phone"]


def test_a_person_ends_a_pause_and_the_count_begins_anew(deliver: Deliver, phone: Phone, clock: Clock) -> None:
    storm(deliver, MOST + 5)
    clock.move(MINUTE)
    list(deliver())
    phone.took.clear()
    clock.move(HOUR / 2)
    with deliver.database.write() as connection:
        assert not resume(connection, "trams", now=clock())
        assert resume(connection, "ferries", now=clock())
        assert not resume(connection, "ferries", now=clock())
    clock.move(MINUTE)
    storm(deliver, MOST - 1, start=5_000)
    with deliver.database.read() as connection:
        assert facts.pauses(connection)["ferries"].until < clock()
    clock.move(HOUR)
    list(deliver())
    (told,) = [message for to, message in phone.took if to == "phone" and message.data.get("total") == 5]
    assert told.kind == "more"


def test_the_commands_show_and_end_a_pause(database: Database, config: Config) -> None:
    now = utc_now()
    with database.write() as connection:
        facts.keep_pause(connection, "ferries", Pause(since=now, until=now + DAY))
    where = ("--database", str(database.url))
    ran = tipsheet("watches", *where, "--config", config.path, "--json")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["name"], row["state"]) for row in rows] == [("ferries", "paused"), ("trams", "alert")]
    assert "too many alerts" in rows[0]["why"]
    assert "paused" in tipsheet("watches", *where, "--config", config.path).out
    ran = tipsheet("watches", "resume", "ferries", *where)
    assert (ran.code, ran.out.strip()) == (
        0,
        "ferries alerts again. What it found meanwhile stands in the next digest.",
    )
    ran = tipsheet("watches", "resume", "ferries", *where)
    assert ran.code == 1
    assert "no watch is paused that is called ferries" in " ".join(ran.err.split())
