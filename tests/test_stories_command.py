"""`tipsheet stories show` and `stories changes` over a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

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


def test_changes_for_a_program_hold_both_wordings(told: Database) -> None:
    latest, first = run(told, "changes", "--json").objects
    assert (latest["kind"], first["kind"]) == ("withdrawn", "reworded")
    assert (first["before"]["title"], first["after"]["title"]) == ("Ferry sank in fog", "Ferry sank in a storm")
    assert (latest["entry"], latest["story"], latest["outlet"]) == (1, 1, "ferry.example")


def test_a_day_without_edits_says_so(database: Database) -> None:
    assert "Nothing was edited in the last 3 hours." in run(database, "changes", "--hours", "3").out
