"""What people say of stories is kept, goes with the story through merges and back, and nobody speaks over another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.errors import ConflictError, ReviewError
from monitor.model import Filters, Match, Span, StoryLine
from monitor.pipeline.correct import Correct
from storage import review, stories, story_lines
from storage.database import Database
from tests.conftest import NOON, Clock
from tests.rows import claim, decision, examined, keep, keyed, match, record, remember

MINUTE = timedelta(minutes=1)
DAY = Filters(since=NOON - timedelta(hours=12), until=NOON + timedelta(hours=12))


@pytest.fixture
def desk(database: Database, clock: Clock) -> Database:
    """Three stories: 1 (entries 1 and 4), 2, 3; the third entry was seen the day before."""
    remember(database)
    keep(database, keyed("c", "Old ferry"), now=clock() - timedelta(days=1))
    keep(database, keyed("a", "Ferry waits"), keyed("b", "Ferry sails"), now=clock())
    keep(database, keyed("d", "Ferry waits, says harbour"), now=clock(), feed_id=2)
    claim(database, now=clock())
    record(
        database,
        examined(1, decision("digest"), matches=[match()]),
        examined(2, decision("alert"), decision("nothing", "night"), matches=[match(), match("boats", "digest")]),
        examined(3, matches=[match()]),
        examined(4, decision("nothing"), story=2, relation="rewrite", matches=[match()]),
        now=clock(),
    )
    return database


def listed(database: Database, filters: Filters = DAY, person: str = "") -> tuple[StoryLine, ...]:
    with database.read() as connection:
        return story_lines.lines(connection, filters, person=person)


def merge(database: Database, kept: int, gone: int) -> None:
    with database.write() as connection:
        stories.merge(connection, kept=kept, gone=gone)


def test_the_last_verdict_counts_and_every_one_is_kept(desk: Database) -> None:
    with desk.write() as connection:
        first = review.judge(connection, 2, "refused", watch="ferries", by="ada", now=NOON, reason="a model boat")
        review.judge(connection, 2, "starred", watch="boats", by="ada", now=NOON)
        last = review.judge(connection, 2, "kept", watch="ferries", by="bea", now=NOON + MINUTE, version=first.version)
        assert review.verdict_history(connection, 2, watch="ferries") == (first, last)
    by_watch = {line.watch: line.verdict.kind for line in listed(desk) if line.story == 2 and line.verdict}
    assert by_watch == {"ferries": "kept", "boats": "starred"}
    with desk.read() as connection:  # the latest first; of each story and watch only the last word
        assert review.latest_kinds(connection, limit=9) == (("ferries", "kept"), ("boats", "starred"))
        assert review.latest_kinds(connection, limit=1) == (("ferries", "kept"),)


Saying = Callable[..., object]


@pytest.mark.parametrize(
    "say",
    [
        lambda connection, version: review.judge(
            connection, 2, "kept", watch="ferries", by="ada", now=NOON, version=version
        ),
        lambda connection, version: review.assign(connection, 2, "bea", by="ada", now=NOON, version=version),
        lambda connection, version: (
            review.edit_note(connection, 1, "again", by="ada", now=NOON, version=version)
            if version
            else review.add_note(connection, 2, "once", by="ada", now=NOON)
        ),
    ],
    ids=["verdict", "assignment", "note"],
)
def test_who_has_not_seen_the_last_word_is_told_whose_it_is(desk: Database, say: Saying) -> None:
    with desk.write() as connection:
        seen = say(connection, 0)
        later = say(connection, seen.version)  # type: ignore[attr-defined]
    with desk.write() as connection, pytest.raises(ConflictError, match=r"ada was faster with .+ 12:00 UTC") as told:
        say(connection, seen.version)  # type: ignore[attr-defined]
    assert (told.value.by, told.value.at, told.value.version) == ("ada", NOON, later.version)  # type: ignore[attr-defined]
    with desk.write() as connection:
        say(connection, told.value.version)


def test_a_note_keeps_its_wordings_and_can_be_taken_back(desk: Database) -> None:
    with desk.write() as connection:
        note = review.add_note(connection, 2, "Ask the harbour.", by="ada", now=NOON)
        other = review.add_note(connection, 2, "Twice a day?", by="bea", now=NOON)
        edited = review.edit_note(connection, note.id, "Asked.", by="bea", now=NOON + MINUTE, version=note.version)
        assert review.notes_of(connection, 2) == (edited, other)
        assert (edited.id, edited.begun_by, edited.by) == (note.id, "ada", "bea")
        review.edit_note(connection, note.id, "", by="ada", now=NOON, version=edited.version)
        assert review.notes_of(connection, 2) == (other,)
        assert [one.text for one in review.note_history(connection, note.id)] == ["Ask the harbour.", "Asked.", ""]
    assert {line.notes for line in listed(desk) if line.story == 2} == {1}


def test_a_merge_carries_what_was_said_and_its_undoing_gives_it_back(desk: Database, clock: Clock) -> None:
    with desk.write() as connection:
        review.judge(connection, 3, "kept", watch="ferries", by="ada", now=NOON)
        review.assign(connection, 3, "bea", by="ada", now=NOON)
        review.add_note(connection, 3, "Mine.", by="ada", now=NOON)
        review.see(connection, 3, person="ada", now=NOON)
        review.add_note(connection, 2, "Yours.", by="bea", now=NOON)
    correct = Correct(database=desk, by="cay", why="", now=clock())
    correct.merge(2, 3)

    def said(story: int) -> tuple[list[str], list[str], list[str], list[str]]:
        with desk.read() as connection:
            return (
                [one.kind for one in review.verdict_history(connection, story)],
                [one.assignee for one in review.assignment_history(connection, story)],
                [one.text for one in review.notes_of(connection, story)],
                list(review.seen_by(connection, story)),
            )

    assert said(2) == said(3) == (["kept"], ["bea"], ["Mine.", "Yours."], ["ada"])
    (line,) = (line for line in listed(desk) if line.watch == "ferries")
    assert (line.story, line.verdict and line.verdict.kind, line.notes) == (2, "kept", 2)
    correct.undo(None)
    assert said(2) == ([], [], ["Yours."], [])
    assert said(3) == (["kept"], ["bea"], ["Mine."], ["ada"])


def test_a_verdict_made_before_a_merge_is_no_blind_word_on_the_whole(desk: Database) -> None:
    with desk.write() as connection:
        mine = review.judge(connection, 2, "kept", watch="ferries", by="ada", now=NOON)
        review.judge(connection, 3, "refused", watch="ferries", by="bea", now=NOON)
    merge(desk, 2, 3)
    with desk.write() as connection, pytest.raises(ConflictError, match="bea was faster"):
        review.judge(connection, 2, "starred", watch="ferries", by="ada", now=NOON, version=mine.version)


def test_the_day_has_a_line_for_each_story_and_watch_the_latest_first(desk: Database) -> None:
    lines = listed(desk)
    assert [(line.story, line.watch) for line in lines] == [(2, "ferries"), (3, "ferries"), (2, "boats")]
    first = lines[0]
    assert first.document.title == "Ferry waits"
    assert first.document.title[first.match.spans[0].start : first.match.spans[0].end] == "Ferry"
    assert (first.entries, first.outlets) == (2, ("ferry.example", "courier.example"))
    assert [(one.recipient, one.action) for one in first.decisions] == [("desk", "alert"), ("night", "nothing")]


def test_judged_stories_are_those_whose_last_verdict_says_something(desk: Database) -> None:
    with desk.write() as connection:
        for story, kind in ((1, "refused"), (2, "starred"), (3, "kept")):
            review.judge(connection, story, kind, watch="ferries", by="ada", now=NOON)  # type: ignore[arg-type]
        last = review.verdict_history(connection, 3)[-1]
        review.judge(connection, 3, "open", watch="ferries", by="ada", now=NOON, version=last.version)
    with desk.read() as connection:
        judged = story_lines.judged(connection)
        assert [(line.story, line.verdict and line.verdict.kind) for line in judged] == [(2, "starred"), (1, "refused")]
        assert story_lines.judged(connection, watch="boats") == ()


def test_a_story_that_was_seen_says_when(desk: Database) -> None:
    with desk.write() as connection:
        for moment in (NOON + MINUTE, NOON):
            review.see(connection, 2, person="ada", now=moment)
    seen = {line.story: line.seen_at for line in listed(desk, person="ada")}
    assert seen == {2: NOON + MINUTE, 3: None}
    assert {line.seen_at for line in listed(desk, person="bea")} == {None}


FILTERED: tuple[tuple[Filters, set[tuple[int, str]]], ...] = (
    (Filters(), {(1, "ferries"), (2, "ferries"), (2, "boats"), (3, "ferries")}),
    (Filters(watch="boats"), {(2, "boats")}),
    (Filters(outlet="courier.example"), {(2, "ferries")}),
    (Filters(until=NOON), {(1, "ferries")}),
    (Filters(verdict="refused"), {(2, "ferries")}),
    (Filters(verdict="open"), {(1, "ferries"), (2, "boats"), (3, "ferries")}),
    (Filters(assignee="bea"), {(3, "ferries")}),
    (Filters(assignee="ada"), set()),
)


def test_a_list_holds_what_its_filters_let_through_page_by_page(desk: Database) -> None:
    with desk.write() as connection:
        kept = review.judge(connection, 2, "kept", watch="ferries", by="ada", now=NOON)
        review.judge(connection, 2, "refused", watch="ferries", by="ada", now=NOON, version=kept.version)
        kept = review.judge(connection, 3, "kept", watch="ferries", by="ada", now=NOON)
        review.judge(connection, 3, "open", watch="ferries", by="ada", now=NOON, version=kept.version)
        first = review.assign(connection, 3, "ada", by="ada", now=NOON)
        review.assign(connection, 3, "bea", by="ada", now=NOON, version=first.version)
    for filters, found in FILTERED:
        every = listed(desk, filters)
        assert {(line.story, line.watch) for line in every} == found, filters
        with desk.read() as connection:
            assert story_lines.count(connection, filters) == len(found)
            pages = [story_lines.lines(connection, filters, limit=1, offset=at) for at in range(len(found))]
        assert [line for page in pages for line in page] == list(every)


def test_a_place_far_down_in_a_text_is_shown_with_what_stands_around_it(database: Database, clock: Clock) -> None:
    text = "Fog. " * 400 + "The ferry waits. " + "Fog. " * 400
    start = text.index("ferry")
    remember(database)
    keep(database, keyed("a", content=text), now=clock())
    claim(database, now=clock())
    spans = (
        Span(field="title", start=0, end=5, term="ferry", set=""),
        Span(field="text", start=start, end=start + 5, term="ferry", set=""),
        Span(field="text", start=start + 1_900, end=start + 1_903, term="fog", set=""),
    )
    found = Match(watch="ferries", level="alert", score=1.0, why="", spans=spans)
    record(database, examined(1, matches=[found]), now=clock())
    (line,) = listed(database)
    assert len(line.document.text) == 1_000
    assert [(span.field, span.term) for span in line.match.spans] == [("title", "ferry"), ("text", "ferry")]
    shown = line.match.spans[1]
    assert line.document.text[shown.start : shown.end] == "ferry"


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (lambda c: review.judge(c, 9, "kept", watch="ferries", by="ada", now=NOON), "there is no story 9"),
        (lambda c: review.edit_note(c, 9, "x", by="ada", now=NOON, version=1), "there is no note 9"),
        (lambda c: review.add_note(c, 1, " \n", by="ada", now=NOON), "the note is empty"),
        (lambda c: review.add_note(c, 1, "x" * 20_001, by="ada", now=NOON), "more than the 20,000"),
    ],
)
def test_what_cannot_be_kept_is_said(desk: Database, say: Saying, why: str) -> None:
    with desk.write() as connection, pytest.raises(ReviewError, match=why):
        say(connection)
