"""The word index on each engine: it names every entry that holds the words, and few others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from monitor.model import IndexedWords
from storage import word_index
from storage.database import Database
from tests.conftest import Clock
from tests.rows import keep, keyed, remember


def fill(database: Database, clock: Clock, *bodies: Sequence[str]) -> None:
    """Entries with the ids 1, 2, … and these words."""
    remember(database)
    keep(database, *(keyed(str(number)) for number, _ in enumerate(bodies)), now=clock())
    words = [IndexedWords(entry_id=n, title=("headline",), body=tuple(body)) for n, body in enumerate(bodies, 1)]
    with database.write() as connection:
        word_index.put(connection, words)


def found(database: Database, *clauses: Sequence[str]) -> list[int]:
    with database.read() as connection:
        return sorted(connection.execute(word_index.holding(connection, clauses)).scalars())


@pytest.mark.parametrize(
    ("clauses", "ids"),
    [
        ([["ferry"]], [1, 2]),
        ([["ferry"], ["fog"]], [1]),
        ([["fog", "storm"]], [1, 3]),
        ([["ferr*"]], [1, 2, 3]),
        ([["ferr"]], []),
        ([["headline"], ["storm"]], [3]),
        ([["and"]], [2]),
        ([["or"]], []),
        ([["čeština"]], [3]),
        ([["cestina"]], []),
        ([["o_2"]], [2]),
    ],
)
def test_words_are_found_as_they_stand(
    database: Database, clock: Clock, clauses: Sequence[Sequence[str]], ids: list[int]
) -> None:
    fill(database, clock, ["ferry", "fog"], ["ferry", "and", "o_2"], ["ferries", "storm", "čeština"])
    assert found(database, *clauses) == ids


def test_a_word_of_any_length_is_found(database: Database, clock: Clock) -> None:
    long = "я" * 3_000
    fill(database, clock, [long], ["short"])
    assert found(database, [long]) == [1]
    assert found(database, [long + "*"]) == [1]
    assert found(database, ["я*"]) == [1]


def test_an_entry_with_too_many_words_may_hold_any(database: Database, clock: Clock) -> None:
    fill(database, clock, [f"word{number}" for number in range(100_000)], ["short"])
    assert found(database, ["short"]) == [1, 2]
