"""query → entries that may match → those that do: the archive, searched in the watch language.

What lives here: the index's guesses and the matcher's word on each, until a page is full. What must not: printing.
A search writes nothing and may go on while Tipsheet runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from monitor.model import Document, Feed, Filters, Match, Watch
from monitor.watches.lookup import clauses_of
from monitor.watches.matching import CompiledWatch, compile_watch, judge
from monitor.watches.page import Page
from monitor.watches.routes import Clause
from monitor.watches.tree import TermSet
from monitor.words.language import with_language
from storage import corrections, entries, search

SIZE = 50  # hits of a page
MOST = 1_500  # entries that are looked at for one page: a fifth of a second of work
_TOGETHER = 400  # entries that are read at once, once it is known that not all match
_SHORT = 3  # letters of a beginning that many words have
_MANY = 8  # short beginnings, of which nearly every entry holds one
_GLANCE = 100  # entries that are looked at without the index, where it would name nearly all


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that was found."""

    entry: int
    story: int | None  # None: it has not been examined yet
    document: Document
    match: Match | None  # None: nothing was asked but filters
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of hits, the newest first."""

    hits: tuple[Hit, ...]
    looked_at: int  # entries that the index named
    resume_before: int | None  # the next page begins below this entry; None: there is no more


def asked(query: str, sets: Mapping[str, TermSet]) -> CompiledWatch | None:
    """A query in the watch language, ready; None where it is empty. QueryError with a caret where it cannot be read."""
    return compile_watch(Watch(name="search", query=query), None, sets) if query.strip() else None


def find(
    connection: Connection, question: CompiledWatch | None, filters: Filters, *,
    wanted: Mapping[str, Feed] | None = None, before: int | None = None, size: int = SIZE, most: int = MOST,
) -> Found:  # fmt: skip
    """The newest entries below `before` that match and pass the filters.

    Where the index names many that do not match, the page ends after `most` of them: it may be short, even empty, and
    `resume_before` says where to go on. `wanted` are the feeds of the file, by URL.
    """
    clauses = _worth_asking(clauses_of(question) if question else ())
    hits: list[Hit] = []
    looked_at = 0
    if clauses and all(map(_is_broad, clauses)):
        ids = search.candidates(connection, (), filters, before=before, limit=min(_GLANCE, most))
        hits += _hits(connection, ids, question, wanted)
        looked_at, before = len(ids), ids[-1] if ids else before
    while len(hits) <= size and looked_at < most:
        ask = min(_TOGETHER if looked_at else size + 1, most - looked_at)
        ids = search.candidates(connection, clauses, filters, before=before, limit=ask)
        hits += _hits(connection, ids, question, wanted)
        looked_at += len(ids)
        if len(ids) < ask:
            return _page(hits, size, looked_at, None)
        before = ids[-1]
    return _page(hits, size, looked_at, before)


def _worth_asking(clauses: Sequence[Clause]) -> Sequence[Clause]:
    """Without those that cost the index more than they spare the matcher, where others are left."""
    return [clause for clause in clauses if not _is_broad(clause)] or clauses


def _is_broad(clause: Clause) -> bool:
    """Whether nearly every entry holds a word of it: for each beginning the index gathers all words that begin so."""
    return sum(word.endswith("*") and len(word) <= _SHORT + 1 for word in clause) >= _MANY


def _page(hits: Sequence[Hit], size: int, looked_at: int, before: int | None) -> Found:
    """The first `size` hits; what is left over is for the next page."""
    shown = tuple(hits[:size])
    return Found(hits=shown, looked_at=looked_at, resume_before=shown[-1].entry if len(hits) > size else before)


def _hits(
    connection: Connection, ids: Sequence[int], question: CompiledWatch | None, wanted: Mapping[str, Feed] | None
) -> list[Hit]:
    documents = entries.documents(connection, ids, wanted=wanted)
    judged = {entry: _judged(question, documents[entry][0]) for entry in ids}
    found = [entry for entry in ids if question is None or judged[entry]]
    stories = corrections.stories_of(connection, found)
    return [
        Hit(
            entry=entry, story=stories.get(entry), document=documents[entry][0], match=judged[entry],
            first_seen=documents[entry][1],
        )
        for entry in found
    ]  # fmt: skip


def _judged(question: CompiledWatch | None, document: Document) -> Match | None:
    return judge(question, Page(with_language(document))) if question else None
