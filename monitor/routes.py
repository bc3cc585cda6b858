"""Which watches a document can satisfy at all, so that not every watch is evaluated on every document.

What lives here: the words that a watch cannot match without, and the index of watches under them. What must not:
evaluation. Skipping is safe, never clever: a watch is left out only where it cannot match.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from monitor.page import Page
from monitor.tree import And, AtLeast, Near, Node, Or, Term, TermSet, Within


class Key(NamedTuple):
    """A word, or the beginning of one."""

    text: str
    prefix: bool


Clause: TypeAlias = frozenset[Key]  # a document that matches holds at least one of these


def clauses(node: Node) -> tuple[Clause, ...]:
    """What every matching document holds, the rarest first; empty where nothing is required (NOT, lang:)."""
    match node:
        case Term(words=words):
            required = [frozenset([Key(word.folded, word.prefix)]) for word in words]
        case Or(parts=parts) | TermSet(terms=parts):
            required = _either(parts)
        case And(parts=parts):
            required = [clause for part in parts for clause in clauses(part)]
        case Near(left=left, right=right):
            required = [*clauses(left), *clauses(right)]
        case AtLeast(part=part) | Within(part=part):
            return clauses(part)
        case _:
            return ()
    return tuple(sorted(required, key=_cost))


class RouteIndex:
    """Watches, by number: each filed under the keys of its rarest clause, and held against its other clauses."""

    def __init__(self, required: Sequence[tuple[Clause, ...]]) -> None:
        self._always = [number for number, of_watch in enumerate(required) if not of_watch]
        self._others = [tuple(filter(None, map(_words, of_watch[1:]))) for of_watch in required]
        self._by_word: dict[str, list[int]] = {}
        self._by_prefix: dict[str, list[int]] = {}
        for number, of_watch in enumerate(required):
            for key in of_watch[0] if of_watch else ():
                (self._by_prefix if key.prefix else self._by_word).setdefault(key.text, []).append(number)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def candidates(self, page: Page) -> list[int]:
        """The watches that the document may satisfy, in order."""
        found = set(self._always)
        for word in page.postings.keys() & self._by_word.keys():
            found.update(self._by_word[word])
        for length in self._prefix_lengths:
            for prefix in {word[:length] for word in page.postings} & self._by_prefix.keys():
                found.update(self._by_prefix[prefix])
        absent = page.postings.keys().isdisjoint
        return sorted(number for number in found if not any(map(absent, self._others[number])))


def _either(parts: Sequence[Node]) -> list[Clause]:
    """The one clause of a choice: the rarest clause of each part, together. None where a part requires nothing."""
    rarest = [clauses(part)[:1] for part in parts]
    return [frozenset().union(*(first for (first,) in rarest))] if all(rarest) else []


def _words(clause: Clause) -> frozenset[str]:
    """The words of a clause; empty where it has prefixes, which take longer to look up than a watch to evaluate."""
    return frozenset() if any(key.prefix for key in clause) else frozenset(key.text for key in clause)


def _cost(clause: Clause) -> float:
    """A guess at how many documents hold one of the keys: long words are rare, a prefix stands for several."""
    return sum((4.0 if key.prefix else 1.0) / len(key.text) ** 2 for key in clause)
