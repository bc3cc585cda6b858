"""The word index: which entries hold which words. SQLite's FTS5 keeps it; nobody else knows that it does.

What lives here: the index's own table, rows in and out of it, and the question in its language. What must not: what a
word is (`monitor.words.text`), and which words a query needs (`monitor.watches.routes`).

An entry is kept as two sets of folded words, one of its title and one of all else, with a space between any two. FTS5's
`ascii` tokenizer parts them at the spaces and nowhere else, so that what is found are the words that watches see. No
place of a word is kept: the index names entries that may match, and the words themselves decide. An engine with
another full text (a tsvector of the same words) can stand behind the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    column,
    delete,
    insert,
    literal_column,
    table,
    update,
)

from monitor.model import IndexedWords
from storage.database import create_word_index

NAME = "entry_words"  # the tables that FTS5 keeps for itself begin with it

Clause = Sequence[str]  # words of which an entry holds at least one; "deport*" for any that begins so

_TABLE = table(NAME, column("rowid"), column("title"), column("body"))
entry_id = _TABLE.c.rowid  # the entry's id


def create(connection: Connection) -> None:
    """An empty index, where there is none."""
    create_word_index(connection, NAME)


def put(connection: Connection, found: Iterable[IndexedWords]) -> None:
    """The words of these entries, in place of those that stood there."""
    rows = [{"rowid": one.entry_id, "title": " ".join(one.title), "body": " ".join(one.body)} for one in found]
    if rows:
        connection.execute(delete(_TABLE).where(entry_id == bindparam("id")), [{"id": row["rowid"]} for row in rows])
        connection.execute(insert(_TABLE), rows)


def keep_titles_only(connection: Connection, ids: Select[tuple[int]]) -> None:
    """Retention, with the texts of their entries."""
    connection.execute(update(_TABLE).where(entry_id.in_(ids)).values(body=""))


def holds(clauses: Collection[Clause]) -> ColumnElement[bool]:
    """The entries that hold one word of each clause."""
    return literal_column(NAME).op("MATCH", is_comparison=True)(" AND ".join(map(_either, clauses)))


def _either(clause: Clause) -> str:
    return f"({' OR '.join(map(_word, clause))})"


def _word(key: str) -> str:
    """A word in quotes is one whatever it is: AND and NOT are operators to FTS5."""
    return f'"{key[:-1]}" *' if key.endswith("*") else f'"{key}"'
