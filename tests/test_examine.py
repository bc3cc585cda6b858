"""Entries become stories and alerts: each is told once, and one that fails, or changes meanwhile, loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from monitor.errors import StorageError
from monitor.model import Document, Examined, Match
from monitor.pipeline.examine import LEASE, RETRY, Examine
from monitor.settings.config import Config, read_config
from monitor.story.imprint import RECIPE
from monitor.story.outlets import shipped
from monitor.watches.matching import Matcher
from storage import examinations, outbox, stories, window
from storage.database import Database
from tests.conftest import NOON, Clock
from tests.rows import COURIER, FERRY, claim, edit, keep, keyed, remember

CONFIG = f"""
contact: https://desk.example/
channels: [{{name: mail, kind: email, host: localhost, security: none, from: desk@desk.example}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example}}]
watches: [{{name: ferries, query: ferry}}]
feeds:
  - {{name: {FERRY.name}, url: {FERRY.url}, outlet: {FERRY.outlet}}}
  - {{name: {COURIER.name}, url: {COURIER.url}, outlet: {COURIER.outlet}}}
"""
FOG = (
    "The noon boat stayed in the harbour because nobody on its bridge could see the pier through the fog on Wednesday."
)
STORM = "A storm took the roof of the terminal, and the captain slept on deck with the dogs of two passengers."


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "feeds.yaml").write_text(CONFIG)
    return read_config(tmp_path / "feeds.yaml", {})


@pytest.fixture
def examine(database: Database, config: Config, clock: Clock) -> Examine:
    remember(database)
    return opened(database, config, clock)


def opened(database: Database, config: Config, clock: Clock) -> Examine:
    return Examine(database=database, config=config, outlets=shipped(), clock=clock, stop=Event())


def alerts(database: Database) -> list[int | None]:
    """The stories that are on their way, in the order in which they were decided."""
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT entry_id FROM outbox ORDER BY id")
        return [row.entry_id for row in rows]


def ids(found: list[Examined]) -> list[int]:
    return [one.entry_id for one in found]


def fail_on(title: str, error: Exception) -> Callable[..., tuple[Match, ...]]:
    """A matcher that stumbles over one title."""
    match = Matcher.match

    def stumbling(self: Matcher, document: Document) -> tuple[Match, ...]:
        if document.title == title:
            raise error
        return match(self, document)

    return stumbling


def test_every_entry_is_examined_once_in_order_and_a_copy_is_not_told_again(
    database: Database, examine: Examine, clock: Clock
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Rye bread"), now=clock())
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    found = list(examine())
    assert ids(found) == [1, 2, 3]
    assert found[2].placement is not None
    assert found[2].placement.story == "1"
    assert alerts(database) == [1]
    assert list(examine()) == []


def test_an_entry_that_is_too_long_to_be_read_whole_is_named_in_the_log(
    database: Database, examine: Examine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keep(database, keyed("a", "Rye bread", content="bread " * 50_000), keyed("b", "Rye bread"), now=clock())
    with caplog.at_level("INFO", "tipsheet"):
        assert ids(list(examine())) == [1, 2]
    said = [line for line in caplog.messages if "read=" in line]
    assert said == ['examine entry=1 read="only of its text the first 200,000 of 300,000 characters"']


def test_a_copy_is_recognised_after_a_restart(
    database: Database, examine: Examine, config: Config, clock: Clock
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock())
    list(examine())
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    list(opened(database, config, clock)())
    assert alerts(database) == [1]


def test_a_start_reads_no_entry_again_and_has_all_of_them_settled(
    database: Database, examine: Examine, config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Rye bread"), now=clock())
    list(examine())
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    monkeypatch.setattr("monitor.story.window.traits_of", lambda _: pytest.fail("it was read again"))
    again = opened(database, config, clock)
    assert [one.placement.relation for one in again() if one.placement] == ["copy"]
    with database.read() as connection:
        assert {one.settled for one in window.recent(connection, since=NOON, recipe=RECIPE)} == {True}


def test_an_entry_that_cannot_be_examined_does_not_hold_up_the_others(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Ferry rests", summary=STORM), now=clock())
    with monkeypatch.context() as patched:
        patched.setattr(Matcher, "match", fail_on("Ferry waits", LookupError("nobody thought of this")))
        assert ids(list(examine())) == [2]
        assert alerts(database) == [2]
    assert list(examine()) == [], "it is not tried at every tick"
    clock.move(RETRY)
    assert ids(list(examine())) == [1]
    assert alerts(database) == [2, 1]


def test_an_entry_that_cannot_be_written_does_not_hold_up_the_others(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Ferry rests", summary=STORM), now=clock())
    record = examinations.record

    def refusing(connection: Any, batch: Sequence[Examined], **more: Any) -> Sequence[Examined]:
        if 1 in [one.entry_id for one in batch]:
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
        return record(connection, batch, **more)

    with monkeypatch.context() as patched:
        patched.setattr(examinations, "record", refusing)
        assert ids(list(examine())) == [2]
    assert alerts(database) == [2]
    clock.move(RETRY)
    (late,) = examine()
    assert late.placement is not None
    assert (late.entry_id, late.placement.relation) == (1, "new"), "it does not take itself for its own copy"
    assert alerts(database) == [2, 1]


def test_a_database_that_refuses_keeps_nothing_and_everything_is_told_later(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise StorageError("the database refused: database or disk is full")

    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Ferry rests", summary=STORM), now=clock())
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "add", full)
        with pytest.raises(StorageError, match="full"):
            list(examine())
    assert alerts(database) == []
    clock.move(LEASE)
    found = list(examine())
    assert [one.placement.relation for one in found if one.placement] == ["new", "new"]
    assert alerts(database) == [1, 2]


def test_an_edit_during_the_examination_is_told_in_its_new_words(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, keyed("a", "Boat waits", summary=FOG), keyed("b", "Ferry rests", summary=STORM), now=clock())
    match, edits = Matcher.match, [keyed("a", "Ferry waits", summary=FOG)]

    def overtaken(self: Matcher, document: Document) -> tuple[Match, ...]:
        if edits:
            edit(database, edits.pop(), now=clock())
        return match(self, document)

    monkeypatch.setattr(Matcher, "match", overtaken)
    found = list(examine())
    assert ids(found) == [2, 1]
    assert found[1].placement is not None
    assert found[1].placement.relation == "new"
    assert alerts(database) == [2, 1]


def test_a_stop_leaves_the_rest_due(database: Database, examine: Examine, clock: Clock) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock())
    examine.stop.set()
    assert list(examine()) == []
    assert examine.count_due() == 1
    assert [entry.id for entry in claim(database, now=clock())] == [1]
    assert clock() - NOON == timedelta()


def decided(found: list[Examined]) -> list[tuple[str, str]]:
    return [(decision.action, decision.reason) for one in found for decision in one.decisions]


def test_an_edit_that_takes_back_what_was_told_is_an_update_once(
    database: Database, config: Config, clock: Clock, examine: Examine
) -> None:
    eager = replace(config.recipients["desk"], updates="at-once")
    examine = opened(database, replace(config, recipients={"desk": eager}), clock)
    keep(database, keyed("a", "The ferry sank"), now=clock())
    assert [action for action, _ in decided(list(examine()))] == ["alert"]
    edit(database, keyed("a", "The fery sank"), now=clock())
    assert "it no longer matches" not in decided(list(examine()))[0][1]
    clock.move(timedelta(hours=1))
    edit(database, keyed("a", "Withdrawn: nothing sank"), now=clock())
    assert decided(list(examine())) == [
        ("update", "told as an alert for the watch “ferries”; the recipient wants updates at once")
    ]
    edit(database, keyed("a", "Withdrawn: nothing sank at all"), now=clock())
    assert [action for action, _ in decided(list(examine()))] == ["nothing"]  # that was said
    with database.read() as connection:
        (telling,) = stories.tellings(connection, 1)
    assert [version.title for version in telling.versions] == [
        "The ferry sank", "The fery sank", "Withdrawn: nothing sank", "Withdrawn: nothing sank at all",
    ]  # fmt: skip
    assert alerts(database) == [1, 1]


def test_two_corrections_of_one_report_are_two_updates(database: Database, config: Config, clock: Clock) -> None:
    remember(database)
    eager = replace(config.recipients["desk"], updates="at-once")
    examine = opened(database, replace(config, recipients={"desk": eager}), clock)
    for title in ("The ferry sank", "The ferry never sank", "The ferry sank after all"):
        put = edit if alerts(database) else keep
        put(database, keyed("a", title), now=clock())
        list(examine())
        clock.move(timedelta(hours=1))
    assert alerts(database) == [1, 1, 1]


def test_a_copy_is_told_when_the_entry_it_was_folded_under_is_edited_meanwhile(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first entry's alert is never written, because its words are others by now: its copy must speak for itself."""
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock())
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    write = Examine._write

    def edited_meanwhile(self: Examine, examined: Sequence[Examined], claimant: str) -> Sequence[Examined]:
        if len(examined) == 2:
            edit(database, keyed("a", "Rye bread", summary=STORM), now=clock())
        return write(self, examined, claimant)

    monkeypatch.setattr(Examine, "_write", edited_meanwhile)
    list(examine())
    assert alerts(database) == [2]


def test_a_copy_is_told_when_the_entry_it_was_folded_under_cannot_be_written(
    database: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock())
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    write = Examine._write

    def refusing(self: Examine, examined: Sequence[Examined], claimant: str) -> Sequence[Examined]:
        if any(one.entry_id == 1 for one in examined):
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
        return write(self, examined, claimant)

    monkeypatch.setattr(Examine, "_write", refusing)
    list(examine())
    assert alerts(database) == [2]
