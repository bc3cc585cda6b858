"""New watches are tried on the archive: too busy ones speak in the digest only, faulty ones are left out, loudly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model import Watch
from monitor.pipeline.arming import ENOUGH, arm, held_back, judge, untried
from monitor.settings.config import Config, read_config
from monitor.watches.backtest import MAX_ALERTS_A_DAY, fingerprint
from monitor.watches.matching import compile_watch
from storage import facts
from storage.database import Database
from tests.command import tipsheet
from tests.rows import claim, examined, keep, keyed, record, remember

NOW = datetime.now(UTC).replace(hour=20, minute=0) - timedelta(days=1)
BUSY = MAX_ALERTS_A_DAY + 1


def file(folder: Path, *watches: str) -> Path:
    path = folder / "feeds.yaml"
    listed = "".join(f"  - {{{watch}}}\n" for watch in watches)
    path.write_text(
        "contact: https://desk.test/\nchannels: [{name: mail, kind: email, host: mail.test, from: a@desk.test}]\n"
        "recipients: [{name: desk, channel: mail, address: b@desk.test}]\nfeeds: []\nwatches:\n" + listed
    )
    return path


def config(folder: Path, *watches: str, lenient: bool = False) -> Config:
    return read_config(file(folder, *watches), {}, lenient=lenient)


def fill(database: Database, titles: Sequence[str], at: datetime = NOW) -> None:
    """An archive in which each title is a story of its own."""
    remember(database)
    keep(database, *(keyed(f"{at} {n}", f"{title} {n}") for n, title in enumerate(titles)), now=at)
    for entry in claim(database, now=at + timedelta(days=1), limit=1_000):
        record(database, examined(entry.id), now=at)


@pytest.fixture
def archive(database: Database) -> Database:
    fill(database, ["Ferry"] * BUSY + ["Tram"] * MAX_ALERTS_A_DAY + ["Bus"] * ENOUGH)
    return database


FERRIES, TRAMS = "name: ferries, query: ferry", "name: trams, query: tram"


def levels(armed: Config) -> dict[str, str]:
    assert {one.watch.name: one.watch for one in armed.compiled} == armed.watches
    return {name: watch.level for name, watch in armed.watches.items()}


def test_a_watch_that_would_send_too_much_is_held_to_the_digest_and_the_others_are_not(
    archive: Database, tmp_path: Path
) -> None:
    armed, all_tried = arm(archive, config(tmp_path, FERRIES, TRAMS), now=NOW)
    assert all_tried
    assert levels(armed) == {"ferries": "digest", "trams": "alert"}
    with archive.read() as connection:
        (notice,) = facts.notices(connection)
    assert notice.startswith(f"The watch “ferries” is held to the digest: it would have sent {BUSY} alerts on ")
    assert "busy: true" in notice


@pytest.mark.parametrize("word", ["busy: true", "level: digest"])
def test_a_watch_that_is_meant_so_or_never_alerts_is_not_tried(archive: Database, tmp_path: Path, word: str) -> None:
    wanted = config(tmp_path, f"{FERRIES}, {word}")
    assert untried(archive, wanted.compiled) == ()
    assert arm(archive, wanted, now=NOW) == (wanted, True)


def test_a_verdict_holds_for_its_wording_however_the_archive_grows(archive: Database, tmp_path: Path) -> None:
    wanted = config(tmp_path, FERRIES, TRAMS)
    arm(archive, wanted, now=NOW)
    fill(archive, ["Tram"] * BUSY, at=NOW + timedelta(hours=1))
    assert untried(archive, wanted.compiled) == ()
    assert levels(arm(archive, wanted, now=NOW + timedelta(hours=2))[0]) == {"ferries": "digest", "trams": "alert"}
    narrowed = config(tmp_path, "name: ferries, query: ferry AND fog", "name: trams, query: trams OR tram")
    assert [one.watch.name for one in untried(archive, narrowed.compiled)] == ["ferries", "trams"]
    armed, _ = arm(archive, narrowed, now=NOW + timedelta(hours=2))
    assert levels(armed)["trams"] == "digest"


def test_a_watch_is_trusted_while_the_archive_says_nothing(database: Database, tmp_path: Path) -> None:
    wanted = config(tmp_path, FERRIES)
    assert arm(database, wanted, now=NOW) == (wanted, False)
    fill(database, ["Ferry"] * (ENOUGH - 1))
    assert judge(database, wanted, wanted.compiled, now=NOW) == {}
    fill(database, ["Ferry"], at=NOW - timedelta(hours=1))
    armed, all_tried = arm(database, wanted, now=NOW)
    assert (levels(armed), all_tried) == ({"ferries": "digest"}, True)


def test_what_is_gone_from_the_file_is_forgotten(archive: Database, tmp_path: Path) -> None:
    arm(archive, config(tmp_path, FERRIES, TRAMS), now=NOW)
    wanted = config(tmp_path, "name: buses, query: bus AND NOT tram")
    arm(archive, wanted, now=NOW)
    with archive.read() as connection:
        assert facts.verdicts(connection).keys() == {"buses"}
        assert facts.notices(connection) != ()  # a hundred buses a day
    assert held_back(archive, wanted).keys() == {"buses"}


def test_a_fingerprint_names_all_that_decides_what_is_told() -> None:
    def of(**settings: object) -> str:
        return fingerprint(compile_watch(Watch(name="w", **({"query": "ferry"} | settings)), None, {}))  # type: ignore[arg-type]

    others = [of(query="ferries"), of(level="digest"), of(feeds=("sea",)), of(languages=("es",))]
    assert len({of(), *others}) == 5
    assert of() == of(must_match=("a ferry",)) == of(recipients=("desk",)) == of(query="( ferry )")


def test_check_names_the_watch_and_once_says_it_too(archive: Database, tmp_path: Path) -> None:
    where = ("--database", f"sqlite:///{tmp_path / 'tipsheet.db'}", "--config", file(tmp_path, TRAMS, FERRIES))
    ran = tipsheet("check", *where)
    assert ran.code == 2
    assert "watches[1]" in ran.err
    assert f"would have sent {BUSY} alerts" in ran.err
    ran = tipsheet("once", *where)
    assert ran.code == 0  # nothing is lost: the digest lists it
    assert "The watch “ferries” is held to the digest" in ran.err
    ran = tipsheet("check", "--database", f"sqlite:///{tmp_path / 'none.db'}", "--config", tmp_path / "feeds.yaml")
    assert ran.code == 0  # there is nothing to try it on


# ---- a watch with a fault --------------------------------------------------------------------------------------------

FAULTY = {
    "name: torn, query: '(ferry'": "never closed",
    "name: torn, query: /ferry(/": "as RE2 reads it",
    "name: torn, query: '@nobody'": "Unknown set",
    "name: torn, query: ferry, to: [nobody]": "no recipient is called 'nobody'",
    "name: torn, query: ferry, feeds: [none]": "no feed has the name or the tag",
    "name: torn, pack: nowhere.yaml": "no shipped pack and no readable file",
    "name: torn": "expected either query: or pack:",
    "name: torn, query: ferry, must_match: [A bus]": "must match and does not",
    "name: torn, query: ferry, must_not_match: [A ferry]": "must not match and does",
}


@pytest.mark.parametrize(("watch", "reason"), FAULTY.items(), ids=FAULTY)
def test_a_faulty_watch_is_left_out_by_name_with_the_reason_and_the_others_run(
    tmp_path: Path, watch: str, reason: str
) -> None:
    found = config(tmp_path, FERRIES, watch, TRAMS, lenient=True)
    assert list(found.watches) == ["ferries", "trams"]
    assert list(found.refused) == ["torn"]
    assert reason in str(found.refused["torn"][0])


def test_a_file_with_no_watch_left_or_another_fault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="never closed"):
        config(tmp_path, "name: torn, query: '(ferry'", lenient=True)
    with pytest.raises(ConfigError, match="unknown key"):
        config(tmp_path, FERRIES, "name: torn, query: ferry, levle: alert", lenient=True)
    with pytest.raises(ConfigError, match="never closed"):
        config(tmp_path, FERRIES, "name: torn, query: '(ferry'")


def test_once_says_what_it_leaves_out_everywhere(database: Database, tmp_path: Path) -> None:
    path = file(tmp_path, FERRIES, "name: torn, query: '(ferry'")
    ran = tipsheet("once", "--database", f"sqlite:///{tmp_path / 'tipsheet.db'}", "--config", path)
    assert ran.code == 1
    assert "The watch torn is not used, the others are:" in ran.err
    assert "This ( is never closed" in ran.err
    with database.read() as connection:
        assert facts.notices(connection)[0].startswith("The watch “torn” is not used: This ( is never closed")
    ran = tipsheet("digest", "--database", f"sqlite:///{tmp_path / 'tipsheet.db'}", "--config", path)
    assert "The watch “torn” is not used" in " ".join(ran.out.split())
    ran = tipsheet("once", "--database", f"sqlite:///{tmp_path / 'tipsheet.db'}", "--config", file(tmp_path, FERRIES))
    assert ran.code == 0
    with database.read() as connection:
        assert facts.notices(connection) == ()
