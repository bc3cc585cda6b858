"""Accounts and their keys as they are kept: only hashes, each change with its line in the log, gone when removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.desk.door.people import People, new_secret
from monitor.errors import AccountError
from monitor.pipeline.upkeep import forget_old_texts
from monitor.settings.config import read_config
from storage import access_keys, accounts, audit, sessions
from storage.database import Database
from tests.conftest import NOON

PASSWORD = "juniper ferry 1871"


@pytest.fixture
def people(database: Database) -> People:
    return installed(database)


@pytest.fixture(scope="module")
def unchanged_people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """For what is refused: one for all, since it changes nothing."""
    with Database(f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'tipsheet.db'}") as database:
        yield installed(database)


def installed(database: Database) -> People:
    """An installation with an admin and a reviewer."""
    found = People(database=database, by="the keeper", now=NOON)
    found.add("kim", PASSWORD, "admin")
    found.add("ana", PASSWORD, "reviewer", zone="Europe/Madrid")
    return found


def begin_session(people: People, name: str) -> str:
    with people.database.write() as connection:
        found = accounts.find(connection, name)
        assert found
        return sessions.begin(connection, found.id, now=NOON)


def test_an_account_is_listed_with_what_it_may(people: People) -> None:
    with people.database.read() as connection:
        ana, kim = accounts.listing(connection)
    assert (ana.name, ana.role, ana.zone, ana.created_at) == ("ana", "reviewer", "Europe/Madrid", NOON)
    assert (kim.role, kim.disabled, kim.second_factor) == ("admin", False, False)


def test_neither_hash_nor_secret_is_shown_by_accident(people: People) -> None:
    with people.database.read() as connection:
        found = accounts.credentials(connection, "ana")
    assert found is not None
    assert found.password_hash.startswith("$argon2id$")
    assert "argon2" not in repr(found)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda people: people.add("Ana", PASSWORD, "reader"), "there is an account ana already"),
        (lambda people: people.add("a b", PASSWORD, "reader"), "expected 1 to 64 letters"),
        (
            lambda people: people.add("bo", "password1234", "reader"),
            "the password: one of the passwords that everybody",
        ),
        (lambda people: people.add("bo", PASSWORD, "reader", zone="Madrid"), "expected a time zone such as"),
        (lambda people: people.set_password("ana", "short"), "the password: expected at least 12"),
        (lambda people: people.set_password("bo", PASSWORD), "no account is called bo"),
        (lambda people: people.set_zone("ana", "Mars/Olympus"), "expected a time zone"),
        (lambda people: people.set_role("kim", "reader"), "kim is the only admin"),
        (lambda people: people.disable("kim"), "kim is the only admin"),
        (lambda people: people.remove("kim"), "kim is the only admin"),
        (lambda people: people.add_key("ana", "sheet", role="admin"), "ana is a reviewer; expected no role above"),
        (lambda people: people.add_key("ana", " \t "), "expected 1 to 64 characters that say what it is for"),
        (lambda people: people.add_key("ana", "a\u202eb"), "expected 1 to 64 characters"),
        (lambda people: people.revoke_key("ana", "sheet"), "ana has no key called sheet"),
        (lambda people: people.ask_for_code("ana", new_secret(), "abcdef"), "not the code that this secret gives now"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    unchanged_people: People, asked: Callable[[People], object], message: str
) -> None:
    def everything() -> object:
        with unchanged_people.database.read() as connection:
            return accounts.listing(connection), accounts.credentials(connection, "ana"), audit.listing(connection)

    before = everything()
    with pytest.raises(AccountError, match=message):
        asked(unchanged_people)
    assert everything() == before


def test_the_very_last_account_may_go(people: People) -> None:
    people.remove("ana")
    people.remove("kim")
    with people.database.read() as connection:
        assert accounts.count(connection) == 0


def test_the_first_account_is_an_admin(database: Database) -> None:
    with pytest.raises(AccountError, match="the first account lets in the others; expected the role admin"):
        People(database=database, by="the keeper", now=NOON).add("ana", PASSWORD, "reviewer")


def test_a_disabled_admin_is_none(people: People) -> None:
    people.set_role("ana", "admin")
    people.disable("kim")
    with pytest.raises(AccountError, match="ana is the only admin"):
        people.set_role("ana", "reader")
    people.enable("kim")
    people.set_role("ana", "reader")


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        (lambda people: people.set_password("ana", "another ferry 1872"), True),
        (lambda people: people.disable("ana"), True),
        (lambda people: people.remove("ana"), True),
        (lambda people: people.set_role("ana", "reader"), False),
        (lambda people: people.set_zone("ana", "UTC"), False),
    ],
    ids=["password", "disable", "remove", "role", "zone"],
)
def test_whoever_must_be_out_is_out_at_once(people: People, change: Callable[[People], None], ends: bool) -> None:
    tokens = [begin_session(people, "ana"), begin_session(people, "ana")]
    others = begin_session(people, "kim")
    change(people)
    with people.database.read() as connection:
        assert [sessions.find(connection, token) is None for token in tokens] == [ends, ends]
        assert sessions.find(connection, others) is not None


def test_a_role_holds_from_the_next_request_on(people: People) -> None:
    token = begin_session(people, "ana")
    people.set_role("ana", "admin")
    with people.database.read() as connection:
        session = sessions.find(connection, token)
    assert session is not None
    assert session.account.role == "admin"


def test_a_key_opens_its_own_door_until_it_is_revoked(people: People) -> None:
    key = people.add_key("ana", "the  week's sheet", role="reviewer")
    feed = people.add_key("ana", "the week's sheet", "feed")  # of another kind: another key
    with pytest.raises(AccountError, match="has a key called the week's sheet already"):
        people.add_key("ana", "the week's sheet")
    with people.database.read() as connection:
        found = access_keys.find(connection, key, "api")
        assert access_keys.find(connection, key, "feed") is None
        assert access_keys.find(connection, feed, "api") is None
        assert access_keys.find(connection, key[:-1], "api") is None
    assert found is not None
    account, kept = found
    assert (account.name, kept.name, kept.role, kept.used_on) == ("ana", "the week's sheet", "reviewer", None)
    with people.database.write() as connection:
        access_keys.use(connection, kept.id, now=NOON + timedelta(days=1))
        assert [one.used_on for one in access_keys.listing(connection)] == [(NOON + timedelta(days=1)).date(), None]
    people.revoke_key("ana", "the week's  sheet")
    with people.database.read() as connection:
        assert access_keys.find(connection, key, "api") is None
        assert [one.kind for one in access_keys.listing(connection, account.id)] == ["feed"]


def test_what_is_done_is_written_down_by_whom_and_to_what(people: People) -> None:
    people.set_role("ana", "admin")
    people.add_key("ana", "sheet")
    people.revoke_key("ana", "sheet")
    people.set_password("ana", "another ferry 1872")
    people.remove("ana")
    with people.database.read() as connection:
        lines = audit.listing(connection)
        newest = audit.listing(connection, limit=2)
        older = audit.listing(connection, before=newest[-1].id)
    assert [(line.action, line.subject, line.detail) for line in lines[::-1]] == [
        ("account added", "kim", "admin"),
        ("account added", "ana", "reviewer"),
        ("role changed", "ana", "reviewer to admin"),
        ("key added", "ana", "api key sheet, reader"),
        ("key revoked", "ana", "api key sheet"),
        ("password changed", "ana", ""),
        ("account removed", "ana", ""),
    ]
    assert {(line.who, line.at) for line in lines} == {("the keeper", NOON)}
    assert newest + older == lines


def test_no_line_of_the_log_is_ever_changed() -> None:
    """Only its own room writes to the table, and that one adds and prunes."""
    root = Path(__file__).parents[1]
    rooms = [*root.glob("storage/*.py"), *root.glob("monitor/**/*.py")]
    knowing = [room.name for room in rooms if re.search(r"account_tables import .*\baudit\b", room.read_text())]
    assert knowing == ["audit.py"]
    assert "update" not in (root / "storage/audit.py").read_text()


def test_sessions_that_are_over_and_old_lines_of_the_log_are_forgotten(people: People, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    token = begin_session(people, "ana")
    for days, alive, lines in ((6, True, 2), (8, False, 2), (31, False, 0)):
        forget_old_texts(people.database, read_config(path, {}), now=NOON + timedelta(days=days))
        with people.database.read() as connection:
            assert (sessions.find(connection, token) is not None) == alive
            assert len(audit.listing(connection)) == lines


CONFIG = """
contact: https://desk.example
keep: {audit: 30d}
channels: [{name: mail, kind: email, host: localhost, from: desk@desk.example}]
recipients: [{name: desk, channel: mail, address: desk@desk.example}]
watches: [{name: ferries, query: ferry}]
feeds: []
"""
