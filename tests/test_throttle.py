"""How often somebody may try: counted by key, before the try is made, also when a hundred come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.desk.door import throttle as room
from monitor.desk.door.entrance import Limit
from monitor.desk.door.throttle import Throttle
from tests.conftest import NOON

LIMIT = Limit(tries=3, within=timedelta(minutes=15))
NOW = timedelta()
MINUTE = timedelta(minutes=1)


def test_each_key_of_a_try_must_allow_it_and_a_refused_one_counts_for_none() -> None:
    throttle = Throttle(LIMIT)
    for client in ("a", "b", "c"):
        assert throttle.take("ana", client, now=NOON) == NOW
    assert throttle.take("ana", "d", now=NOON + MINUTE) == 14 * MINUTE
    assert [throttle.take("bo", "d", now=NOON + MINUTE) for _ in range(4)] == [NOW, NOW, NOW, 14 * MINUTE + MINUTE]
    assert throttle.take("ana", "e", now=NOON + 15 * MINUTE) == NOW


def test_whoever_has_shown_who_he_is_begins_anew_and_a_client_gets_one_try_back() -> None:
    throttle = Throttle(LIMIT)
    for minute in range(3):
        throttle.take("ana", "here", now=NOON + minute * MINUTE)
    throttle.forgive("ana")
    throttle.give_back("here", NOON + 2 * MINUTE)
    throttle.give_back("nowhere", NOON)
    assert throttle.take("ana", "here", now=NOON + 3 * MINUTE) == NOW
    assert throttle.take("ana", "here", now=NOON + 3 * MINUTE) == 12 * MINUTE


def test_many_at_once_are_no_way_around() -> None:
    throttle = Throttle(LIMIT)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: throttle.take("ana", now=NOON), range(200)))
    assert waits.count(NOW) == 3


def test_a_crowd_of_strangers_takes_no_memory_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SWEEP", 100)
    throttle = Throttle(LIMIT)
    for number in range(1_000):
        throttle.take(f"stranger {number}", now=NOON + number * MINUTE)
    assert len(throttle._tries) <= 101
    assert throttle.take("stranger 999", now=NOON + 999 * MINUTE) == NOW
