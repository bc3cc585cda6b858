"""The doctor: each thing that can be wrong with an installation is found, and said with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.operating import checkup
from monitor.operating.checkup import Check
from storage import facts
from storage.database import Database
from tests import command
from tests.browser import free_port
from tests.conftest import NOON
from tests.mail_sink import CERTIFICATE, MailSink

MB = checkup.MEGABYTE
YAML = """\
contact: https://desk.example
channels: [{{name: mail, kind: email, host: localhost, port: {port}, security: {security}, from: a@desk.example}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example}}]
watches: [{{name: ferries, query: ferry}}]
feeds: [{{url: "https://ferry.example/feed", name: Ferry Times, outlet: ferry.example}}]
"""


@pytest.mark.parametrize(
    ("check", "level", "said"),
    [
        (checkup.of_damages(()), "ok", "whole"),
        (checkup.of_damages(("row 3 missing",)), "bad", "row 3 missing"),
        (checkup.of_disk(50 * MB, {}), "bad", "50.0 MB free"),
        (checkup.of_disk(2_000 * MB, {"used": 3_000 * MB}), "warn", "2.0 GB free"),
        (checkup.of_disk(2_000 * MB, {"used": 5}), "ok", "2.0 GB free"),
        (checkup.of_mode("x.db", 0o600, secret=True), "ok", "its owner alone"),
        (checkup.of_mode("x.db", 0o640, secret=True), "bad", "read by others (mode 0640)"),
        (checkup.of_mode("feeds.yaml", 0o644, secret=False), "ok", "safe"),
        (checkup.of_mode("feeds.yaml", 0o664, secret=False), "bad", "changed by others"),
        (checkup.of_clock((1.0, 2.0), NOON, NOON), "ok", "too few servers"),
        (checkup.of_clock((1.0, -2.0, 9999.0), NOON, NOON), "ok", "right to the minute, by 3 servers"),
        (checkup.of_clock((300.0,) * 5, NOON, NOON), "warn", "5 min ahead of the time"),
        (checkup.of_clock((-3600.0,) * 5, NOON, NOON), "bad", "1 h behind the time"),
        (checkup.of_desk(None, near=True, address="", accounts=0, trusts=False), "ok", "closed"),
        (checkup.of_desk("127.0.0.1:1", near=True, address="", accounts=0, trusts=False), "ok", "this machine alone"),
        (checkup.of_desk("0.0.0.0:1", near=False, address="", accounts=0, trusts=False), "bad", "without accounts"),
        (checkup.of_desk("127.0.0.1:1", near=True, address="", accounts=0, trusts=True), "bad", "without accounts"),
        (checkup.of_desk("0.0.0.0:1", near=False, address="", accounts=2, trusts=False), "bad", "without TLS"),
        (checkup.of_desk("0.0.0.0:1", near=False, address="https://d", accounts=2, trusts=False), "warn", "own port"),
        (checkup.of_desk("127.0.0.1:1", near=True, address="https://d", accounts=2, trusts=True), "ok", "2 who may"),
    ],
)
def test_a_fact_is_judged(check: Check, level: str, said: str) -> None:
    assert check.level == level
    assert said in check.sentence
    assert bool(check.advice) == (level != "ok")


def test_a_log_that_grows_says_that_somebody_reads_for_ever() -> None:
    levels = [check.level for check in checkup.of_sizes({"used": 10 * MB, "free": 0, "log": 90 * MB})]
    assert levels == ["ok", "warn"]
    assert len(list(checkup.of_sizes({"used": 200 * MB, "free": 0, "log": 90 * MB}))) == 1


# ---- as a command ----------------------------------------------------------------------------------------------------


class Ward:
    """An installation that a test makes ill."""

    def __init__(self, folder: Path) -> None:
        self.yaml, self.file = folder / "feeds.yaml", folder / "tipsheet.db"
        self.write(port=1, security="none")
        Database(f"sqlite:///{self.file}").close()

    def write(self, *, port: int, security: str) -> None:
        self.yaml.write_text(YAML.format(port=port, security=security), encoding="utf-8")

    def found(
        self, *options: str, code: int | None = None, database: str = "", **environ: str
    ) -> dict[str, list[tuple[str, str]]]:
        """Area → level and sentence of each check."""
        database = database or f"sqlite:///{self.file}"
        ran = command.tipsheet(
            "doctor", "--json", "--config", self.yaml, "--database", database, *options, environ=environ
        )
        assert code is None or ran.code == code
        said: dict[str, list[tuple[str, str]]] = {}
        for one in ran.objects:
            said.setdefault(one["area"], []).append((one["level"], one["sentence"]))
        return said


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


def test_of_a_whole_installation_nothing_is_bad(ward: Ward) -> None:
    found = ward.found("--offline", code=0)
    assert {level for checks in found.values() for level, _ in checks} == {"ok", "warn"}
    assert found["pace"][2] == ("warn", "it never went to work")
    assert found.keys() == {"settings", "secrets", "files", "database", "disk", "clock", "pace", "deliveries", "desk"}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_a_server_the_same_is_looked_at_but_its_disk(ward: Ward, database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    found = ward.found("--offline", code=0, database=url)
    assert found.keys() == {"settings", "secrets", "files", "database", "clock", "pace", "deliveries", "desk"}
    with free_port() as port:
        closed = f"postgresql+psycopg://tipsheet:hidden@127.0.0.1:{port}/tipsheet?connect_timeout=3"
    ((level, sentence),) = ward.found("--offline", code=1, database=closed)["database"]
    assert (level, "hidden" in sentence) == ("bad", False)
    assert "Connection refused" in sentence


def test_faults_of_the_file_and_missing_secrets_are_told_apart(ward: Ward) -> None:
    good = ward.yaml.read_text(encoding="utf-8")
    ward.yaml.write_text(good.replace("query:", "querry:"), encoding="utf-8")
    ((level, sentence), *_) = ward.found("--offline", code=1)["settings"]
    assert level == "bad"
    assert "querry" in sentence
    secret = "from: a@desk.example, username: a, password: '${FERRY_PASSWORD}'"
    ward.yaml.write_text(good.replace("from: a@desk.example", secret), encoding="utf-8")
    found = ward.found("--offline", code=1)
    assert "settings" not in found
    assert "FERRY_PASSWORD" in found["secrets"][0][1]
    key = ward.yaml.with_name("key")
    key.write_text("x", encoding="utf-8")
    key.chmod(0o644)
    found = ward.found("--offline", code=1, FERRY_PASSWORD_FILE=str(key))
    assert [level for level, sentence in found["files"] if str(key) in sentence] == ["bad"]


def test_a_database_that_is_not_there_or_is_none_is_bad(ward: Ward) -> None:
    ward.file.unlink()
    assert "there is no database" in ward.found("--offline", code=1)["database"][0][1]
    ward.file.write_bytes(b"SQLite format 3\0" + b"nonsense" * 500)
    assert ward.found("--offline", code=1)["database"][0][0] == "bad"


def test_a_database_with_a_torn_page_is_found(ward: Ward) -> None:
    with closing(sqlite3.connect(ward.file)) as raw, raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.executemany("INSERT INTO facts VALUES (?, ?)", [(f"fact {n}", '"x"' * 90) for n in range(400)])
    size = ward.file.stat().st_size
    with ward.file.open("r+b") as file:
        file.seek(size - 4096 * 3)
        file.write(b"\xff" * 4096)
    level, sentence = ward.found("--offline", code=1)["database"][0]
    assert level == "bad"
    assert "damaged" in sentence or "malformed" in sentence


def test_a_file_that_others_may_read_is_bad(ward: Ward) -> None:
    ward.file.chmod(0o644)
    assert [level for level, said in ward.found("--offline", code=1)["files"] if "tipsheet.db " in said] == ["bad"]


def test_a_clock_is_judged_by_what_the_last_servers_said(ward: Ward) -> None:
    with Database(f"sqlite:///{ward.file}") as database, database.write() as connection:
        facts.keep_clocks(connection, [660.0, 660.0, 661.0], now=datetime.now().astimezone() - timedelta(hours=2))
    ((level, sentence),) = ward.found("--offline", "--only", "clock", code=1)["clock"]
    assert (level, sentence) == ("bad", "11 min ahead of the time, by 3 servers, 2 h ago")


def test_the_mail_server_is_asked_as_far_as_one_can_without_a_letter(ward: Ward) -> None:
    with MailSink(security="starttls") as sink:
        ward.write(port=sink.port, security="starttls")
        found = ward.found("--only", "mail", "--only", "names", code=1)
        assert "certificate is not to be believed" in found["mail"][0][1]
        found = ward.found("--only", "mail", "--only", "names", code=0, SSL_CERT_FILE=str(CERTIFICATE))
        assert found["mail"] == [("ok", f"localhost, port {sink.port}, answers with STARTTLS")]
        assert found["names"] == [("ok", "localhost is known")]
        assert sink.letters == []
        assert sink.attempts == 0


def test_a_mail_server_that_is_there_is_well_and_one_that_is_not_is_bad(ward: Ward) -> None:
    with MailSink() as sink:
        ward.write(port=sink.port, security="none")
        found = ward.found("--only", "mail", code=0)
        assert found["mail"] == [("ok", f"localhost, port {sink.port}, answers without TLS")]
    found = ward.found("--only", "mail", code=1)
    assert "nothing listens there" in found["mail"][0][1]
    ward.write(port=sink.port, security="starttls")
    assert "mail" not in ward.found("--offline")
