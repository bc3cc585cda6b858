"""Entries in the database: kept once, examined once per wording, forgotten in part and never whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from monitor.model import Attribution, Credit, Entry, KnownEntry
from storage import entries, window
from storage.database import Database, insist_on_indexes
from storage.schema import entries as entry_table
from storage.schema import feeds as feed_table
from tests.conftest import NOON, Clock
from tests.rows import COURIER, FERRY, LEASE, WANTED, claim, edit, examined, keep, keyed, match, record, remember


@pytest.fixture
def stocked(database: Database, clock: Clock) -> Database:
    """Two entries of one feed and one of another, all to be examined."""
    remember(database)
    keep(database, keyed("a"), keyed("b", "Ferry sails"), now=clock())
    keep(database, keyed("a", "Courier is late"), now=clock(), feed_id=2)
    return database


def finish(database: Database, *ids: int, claimant: str = "me") -> list[bool]:
    with database.write() as connection:
        held = entries.finish(connection, ids, claimant=claimant)
    return [entry_id in held for entry_id in ids]


def known(database: Database, feed_id: int = 1, *, keys: Collection[str] = (), most: int = 9) -> list[str]:
    with database.read() as connection:
        return [entry.key for entry in entries.known(connection, feed_id, keys, most=most)]


def titles(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(entry_table.c.title).order_by(entry_table.c.id)).scalars())


# ---- kept ------------------------------------------------------------------------------------------------------------


def test_what_is_known_of_a_feed_is_its_own_newest_first(stocked: Database) -> None:
    with stocked.read() as connection:
        newest, oldest = entries.known(connection, 1, most=9)
    assert newest == KnownEntry(
        key="b", content_hash="hash of Ferry sails", link="https://ferry.example/b", title="Ferry sails"
    )
    assert oldest.key == "a"
    assert known(stocked, 2) == ["a"]


def test_memory_is_bounded_but_for_whom_one_asks_and_an_entry_beyond_it_is_not_kept_twice(
    stocked: Database, clock: Clock
) -> None:
    assert known(stocked, most=1) == ["b"]
    assert known(stocked, keys=["a", "b", "elsewhere"], most=1) == ["b", "a"]
    many = [f"key {number}" for number in range(2_500)]
    assert known(stocked, keys=[*many, "a"], most=1) == ["b", "a"]
    keep(stocked, keyed("a", "The pinned one"), keyed("c", "Ferry rests"), now=clock())
    assert titles(stocked) == ["Ferry waits", "Ferry sails", "Courier is late", "Ferry rests"]


def test_an_entry_comes_to_the_examination_with_its_feed(database: Database, clock: Clock) -> None:
    remember(database)
    entry = keyed(
        "a", "Ferry waits", backlog=True, content="<p>Fog</p>", tags=("fog",), published=NOON - timedelta(hours=1)
    )
    keep(database, entry, now=clock())
    (due,) = claim(database, now=clock())
    document = due.document
    assert due == Entry(
        id=1, document=document, feed_id=1, first_seen=NOON, backlog=True, edited=False, content="<p>Fog</p>"
    )
    assert (document.id, document.title, document.summary) == ("1", "Ferry waits", "Fog.")
    assert (document.outlet, document.feed, document.tags) == ("ferry.example", "Ferry Times", ("fog", "sea"))
    assert (document.text, document.author) == ("<p>Fog</p>", "Ada Quay")
    assert (document.url, document.published) == ("https://ferry.example/a", NOON - timedelta(hours=1))


@pytest.mark.parametrize(
    ("said_by_the_file", "said_by_the_feed", "language"), [("en", "fr", "en"), ("", "fr", "fr"), ("", "", "")]
)
def test_the_users_word_for_a_language_beats_the_feeds(
    database: Database, clock: Clock, said_by_the_file: str, said_by_the_feed: str, language: str
) -> None:
    remember(database)
    keep(database, keyed("a"), now=clock())
    with database.write() as connection:
        connection.execute(update(feed_table).values(language=said_by_the_feed))
        wanted = {FERRY.url: replace(FERRY, language=said_by_the_file)}
        (due,) = entries.claim_due(connection, wanted, claimant="me", now=clock(), lease=LEASE, limit=1)
    assert due.document.language == language


def test_entries_of_a_feed_that_left_the_file_are_examined_all_the_same(stocked: Database, clock: Clock) -> None:
    with stocked.write() as connection:
        due = entries.claim_due(connection, {}, claimant="me", now=clock(), lease=LEASE, limit=9)
    assert [entry.document.outlet for entry in due] == ["ferry.example", "ferry.example", "courier.example"]


# ---- examined once per wording ---------------------------------------------------------------------------------------


def test_entries_are_claimed_in_order_of_arrival_and_by_one_only(stocked: Database, clock: Clock) -> None:
    assert [entry.id for entry in claim(stocked, now=clock(), claimant="first", limit=2)] == [1, 2]
    assert [entry.id for entry in claim(stocked, now=clock(), claimant="second")] == [3]
    assert claim(stocked, now=clock(), claimant="third") == ()
    clock.move(LEASE)
    assert [entry.id for entry in claim(stocked, now=clock(), claimant="third")] == [1, 2, 3]


def test_what_is_finished_is_due_no_more_and_what_was_lost_cannot_be_finished(stocked: Database, clock: Clock) -> None:
    claim(stocked, now=clock(), claimant="paused", limit=1)
    clock.move(LEASE)
    claim(stocked, now=clock(), claimant="quick")
    assert finish(stocked, 1, claimant="paused") == [False]
    assert finish(stocked, 1, 2, claimant="quick") == [True, True]
    assert finish(stocked, 1, claimant="quick") == [False]
    clock.move(LEASE)
    assert [entry.id for entry in claim(stocked, now=clock())] == [3]


def test_an_edit_is_examined_again_in_its_new_words(stocked: Database, clock: Clock) -> None:
    claim(stocked, now=clock())
    finish(stocked, 1, 2, 3)
    clock.move(timedelta(minutes=5))
    edit(stocked, keyed("a", "Ferry waits for the fog to lift"), now=clock())
    (due,) = claim(stocked, now=clock())
    assert (due.id, due.edited, due.first_seen) == (1, True, NOON)
    assert due.document.title == "Ferry waits for the fog to lift"
    assert titles(stocked)[2] == "Courier is late", "the other feed's entry of the same key is another one"


def test_an_edit_during_an_examination_is_not_lost(stocked: Database, clock: Clock) -> None:
    """What was decided of the old words is not written, and the new ones are due at once."""
    claim(stocked, now=clock(), claimant="slow")
    edit(stocked, keyed("a", "Ferry sinks"), now=clock())
    assert finish(stocked, 1, 2, claimant="slow") == [False, True]
    (due,) = claim(stocked, now=clock())
    assert (due.id, due.document.title) == (1, "Ferry sinks")


def test_a_postponed_entry_is_due_later_for_anybody(stocked: Database, clock: Clock) -> None:
    claim(stocked, now=clock())
    later = clock() + timedelta(hours=1)
    with stocked.write() as connection:
        entries.postpone(connection, 2, until=later)
        assert entries.count_due(connection, now=clock()) == 2
        assert entries.count_due(connection, now=later) == 3
    assert [entry.id for entry in claim(stocked, now=later, claimant="next")] == [1, 2, 3]


# ---- looked at again -------------------------------------------------------------------------------------------------


def test_grouping_gets_back_what_it_knew_in_order_of_arrival(stocked: Database, clock: Clock) -> None:
    credit = Credit(outlet="Reuters", domain="reuters.com", role="origin", field="summary", start=0, end=7)
    credited = Attribution(origin=("reuters.com",), credits=(credit,))
    claim(stocked, now=clock())
    found = examined(3, story=1, relation="copy", matches=[match()], attribution=credited)
    record(stocked, examined(1), found, now=clock())
    with stocked.read() as connection:
        own, copy = window.recent(connection, since=NOON)
        assert list(window.recent(connection, since=NOON + timedelta(seconds=1))) == []
    assert (own.document.id, own.story, own.seen, own.credited, own.matched) == ("1", "1", NOON, (), False)
    assert (copy.document.id, copy.story, copy.credited, copy.matched) == ("3", "1", ("reuters.com",), True)


def test_seen_since_says_what_a_watch_matched(stocked: Database, clock: Clock) -> None:
    claim(stocked, now=clock())
    record(stocked, examined(1), examined(2, matches=[match()]), now=clock())
    with stocked.read() as connection:
        found = entries.seen_since(connection, since=NOON)
        assert [(document.id, matched) for document, matched in found] == [("1", False), ("2", True), ("3", False)]
        assert entries.seen_since(connection, since=NOON + timedelta(seconds=1)) == ()


# ---- forgotten -------------------------------------------------------------------------------------------------------


def test_old_texts_are_found_without_looking_at_every_entry(database: Database, clock: Clock) -> None:
    asked: list[tuple[str, Any]] = []
    with database.read() as connection:
        insist_on_indexes(connection)  # a server takes them where there is much to look at
        event.listen(connection, "before_cursor_execute", lambda *seen: asked.append(seen[2:4]))
        entries.with_old_texts(connection, before=clock(), matched=False)
        statement, values = asked[-1]
        how = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{how} {statement}", values).all())
    if how != "EXPLAIN":  # a server that knows of no rows takes any of its indexes
        assert "ix_entries_worded" in plan
    assert "SCAN entries" not in plan
    assert "Seq Scan on entries" not in plan


def test_retention_forgets_texts_and_keeps_identities_matches_and_what_is_still_to_do(
    database: Database, clock: Clock
) -> None:
    remember(database, FERRY, COURIER)
    old = [keyed(key, f"Ferry {key}", content="<p>Fog</p>", tags=("fog",)) for key in ("plain", "matched", "due")]
    keep(database, *old, now=clock())
    claim(database, now=clock())
    record(database, examined(1), examined(2, matches=[match()]), now=clock())
    clock.move(timedelta(days=10))
    keep(database, keyed("young"), now=clock())
    claim(database, now=clock(), claimant="other")
    record(database, examined(4), now=clock(), claimant="other")
    before = known(database)

    for forgotten in (1, 0):
        with database.write() as connection:
            ids = range(1, 5)
            assert entries.forget_texts(connection, ids, before=clock(), matched=False) == forgotten
            assert entries.with_old_texts(connection, before=clock(), matched=False) == []
    with database.read() as connection:
        plain, matched, due, young = (entries.documents(connection, [number])[number][0] for number in (1, 2, 3, 4))
    assert (plain.title, plain.url) == ("Ferry plain", "https://ferry.example/plain")
    assert (plain.summary, plain.text, plain.author, plain.tags) == ("", "", "", ())
    assert all(kept.summary == "Fog." and kept.author == "Ada Quay" for kept in (matched, due, young))
    assert matched.text == due.text == "<p>Fog</p>"
    assert known(database) == before, "an old entry that is still in its feed is not told as new"


def test_a_wanted_feed_is_looked_up_by_its_address(stocked: Database, clock: Clock) -> None:
    assert WANTED[COURIER.url] is COURIER
    assert {entry.document.tags for entry in claim(stocked, now=clock())} == {("sea",), ()}
