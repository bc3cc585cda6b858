"""What stands in a digest beside the day's stories: edits of what was told, near misses, pauses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from alerts.summary import compose_sign_of_life
from monitor.model import FeedHealth, Message, Recipient
from monitor.pipeline import digests
from monitor.pipeline.examine import Examine
from monitor.pipeline.owed import queue_digests
from monitor.settings.config import Config, read_config
from monitor.story.outlets import shipped
from storage import errands, facts, outbox
from storage.database import Database
from storage.facts import Pause
from tests.conftest import NOON, Clock
from tests.rows import FERRY, edit, keep, keyed, remember

CONFIG = f"""
contact: https://desk.example/
channels: [{{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}}]
recipients:
  - {{name: desk, channel: mail, address: desk@desk.example, digest_at: "07:00", digest: weekdays}}
  - {{name: other, channel: mail, address: other@desk.example, digest_at: "07:00"}}
watches:
  - {{name: ferries, query: ferry, to: [desk]}}
  - {{name: beat, pack: tech-and-immigration-enforcement, to: [desk]}}
feeds:
  - {{name: {FERRY.name}, url: {FERRY.url}, outlet: {FERRY.outlet}}}
"""
DAY = timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    return read_config(tmp_path / "feeds.yaml", {})


@pytest.fixture
def newsroom(database: Database) -> Database:
    remember(database)
    return database


def examine(database: Database, config: Config, clock: Clock) -> None:
    for _ in Examine(database=database, config=config, outlets=shipped(), clock=clock, stop=Event())():
        pass


def digest(database: Database, config: Config, clock: Clock, *, to: str = "desk") -> Message:
    """Of the last day."""
    now = clock()
    with database.read() as connection:
        return digests.compose(
            connection, config.recipients[to], shipped(), since=now - DAY, until=now, key="k", now=now,
            watches=config.compiled,
        )  # fmt: skip


def test_a_story_is_listed_once_not_again_for_a_copy_and_its_edit_stands_by_itself(
    newsroom: Database, config: Config, clock: Clock
) -> None:
    config.path.write_text(CONFIG.replace("query: ferry", "query: ferry, level: digest"))
    config = read_config(config.path, {})
    words: dict[str, Any] = {"title": "Ferry to sail on Sunday", "summary": "The harbour board said so at noon."}
    keep(newsroom, keyed("a", **words), now=clock())
    examine(newsroom, config, clock)
    clock.move(DAY / 2)
    assert "1 story." in digest(newsroom, config, clock).text
    clock.move(DAY)
    keep(newsroom, keyed("b", **words), now=clock(), feed_id=2)
    examine(newsroom, config, clock)
    assert "No story matched." in digest(newsroom, config, clock).text
    edit(newsroom, keyed("a", **words | {"title": "Ferry not to sail on Sunday"}), now=clock())
    examine(newsroom, config, clock)
    made = digest(newsroom, config, clock)
    assert made.data["stories"] == []
    assert "Edited since they were told" in made.text
    assert "Ferry {+not +}to sail" in " ".join(made.text.split())


def test_an_edit_of_a_told_story_stands_in_a_section_of_its_own(
    newsroom: Database, config: Config, clock: Clock
) -> None:
    keep(newsroom, keyed("a", "Ferry to sail on Sunday at dawn"), now=clock())
    examine(newsroom, config, clock)
    clock.move(2 * DAY)
    edit(newsroom, keyed("a", "Ferry may leave the harbour one of these days"), now=clock())
    examine(newsroom, config, clock)
    made = digest(newsroom, config, clock)
    assert made.data["stories"] == []
    assert "Edited since they were told" in made.text
    assert "Ferry may leave the harbour one of these days" in made.text
    assert "Edited since" not in digest(newsroom, config, clock, to="other").text  # who was told nothing
    clock.move(2 * DAY)
    assert "Edited since" not in digest(newsroom, config, clock).text


def test_what_came_near_a_watch_is_named_with_the_reason_and_only_to_who_receives_it(
    newsroom: Database, config: Config, clock: Clock
) -> None:
    keep(newsroom, keyed("a", "Palantir opens an office by the harbour", summary="Forty desks."), now=clock())
    examine(newsroom, config, clock)
    clock.move(DAY / 2)
    made = digest(newsroom, config, clock)
    near = made.data["near"]
    assert isinstance(near, list)
    (miss,) = near
    assert (miss["watch"], miss["outlet"]) == ("beat", "Ferry Times")
    assert "Palantir" in miss["why"]
    assert "Came near, and left out" in made.text
    assert "Came near" not in digest(newsroom, config, clock, to="other").text
    with newsroom.read() as connection:
        assert errands.unmatched(connection, since=clock(), until=clock() + DAY, limit=9) == ()


def test_a_pause_that_lasts_is_named_below(newsroom: Database, config: Config, clock: Clock) -> None:
    with newsroom.write() as connection:
        facts.keep_pause(connection, "ferries", Pause(since=clock(), until=clock() + DAY))
    assert "“ferries” sent 30 alerts" in " ".join(digest(newsroom, config, clock).text.split())
    clock.move(2 * DAY)
    assert "sent 30 alerts" not in digest(newsroom, config, clock).text


def test_on_a_weekend_nobody_who_asked_for_weekdays_gets_a_digest_and_on_monday_all_of_it(
    newsroom: Database, config: Config, clock: Clock
) -> None:
    queue_digests(newsroom, config, clock=clock)  # a Wednesday at noon: nothing is owed for the days before
    for _ in range(7 * 24):
        clock.move(DAY / 24)
        queue_digests(newsroom, config, clock=clock)
    with newsroom.read() as connection:
        days = [(row.recipient, row.reason) for row in reversed(outbox.listing(connection))]
    assert [reason[-5:] for to, reason in days if to == "desk"] == ["02-19", "02-20", "02-23", "02-24", "02-25"]
    assert len([reason for to, reason in days if to == "other"]) == 7


SILENT = """
contact: https://desk.example/
channels: [{name: mail, kind: email, host: localhost, security: none, from: tipsheet@desk.example}]
recipients:
  - {name: weekly, channel: mail, address: a@desk.example, zone: America/New_York}
  - {name: daily, channel: mail, address: b@desk.example, alive: daily, language: es}
  - {name: never, channel: mail, address: c@desk.example, alive: never}
  - {name: digest, channel: mail, address: d@desk.example, digest_at: "07:00"}
watches: [{name: ferries, query: ferry}]
feeds: []
"""


def signs(database: Database, config: Config, clock: Clock, *, days: int) -> dict[str, list[str]]:
    """What was queued for each recipient, looked at every three hours; each is sent at once."""
    found: dict[str, list[str]] = {}
    for _ in range(8 * days):
        clock.move(DAY / 8)
        queue_digests(database, config, clock=clock)
        with database.write() as connection:
            while item := outbox.claim_next(
                connection, "mail", claimant="me", now=clock(), lease=DAY, horizon=clock()
            ):  # fmt: skip
                if item.message:
                    found.setdefault(item.recipient, []).append(f"{clock():%d %H:%M} {item.message.subject}")
                outbox.settle(connection, item, "sent", "250", due_at=None, now=clock())
    return found


def test_who_takes_no_digest_is_told_that_silence_is_no_fault(newsroom: Database, config: Config, clock: Clock) -> None:
    config.path.write_text(SILENT)
    quiet = read_config(config.path, {})
    queue_digests(newsroom, quiet, clock=clock)  # the 18th at noon: the database goes to work
    said = signs(newsroom, quiet, clock, days=16)
    assert said["weekly"] == [f"{day} 15:00 Tipsheet: No news in 7 days" for day in ("25", "04")]
    assert said["daily"][0] == "20 09:00 Tipsheet: Sin novedades en 1 día"
    assert len(said["daily"]) == 15
    assert said.keys() == {"weekly", "daily"}


def test_who_has_heard_something_is_told_of_no_silence_and_what_waits_is_no_silence(
    newsroom: Database, config: Config, clock: Clock
) -> None:
    config.path.write_text(SILENT)
    quiet = read_config(config.path, {})
    queue_digests(newsroom, quiet, clock=clock)
    clock.move(4 * DAY)
    with newsroom.write() as connection:
        outbox.add_more(
            connection,
            quiet.recipients["weekly"],
            "ferries",
            key="k",
            reason="r",
            due_at=clock() + 30 * DAY,
            now=clock(),
        )
    assert "weekly" not in signs(newsroom, quiet, clock, days=6)


def test_a_sign_of_life_says_what_silence_cannot_mean() -> None:
    ill = FeedHealth(total=9, healthy=8, failing=(("Courier", "courier.example answered 503 (Service Unavailable)"),))
    to = Recipient(name="desk", channel="mail", address="", language="es")
    made = compose_sign_of_life(ill, days=7, recipient=to, key="k", now=NOON)
    said = " ".join(made.text.split())
    assert "8 de 9 fuentes en orden, 1 con fallas. Puede faltar aquí lo que publicaron las demás." in said
    well = compose_sign_of_life(replace(ill, healthy=9, failing=()), days=7, recipient=to, key="k", now=NOON)
    assert "El silencio significa que no hay novedades." in " ".join(well.text.split())
