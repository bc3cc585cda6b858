"""A watch under another name: what it found, what was told and what people said go along, and nothing is told twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, select

from monitor.errors import ConfigError
from monitor.model import Filters
from monitor.pipeline.upkeep import take_over
from monitor.settings.config import Config, read_config
from storage import facts, review, story_lines
from storage.database import Database
from storage.facts import Pause
from storage.renaming import rename_watch
from storage.review_tables import verdicts
from storage.schema import decisions, matches, outbox
from tests.conftest import NOON
from tests.test_desk_doors import MINIMAL

OLD = "tech and immigration enforcement"
BEARERS = (matches, decisions, verdicts, outbox)


def renamed(files: Path, new: str = "contracts") -> Config:
    path = files / "feeds.yaml"
    path.write_text(path.read_text().replace(f"- name: {OLD}", f"- name: {new}\n  formerly: [{OLD}]"))
    return read_config(path, {}, with_secrets=False)


def names(connection: Connection, table: Table) -> set[str]:
    return set(connection.execute(select(table.c.watch).where(table.c.watch != "")).scalars())


def test_everything_goes_along_at_the_next_start(files: Path) -> None:
    url = f"sqlite:///{files / 'tipsheet.db'}"
    with Database(url) as database, database.write() as connection:
        review.judge(connection, 2, "starred", watch=OLD, by="ada", now=NOON)
        facts.keep_verdicts(connection, {OLD: ("mark", "would have sent 40")}, only={OLD})
        facts.keep_pause(connection, OLD, Pause(since=NOON, until=NOON))
        assert [names(connection, table) for table in BEARERS] == [{OLD}] * 4
    config = renamed(files)
    for _ in range(2):  # every start looks again, and does no harm
        with Database(url) as database:
            take_over(database, config, now=NOON)
            with database.read() as connection:
                assert [names(connection, table) for table in BEARERS] == [{"contracts"}] * 4
                (line,) = story_lines.lines(connection, Filters(watch="contracts"))
                assert line.verdict is not None
                assert line.verdict.kind == "starred"
                assert "alert" in {one.action for one in line.decisions}  # so the story is no news
                assert facts.verdicts(connection) == {"contracts": ("mark", "would have sent 40")}
                assert list(facts.pauses(connection)) == ["contracts"]


def test_what_the_new_name_has_already_stays(files: Path) -> None:
    with Database(f"sqlite:///{files / 'tipsheet.db'}") as database, database.write() as connection:
        row = connection.execute(select(matches).limit(1)).one()._asdict()
        connection.execute(matches.insert().values(**row | {"id": None, "watch": "contracts", "why": "its own"}))
        count = len(connection.execute(select(matches.c.id)).all())
        rename_watch(connection, OLD, "contracts")
        found = connection.execute(select(matches.c.watch, matches.c.why)).all()
        assert len(found) == count
        assert [one.why for one in found if one.watch == OLD] == [row["why"]]
        assert "its own" in {one.why for one in found if one.watch == "contracts"}


@pytest.mark.parametrize(
    ("watches", "said"),
    [
        (("name: a, formerly: [b]", "name: b"), "a watch is called 'b' now"),
        (("name: a, formerly: [a]",), "a watch is called 'a' now"),
        (("name: a, formerly: [c]", "name: b, formerly: [c]"), "'c' stands twice"),
    ],
)
def test_a_name_was_one_watchs_alone(tmp_path: Path, watches: tuple[str, ...], said: str) -> None:
    path = tmp_path / "feeds.yaml"
    listed = ", ".join(f"{{{watch}, query: ferry}}" for watch in watches)
    path.write_text(MINIMAL.replace("{name: ferries, query: ferry}", listed))
    with pytest.raises(ConfigError, match=said):
        read_config(path, {}, with_secrets=False)
