"""Stories in the database: all that one entry led to is written together or not at all, and a merge loses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from monitor.model import Attribution, Credit, Message, Placement, Told
from storage import decisions, outbox, stories
from storage.database import Database
from storage.schema import entries
from storage.schema import outbox as outbox_table
from tests.conftest import NOON, Clock
from tests.rows import RECIPIENTS, claim, counts, decision, edit, examined, keep, keyed, match, record, remember

CREDIT = Credit(outlet="The Guardian", domain="theguardian.com", role="origin", field="summary", start=3, end=15)
QUOTED = Credit(outlet="Reuters", domain="reuters.com", role="quoted", field="title", start=0, end=7)
MESSAGE = Message(key="k", kind="alert", subject="s", text="t", html="h", data={}, created_at=NOON)


@pytest.fixture
def claimed(database: Database, clock: Clock) -> Database:
    """Five entries, claimed for examination: 1 to 3 of one outlet, 4 and 5 of another."""
    remember(database)
    keep(database, *(keyed(key, f"Ferry {key}") for key in "abc"), now=clock())
    keep(database, *(keyed(key, f"Courier {key}") for key in "de"), now=clock(), feed_id=2)
    claim(database, now=clock())
    return database


def states(database: Database) -> dict[int, str]:
    """State of each delivery, by the entry that led to it."""
    with database.read() as connection:
        rows = connection.execute(select(outbox_table.c.entry_id, outbox_table.c.state).order_by(outbox_table.c.id))
        return {row.entry_id: row.state for row in rows}


def begin_attempt(database: Database, clock: Clock, message: Message = MESSAGE) -> int | None:
    """The delivery that has waited longest is begun, and nobody hears how it ends."""
    with database.write() as connection:
        item = outbox.claim_next(
            connection, "mail", claimant="sender", now=clock(), lease=timedelta(minutes=1), horizon=clock()
        )
        assert item is not None
        return outbox.begin_attempt(connection, item, message, claimant="sender", now=clock())


def merge(database: Database, kept: int, gone: int) -> None:
    with database.write() as connection:
        stories.merge(connection, kept=kept, gone=gone)


def test_a_telling_knows_when_its_feed_was_last_read_without_it(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision(), matches=[match()]), now=clock())
    with claimed.write() as connection:
        (looked,) = stories.tellings(connection, 1)
        connection.execute(update(entries).values(first_look=False, absent_at=NOON - timedelta(minutes=15)))
        (watched,) = stories.tellings(connection, 1)
        connection.execute(update(entries).values(absent_at=None))
        (older,) = stories.tellings(connection, 1)
    known = [(one.seen_within, one.first_look) for one in (looked, watched, older)]
    assert known == [(None, True), (timedelta(minutes=15), False), (None, False)]


# ---- recorded --------------------------------------------------------------------------------------------------------


def test_what_an_examination_found_comes_back_as_it_was(claimed: Database, clock: Clock) -> None:
    attribution = Attribution(
        origin=("theguardian.com",), credits=(CREDIT, QUOTED), document_source=("Tech Inquiry", "court ruling")
    )
    first = examined(1, decision(), matches=[match(), match("boats", "digest")], attribution=attribution)
    assert record(claimed, first, examined(4, story=1, relation="copy"), now=clock()) == [True, True]
    with claimed.read() as connection:
        own, copy = stories.tellings(connection, 1)
        assert stories.placements(connection, [4])[4] == Placement(
            id="4", story="1", relation="copy", of="1", similarity=0.5, why="alike"
        )
        assert stories.told(connection, 1) == (Told(watch="ferries", recipient="desk", kind="alert", at=clock()),)
    assert (own.matches, own.attribution, own.relation) == (first.matches, attribution, "new")
    assert (own.document.title, own.first_seen, own.domain) == ("Ferry a", NOON, "ferry.example")
    assert (copy.matches, copy.attribution, copy.relation) == ((), Attribution(origin=(), credits=()), "copy")


def test_a_lost_claim_writes_nothing(claimed: Database, clock: Clock) -> None:
    before = counts(claimed)
    assert record(claimed, examined(1, decision(), matches=[match()]), now=clock(), claimant="late") == [False]
    assert counts(claimed) == before
    assert record(claimed, examined(1, decision(), matches=[match()]), now=clock()) == [True]
    assert record(claimed, examined(1, decision(), matches=[match()]), now=clock()) == [False], "once is enough"


def test_a_record_that_fails_half_way_leaves_nothing(claimed: Database, clock: Clock) -> None:
    before = counts(claimed)
    with pytest.raises(KeyError, match="stranger"):
        record(claimed, examined(1, decision(recipient="stranger"), matches=[match()]), now=clock())
    assert counts(claimed) == before
    assert record(claimed, examined(1, decision(), matches=[match()]), now=clock()) == [True], "the claim is still ours"


def test_an_entry_that_nothing_is_known_of_leaves_no_story(claimed: Database, clock: Clock) -> None:
    assert record(claimed, replace(examined(1), placement=None), now=clock()) == [True]
    assert "stories" not in counts(claimed)


def test_another_examination_replaces_what_the_old_words_led_to(claimed: Database, clock: Clock) -> None:
    attribution = Attribution(origin=("theguardian.com",), credits=(CREDIT,))
    record(claimed, examined(1, decision(), matches=[match()], attribution=attribution), now=clock())
    edit(claimed, keyed("a", "Ferry a, corrected"), now=clock())
    claim(claimed, now=clock())
    again = examined(1, decision("nothing"), decision("digest", "night"), matches=[match("boats", "digest")])
    assert record(claimed, again, now=clock()) == [True]
    with claimed.read() as connection:
        (told,) = stories.tellings(connection, 1)
        assert [item.watch for item in told.matches] == ["boats"]
        assert told.attribution.credits == ()
        assert [(row.recipient, row.action) for row in decisions.quiet(connection, since=NOON)] == [("night", "digest")]
    assert states(claimed) == {1: "waiting"}, "what is on its way stays on its way"


def test_what_was_told_is_told_in_the_next_digest_however_it_is_edited(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision(), decision("digest", "night"), matches=[match()]), now=clock())
    for words in ("corrected", "and once more"):
        clock.move(timedelta(days=1))
        edit(claimed, keyed("a", f"Ferry a, {words}"), now=clock())
        claim(claimed, now=clock())
        again = examined(1, decision("nothing"), decision("digest", "night"), matches=[match()])
        assert record(claimed, again, now=clock()) == [True]
    with claimed.read() as connection:
        for reader in ("desk", "night"):
            day = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1)}
            assert stories.decided(connection, recipient=reader, **day) == ((1, "ferries"),)
            later = {"since": NOON + timedelta(hours=1), "until": NOON + timedelta(days=9)}
            assert stories.decided(connection, recipient=reader, **later) == (), "and in no other"


def test_nothing_is_folded_under_an_alert_that_failed(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision(), matches=[match()]), now=clock())
    with claimed.write() as connection:
        connection.execute(outbox_table.update().values(state="failed", due_at=None))
        assert stories.told(connection, 1) == (), "what never arrived was not told"
    record(claimed, examined(2, decision(), matches=[match()]), now=clock())
    merge(claimed, kept=1, gone=2)
    assert states(claimed) == {1: "failed", 2: "waiting"}


def test_the_same_alert_is_queued_once_however_often_it_is_decided(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), now=clock())
    edit(claimed, keyed("a", "Ferry a, corrected"), now=clock())
    claim(claimed, now=clock())
    record(claimed, examined(1, decision()), examined(2, decision(), story=1, relation="copy"), now=clock())
    assert states(claimed) == {1: "waiting"}


# ---- merged ----------------------------------------------------------------------------------------------------------


def test_after_a_merge_every_old_id_leads_to_the_story_that_stayed(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1), examined(2), now=clock())
    clock.move(timedelta(minutes=5))
    record(claimed, examined(3), now=clock())
    merge(claimed, 2, 3)
    merge(claimed, 1, 2)
    with claimed.read() as connection:
        kept = stories.find(connection, 1)
        assert [stories.find(connection, began_with) for began_with in (2, 3)] == [kept, kept]
        assert stories.find(connection, 5) is None
        assert [told.document.id for told in stories.tellings(connection, kept or 0)] == ["1", "2", "3"]
        (row,) = stories.listing(connection, since=NOON, matched_only=False)
        assert (row.id, row.entries, row.outlets, row.last_at) == (kept, 3, 1, clock())
        placed = stories.placements(connection, [3]).get(3)
        assert placed is not None
        assert placed.story == "1"


def test_an_entry_that_is_placed_in_a_story_that_was_merged_joins_the_one_that_stayed(
    claimed: Database, clock: Clock
) -> None:
    record(claimed, examined(1), examined(2), now=clock())
    merge(claimed, 1, 2)
    record(claimed, examined(4, story=2, relation="copy"), now=clock())
    with claimed.read() as connection:
        assert [told.document.id for told in stories.tellings(connection, 1)] == ["1", "2", "4"]


def test_what_was_told_of_either_counts_for_the_one_that_stays(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1), examined(2, decision()), now=clock())
    merge(claimed, 1, 2)
    with claimed.read() as connection:
        assert stories.told(connection, 1) == (Told(watch="ferries", recipient="desk", kind="alert", at=clock()),)
    assert states(claimed) == {2: "waiting"}, "the only alert is not folded"


def test_of_two_alerts_that_wait_one_is_folded(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), examined(2, decision(watch="boats")), now=clock())
    merge(claimed, 1, 2)
    assert states(claimed) == {1: "waiting", 2: "folded"}
    with claimed.read() as connection:
        assert outbox.count_due(connection, now=NOON + timedelta(days=9), horizon=NOON + timedelta(days=9)) == 1


def test_an_alert_that_was_begun_is_the_one_that_goes_out(claimed: Database, clock: Clock) -> None:
    later = replace(decision(), due_at=clock() + timedelta(minutes=1))
    record(claimed, examined(1, later), examined(2, decision()), now=clock())
    begin_attempt(claimed, clock)
    merge(claimed, 1, 2)
    assert states(claimed) == {1: "folded", 2: "waiting"}


def test_two_alerts_that_were_both_begun_are_both_seen_through(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), examined(2, decision()), now=clock())
    begin_attempt(claimed, clock)
    begin_attempt(claimed, clock)
    merge(claimed, 1, 2)
    assert states(claimed) == {1: "waiting", 2: "waiting"}


def test_alerts_to_two_people_are_no_repetition(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), examined(2, decision(recipient="night")), now=clock())
    merge(claimed, 1, 2)
    assert states(claimed) == {1: "waiting", 2: "waiting"}


def test_a_merge_with_itself_or_with_nobody_changes_nothing(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), examined(2), now=clock())
    merge(claimed, 1, 1)
    merge(claimed, 1, 5)
    merge(claimed, 1, 2)
    merge(claimed, 2, 1)
    with claimed.read() as connection:
        assert [row.id for row in stories.listing(connection, since=NOON, matched_only=False)] == [1]
    assert states(claimed) == {1: "waiting"}


# ---- looked at -------------------------------------------------------------------------------------------------------


def test_a_digest_holds_what_was_decided_in_its_period_for_its_reader(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision("digest")), now=NOON)
    record(
        claimed,
        examined(2, decision("alert"), decision("digest", "night")),
        examined(3, decision("nothing")),
        examined(4, decision("digest"), story=2, relation="copy"),
        now=NOON + timedelta(hours=1),
    )
    record(claimed, examined(5, decision("digest")), now=NOON + timedelta(hours=2))

    def held(since: int, until: int, recipient: str = "desk") -> list[int]:
        period = {"since": NOON + timedelta(hours=since), "until": NOON + timedelta(hours=until)}
        with claimed.read() as connection:
            return [story for story, _ in stories.decided(connection, recipient=recipient, **period)]

    assert held(-1, 2) == [1, 2, 4], "each story once, in order of arrival; 'nothing' is not told"
    assert held(0, 1) == [2], "what was decided at the very start belongs to the digest before"
    assert held(-1, 2, "night") == [2]
    assert held(2, 9) == []


def test_listing_shows_what_a_watch_matched_the_latest_first(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, matches=[match("boats", "digest")]), examined(2), now=clock())
    clock.move(timedelta(hours=1))
    record(
        claimed, examined(3, matches=[match()]), examined(4, story=3, matches=[match("boats", "digest")]), now=clock()
    )
    with claimed.read() as connection:
        late, early = stories.listing(connection, since=NOON)
        assert [row.id for row in stories.listing(connection, since=NOON, matched_only=False)] == [3, 2, 1]
        assert [row.id for row in stories.listing(connection, since=clock())] == [3]
    assert (late.title, late.outlet, late.link) == ("Ferry c", "ferry.example", "https://ferry.example/c")
    assert (late.level, late.watches, late.entries, late.outlets) == ("alert", ("boats", "ferries"), 2, 2)
    assert (late.began_at, late.last_at) == (clock(), clock())
    assert (early.level, early.watches, early.entries) == ("digest", ("boats",), 1)


def test_quiet_shows_every_no_with_its_reason(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision()), examined(2, decision("nothing"), decision("digest", "night")), now=clock())
    with claimed.read() as connection:
        rows = decisions.quiet(connection, since=NOON)
        assert decisions.quiet(connection, since=NOON + timedelta(seconds=1)) == ()
    assert [(row.title, row.outlet, row.recipient, row.action, row.reason) for row in rows] == [
        ("Ferry b", "ferry.example", "desk", "nothing", "because nothing"),
        ("Ferry b", "ferry.example", "night", "digest", "because digest"),
    ]


def test_what_an_alert_shows_was_not_kept_quiet_and_what_came_after_it_was(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision(), matches=[match()]), now=clock())
    clock.move(timedelta(seconds=10))
    record(
        claimed, examined(2, decision("nothing"), decision("nothing", "night"), story=1, relation="copy"), now=clock()
    )

    def quiet() -> list[tuple[str, str]]:
        with claimed.read() as connection:
            return [(row.title, row.recipient) for row in decisions.quiet(connection, since=NOON)]

    assert quiet() == [("Ferry b", "night")], "the alert to the desk has no words yet, and will show it"
    clock.move(timedelta(minutes=1))
    named = {"lead": {"entry": 2}, "members": [{"entry": 1}]}
    assert begin_attempt(claimed, clock, replace(MESSAGE, created_at=clock(), data=named))
    assert quiet() == [("Ferry b", "night")]
    clock.move(timedelta(hours=1))
    record(claimed, examined(3, decision("nothing"), story=1, relation="copy"), now=clock())
    assert quiet() == [("Ferry b", "night"), ("Ferry c", "desk")]
    edit(claimed, keyed("b", "Ferry b, corrected"), now=clock())
    assert quiet() == [("Ferry b, corrected", "desk"), ("Ferry b, corrected", "night"), ("Ferry c", "desk")], (
        "newer words"
    )


def test_a_delivery_without_words_is_listed_by_the_headline_that_led_to_it(claimed: Database, clock: Clock) -> None:
    record(claimed, examined(1, decision(), matches=[match()]), now=clock())
    with claimed.write() as connection:
        outbox.add_digest(connection, RECIPIENTS["night"], day="2026-03-04", now=clock())
        assert [(row.kind, row.subject) for row in outbox.listing(connection)] == [("digest", ""), ("alert", "Ferry a")]
