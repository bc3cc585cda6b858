"""The word index: which entries hold which words, by the engine's own full text.

What lives here: rows in and out of the index, and what it is asked. What must not: how an engine keeps it (`database`),
what a word is (`monitor.words.text`), which words a query needs (`monitor.watches.lookup`).

An entry is kept as two sets of folded words, one of its title and one of all else, with a space between any two: what
is found are the words that watches see, and no engine's notion of them. No place of a word is kept: the index names
the entries that may match, and their words decide. An entry is marked as `indexed` when its words stand here as they
are; every other entry may hold anything, so that a search misses none, whatever came a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import Column, Connection, MetaData, Select, Table, bindparam, delete, insert, select, update

from monitor.model import IndexedWords
from storage.columns import Integer, Text
from storage.database import create_word_index, holds_words
from storage.schema import entries

NAME = "entry_words"  # the tables that FTS5 keeps for itself begin with it

Clause: TypeAlias = Sequence[str]  # words of which an entry holds at least one; "deport*" for any that begins so

# No migration makes it as it stands here: it is whatever the engine keeps words in.
table = Table(
    NAME,
    MetaData(),
    Column("rowid", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
)

_LONGEST = 400  # characters of a word; what is longer stands here and is asked for by its beginning
_ROOM = 500_000  # characters of all words of an entry; an engine has room for a million bytes
_ANYTHING = "anything_at_all_"  # stands for the words that have no room: the entry is named by every search


def create(connection: Connection) -> None:
    """An empty index, where there is none."""
    create_word_index(connection, NAME)


def unindexed(connection: Connection, *, limit: int) -> tuple[int, ...]:
    """The newest entries whose words do not stand here."""
    query = select(entries.c.id).where(~entries.c.indexed).order_by(entries.c.id.desc()).limit(limit)
    return tuple(connection.execute(query).scalars())


def put(connection: Connection, found: Iterable[IndexedWords]) -> None:
    """The words of these entries as they are now, in place of those that stood here."""
    rows = [{"rowid": one.entry_id, "title": _joined(one.title), "body": _joined(one.body)} for one in found]
    if rows:
        ids = [{"id": row["rowid"]} for row in rows]
        connection.execute(delete(table).where(table.c.rowid == bindparam("id")), ids)
        connection.execute(insert(table), rows)
        connection.execute(update(entries).where(entries.c.id.in_([one["id"] for one in ids])).values(indexed=True))


def distrust(connection: Connection) -> None:
    """Words are found otherwise from now on: what stands here is to be made anew."""
    connection.execute(update(entries).where(entries.c.indexed).values(indexed=False))


def keep_titles_only(connection: Connection, ids: Sequence[int]) -> None:
    """Retention, with the texts of their entries."""
    connection.execute(update(table).where(table.c.rowid.in_(ids)).values(body=""))


def holding(connection: Connection, clauses: Sequence[Clause]) -> Select[int]:
    """The entries in the index that hold a word of each clause, with a column `id`.

    Some may have another wording by now: they are `unindexed` too.
    """
    asked = [(*map(_shortened, clause), _ANYTHING) for clause in clauses]
    return select(table.c.rowid.label("id")).where(holds_words(connection, NAME, asked))


def _joined(words: Iterable[str]) -> str:
    joined = " ".join(map(_shortened, words))
    return joined if len(joined) <= _ROOM else _ANYTHING


def _shortened(word: str) -> str:
    """ "deport*" stays a beginning."""
    if len(word) <= _LONGEST:
        return word
    return word[:_LONGEST] + "*" * word.endswith("*")
