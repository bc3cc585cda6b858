"""A person's word on stories: kept, respected by every later pass, told rightly, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import CorrectionError
from monitor.model import Examined, Group, Move
from monitor.pipeline.correct import Correct
from monitor.pipeline.examine import Examine
from monitor.settings.config import Config
from monitor.story.corrections import merge, move, must_hear, put_back, split
from storage import audit, corrections, folding, outbox, stories
from storage.database import Database
from tests import test_examine
from tests.conftest import Clock
from tests.rows import DESK, edit, keep, keyed

FOG, STORM = test_examine.FOG, test_examine.STORM

# ---- decided --------------------------------------------------------------------------------------------------------

STORY = Group(story=7, began_with=20, entries=(20, 25, 31))
OTHER = Group(story=9, began_with=22, entries=(22, 40))


def test_a_split_gives_the_chosen_entries_a_story_of_their_own() -> None:
    made = split(STORY, {31, 25})
    assert made.moves == (Move(entries=(25, 31), story=None),)
    assert made.apart == ((25, 20),)


def test_the_number_stays_with_the_entry_that_began_the_story() -> None:
    assert split(STORY, {20}).moves == (Move(entries=(25, 31), story=None),)
    assert move([STORY], {20}, OTHER).moves == (Move(entries=(20,), story=9), Move(entries=(25, 31), story=None))


def test_a_merge_keeps_the_older_number_in_whichever_order_it_is_said() -> None:
    assert merge(OTHER, STORY) == merge(STORY, OTHER)
    assert merge(OTHER, STORY).moves == (Move(entries=(22, 40), story=7),)


def test_a_move_of_all_entries_is_a_merge_and_parts_nobody() -> None:
    made = move([OTHER], {22, 40}, STORY)
    assert (made.moves, made.apart) == ((Move(entries=(22, 40), story=7),), ())


def test_a_move_parts_the_entry_from_those_it_leaves() -> None:
    assert move([STORY], {31}, OTHER).apart == ((31, 20),)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: split(STORY, {20, 25, 31}), "all entries of story 7"),
        (lambda: split(STORY, {99}), "entry 99 is not in story 7"),
        (lambda: split(STORY, set()), "at least one entry"),
        (lambda: merge(STORY, STORY), "both are story 7 already"),
        (lambda: move([STORY], {25}, STORY), "entry 25 is in story 7 already"),
        (lambda: move([], set(), STORY), "at least one entry"),
    ],
)
def test_what_cannot_be_is_refused_in_words(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(CorrectionError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("decided", "told", "expected"),
    [
        ((), (), False),  # nothing matched
        (("desk",), (), True),
        (("desk",), ("desk",), False),
        (("desk", "night"), ("desk",), True),
        (("desk",), ("desk", "night"), False),
    ],
)
def test_only_who_has_not_heard_of_the_story_must_hear(
    decided: tuple[str, ...], told: tuple[str, ...], expected: bool
) -> None:
    assert must_hear(decided, told) is expected


@given(st.sets(st.integers(1, 30), min_size=2), st.data())
def test_no_entry_is_lost_or_doubled(entries: set[int], data: st.DataObject) -> None:
    ids = tuple(sorted(entries))
    group = Group(story=1, began_with=data.draw(st.sampled_from(ids)), entries=ids)
    chosen = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    for made in (move([group], chosen, OTHER_STORY), put_back([group], OTHER_STORY.story, chosen)):
        moved = [entry for one in made.moves for entry in one.entries]
        assert len(moved) == len(set(moved))
        assert chosen <= set(moved) <= entries
        assert group.began_with in chosen or set(moved) == chosen, "who stays is touched only where the number leaves"


OTHER_STORY = Group(story=99, began_with=500, entries=(500,))

# ---- kept -----------------------------------------------------------------------------------------------------------

config = test_examine.config
examine = test_examine.examine
alerts = test_examine.alerts
opened = test_examine.opened


def correct(database: Database, clock: Clock, why: str = "") -> Correct:
    return Correct(database=database, by="ada", why=why, now=clock())


def members(database: Database) -> dict[int, int]:
    with database.read() as connection:
        return corrections.stories_of(connection, range(1, 50))


@pytest.fixture
def two_told_as_one(database: Database, examine: Examine, clock: Clock) -> Database:
    """The same words twice: one story, told once, for entry 1."""
    keep(database, keyed("a", "Ferry waits", summary=FOG), now=clock())
    keep(database, keyed("b", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    list(examine())
    assert (members(database), alerts(database)) == ({1: 1, 2: 1}, [1])
    return database


def test_a_split_off_story_that_matches_is_told_once(two_told_as_one: Database, examine: Examine, clock: Clock) -> None:
    correct(two_told_as_one, clock).split(1, [2])
    list(examine())
    list(examine())
    assert (members(two_told_as_one), alerts(two_told_as_one)) == ({1: 1, 2: 2}, [1, 2])


def test_the_audit_log_says_what_was_done_and_undone(two_told_as_one: Database, clock: Clock) -> None:
    correct(two_told_as_one, clock).split(1, [2])
    correct(two_told_as_one, clock).undo(None)
    with two_told_as_one.read() as connection:
        lines = [(line.who, line.action, line.subject, line.detail) for line in audit.listing(connection)]
    assert lines == [
        ("ada", "stories corrected", "stories 1, 2", "undone: correction 1, split"),
        ("ada", "stories corrected", "stories 1, 2", "split, correction 1"),
    ]


def test_the_story_of_which_an_alert_was_is_not_told_again(
    two_told_as_one: Database, examine: Examine, clock: Clock
) -> None:
    """The alert goes with its entry: parted from the other one, entry 1 is told already."""
    correct(two_told_as_one, clock).split(1, [1])
    list(examine())
    assert alerts(two_told_as_one) == [1, 2]
    with two_told_as_one.read() as connection:
        told = connection.exec_driver_sql("SELECT entry_id, story_id FROM outbox ORDER BY id").all()
    assert [tuple(row) for row in told] == [(1, 1), (2, 2)]


def test_later_passes_and_restarts_leave_a_split_alone(
    two_told_as_one: Database, examine: Examine, config: Config, clock: Clock
) -> None:
    correct(two_told_as_one, clock).split(1, [2])
    for again in (examine, opened(two_told_as_one, config, clock)):
        clock.move(timedelta(minutes=10))
        list(again())
    assert members(two_told_as_one) == {1: 1, 2: 2}
    keep(two_told_as_one, keyed("c", "Ferry waits", summary=FOG), now=clock())
    list(examine())
    assert members(two_told_as_one)[3] in (1, 2)
    assert len(set(members(two_told_as_one).values())) == 2


def test_undoing_a_split_makes_it_one_story_again_and_tells_nothing(
    two_told_as_one: Database, examine: Examine, clock: Clock
) -> None:
    correct(two_told_as_one, clock).split(1, [2])
    correct(two_told_as_one, clock).undo(None)
    list(examine())
    assert (members(two_told_as_one), alerts(two_told_as_one)) == ({1: 1, 2: 1}, [1])
    with two_told_as_one.read() as connection:
        (_, copy) = stories.members_of(connection, 1)
    assert (copy.relation, copy.placed_by, copy.of) == ("copy", "arrival", 1), "it stands as it stood"


@pytest.fixture
def two_stories(database: Database, examine: Examine, clock: Clock) -> Database:
    keep(database, keyed("a", "Ferry waits", summary=FOG), keyed("b", "Ferry rests", summary=STORM), now=clock())
    list(examine())
    assert (members(database), alerts(database)) == ({1: 1, 2: 2}, [1, 2])
    return database


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT state FROM outbox ORDER BY id").scalars())


def test_merging_by_hand_folds_the_alert_that_waits_and_undoing_sends_it(
    two_stories: Database, examine: Examine, clock: Clock
) -> None:
    correct(two_stories, clock, "one boat").merge(2, 1)
    list(examine())
    assert (members(two_stories), states(two_stories)) == ({1: 1, 2: 1}, ["waiting", "folded"])
    with two_stories.read() as connection:
        (_, joined) = stories.members_of(connection, 1)
        assert stories.kept(connection, 2) == 1, "the younger number leads to the older story"
    assert (joined.relation, joined.placed_by, joined.why) == ("same-event", "person", "merged by ada: one boat")
    correct(two_stories, clock).undo(1)
    list(examine())
    assert (members(two_stories), states(two_stories)) == ({1: 1, 2: 2}, ["waiting", "waiting"])


def test_an_alert_that_went_out_in_a_longer_message_is_not_sent_again(two_stories: Database, clock: Clock) -> None:
    with two_stories.write() as connection:
        outbox.add_more(connection, DESK, "", key="more", reason="", due_at=clock(), now=clock())
        folding.put_into(connection, [2], 3)
    correct(two_stories, clock).merge(1, 2)
    corrected = correct(two_stories, clock).undo(None)
    assert (states(two_stories), corrected.examined_again) == (["waiting", "folded", "waiting"], 0)


def test_an_entry_that_is_moved_stays_where_it_was_put_when_it_is_edited(
    two_stories: Database, examine: Examine, clock: Clock
) -> None:
    keep(two_stories, keyed("c", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    list(examine())
    correct(two_stories, clock).move([3], 2)
    edit(two_stories, keyed("c", "The ferry still waits", summary=FOG), now=clock(), feed_id=2)
    list(examine())
    assert members(two_stories) == {1: 1, 2: 2, 3: 2}


def test_the_first_entry_takes_its_number_along_and_comes_back(
    two_stories: Database, examine: Examine, clock: Clock
) -> None:
    keep(two_stories, keyed("c", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    list(examine())
    correct(two_stories, clock).move([1], 2)
    assert members(two_stories) == {1: 2, 2: 2, 3: 3}
    with two_stories.read() as connection:
        assert (stories.kept(connection, 1), stories.find(connection, 1)) == (2, 2)
    list(examine())
    assert alerts(two_stories) == [1, 2, 3], "entry 3 was only told under the alert for entry 1"
    correct(two_stories, clock).undo(None)
    assert members(two_stories) == {1: 1, 2: 2, 3: 1}


def test_a_correction_comes_between_reading_and_writing(
    two_stories: Database, examine: Examine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was placed among stories that are no more is placed anew."""
    keep(two_stories, keyed("c", "Ferry waits", summary=FOG), now=clock(), feed_id=2)
    write = Examine._write

    def late(self: Examine, examined: Sequence[Examined], claimant: str) -> Sequence[Examined]:
        if set(members(two_stories).values()) == {1, 2}:
            correct(two_stories, clock).merge(1, 2)
        return write(self, examined, claimant)

    monkeypatch.setattr(Examine, "_write", late)
    list(examine())
    assert members(two_stories) == {1: 1, 2: 1, 3: 1}


def test_what_a_person_said_is_undone_in_order(two_stories: Database, clock: Clock) -> None:
    by = correct(two_stories, clock)
    by.merge(1, 2)
    by.split(1, [2])
    with pytest.raises(CorrectionError, match="correction 2 moved the same entries since; undo that one first"):
        by.undo(1)
    by.undo(2)
    by.undo(1)
    assert members(two_stories) == {1: 1, 2: 2}
    with pytest.raises(CorrectionError, match="correction 1 was undone already, by ada"):
        by.undo(1)
    with pytest.raises(CorrectionError, match="there is no correction to undo"):
        by.undo(None)
    with pytest.raises(CorrectionError, match="there is no correction 8"):
        by.undo(8)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda by: by.split(77, [1]), "there is no story 77"),
        (lambda by: by.move([1, 99], 2), "entry 99 is in no story"),
        (lambda by: by.merge(1, 77), "there is no story 77"),
    ],
)
def test_a_correction_that_cannot_be_changes_nothing(
    two_stories: Database, clock: Clock, wrong: Callable[[Correct], object], message: str
) -> None:
    with pytest.raises(CorrectionError, match=message):
        wrong(correct(two_stories, clock))
    assert members(two_stories) == {1: 1, 2: 2}
