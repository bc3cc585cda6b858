"""Which watches a document can satisfy at all, so that not every watch is evaluated on every document.

What lives here: what a watch cannot match without, and the index of watches under it. What must not: evaluation.
Skipping is safe, never clever: a watch is left out only where it cannot match.

All that a document holds is a set of keys: `ice` for a word, `deport*` for a word that starts so, `lang:es` for what is
known about it. A watch asks for clauses, and a clause is satisfied by any of its keys.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from sys import intern
from typing import TypeAlias

from monitor.watches.page import Page, facts_asked
from monitor.watches.tree import And, AtLeast, Attribute, Near, Node, Or, Term, TermSet, Within, Word

Key: TypeAlias = str
Clause: TypeAlias = tuple[Key, ...]  # a document that matches holds at least one of these

ANY: Key = ""  # every document holds it
WIDE = 8  # keys of a clause, above which it is one key of its own: "holds one of these"
_FACT_COSTS = {"lang": 1.0, "tag": 0.1, "feed": 0.02, "about": 0.1, "outlet": 0.02, "author": 0.02}
_REMEMBERED = 1 << 16  # words of documents whose prefixes are looked up once


def clauses(node: Node) -> tuple[Clause, ...]:
    """What every matching document holds, the rarest first; empty where nothing is required (NOT, url:).

    Equal keys are one object: comparing a million of them would else wait for the memory each time.
    """
    match node:
        case Term(words=words):
            required: Iterable[Clause] = [(_word_key(word),) for word in words]
        case Or(parts=parts) | TermSet(terms=parts):
            required = _either(parts)
        case And(parts=parts):
            required = [clause for part in parts for clause in clauses(part)]
        case Near(left=left, right=right):
            required = [*clauses(left), *clauses(right)]
        case AtLeast(part=part) | Within(part=part):
            return clauses(part)
        case Attribute():
            required = [(fact,) for fact in facts_asked(node.name, node.value)]
        case _:
            return ()
    return tuple(sorted(dict.fromkeys(required), key=_cost))


class RouteIndex:
    """Watches, by number: each filed under its two rarest clauses together, and held against its others."""

    def __init__(self, required: Iterable[Sequence[Clause]]) -> None:
        self._shelves: dict[Key, dict[Key, list[int]]] = {}  # rarest clause → next clause → watches
        self._others: dict[int, tuple[Clause, ...]] = {}  # of the few watches with more than two clauses
        self._wide = _WideClauses()
        for number, of_watch in enumerate(required):
            self._file(number, [self._wide.narrowed(clause) for clause in sorted(of_watch, key=_cost)])
        self._prefixes = _Prefixes(self._asked())

    def candidates(self, page: Page) -> list[int]:
        """The watches whose every clause the document satisfies, in order."""
        held = self._held(page)
        found: set[int] = set()
        for first in held & self._shelves.keys():
            shelf = self._shelves[first]
            for second in held & shelf.keys():
                found.update(shelf[second])
        return sorted(number for number in found if not any(map(held.isdisjoint, self._others.get(number, ()))))

    def _file(self, number: int, of_watch: list[Clause]) -> None:
        first, second, *others = of_watch + [(ANY,)] * (2 - len(of_watch))
        for one, other in itertools.product(first, second):
            self._shelves.setdefault(one, {}).setdefault(other, []).append(number)
        if others:
            self._others[number] = tuple(others)

    def _asked(self) -> Iterable[Key]:
        """Every key that some watch asks for."""
        yield from self._shelves
        yield from itertools.chain.from_iterable(self._shelves.values())
        yield from (key for of_watch in self._others.values() for clause in of_watch for key in clause)
        yield from self._wide.keys

    def _held(self, page: Page) -> set[Key]:
        held = {ANY, *page.postings, *page.facts}
        held.update(itertools.chain.from_iterable(map(self._prefixes.starting, page.postings)))
        held.update(self._wide.held(held))
        return held


class _WideClauses:
    """Clauses of many keys, such as the terms of a set, each under one name however many watches ask for it."""

    def __init__(self) -> None:
        self._names: dict[Clause, Key] = {}
        self.keys: dict[Key, list[Key]] = {}  # key → names of the clauses that it satisfies

    def narrowed(self, clause: Clause) -> Clause:
        """The same clause with few keys."""
        if len(clause) <= WIDE:
            return clause
        name = self._names.get(clause)
        if name is None:
            name = self._names[clause] = f"|{len(self._names)}"
            for key in clause:
                self.keys.setdefault(key, []).append(name)
        return (name,)

    def held(self, held: set[Key]) -> set[Key]:
        """The names of those that a document satisfies."""
        return {name for key in held & self.keys.keys() for name in self.keys[key]}


class _Prefixes:
    """The prefixes that watches ask for, sorted, so that those which a word starts with stand just before it."""

    def __init__(self, asked: Iterable[Key]) -> None:
        self._sorted = sorted({key[:-1] for key in asked if key.endswith("*")})
        self._chains: list[tuple[Key, ...]] = []  # each prefix as a key, behind the shorter ones that it starts with
        for prefix in self._sorted:
            above = self._chains[-1] if self._chains else ()
            self._chains.append((*(key for key in above if prefix.startswith(key[:-1])), f"{prefix}*"))
        self.starting = lru_cache(_REMEMBERED)(self._look_up)

    def _look_up(self, word: str) -> tuple[Key, ...]:
        """The prefixes of a word, as keys.

        Whatever stands between the longest of them and the word starts with it, so the nearest has them all before it.
        """
        nearest = bisect_right(self._sorted, word) - 1
        return tuple(key for key in self._chains[nearest] if word.startswith(key[:-1])) if nearest >= 0 else ()


def _either(parts: Sequence[Node]) -> list[Clause]:
    """A choice asks for the rarest clauses of its parts together, then for the next; none where a part has no more."""
    of_parts = [clauses(part) for part in parts]
    return [tuple(dict.fromkeys(itertools.chain.from_iterable(ranked))) for ranked in zip(*of_parts, strict=False)]


def _word_key(word: Word) -> Key:
    return intern(f"{word.folded}*" if word.prefix else word.folded)


def _cost(clause: Clause) -> float:
    return sum(map(_key_cost, clause))


def _key_cost(key: Key) -> float:
    """A guess at the share of documents that hold a key: long words are rare, a prefix stands for several."""
    name, is_fact, _ = key.partition(":")
    if is_fact:
        return _FACT_COSTS[name]
    return 4.0 / (len(key) - 1) ** 2 if key.endswith("*") else 1.0 / len(key) ** 2
