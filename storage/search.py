"""The archive, searched: entries that may hold what is asked, the newest first.

What lives here: the word index and the filters, together. What must not: what a query means. The index never misses
an entry and names some too many; whoever asked looks at the words of each (`monitor.pipeline.search`).

Newest means arrived last: entries are numbered in the order of their arrival, and a page begins where the one before
it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from monitor.model import Filters
from storage import review, word_index
from storage.database import guesses_words, insist_on_indexes
from storage.review_tables import assignments, verdicts
from storage.schema import entries, feeds, matches, members
from storage.word_index import Clause

_COMMON = 20  # a word that one in so many entries holds is common


def candidates(
    connection: Connection, clauses: Sequence[Clause], filters: Filters, *, before: int | None = None, limit: int
) -> tuple[int, ...]:
    """Entries older than `before` that may hold a word of each clause, and pass the filters; the newest first.

    Without clauses, every entry that passes.
    """
    every = select(entries.c.id)
    if not clauses:
        return _newest(connection, every, filters, before, limit)
    held = _held(connection, clauses, filters, before, limit)
    unsure = _newest(connection, every.where(~entries.c.indexed), filters, before, limit)
    return tuple(sorted({*held, *unsure}, reverse=True)[:limit])


def _held(
    connection: Connection, clauses: Sequence[Clause], filters: Filters, before: int | None, limit: int
) -> tuple[int, ...]:
    """The newest that the index names.

    A server only guesses how many entries hold a word, and would look through all of them for a rare one. So it looks
    through the newest ones, where a common word is found. Then it is to ask the index, before it hears of an order.
    """
    held = word_index.holding(connection, clauses)
    if not guesses_words(connection):
        return _newest(connection, held, filters, before, limit)
    latest = held.where(held.selected_columns.id >= _latest(connection, before, limit * _COMMON))
    found = _newest(connection, latest, filters, before, limit)
    if len(found) == limit:
        return found
    insist_on_indexes(connection)
    return _newest(connection, select(held.offset(0).subquery().c.id), filters, before, limit)


def _latest(connection: Connection, before: int | None, count: int) -> int:
    """Where the latest so many entries begin."""
    older = [] if before is None else [entries.c.id < before]
    query = select(entries.c.id).where(*older).order_by(entries.c.id.desc()).offset(count).limit(1)
    return connection.execute(query).scalar_one_or_none() or 0


def _newest(
    connection: Connection, query: Select[int], filters: Filters, before: int | None, limit: int
) -> tuple[int, ...]:
    """The first of the entries that a query with a column `id` names."""
    (entry,) = query.selected_columns
    passed = [(entry + 0).in_(ids) for ids in _passing(filters)]  # + 0: the filter is to be asked, not to lead
    older = [] if before is None else [entry < before]
    found = query.where(*passed, *older).order_by(entry.desc()).limit(limit)
    return tuple(connection.execute(found).scalars())


def _passing(filters: Filters) -> Iterator[Select[int]]:
    """For each filter the entries that pass it, as an index of the database finds them."""
    if filters.since:
        yield select(entries.c.id).where(entries.c.first_seen_at >= filters.since)
    if filters.until:
        yield select(entries.c.id).where(entries.c.first_seen_at < filters.until)
    if filters.outlet:
        yield select(entries.c.id).join(feeds).where(feeds.c.outlet == filters.outlet)
    if filters.story is not None:
        yield select(members.c.entry_id).where(members.c.story_id == filters.story)
    if filters.watch:
        yield select(matches.c.entry_id).where(matches.c.watch == filters.watch)
    if filters.assignee:
        yield _in_stories(review.standing(assignments).where(assignments.c.assignee == filters.assignee))
    if filters.verdict == "open":
        closed = _in_stories(review.standing(verdicts).where(verdicts.c.verdict != "open"))
        yield select(entries.c.id).where(entries.c.id.not_in(closed))
    elif filters.verdict:
        yield _in_stories(review.standing(verdicts).where(verdicts.c.verdict == filters.verdict))


def _in_stories(said: Select[Any]) -> Select[int]:
    """The entries of the stories of which that was said."""
    return select(members.c.entry_id).where(members.c.story_id.in_(select(said.subquery().c.story_id)))
