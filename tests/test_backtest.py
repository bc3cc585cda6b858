"""What a watch would have told over an archive: the live policy on the past, and what is too much to read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import Document, Entry, Placement, Relation, Watch
from monitor.watches.backtest import MAX_ALERTS_A_DAY, Archived, Backtest, backtest, differences, too_busy
from monitor.watches.matching import compile_watch
from storage.database import Database
from tests.command import tipsheet
from tests.rows import claim, counts, edit, examined, keep, keyed, record, remember

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def came(
    number: int, title: str, at: datetime, *, story: int | None = None, relation: Relation = "new",
    published: datetime | None = None, backlog: bool = False,
) -> Archived:  # fmt: skip
    document = Document(id=str(number), title=title, outlet="ferry.example", published=published)
    entry = Entry(id=number, document=document, feed_id=1, first_seen=at, backlog=backlog, edited=False)
    placement = Placement(id=str(number), story=str(story or number), relation=relation, of=None, similarity=1.0)
    return Archived(entry=entry, placement=placement)


def tried(*archive: Archived, query: str = "ferry", **settings: str) -> Backtest:
    watch = Watch(name="ferries", query=query, recipients=("nobody here",), **settings)  # type: ignore[arg-type]
    (found,) = backtest([compile_watch(watch, None, {})], archive, since=NOON - 30 * DAY, until=NOON)
    return found


def told(found: Backtest) -> list[tuple[str, str, int]]:
    return [(line.level, line.title, line.folded) for line in found.lines]


def test_what_matches_is_told_and_the_rest_is_only_looked_at() -> None:
    found = tried(came(1, "A ferry waits", NOON), came(2, "A bus leaves", NOON), came(3, "Another ferry", NOON + HOUR))
    assert told(found) == [("alert", "A ferry waits", 0), ("alert", "Another ferry", 0)]
    assert (found.entries, found.count("alert"), found.count("digest")) == (3, 2, 0)
    assert found.lines[0].why == "ferry in the title"


def test_a_story_is_told_once_and_its_copies_are_folded() -> None:
    copies = [came(n, "The ferry sank", NOON + n * HOUR, story=1, relation="copy") for n in (2, 3, 4)]
    found = tried(came(1, "A ferry sank", NOON), *copies)
    assert told(found) == [("alert", "A ferry sank", 3)]
    assert found.folded == 3


def test_news_of_a_told_story_is_a_line_of_the_next_days_digest() -> None:
    update = came(2, "The ferry is raised", NOON + DAY, story=1, relation="update")
    found = tried(came(1, "A ferry sank", NOON), update)
    assert told(found) == [("alert", "A ferry sank", 0), ("digest", "The ferry is raised", 0)]


def test_a_digest_lists_a_story_once_a_day() -> None:
    reports = [
        came(n, "A ferry", NOON + hours * HOUR, story=1, relation="rewrite") for n, hours in ((2, 1), (3, 2), (4, 24))
    ]
    found = tried(came(1, "A ferry", NOON), *reports, level="digest")
    assert told(found) == [("digest", "A ferry", 2), ("digest", "A ferry", 0)]


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (NOON - 3 * DAY, [("alert", NOON - 3 * DAY)]),  # as if we had been watching then
        (NOON + DAY, [("alert", NOON)]),  # a date in the future is no time to come at
        (None, []),  # nobody knows when
    ],
)
def test_backlog_counts_when_it_was_published(published: datetime | None, expected: list[tuple[str, datetime]]) -> None:
    found = tried(came(1, "A ferry", NOON, published=published, backlog=True))
    assert [(line.level, line.at) for line in found.lines] == expected


def test_days_and_the_busiest_of_them() -> None:
    found = tried(came(1, "A ferry", NOON - DAY), came(2, "A ferry", NOON), came(3, "A ferry", NOON + HOUR))
    assert [(day, len(lines)) for day, lines in found.days().items()] == [
        (date(2026, 11, 19), 1),
        (date(2026, 11, 20), 2),
    ]
    assert found.busiest == (date(2026, 11, 20), 2)
    assert tried().busiest is None


@pytest.mark.parametrize(
    ("alerts", "level", "too_much"),
    [(MAX_ALERTS_A_DAY, "alert", False), (MAX_ALERTS_A_DAY + 1, "alert", True), (90, "digest", False)],
)
def test_more_alerts_on_a_day_than_people_read_is_too_busy(alerts: int, level: str, too_much: bool) -> None:
    found = tried(*(came(n, "A ferry", NOON) for n in range(1, alerts + 1)), level=level)
    assert bool(too_busy(found)) is too_much
    assert not too_much or f"{alerts} alerts on 2026-11-20" in too_busy(found)


def test_two_watches_differ_in_what_only_one_tells() -> None:
    archive = (came(1, "A ferry", NOON), came(2, "A bus", NOON), came(3, "A ferry and a bus", NOON))
    gained, lost = differences(tried(*archive, query="bus"), tried(*archive, query="ferry"))
    assert [line.title for line in gained] == ["A bus"]
    assert [line.title for line in lost] == ["A ferry"]


# ---- the command, on a database --------------------------------------------------------------------------------------


@pytest.fixture
def archive(database: Database) -> Database:
    """Four entries of the last days: an old one, a story with a copy that was edited, one that nobody has examined."""
    now = datetime.now(UTC)
    remember(database)
    keep(database, keyed("a", "The old ferry"), now=now - 40 * DAY)
    keep(database, keyed("b", "A ferry sank"), keyed("c", "Ferry sank"), now=now - 2 * DAY)
    keep(database, keyed("d", "Three ferry crews strike", backlog=True, published=now - 3 * DAY), now=now - DAY)
    edit(database, keyed("c", "A ferry sank in fog"), now=now - DAY)
    ids = [entry.id for entry in claim(database, now=now)]
    story = {3: 2}
    record(database, *(examined(n, story=story.get(n), relation="copy" if n in story else "new") for n in ids), now=now)
    keep(database, keyed("e", "A ferry not examined"), now=now)
    return database


def test_the_command_shows_what_would_have_been_told_and_changes_nothing(archive: Database, tmp_path: Path) -> None:
    before = counts(archive)
    ran = tipsheet(
        "backtest",
        "--query",
        "ferry",
        "--database",
        f"sqlite:///{tmp_path / 'tipsheet.db'}",
        "--config",
        _file(tmp_path),
    )
    assert ran.code == 0, ran.err
    first, second, *_ = ran.out.splitlines()
    assert first.startswith("(query) on 3 entries since ")
    assert second == "would have sent 2 alerts and 0 digest lines; 1 further report folded under them, 1 of one story"
    assert ran.out.index("Three ferry crews strike") < ran.out.index("A ferry sank  (+ 1 report)")  # by publication
    assert counts(archive) == before


def test_the_command_looks_as_far_back_as_it_is_told(archive: Database, tmp_path: Path) -> None:
    ran = tipsheet(
        "backtest",
        "ferries",
        "--days",
        "60",
        "--json",
        "--database",
        f"sqlite:///{tmp_path / 'tipsheet.db'}",
        "--config",
        _file(tmp_path),
    )
    (found,) = ran.objects
    assert (found["entries"], found["alerts"], found["folded"]) == (4, 3, 1)
    assert found["lines"][0]["title"] == "The old ferry"
    assert found["too_busy"] == ""


def test_the_command_compares_two_watches(archive: Database, tmp_path: Path) -> None:
    ran = tipsheet(
        "backtest",
        "--query",
        "strike",
        "--against",
        "ferries",
        "--database",
        f"sqlite:///{tmp_path / 'tipsheet.db'}",
        "--config",
        _file(tmp_path),
    )
    assert "0 lines more, 1 line fewer, 1 alike" in ran.out
    assert "- " in ran.out
    assert "A ferry sank" in ran.out


def test_a_watch_is_not_compared_with_itself(tmp_path: Path) -> None:
    ran = tipsheet("backtest", "ferries", "--against", "ferries", "--config", _file(tmp_path))
    assert ran.code == 2
    assert "compared with itself" in ran.err


def test_there_must_be_a_database(tmp_path: Path) -> None:
    ran = tipsheet("backtest", "--query", "ferry", "--database", f"sqlite:///{tmp_path / 'none.db'}")
    assert ran.code == 3
    assert "there is no database" in ran.err


def _file(folder: Path) -> Path:
    path = folder / "feeds.yaml"
    path.write_text(
        "contact: https://desk.test/\nchannels: []\nrecipients: []\nfeeds: []\n"
        "watches:\n  - {name: ferries, query: ferry}\n"
    )
    return path
