"""`tipsheet stories show` and `stories changes` over a real database."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.color import ColorSystem

from monitor.cli import paint
from monitor.run import utc_now
from storage import stories
from storage.database import Database
from tests import command
from tests.command import Ran
from tests.conftest import Clock
from tests.rows import claim, edit, examined, keep, keyed, match, record, remember


@pytest.fixture
def told(database: Database) -> Database:
    """A story of two outlets, edited twice since; and a report that nothing matched, edited too."""
    clock = Clock(utc_now() - timedelta(hours=5))
    remember(database)
    keep(database, keyed("a", "Ferry sank in fog", summary="It was a Tuesday."), keyed("z", "Bread"), now=clock())
    keep(database, keyed("b", "The ferry is gone"), now=clock(), feed_id=2)
    claim(database, now=clock())
    told = [examined(1, matches=[match()]), examined(2), examined(3, story=1, relation="rewrite", matches=[match()])]
    record(database, *told, now=clock())
    for title, entry in (("Ferry sank in a storm", "a"), ("Withdrawn: Ferry sank in a storm", "a"), ("Butter", "z")):
        clock.move(timedelta(hours=1))
        edit(database, keyed(entry, title, summary="It was a Tuesday."), now=clock())
    claim(database, now=clock())
    record(database, examined(1, matches=[match()]), examined(2), now=clock())
    return database


def run(database: Database, *args: str) -> Ran:
    return command.tipsheet("stories", *args, "--database", str(database.url))


def test_a_story_shows_its_members_why_they_belong_and_their_edits(told: Database) -> None:
    ran = run(told, "show", "1")
    assert ran.code == 0
    for words in ("The ferry is gone", "courier.example", "rewrite: alike", "https://ferry.example/a"):
        assert words in ran.out
    assert "headline changed {+Withdrawn: +}Ferry sank in a storm" in ran.out


def test_the_first_sighting_is_told_by_the_readers_clock(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.cli.stories.get_localzone_name", lambda: "Asia/Kathmandu")
    seen = (utc_now() - timedelta(hours=5)).astimezone(ZoneInfo("Asia/Kathmandu"))
    shown = run(told, "show", "1").out
    assert re.search(rf"first seen here {seen:%H}:\d\d UTC\+05:?45 ", shown), shown


def test_a_program_gets_the_story_as_one_object(told: Database) -> None:
    (story,) = run(told, "show", "1", "--json").objects
    assert (story["story"], story["watch"], story["origin"]) == (1, "ferries", [])
    assert [(one["entry"], one["relation"]) for one in story["members"]] == [(1, "new"), (3, "rewrite")]


def test_an_id_that_was_merged_leads_to_the_older_story(told: Database) -> None:
    with told.write() as connection:
        stories.merge(connection, kept=1, gone=2)
    ran = run(told, "show", "2")
    assert ran.out.startswith("Story 2 was merged into story 1.")
    assert "Butter" in ran.out


def test_an_unknown_story_is_named(told: Database) -> None:
    ran = run(told, "show", "77")
    assert (ran.code, ran.out) == (1, "")
    assert "there is no story 77" in ran.err


def test_changes_are_shown_word_by_word_the_latest_first(told: Database) -> None:
    ran = run(told, "changes")
    assert ran.out.index("withdrawn") < ran.out.index("reworded")
    assert "title: Ferry sank in [-fog-]{+a storm+}" in ran.out
    assert "Butter" not in ran.out
    assert "[-Bread-]{+Butter+}" in run(told, "changes", "--all").out
    assert "\\n" not in ran.out


def test_what_changed_is_marked_also_on_a_terminal_that_is_to_show_no_colour(
    told: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paint.out, "_color_system", ColorSystem.STANDARD)
    assert "Ferry sank in fog a storm" in re.sub(r"\x1b\[[0-9;]*m", " ", run(told, "changes").out).replace("  ", " ")
    monkeypatch.setattr(paint.out, "no_color", True)
    assert "title: Ferry sank in [-fog-]{+a storm+}" in run(told, "changes").out


def test_changes_for_a_program_hold_both_wordings(told: Database) -> None:
    latest, first = run(told, "changes", "--json").objects
    assert (latest["kind"], first["kind"]) == ("withdrawn", "reworded")
    assert (first["before"]["title"], first["after"]["title"]) == ("Ferry sank in fog", "Ferry sank in a storm")
    assert (latest["entry"], latest["story"], latest["outlet"]) == (1, 1, "ferry.example")


def test_a_day_without_edits_says_so(database: Database) -> None:
    assert "Nothing was edited in the last 3 hours." in run(database, "changes", "--hours", "3").out


# ---- corrected by a person -------------------------------------------------------------------------------------------


def test_a_correction_is_said_shown_and_taken_back(told: Database) -> None:
    ran = run(told, "split", "1", "3", "--by", "ada", "--why", "another ferry")
    assert ran.code == 0
    assert "Story 1 keeps its other entries.\nStory 3 now has entry 3." in ran.out
    assert "`tipsheet stories undo 1` takes it back" in ran.out
    shown = run(told, "show", "3").out
    assert "entry 3  courier.example  new: parted from its story by ada: another ferry (by a person)" in shown
    assert "correction 1: split by ada, entries 3 (another ferry)" in shown
    assert "\\n" not in shown
    assert run(told, "undo", "--by", "eve").code == 0
    shown = run(told, "show", "3").out
    assert shown.startswith("Story 3 was merged into story 1.")
    assert "entry 3  courier.example  rewrite: alike\n" in shown, "it stands as it stood"
    assert "(another ferry); undone by eve" in shown


def test_a_program_reads_what_a_correction_did(told: Database) -> None:
    (merged,) = run(told, "merge", "2", "1", "--by", "ada", "--json").objects
    assert merged == {"correction": 1, "stories": {"1": [2]}, "examined_again": 0}
    (moved,) = run(told, "split", "1", "2", "3", "--by", "ada", "--json").objects
    assert moved["stories"] == {"1": [], "2": [2, 3]}
    (story,) = run(told, "show", "1", "--json").objects
    assert [one["placed_by"] for one in story["members"]] == ["arrival"]
    (story,) = run(told, "show", "2", "--json").objects
    assert [(one["kind"], one["entries"], one["by"]) for one in story["corrections"]] == [
        ("merge", [2], "ada"),
        ("split", [2, 3], "ada"),
    ]


def test_an_entry_is_moved_by_the_numbers_that_are_shown(told: Database) -> None:
    assert "Story 2 now has entry 3." in run(told, "move", "3", "2").out


def test_a_correction_that_cannot_be_is_refused_in_a_sentence(told: Database) -> None:
    ran = run(told, "split", "1", "1", "3")
    assert (ran.code, ran.out) == (1, "")
    assert "these are all entries of story 1; name those that do not belong to it" in ran.err


def test_after_a_merge_the_member_says_what_the_stories_share(told: Database) -> None:
    with told.write() as connection:
        stories.merge(connection, kept=1, gone=2, why="both tell of ferry, fog", similarity=0.41)
    shown = run(told, "show", "1").out
    assert "same-event: both tell of ferry, fog (its story was merged into this one)" in shown
    assert "nothing like it" not in shown
