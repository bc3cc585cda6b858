"""No news is lost in folding: whatever is merged, parted or fails, each update stands in a message that tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, delete, select

from monitor.model import Decision, Message
from monitor.pipeline.correct import Correct
from storage import corrections, folding, outbox, pacing, stories
from storage.database import Database
from storage.schema import metadata
from storage.schema import outbox as outbox_table
from tests.conftest import NOON, Clock
from tests.rows import DESK, claim, decision, examined, keep, keyed, match, record, remember

ENTRIES = 9
SOON = timedelta(minutes=1)


class Desk:
    """Stories, and the deliveries about them to one recipient who wants updates at once."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, Clock()
        with database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        remember(database)
        keep(database, *(keyed(f"e{number}", f"Ferry {number}") for number in range(ENTRIES)), now=NOON)
        with database.read() as connection:
            self.ids = list(connection.exec_driver_sql("SELECT id FROM entries ORDER BY id").scalars())
        claim(database, now=NOON)
        self.unused = list(self.ids)
        self.versions = 1

    def story_of(self, entry: int) -> int:
        with self.database.read() as connection:
            return corrections.stories_of(connection, [entry])[entry]

    def began(self, story: int) -> int:
        with self.database.read() as connection:
            return next(one.began_with for one in [corrections.group(connection, story)] if one)

    def stories(self) -> list[int]:
        with self.database.read() as connection:
            return sorted(set(corrections.stories_of(connection, self.ids).values()))

    def members(self, story: int) -> set[int]:
        with self.database.read() as connection:
            found = corrections.group(connection, story)
        return set(found.entries) if found else set()

    def alert(self) -> None:
        """A new story, told at once."""
        if self.unused:
            entry = self.unused.pop(0)
            record(self.database, examined(entry, decision(), matches=[match()]), now=self.clock())

    def update(self, pick: int) -> None:
        """One more entry in a story; news, or the first word of it where nobody has heard of the story."""
        known = self.stories()
        if self.unused and known:
            entry, story = self.unused.pop(0), known[pick % len(known)]
            began = self.began(story)
            with self.database.read() as connection:
                heard = any(one.kind != "digest" for one in stories.told(connection, began))
            found = examined(entry, decision("update" if heard else "alert"), story=began, relation="update")
            record(self.database, replace(found, matches=(match(),)), now=self.clock())

    def edit(self, pick: int) -> None:
        """An entry of a story that was told is turned round."""
        known = [one for one in self.ids if one not in self.unused]
        if known:
            entry = known[pick % len(known)]
            story = self.story_of(entry)
            with self.database.write() as connection:
                self.versions += 1
                heard = any(one.kind != "digest" for one in stories.told(connection, self.began(story)))
                turn = Decision(watch="ferries", recipient="desk", action="update" if heard else "alert", reason="news")
                outbox.add(
                    connection, turn, DESK, story_id=story, entry_id=entry, version=self.versions, now=self.clock()
                )

    def merge(self, pick: int) -> None:
        known = self.stories()
        if len(known) > 1:
            kept, gone = known[0], known[1 + pick % (len(known) - 1)]
            with self.database.write() as connection:
                stories.merge(connection, kept=self.began(kept), gone=self.began(gone), at_once={"desk"})

    def part(self, pick: int) -> None:
        """A person parts one entry from its story."""
        large = [story for story in self.stories() if len(self.members(story)) > 1]
        if large:
            story = large[pick % len(large)]
            chosen = sorted(self.members(story))[pick % len(self.members(story))]
            Correct(database=self.database, by="ada", why="", now=self.clock()).split(story, [chosen])

    def send(self, state: outbox.State) -> None:
        """The next message gets its words and goes, or does not."""
        with self.database.write() as connection:
            item = outbox.claim_next(
                connection, "mail", claimant="s", now=self.clock(), lease=SOON, horizon=self.clock()
            )
        if item:
            message = item.message or self.worded(item)
            with self.database.write() as connection:
                assert outbox.begin_attempt(connection, item, message, claimant="s", now=self.clock())
                outbox.settle(connection, item, state, "so it ended", due_at=self.clock(), now=self.clock())

    def worded(self, item: outbox.OutboxItem) -> Message:
        with self.database.read() as connection:
            many = select(outbox_table.c.story_id).where(outbox_table.c.folded_into == item.id)
            about = [item.story_id] if item.story_id else connection.execute(many).scalars().all()
        told = sorted({entry for story in about if story for entry in self.members(story)})
        return Message(
            key=item.key, kind=item.kind, subject="", text="", html="", data={"told": told}, created_at=self.clock()
        )

    def gather(self) -> None:
        """The hour is full."""
        with self.database.write() as connection:
            item = outbox.claim_next(
                connection, "mail", claimant="s", now=self.clock(), lease=SOON, horizon=self.clock()
            )
            if item and item.kind in pacing.GATHERED:
                pacing.gather(connection, item, reason="full", now=self.clock(), horizon=self.clock())

    def lost(self) -> list[tuple[int, str]]:
        """Updates that no message tells: neither by its words, nor by those that it will have."""
        with self.database.read() as connection:
            rows = {row.id: row for row in connection.execute(select(outbox_table))}
        return [
            (row.id, row.key) for row in rows.values() if row.key.startswith("update:") and not self.tells(rows, row)
        ]

    def tells(self, rows: dict[int, Row[Any]], row: Row[Any]) -> bool:
        teller = rows[row.folded_into] if row.folded_into else row
        if teller.state == "folded":
            return False
        words = teller.message
        if words:
            told_later = words["created_at"] >= row.created_at.isoformat()
            return bool(told_later and row.entry_id in words["data"]["told"])
        return bool(teller.kind == "more" or teller.story_id == self.story_of(row.entry_id))


STEPS: Sequence[Callable[[Desk, int], None]] = (
    lambda desk, _: desk.alert(),
    lambda desk, pick: desk.update(pick),
    lambda desk, pick: desk.edit(pick),
    lambda desk, pick: desk.merge(pick),
    lambda desk, pick: desk.part(pick),
    lambda desk, _: desk.send("sent"),
    lambda desk, _: desk.send("failed"),
    lambda desk, _: desk.send("uncertain"),
    lambda desk, _: desk.send("waiting"),
    lambda desk, _: desk.gather(),
)


@given(st.lists(st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 5)), min_size=4, max_size=16))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_update_is_told_in_a_message_or_will_be(database: Database, steps: list[tuple[int, int]]) -> None:
    desk = Desk(database)
    desk.alert()
    desk.alert()
    for step, pick in steps:
        desk.clock.move(SOON)
        STEPS[step](desk, pick)
        assert desk.lost() == []


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def ledger(desk: Desk) -> list[tuple[str, str]]:
    """Kind and state of each delivery, oldest first."""
    with desk.database.read() as connection:
        return [(row.kind, row.state) for row in reversed(outbox.listing(connection))]


def test_news_folded_into_an_alert_of_a_story_that_was_told_is_an_update(desk: Desk) -> None:
    desk.alert()
    desk.send("sent")
    desk.alert()
    desk.update(1)
    desk.update(1)
    desk.clock.move(SOON)
    desk.merge(0)
    assert ledger(desk) == [("alert", "sent"), ("update", "waiting"), ("update", "folded"), ("update", "folded")]
    desk.send("sent")
    assert desk.lost() == []
    with desk.database.read() as connection:
        assert outbox.listing(connection)[0].reason == "because update; told in the message 2, which was sent"


def test_an_answer_that_began_a_story_is_an_update_to_who_wants_these_at_once(desk: Desk) -> None:
    desk.alert()
    desk.send("sent")
    desk.alert()
    with desk.database.write() as connection:
        merged: dict[str, Any] = {"kept": desk.ids[0], "gone": desk.ids[1], "moves_it_on": True}
        stories.merge(connection, **merged, at_once={"desk"}, pause=timedelta(hours=1))
        (told,) = outbox.listing(connection, states=("waiting",))
    assert (told.kind, told.due_at) == ("update", desk.clock() + timedelta(hours=1))


def test_a_report_that_adds_nothing_is_told_by_the_alert_that_went_out(desk: Desk) -> None:
    desk.alert()
    desk.send("sent")
    desk.alert()
    desk.merge(0)
    assert ledger(desk) == [("alert", "sent"), ("alert", "folded")]
    with desk.database.read() as connection:
        said = outbox.listing(connection)[0].reason
    assert said == "its story was found to be one that is told already; told in the message 1, which was sent"


def test_whoever_writes_a_message_begins_anew_when_news_is_folded_into_it(desk: Desk) -> None:
    desk.alert()
    with desk.database.write() as connection:
        item = outbox.claim_next(connection, "mail", claimant="s", now=NOON, lease=SOON, horizon=NOON)
        assert item
    words = desk.worded(item)
    desk.update(0)
    with desk.database.write() as connection:
        assert outbox.begin_attempt(connection, item, words, claimant="s", now=NOON) is None
    desk.send("sent")
    assert desk.lost() == []


def test_after_an_alert_that_failed_the_next_report_is_one(desk: Desk) -> None:
    desk.alert()
    desk.send("failed")
    desk.update(0)
    assert ledger(desk) == [("alert", "failed"), ("alert", "waiting")]


def test_what_was_folded_into_an_alert_goes_along_when_that_is_folded(desk: Desk) -> None:
    desk.alert()
    desk.alert()
    desk.update(1)
    desk.merge(0)
    assert desk.lost() == []
    with desk.database.read() as connection:
        assert {row.id: row.folded_into for row in outbox.listing(connection)} == {1: None, 2: 1, 3: 1}


def test_what_was_folded_into_an_alert_is_told_in_the_message_of_many_that_gathers_it(desk: Desk) -> None:
    desk.alert()
    desk.update(0)
    desk.gather()
    assert ledger(desk) == [("alert", "folded"), ("update", "folded"), ("more", "waiting")]
    assert desk.lost() == []


def test_news_of_a_told_story_whose_message_is_parted_from_it_is_an_update(desk: Desk) -> None:
    """The message that would have told the news tells another story now."""
    desk.alert()
    desk.send("sent")
    desk.update(0)
    desk.update(0)
    Correct(database=desk.database, by="ada", why="", now=desk.clock()).split(desk.story_of(desk.ids[0]), [desk.ids[1]])
    assert ledger(desk) == [("alert", "sent"), ("alert", "waiting"), ("update", "waiting")]
    assert desk.lost() == []


def test_an_update_whose_message_tells_another_story_now_is_told_by_itself(desk: Desk) -> None:
    desk.alert()
    desk.update(0)
    Correct(database=desk.database, by="ada", why="", now=desk.clock()).split(desk.story_of(desk.ids[0]), [desk.ids[1]])
    assert ledger(desk) == [("alert", "waiting"), ("alert", "waiting")]
    with desk.database.write() as connection:
        assert folding.will_tell(connection, desk.story_of(desk.ids[1]), "desk") == 2
