"""`tipsheet ledger` over a real database: rows as an examination leaves them, and what people and programs see."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.model import Document
from monitor.story.mentions import mentions
from monitor.watches import packs
from monitor.watches.pack import read_pack
from monitor.watches.page import Page
from storage import mentions as mention_rows
from storage.database import Database
from tests import command
from tests.command import Ran
from tests.conftest import Clock
from tests.rows import claim, edit, examined, keep, keyed, match, record, remember

PACK = read_pack(packs.shipped("tech-and-immigration-enforcement"), "shipped")
CONFIG = """\
contact: https://desk.example/
channels: []
recipients: []
watches: [{name: beat, pack: tech-and-immigration-enforcement}]
feeds: [{name: Ferry Times, url: https://ferry.example/feed}]
"""
TOLD = (
    ("a", "Palantir wins an ICE contract", 1, None),
    ("b", "ICE signs with Palantir", 2, 1),  # another outlet's report of the same story
    ("c", "Border Patrol asks Palantir for help", 1, None),
    ("d", "=HYPERLINK(1): Flock Safety opens its cameras to ICE", 1, None),
)


@pytest.fixture
def told(database: Database, clock: Clock) -> Database:
    """Four matched reports of three stories, a day apart."""
    remember(database)
    for number, (key, title, feed, story) in enumerate(TOLD, 1):
        keep(database, keyed(key, title), now=clock(), feed_id=feed)
        claim(database, now=clock())
        named = mentions([PACK], Page(Document(id=key, title=title)))
        record(database, examined(number, story=story, matches=[match()], mentions=named), now=clock())
        clock.move(timedelta(days=1))
    return database


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def ledger(database: Database, config: Path, *args: str | Path) -> Ran:
    return command.tipsheet(
        "ledger", "--since", "5000w", "--config", config, "--database", str(database.url), *args
    )  # fmt: skip


def test_a_person_sees_who_is_named_with_whom(told: Database, config: Path) -> None:
    ran = ledger(told, config)
    assert ran.code == 0
    assert "Palantir" in ran.out
    assert ran.out.index("Palantir") < ran.out.index("Flock Safety")  # two outlets before one
    assert "Border Patrol" in ran.out


def test_two_names_open_a_cell(told: Database, config: Path) -> None:
    ran = ledger(told, config, "palantir", "ice")
    assert "ICE signs with Palantir" in ran.out
    assert "Flock" not in ran.out


def test_a_program_gets_the_cell_with_its_evidence(told: Database, config: Path) -> None:
    (cell,) = ledger(told, config, "Palantir", "ICE", "--json").objects
    assert (cell["row"], cell["column"], cell["stories"], cell["outlets"]) == ("Palantir", "ICE", 1, 2)
    assert cell["first"]["sentence"] == "Palantir wins an ICE contract"
    assert cell["latest"]["outlet"] == "courier.example"
    assert sum(week["stories"] for week in cell["weeks"]) == 1


def test_what_names_a_part_counts_for_the_whole_when_asked(told: Database, config: Path) -> None:
    cells = {
        (cell["row"], cell["column"]): cell["stories"] for cell in ledger(told, config, "--json", "--roll-up").objects
    }
    assert cells["Palantir", "CBP"] == 1  # the Border Patrol is a part of it
    assert cells["Palantir", "DHS"] == 2


def test_a_spreadsheet_reckons_no_headline(told: Database, config: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "ledger.csv"
    assert ledger(told, config, "--csv", sheet).code == 0
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"))))
    (flock,) = (row for row in rows if row["companies"] == "Flock Safety")
    assert flock["first report"].startswith("'=HYPERLINK")
    assert ledger(told, config, "--csv", "-").out.startswith("companies,agencies")


def test_pictures_are_written(told: Database, config: Path, tmp_path: Path) -> None:
    svg, png = tmp_path / "ledger.svg", tmp_path / "ledger.png"
    assert ledger(told, config, "--svg", svg, "--png", png, "--timeline").code == 0
    assert "week by week" in svg.read_text("utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_all_that_was_asked_for_is_written(told: Database, config: Path, tmp_path: Path) -> None:
    files = {f"--{kind}": tmp_path / f"ledger.{kind}" for kind in ("csv", "svg", "png")}
    ran = ledger(told, config, *(word for pair in files.items() for word in pair))
    assert ran.out.splitlines() == [f"{file} is written." for file in files.values()]
    assert all(file.stat().st_size for file in files.values())


@pytest.mark.parametrize("args", [("--json", "--csv", "x.csv"), ("--json", "--png", "x.png"), ("--timeline",)])
def test_what_would_not_be_written_is_refused(told: Database, config: Path, args: tuple[str, ...]) -> None:
    ran = ledger(told, config, *args)
    assert (ran.code, ran.out) == (2, "")


def test_a_mistyped_name_is_not_taken_for_silence(told: Database, config: Path) -> None:
    ran = ledger(told, config, "Palentir")
    assert ran.code == 2
    assert "no pack knows 'Palentir' under `who`; did you mean 'Palantir'?" in ran.err
    assert (
        ledger(told, config, "Border Patrol", "Flock Safety").out == "No story names Border Patrol with Flock Safety.\n"
    )


def test_the_newest_wording_says_who_is_named(told: Database, config: Path, clock: Clock) -> None:
    edit(told, keyed("d", "Nothing about cameras"), now=clock())
    claim(told, now=clock())
    record(told, examined(4), now=clock())
    assert "Flock" not in ledger(told, config).out


def test_a_rebuild_reads_the_archive_with_the_pack_of_today(told: Database, config: Path) -> None:
    with told.write() as connection:
        for entry in mention_rows.matched(connection):
            mention_rows.record(connection, entry, ())
    assert "No story names any" in ledger(told, config).out
    assert "Palantir" in ledger(told, config, "--rebuild").out


def test_an_unknown_kind_or_a_file_without_who_is_refused(told: Database, config: Path) -> None:
    ran = ledger(told, config, "--rows", "people")
    assert ran.code == 2
    assert "expected one of agencies, companies, programmes" in ran.err
    config.write_text(CONFIG.replace("pack: tech-and-immigration-enforcement", "query: ICE"), encoding="utf-8")
    ran = ledger(told, config)
    assert ran.code == 2
    assert "who is who" in ran.err


def test_a_date_in_the_future_is_not_believed(database: Database, config: Path, clock: Clock) -> None:
    remember(database)
    keep(database, keyed("a", "ICE and Palantir", published=clock() + timedelta(days=400)), now=clock())
    claim(database, now=clock())
    named = mentions([PACK], Page(Document(id="a", title="ICE and Palantir")))
    record(database, examined(1, matches=[match()], mentions=named), now=clock())
    with database.read() as connection:
        (naming,) = mention_rows.namings(connection, since=clock() - timedelta(days=1), kinds={"companies"})
    assert naming.at == clock()
