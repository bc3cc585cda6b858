"""`tipsheet users …` as somebody types it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select

import click
import pytest

from monitor.cli import paint
from monitor.desk.door import second_factor
from monitor.desk.door.login import Door, Entered
from storage import access_keys
from storage.database import Database
from tests import command
from tests.command import Ran

PASSWORD = "juniper ferry 1871"


def users(directory: Path, *words: str, stdin: str = "") -> Ran:
    return command.tipsheet("users", *words, "--database", url_of(directory), stdin=stdin)


def url_of(directory: Path) -> str:
    return f"sqlite:///{directory / 'tipsheet.db'}"


def may_enter(directory: Path, name: str, password: str, code: str = "") -> bool:
    with Database(url_of(directory)) as database:
        door = Door(database, lambda: datetime.now(UTC))
        return isinstance(door.enter(name, password, code, client="127.0.0.1"), Entered)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return install(tmp_path)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For what is refused: one for all, since it changes nothing."""
    return install(tmp_path_factory.mktemp("users"))


def install(tmp_path: Path) -> Path:
    """A directory with a database in which Ana is admin."""
    ran = users(
        tmp_path, "add", "Ana", "--role", "admin", "--zone", "Europe/Madrid", "--password-stdin", stdin=PASSWORD
    )
    assert (ran.code, ran.out, ran.err) == (0, "ana may enter as admin.\n", "")
    return tmp_path


def test_without_a_database_there_is_nobody(tmp_path: Path) -> None:
    ran = users(tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert "there is no database" in ran.err


def test_an_account_is_made_listed_and_enters(installed: Path) -> None:
    assert users(installed).out.startswith(
        "name\trole\tstate\tsecond factor\tzone\tsince\nana\tadmin\t\t\tEurope/Madrid\t"
    )
    (one,) = users(installed, "--json").objects
    assert (one["name"], one["role"], one["disabled"]) == ("ana", "admin", False)
    assert datetime.fromisoformat(one["created_at"]) > datetime.now(UTC) - timedelta(minutes=1)
    assert may_enter(installed, "ANA", PASSWORD)


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (("add", "bo", "--password-stdin"), "password1234\n", "one of the passwords that everybody tries first"),
        (("add", "bo", "--password-stdin"), "", "expected at least 12 characters"),
        (("add", "bo"), PASSWORD, "nobody is here to type a password; expected a terminal, or --password-stdin"),
        (("add", "bo", "--role", "owner", "--password-stdin"), PASSWORD, "'owner' is not one of"),
        (("add", "ana", "--password-stdin"), PASSWORD, "there is an account ana already"),
        (("add", "b o", "--password-stdin"), PASSWORD, "expected 1 to 64 letters"),
        (("password", "bo"), "", "no account is called bo; `tipsheet users` lists them"),
        (("role", "ana", "reader"), "", "ana is the only admin"),
        (("zone", "ana", "Mars"), "", "expected a time zone such as"),
        (("disable", "bo"), "", "no account is called bo"),
        (("totp", "bo"), "", "no account is called bo"),
        (("tokens", "revoke", "ana", "sheet"), "", "ana has no key called sheet"),
        (("tokens", "list", "bo"), "", "no account is called bo"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_code_2(
    unchanged: Path, words: tuple[str, ...], stdin: str, message: str
) -> None:
    ran = users(unchanged, *words, stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert PASSWORD not in ran.err
    assert len(users(unchanged, "log", "--json").objects) == 1


def test_a_password_is_asked_for_twice_on_a_terminal_and_not_shown(installed: Path) -> None:
    keyboard, terminal = os.openpty()
    words = ("users", "password", "ana", "--database", url_of(installed))
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *words],
        cwd=command.ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    ) as program:  # fmt: skip
        os.close(terminal)
        shown = read_until(keyboard, b"Password: ")
        os.write(keyboard, b"another ferry 1872\n")
        shown += read_until(keyboard, b"Repeat for confirmation: ")
        os.write(keyboard, b"another ferry 1872\n")
        shown += read_until(keyboard, b"every session of the account ended")
        assert program.wait(30) == 0
    os.close(keyboard)
    assert b"ferry" not in shown
    assert may_enter(installed, "ana", "another ferry 1872")
    assert not may_enter(installed, "ana", PASSWORD)


def read_until(terminal: int, wanted: bytes) -> bytes:
    shown = b""
    while wanted not in shown:
        assert select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 1_000)
    return shown


def test_somebody_is_put_out_let_in_and_removed(installed: Path) -> None:
    users(installed, "add", "bo", "--password-stdin", stdin=PASSWORD)
    assert users(installed, "role", "bo", "reviewer").out == "bo is reviewer now.\n"
    assert users(installed, "zone", "bo", "America/Bogota").out == "bo reads the day in America/Bogota now.\n"
    assert "bo is out" in users(installed, "disable", "bo").out
    assert "bo\treviewer\tdisabled\t\tAmerica/Bogota" in users(installed).out
    assert not may_enter(installed, "bo", PASSWORD)
    assert "bo may enter again" in users(installed, "enable", "bo").out
    assert may_enter(installed, "bo", PASSWORD)
    assert "bo is gone" in users(installed, "remove", "bo").out
    assert "bo" not in users(installed).out


def test_a_code_is_asked_for_after_it_was_shown(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prompt(text: str, **_: object) -> str:
        return second_factor.code_at(secret, second_factor.step_at(datetime.now(UTC)))

    secret = second_factor.secret_of(bytes(range(20)))
    monkeypatch.setattr("monitor.cli.users.new_secret", lambda: secret)
    monkeypatch.setattr(click, "prompt", prompt)
    ran = users(installed, "totp", "ana")
    assert secret in ran.out
    assert f"otpauth://totp/Tipsheet:ana?secret={secret}" in ran.out
    assert "█" not in ran.out  # a square of dots is for a terminal
    codes = re.findall(r"(?m)^    ((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})$", ran.out)
    assert len(codes) == 10
    assert not may_enter(installed, "ana", PASSWORD)
    assert may_enter(installed, "ana", PASSWORD, codes[0])
    assert not may_enter(installed, "ana", PASSWORD, codes[0])
    assert users(installed, "--json").objects[0]["second_factor"] is True
    assert users(installed, "totp", "ana", "--off").out == "ana enters with the password alone.\n"
    assert may_enter(installed, "ana", PASSWORD)


def test_a_terminal_shows_the_secret_as_a_square_of_dots(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint.out, "_force_terminal", True)
    ran = users(installed, "totp", "ana", stdin="000000\n")
    square = [line for line in ran.out.splitlines() if re.fullmatch(r"[█▀▄ ]{33,}", line)]
    assert ran.code == 2  # it was not the code
    assert len({len(line) for line in square}) == 1
    assert len(square) == -(-len(square[0]) // 2)  # half a character is a dot


def test_a_key_is_shown_once_and_taken_back(installed: Path) -> None:
    shown = users(installed, "tokens", "add", "ana", "week's sheet", "--role", "reviewer").out
    (key,) = re.findall(r"tipsheet_[\w-]{43}", shown)
    (feed,) = users(installed, "tokens", "add", "ana", "mornings", "--feed", "--json").objects
    assert feed["account"] == "ana"
    assert len(feed["key"]) == 43
    listed = users(installed, "tokens", "list")
    assert key not in listed.out
    assert "ana\tapi\tweek's sheet\treviewer\t" in listed.out
    assert [one["kind"] for one in users(installed, "tokens", "list", "ana", "--json").objects] == ["feed", "api"]
    with Database(url_of(installed)) as database, database.write() as connection:
        found = access_keys.find(connection, key, "api")
        assert found
        access_keys.use(connection, found[1].id, now=datetime(2026, 2, 18, 23, 59, tzinfo=UTC))
    assert users(installed, "tokens", "list", "--json").objects[1]["used_on"] == "2026-02-18"
    assert "opens nothing any more" in users(installed, "tokens", "revoke", "ana", "week's sheet").out
    assert "opens nothing any more" in users(installed, "tokens", "revoke", "ana", "mornings", "--feed").out
    assert users(installed, "tokens", "list").out == "There is no key.\n"


def test_the_log_says_who_did_what(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "keeper")
    users(installed, "role", "ana", "admin")
    newest, first = users(installed, "log", "--json").objects
    assert (newest["who"], newest["action"], newest["subject"]) == ("keeper (command line)", "role changed", "ana")
    assert first["action"] == "account added"
    (older,) = users(installed, "log", "--before", str(newest["id"]), "--limit", "5", "--json").objects
    assert older == first
    assert "keeper (command line)\trole changed\tana\tadmin to admin" in users(installed, "log").out
