"""Which watches a document can satisfy at all, so that not every watch is evaluated on every document.

What lives here: the words a watch cannot match without, and the index of watches under them. What must not: evaluation.
Skipping is safe, never clever: a watch is left out only where it cannot match.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from monitor.page import Page
from monitor.tree import And, AtLeast, Near, Node, Or, Term, TermSet, Within, Word


class Key(NamedTuple):
    """A word, or the beginning of one, of which a matching document holds at least one."""

    text: str
    prefix: bool


Route = frozenset[Key]


def route(node: Node) -> Route | None:
    """Keys of which every matching document holds one: the rarest such choice. None where nothing is required (NOT)."""
    match node:
        case Term(words=words):
            return _cheapest(frozenset([_key(word)]) for word in words)
        case Or(parts=parts) | TermSet(terms=parts):
            routes = [route(part) for part in parts]
            return None if None in routes else frozenset().union(*(r for r in routes if r is not None))
        case And(parts=parts):
            return _cheapest(route(part) for part in parts)
        case Near(left=left, right=right):
            return _cheapest((route(left), route(right)))
        case AtLeast(part=part) | Within(part=part):
            return route(part)
        case _:
            return None


class RouteIndex:
    """Watches, by number, under the keys of their routes."""

    def __init__(self, routes: Sequence[Route | None]) -> None:
        self._always = [number for number, keys in enumerate(routes) if keys is None]
        self._by_word: dict[str, list[int]] = {}
        self._by_prefix: dict[str, list[int]] = {}
        for number, keys in enumerate(routes):
            for key in keys or ():
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
        return sorted(found)


def _key(word: Word) -> Key:
    return Key(word.folded, word.prefix)


def _cheapest(routes: Iterable[Route | None]) -> Route | None:
    return min((keys for keys in routes if keys is not None), key=_cost, default=None)


def _cost(keys: Route) -> float:
    """A guess at how many documents hold one of the keys: long words are rare, a prefix stands for several."""
    return sum((4.0 if key.prefix else 1.0) / len(key.text) ** 2 for key in keys)
