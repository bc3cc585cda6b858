"""In and out of the desk, with a real database: what is believed, what is counted, what is written down."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from monitor.desk.door import passwords, second_factor
from monitor.desk.door.login import REFUSED, Door, Entered, Refused
from monitor.desk.door.people import People, new_secret
from monitor.model import Session
from storage import accounts, audit, sessions
from storage.database import Database
from tests.conftest import Clock

PASSWORD = "juniper ferry 1871"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def door(database: Database, clock: Clock) -> Door:
    """The door of a desk at which Ana has an account."""
    people(database, clock).add("ana", PASSWORD, "admin")
    return Door(database, clock)


def people(database: Database, clock: Clock) -> People:
    return People(database=database, by="the keeper", now=clock())


def session_of(database: Database, token: str) -> Session | None:
    with database.read() as connection:
        return sessions.find(connection, token)


def enter(door: Door, *, client: str = "198.51.100.1", before: str = "") -> str:
    came = door.enter("ana", PASSWORD, client=client, before=before)
    assert isinstance(came, Entered)
    return came.token


def log(database: Database) -> list[tuple[str, str, str, str]]:
    """The lines since Ana's account was made, oldest first."""
    with database.read() as connection:
        lines = audit.listing(connection)[::-1]
    return [(line.who, line.action, line.subject, line.detail) for line in lines[1:]]


def test_a_name_and_its_password_make_a_session(door: Door, database: Database, clock: Clock) -> None:
    came = door.enter(" Ana ", PASSWORD, client="198.51.100.1")
    assert isinstance(came, Entered)
    assert came.account.name == "ana"
    session = session_of(database, came.token)
    assert session is not None
    assert (session.account, session.began_at, session.seen_at) == (came.account, clock(), clock())
    assert came.token not in repr(came)
    door.leave(came.token)
    assert session_of(database, came.token) is None
    door.leave(came.token)  # a second time, from another window
    assert log(database) == [("ana", "login", "", ""), ("ana", "logout", "", "")]


def test_each_login_has_a_token_of_its_own_and_ends_the_session_before(door: Door, database: Database) -> None:
    first = enter(door)
    second = enter(door, before=first)
    assert first != second
    assert session_of(database, first) is None
    third = enter(door)  # another browser
    assert session_of(database, second)
    assert session_of(database, third)


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("ana", "juniper ferry 1872", ("ana", "wrong password")),
        ("ana", "", ("ana", "wrong password")),
        ("bo", PASSWORD, ("", "no such account")),
        ("", "", ("", "no such account")),
        ("ana\x00", PASSWORD, ("", "no such account")),
        ("\ud800", "\ud800", ("", "no such account")),
        ("x" * 100_000, "y" * 100_000, ("", "no such account")),
    ],
)
def test_whoever_is_refused_learns_nothing(
    door: Door, database: Database, name: str, password: str, why: tuple[str, str]
) -> None:
    """What was typed as a name is not written down: it may be a password in the wrong field."""
    assert door.enter(name, password, client="198.51.100.1") == Refused(sentence=REFUSED)
    assert log(database) == [("", "login refused", *why)]


def test_a_disabled_account_is_refused_in_the_same_words(door: Door, database: Database, clock: Clock) -> None:
    token = enter(door)
    people(database, clock).add("kim", PASSWORD, "admin")
    people(database, clock).disable("ana")
    assert session_of(database, token) is None
    assert door.enter("ana", PASSWORD, client="198.51.100.1") == Refused(sentence=REFUSED)


def test_who_has_no_account_is_refused_in_the_same_time(door: Door) -> None:
    """CPU time, which no neighbour disturbs: nearly all of it is the hashing, which is done for nobody too."""

    def spent(name: str) -> float:
        began = time.process_time()
        door.enter(name, "juniper ferry 1872", client=f"198.51.100.{len(taken)}")
        return time.process_time() - began

    taken: list[float] = []
    for _ in range(4):
        taken += [spent("ana"), spent("nobody")]
    known, unknown = statistics.median(taken[::2]), statistics.median(taken[1::2])
    assert 0.5 < known / unknown < 2


def test_five_tries_close_an_account_for_whoever_comes_and_a_client_for_whatever_name(door: Door, clock: Clock) -> None:
    for number in range(5):
        assert door.enter("ana", "wrong", client=f"198.51.100.{number}") == Refused(sentence=REFUSED)
        clock.move(MINUTE)
    closed = door.enter("Ana", PASSWORD, client="203.0.113.9")
    assert closed == Refused(sentence="Too many tries. The next counts in 10 min.", wait=10 * MINUTE)
    for number in range(5):
        assert door.enter(f"nobody{number}", "wrong", client="203.0.113.66") == Refused(sentence=REFUSED)
    clock.move(10 * MINUTE)
    assert isinstance(door.enter("ana", PASSWORD, client="203.0.113.66"), Refused)
    assert isinstance(door.enter("ana", PASSWORD, client="203.0.113.9"), Entered)


def test_an_account_that_does_not_exist_is_closed_as_well(door: Door) -> None:
    said = [door.enter("nobody", "wrong", client=f"198.51.100.{number}") for number in range(6)]
    assert said[-1] == Refused(sentence="Too many tries. The next counts in 15 min.", wait=15 * MINUTE)


def test_an_own_account_is_no_way_to_try_those_of_others(door: Door) -> None:
    """Else whoever has one could log in after each fourth try, and go on."""
    for number in range(5):
        enter(door)
        assert door.enter(f"other{number}", "wrong", client="198.51.100.1") == Refused(sentence=REFUSED)
    closed = door.enter("other5", "wrong", client="198.51.100.1")
    assert isinstance(closed, Refused)
    assert closed.wait == 15 * MINUTE


def test_a_password_that_was_hashed_as_it_used_to_be_is_hashed_anew(door: Door, database: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with database.write() as connection:
        accounts.renew_password_hash(connection, 1, old)
    token = enter(door)
    with database.read() as connection:
        found = accounts.credentials(connection, "ana")
    assert found is not None
    assert not passwords.is_outdated(found.password_hash)
    assert session_of(database, token)
    enter(door)


def test_somebody_who_is_in_is_asked_for_the_password_again_and_counted(door: Door, database: Database) -> None:
    enter(door)
    assert door.confirm("ana", PASSWORD, client="198.51.100.1") is None
    wrong = [door.confirm("ana", "wrong", client="198.51.100.1") for _ in range(6)]
    assert wrong[4] == Refused(sentence="That is not your password.")
    assert wrong[5] == door.confirm("ana", PASSWORD, client="198.51.100.1")
    assert wrong[5] == Refused(sentence="Too many tries. The next counts in 15 min.", wait=15 * MINUTE)
    assert log(database) == [("ana", "login", "", "")]


# ---- the second factor -----------------------------------------------------------------------------------------------


@pytest.fixture
def codes(door: Door, database: Database, clock: Clock) -> tuple[str, tuple[str, ...]]:
    """Ana is asked for a code: the secret in her app, and her recovery codes."""
    secret = new_secret()
    code = second_factor.code_at(secret, second_factor.step_at(clock()))
    return secret, people(database, clock).ask_for_code("ana", secret, code)


def test_a_code_is_asked_for_and_counts_once(door: Door, clock: Clock, codes: tuple[str, tuple[str, ...]]) -> None:
    def try_(code: str) -> bool:
        return isinstance(door.enter("ana", PASSWORD, code, client="198.51.100.1"), Entered)

    clock.move(MINUTE)
    now = second_factor.code_at(codes[0], second_factor.step_at(clock()))
    assert not try_("")
    assert not try_("000000" if now != "000000" else "000001")
    assert try_(now)
    assert not try_(now)  # somebody looked over her shoulder
    clock.move(MINUTE)
    assert try_(second_factor.code_at(codes[0], second_factor.step_at(clock())))


def test_a_recovery_code_counts_once_and_is_written_down(
    door: Door, database: Database, codes: tuple[str, tuple[str, ...]]
) -> None:
    typed = codes[1][3].lower().replace("-", " ")
    assert isinstance(door.enter("ana", PASSWORD, typed, client="198.51.100.1"), Entered)
    assert door.enter("ana", PASSWORD, typed, client="198.51.100.1") == Refused(sentence=REFUSED)
    assert [line[1] for line in log(database)] == ["second factor on", "recovery code used", "login", "login refused"]
    with database.read() as connection:
        found = accounts.credentials(connection, "ana")
    assert found is not None
    assert len(found.recovery_hashes) == 9


def test_a_code_without_the_password_is_worth_nothing(
    door: Door, database: Database, codes: tuple[str, tuple[str, ...]]
) -> None:
    assert door.enter("ana", "wrong", codes[1][0], client="198.51.100.1") == Refused(sentence=REFUSED)
    with database.read() as connection:
        found = accounts.credentials(connection, "ana")
    assert found is not None
    assert len(found.recovery_hashes) == 10  # and is not used up by whoever has it


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda people: people.set_password("ana", "another ferry 1872"),
        lambda people: people.disable("ana"),
        lambda people: people.remove("ana"),
    ],
    ids=["password", "disabled", "removed"],
)
def test_what_happened_while_the_password_was_tried_counts(
    door: Door, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[People], None]
) -> None:
    people(database, clock).add("kim", PASSWORD, "admin")
    tried = passwords.fits

    def fits(password_hash: str | None, password: str) -> bool:
        fitted = tried(password_hash, password)
        meanwhile(people(database, clock))
        return fitted

    monkeypatch.setattr(passwords, "fits", fits)
    assert door.enter("ana", PASSWORD, client="198.51.100.1") == Refused(sentence=REFUSED)
    assert log(database)[-1][1:] == ("login refused", "ana", "changed meanwhile")
