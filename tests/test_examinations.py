"""What a batch of examined entries led to is written in few statements, and each entry as if it came alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from monitor.model import Examined
from storage import stories
from storage.database import Database
from tests.conftest import Clock
from tests.rows import claim, counts, edit, examined, keep, keyed, match, record, remember

SIZE = 40


@pytest.fixture
def claimed(database: Database, clock: Clock) -> Database:
    remember(database)
    keep(database, *(keyed(str(number), f"Ferry {number} waits") for number in range(SIZE)), now=clock())
    claim(database, now=clock())
    return database


@contextmanager
def counted() -> Iterator[list[str]]:
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def batch(*ids: int) -> list[Examined]:
    return [examined(number, matches=[match()]) for number in ids]


def test_many_entries_take_as_many_statements_as_one(claimed: Database, clock: Clock) -> None:
    with counted() as alone:
        record(claimed, *batch(1), now=clock())
    with counted() as together:
        assert all(record(claimed, *batch(*range(2, SIZE + 1)), now=clock()))
    assert len(together) == len(alone)
    assert counts(claimed)["stories"] == counts(claimed)["members"] == counts(claimed)["matches"] == SIZE


def test_a_story_that_begins_in_a_batch_holds_its_copies_in_it(claimed: Database, clock: Clock) -> None:
    record(
        claimed, examined(1), examined(2, story=1, relation="copy"), examined(3, story=1, relation="copy"), now=clock()
    )
    with claimed.read() as connection:
        assert [member.entry for member in stories.members_of(connection, 1)] == [1, 2, 3]


def test_who_copies_an_entry_whose_claim_was_lost_begins_the_story(claimed: Database, clock: Clock) -> None:
    edit(claimed, keyed("0", "Ferry 0 sank"), now=clock())
    kept = record(claimed, examined(1), examined(2, story=1, relation="copy"), now=clock())
    assert kept == [False, True]
    with claimed.read() as connection:
        assert stories.find(connection, 1) is None
        assert [member.entry for member in stories.members_of(connection, 1)] == [2]
