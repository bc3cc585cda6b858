"""Which passwords may be chosen, and how one is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep

import pytest
from argon2 import PasswordHasher

from monitor.desk.door import passwords
from monitor.desk.door.passwords import common_passwords, fits, hash_password, is_outdated, password_fault

GOOD = "juniper ferry 1871"


@pytest.mark.parametrize(
    "password", [GOOD, "vuelve el tren de ayer", "kd8#mQ2!vvTz", "пять котов на крыше", "木" * 6 + "水火土金日月"]
)
def test_what_nobody_else_has_may_be_chosen(password: str) -> None:
    assert password_fault(password, name="ana") == ""


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("kd8#mQ2!vvT", "at least 12 characters"),
        ("x1" * 200, "at most 256"),
        ("password1234", "everybody tries first"),
        ("PassWord2026!", "everybody tries first"),
        ("!!!dragon!!!", "everybody tries first"),
        ("dragon dragon", "everybody tries first"),
        ("1q2w3e4r5t6y", "everybody tries first"),
        ("correct horse battery staple", "everybody tries first"),
        ("ｐａｓｓｗｏｒｄ１２３４", "everybody tries first"),  # full width, as some keyboards write
        ("zkwzkwzkwzkwzkw", "a pattern"),
        ("ababbabaabba", "a pattern"),
        ("efghijklmnop", "a pattern"),
        ("lkjhgfdsapoi", "a pattern"),
        ("345678901234", "everybody tries first"),
        ("ana.ruiz-tipsheet", "a name that everybody knows"),
        ("Ana.Ruiz*1987", "a name that everybody knows"),
    ],
)
def test_what_is_tried_first_may_not(password: str, fault: str) -> None:
    assert fault in password_fault(password, name="ana.ruiz")


def test_three_thousand_common_passwords_are_refused_and_what_people_make_of_them() -> None:
    """With the digits and signs that make 12 characters of them."""
    listed = common_passwords()
    assert len(listed) > 3_000
    for added in ("!2026!#1", "20261231", "........"):
        long_enough = [f"{word}{added}"[: max(12, len(word))] for word in listed if len(word) >= 4]
        assert [one for one in long_enough if not password_fault(one, name="ana")] == []


def test_a_password_fits_from_any_keyboard_and_no_other_does() -> None:
    kept = hash_password("Café à gogo 1871")
    assert fits(kept, "Cafe\u0301 a\u0300 gogo 1871")  # accents typed apart
    assert not fits(kept, "café à gogo 1871")
    assert not fits(kept, "Café à gogo 1871 ")
    assert not fits(kept, "")
    assert "Café" not in kept


def test_two_of_one_password_are_kept_differently() -> None:
    assert hash_password(GOOD) != hash_password(GOOD)


def test_what_is_no_character_is_kept_too() -> None:
    """A terminal of another encoding gives such; it must neither fail nor make two passwords one."""
    kept = hash_password("juniper \udce9 1871")
    assert fits(kept, "juniper \udce9 1871")
    assert not fits(kept, "juniper \udcea 1871")


def test_nobody_has_a_password() -> None:
    assert not fits(None, GOOD)
    assert not fits("", GOOD)


@pytest.mark.parametrize("kept", ["not a hash", "$argon2id$v=19$m=1", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_hash_that_is_none_fits_nothing(kept: str) -> None:
    assert not fits(kept, GOOD)


def test_a_password_is_kept_as_owasp_asks_for() -> None:
    kept = hash_password(GOOD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(kept)
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD))


def test_a_crowd_at_the_door_is_hashed_two_by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 19 MiB, and the servers are small."""
    inside, most, lock = 0, 0, Lock()

    class Hasher:
        def verify(self, *_: object) -> None:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            sleep(0.005)
            with lock:
                inside -= 1

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    with ThreadPoolExecutor(8) as crowd:
        assert all(crowd.map(lambda _: fits("a hash", GOOD), range(24)))
    assert most == 2


def test_an_endless_password_is_not_hashed_whole() -> None:
    assert not fits(hash_password(GOOD), "x" * 10_000_000)
