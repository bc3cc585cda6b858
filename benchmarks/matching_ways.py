"""Four ways to meet many watches with many articles, for `matching_speed`: ours and three that a good hand would try.

Each is built from the same trees and finds the same pairs of article and watch; the comparison checks that. Ours and
the Aho–Corasick pass also say where and why, as an alert needs it; the others only whether.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Protocol, TypeAlias

from ahocorasick_rs import AhoCorasick

from monitor.model import Document, Watch
from monitor.watches.matching import CompiledWatch, Compiler, Matcher, judge
from monitor.watches.page import Page
from monitor.watches.query import parse
from monitor.watches.routes import clauses
from monitor.watches.tree import And, Near, Node, Not, Or, Term
from monitor.words.text import folded_words

Pair: TypeAlias = tuple[int, int]  # article, watch
Predicate: TypeAlias = Callable[[str], bool]


class Way(Protocol):
    """Built from queries; then meets articles."""

    in_batches: ClassVar[bool] = False  # does it gain from many articles at once, and lose by few?

    def __init__(self, queries: Iterable[str]) -> None: ...

    def candidates(self, article: Document) -> int:
        """How many watches are looked at for an article because it holds their rarest required word; 0 if none is."""
        return 0

    def meet(self, articles: Sequence[Document]) -> Iterator[Pair]:
        """The pairs that match, whatever their order."""


class Ours(Way):
    """The index of two clauses for each watch."""

    def __init__(self, queries: Iterable[str]) -> None:
        self._matcher = Matcher(list(_compiled(queries)))

    def candidates(self, article: Document) -> int:
        index, page = self._matcher._index, Page(article)
        shelves = [index._shelves[key] for key in index._held(page) & index._shelves.keys()]
        return sum(len(watches) for shelf in shelves for watches in shelf.values())

    def meet(self, articles: Sequence[Document]) -> Iterator[Pair]:
        for number, article in enumerate(articles):
            yield from ((number, int(match.watch)) for match in self._matcher.match(article))


class OnePass(Way):
    """One Aho–Corasick pass over the rarest required words of all watches, then evaluation of those that it finds."""

    def __init__(self, queries: Iterable[str]) -> None:
        self._compiled = list(_compiled(queries))
        self.by_pattern: dict[str, list[int]] = {}
        for number, one in enumerate(self._compiled):
            assert one.tree is not None
            for key in clauses(one.tree)[0]:
                pattern = f" {key[:-1]}" if key.endswith("*") else f" {key} "
                self.by_pattern.setdefault(pattern, []).append(number)
        self._watches = list(self.by_pattern.values())
        self._automaton = AhoCorasick(list(self.by_pattern), store_patterns=False)

    def candidates(self, article: Document) -> int:
        return len(self._found(Page(article)))

    def _found(self, page: Page) -> set[int]:
        """The watches whose rarest required word stands in the document."""
        text = f" {' '.join(page._row)} "
        found = {pattern for pattern, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)}
        return {number for pattern in found for number in self._watches[pattern]}

    def meet(self, articles: Sequence[Document]) -> Iterator[Pair]:
        for number, article in enumerate(articles):
            page = Page(article)
            for watch in self._found(page):
                if judge(self._compiled[watch], page) is not None:
                    yield (number, watch)


class Regexes(Way):
    """A loop over watches of compiled regular expressions, on text that is folded once."""

    def __init__(self, queries: Iterable[str]) -> None:
        self._predicates = [_predicate(parse(query, {})) for query in queries]

    def meet(self, articles: Sequence[Document]) -> Iterator[Pair]:
        for number, article in enumerate(articles):
            text = "\n".join(" ".join(folded_words(field)) for field in (article.title, article.text))
            yield from ((number, watch) for watch, holds in enumerate(self._predicates) if holds(text))


class FullText(Way):
    """SQLite's FTS5: the articles as one batch into an index in memory, then each watch a MATCH."""

    in_batches = True

    def __init__(self, queries: Iterable[str]) -> None:
        self._matches = [_match(parse(query, {})) for query in queries]

    def meet(self, articles: Sequence[Document]) -> Iterator[Pair]:
        database = sqlite3.connect(":memory:")
        database.execute("CREATE VIRTUAL TABLE articles USING fts5(title, text)")
        rows = ((number, article.title, article.text) for number, article in enumerate(articles))
        database.executemany("INSERT INTO articles(rowid, title, text) VALUES (?, ?, ?)", rows)
        for watch, match in enumerate(self._matches):
            found = database.execute("SELECT rowid FROM articles WHERE articles MATCH ?", (match,))
            yield from ((number, watch) for (number,) in found)
        database.close()


WAYS: dict[str, type[Way]] = {
    "Tipsheet": Ours,
    "Aho–Corasick": OnePass,
    "SQLite FTS5": FullText,
    "regexes": Regexes,
}


def _compiled(queries: Iterable[str]) -> Iterator[CompiledWatch]:
    compiler = Compiler({})
    return (compiler.compile(Watch(name=str(number), query=query), None) for number, query in enumerate(queries))


# ---- a tree as regular expressions -----------------------------------------------------------------------------------


def _predicate(node: Node) -> Predicate:
    match node:
        case And(parts=parts):
            wanted = [_predicate(part) for part in parts]
            return lambda text: all(holds(text) for holds in wanted)
        case Not(part=part):
            unwanted = _predicate(part)
            return lambda text: not unwanted(text)
        case _:
            search = re.compile(_expression(node)).search
            return lambda text: search(text) is not None


def _expression(node: Node) -> str:
    """The words of a field stand one space apart, fields one line apart."""
    match node:
        case Term(words=words):
            return rf"\b{' '.join(word.folded for word in words)}" + ("" if words[-1].prefix else r"\b")
        case Or(parts=parts):
            return f"(?:{'|'.join(map(_expression, parts))})"
        case Near(left=left, right=right, distance=distance):
            a, b, between = _expression(left), _expression(right), rf"(?: \w+){{0,{distance - 1}}} "
            return f"{a}{between}{b}|{b}{between}{a}"
    raise TypeError(node)


# ---- a tree as a MATCH of FTS5 ---------------------------------------------------------------------------------------


def _match(node: Node) -> str:
    match node:
        case Term(words=words):
            return f'"{" ".join(word.folded for word in words)}"' + ("*" if words[-1].prefix else "")
        case Or(parts=parts):
            return f"({' OR '.join(map(_match, parts))})"
        case And(parts=parts):
            wanted = " AND ".join(_match(part) for part in parts if not isinstance(part, Not))
            unwanted = "".join(f" NOT {_match(part.part)}" for part in parts if isinstance(part, Not))
            return f"(({wanted}){unwanted})"
        case Near(left=left, right=right, distance=distance):  # FTS5 counts the words between, and joins no choices
            pairs = ((a, b) for a in _choices(left) for b in _choices(right))
            return f"({' OR '.join(f'NEAR({_match(a)} {_match(b)}, {distance - 1})' for a, b in pairs)})"
    raise TypeError(node)


def _choices(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Or) else (node,)
