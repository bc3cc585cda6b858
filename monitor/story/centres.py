"""Stories as points: the sum of their documents' terms, and which lies nearest.

What lives here: TF-IDF over stories, the index that finds candidates, the cosine between centres. What must not: time,
the wording of documents, or whether "nearest" is near enough (`grouping`).

A term is weighed by how few *stories* have it, not by how few documents: a word in a hundred reports of one event is
what tells that event from all others.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from operator import mul

_KEYS = 8  # heaviest terms of a document, under which its story is found
_CENTRE_KEYS = 16  # the same for a whole story
_CANDIDATES = 20
_SHARED = 0.12  # of the weight of the keys: whoever shares less is never near enough
_TOUCHED = 1_500  # stories looked at for one question; the heaviest terms come first
_BACKGROUND = 1_000  # stories we pretend to have met before, so that the first hour's words are not all rare
_LEAST = 0.05  # the weight of a word that every story has
_FAINT = 0.02  # of a cosine: less than this is no agreement on a term

Closeness = Callable[[str], float]  # of a story by anything but its terms, 0 (out of the question) to 1


@dataclass(slots=True)
class _Centre:
    terms: dict[str, float] = field(default_factory=dict)
    keys: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    length: float | None = None  # under the weights of now; None: to be measured


@dataclass(frozen=True, slots=True)
class _Question:
    """The terms of a document or a story, made ready to be compared with many centres."""

    pulls: dict[str, float]  # term → what one unit of it in a centre adds to the cosine, before lengths
    keys: list[tuple[str, float]]  # the heaviest terms with their weight
    length: float


class Centres:
    """The centres of all living stories, by story id."""

    def __init__(self) -> None:
        self._centres: dict[str, _Centre] = {}
        self._spread: Counter[str] = Counter()  # term → how many stories have it
        self._holders: defaultdict[str, set[str]] = defaultdict(set)  # key → stories found under it
        self._drift = 0  # documents and joins since the lengths were last measured

    def documents(self, story: str) -> int:
        return self._centres[story].documents

    def terms(self, story: str) -> Mapping[str, float]:
        return self._centres[story].terms

    def add(self, story: str, terms: Mapping[str, float]) -> tuple[str, ...]:
        """Count a document into a story, new or known; returns the keys that `fade` wants back."""
        centre = self._centres.setdefault(story, _Centre())
        keys = tuple(self._heaviest(terms, _KEYS))
        scale = 1 / (math.hypot(*terms.values()) or 1.0)
        self._spread.update(term for term in terms if term not in centre.terms)
        for term, weight in terms.items():
            centre.terms[term] = centre.terms.get(term, 0.0) + weight * scale
        centre.keys.update(keys)
        centre.documents += 1
        self._drift += 1
        centre.length = None
        for key in keys:
            self._holders[key].add(story)
        return keys

    def fade(self, story: str, keys: Iterable[str]) -> None:
        """A document has left the window: its keys go, and its share of the centre, in equal parts."""
        centre = self._centres[story]
        centre.documents -= 1
        if not centre.documents:
            self._drop(story)
            return
        share = centre.documents / (centre.documents + 1)
        for term in list(centre.terms):
            centre.terms[term] *= share
            if centre.terms[term] < 0.01:
                self._forget_term(centre, term)
        centre.length = None
        for key in keys:
            self._release(story, centre, key)

    def join(self, kept: str, gone: str) -> None:
        """All of `gone` becomes part of `kept`."""
        into, other = self._centres[kept], self._centres.pop(gone)
        for term, weight in other.terms.items():
            self._spread[term] -= term in into.terms
            into.terms[term] = into.terms.get(term, 0.0) + weight
        for key in other.keys:
            self._holders[key].discard(gone)
            self._holders[key].add(kept)
        into.keys.update(other.keys)
        into.documents += other.documents
        into.length = None
        self._drift += 1

    def nearest_to(self, terms: Mapping[str, float], closeness: Closeness) -> tuple[str, float]:
        """The story nearest to a document's terms, with its likeness; ("", 0) if none shares a key."""
        question = self._ask(terms, _KEYS)
        return nearest(
            (story, self._cosine(question, story) * closeness(story)) for story in self._candidates(question)
        )

    def nearest_of(self, terms: Mapping[str, float], stories: Iterable[str], closeness: Closeness) -> tuple[str, float]:
        """The same among given stories; where they are many, among those under any of the heaviest terms."""
        question = self._ask(terms, _CENTRE_KEYS)
        found = set(stories)
        if len(found) > _CANDIDATES:
            found &= set().union(*(self._holders.get(term, ()) for term, _ in question.keys))
        return nearest((story, self._cosine(question, story) * closeness(story)) for story in sorted(found))

    def neighbours(self, story: str, closeness: Closeness) -> list[tuple[str, float]]:
        """The stories near to another story, with their likeness to it, in no order."""
        question = self._ask(self._centres[story].terms, _CENTRE_KEYS)
        candidates = [other for other in self._candidates(question) if other != story]
        return [(other, self._cosine(question, other) * closeness(other)) for other in candidates]

    def agreement(self, one: str, other: str) -> list[float]:
        """What each common term gives to the cosine of two stories, the most first; without numbers and the faint."""
        first, second = self._centres[one], self._centres[other]
        scale = self._measure(first) * self._measure(second)
        shared = (
            weight * second.terms[term] * self.rarity(term) ** 2 / scale
            for term, weight in first.terms.items()
            if term in second.terms and not term.isdigit()
        )
        return sorted((part for part in shared if part >= _FAINT), reverse=True)

    def shared_terms(self, terms: Mapping[str, float], story: str) -> list[str]:
        """The terms that a document has in common with a story, the weightiest first."""
        centre = self._centres[story]
        common = {term: weight * centre.terms[term] for term, weight in terms.items() if term in centre.terms}
        return sorted(common, key=lambda term: -common[term] * self.rarity(term) ** 2)

    def rarity(self, term: str) -> float:
        """The weight of a term by how few stories have it."""
        (rarity,) = self._rarities((term,))
        return rarity

    def _rarities(self, terms: Iterable[str]) -> list[float]:
        """The same for many: half of all time is spent here, so logarithms are looked up."""
        spread, total = self._spread, math.log(_BACKGROUND + len(self._centres))
        logs = _logarithms(len(self._centres) + 1)
        found = [total - logs[spread.get(term, 0)] for term in terms]
        return found if min(found, default=1.0) >= _LEAST else [max(rarity, _LEAST) for rarity in found]

    def remeasure(self) -> None:
        """Weights move as stories come and go: once they may have moved by a few parts in a hundred, measure anew."""
        if self._drift * 8 > len(self._centres):
            self._drift = 0
            for centre in self._centres.values():
                centre.length = None

    # ---- the index ----

    def _heaviest(self, terms: Mapping[str, float], count: int) -> list[str]:
        weights = map(mul, terms.values(), self._rarities(terms))
        return [term for _, term in nlargest(count, zip(weights, terms, strict=True))]

    def _ask(self, terms: Mapping[str, float], keys: int) -> _Question:
        rarities = self._rarities(terms)
        weights = list(map(mul, terms.values(), rarities))
        return _Question(
            pulls=dict(zip(terms, map(mul, weights, rarities), strict=True)),
            keys=[(term, weight) for weight, term in nlargest(keys, zip(weights, terms, strict=True))],
            length=math.hypot(*weights) or 1.0,
        )

    def _candidates(self, question: _Question) -> list[str]:
        """Stories under the heaviest terms, those that share most of their weight first."""
        found: defaultdict[str, float] = defaultdict(float)
        touched = 0
        for term, weight in question.keys:
            holders = self._holders.get(term, ())
            touched += len(holders)
            if touched > _TOUCHED and found:
                break
            for story in holders:
                found[story] += weight
        least = _SHARED * sum(weight for _, weight in question.keys)
        best = nlargest(_CANDIDATES, found, key=lambda story: (found[story], story))
        return [story for story in best if found[story] >= least]

    def _cosine(self, question: _Question, story: str) -> float:
        centre = self._centres[story]
        pulls, terms = question.pulls, centre.terms
        small, large = (pulls, terms) if len(pulls) <= len(terms) else (terms, pulls)
        dot = sum([weight * large[term] for term, weight in small.items() if term in large])
        return dot / (question.length * self._measure(centre))

    def _measure(self, centre: _Centre) -> float:
        if centre.length is None:
            centre.length = self._length(centre.terms)
        return centre.length

    def _length(self, terms: Mapping[str, float]) -> float:
        return math.hypot(*map(mul, terms.values(), self._rarities(terms))) or 1.0

    def _drop(self, story: str) -> None:
        centre = self._centres.pop(story)
        for term in list(centre.terms):
            self._forget_term(centre, term)
        for key in list(centre.keys):
            centre.keys[key] = 1
            self._release(story, centre, key)

    def _forget_term(self, centre: _Centre, term: str) -> None:
        del centre.terms[term]
        self._spread[term] -= 1
        if not self._spread[term]:
            del self._spread[term]

    def _release(self, story: str, centre: _Centre, key: str) -> None:
        centre.keys[key] -= 1
        if centre.keys[key] > 0:
            return
        del centre.keys[key]
        self._holders[key].discard(story)
        if not self._holders[key]:
            del self._holders[key]


def _logarithms(count: int) -> list[float]:
    """log(1 + n) for n up to `count` at least."""
    if len(_LOGS) <= count:
        _LOGS.extend(math.log(1 + n) for n in range(len(_LOGS), 2 * count + 1))
    return _LOGS


_LOGS: list[float] = []


def nearest(scored: Iterable[tuple[str, float]]) -> tuple[str, float]:
    """The likeliest, ties going to the greater id so that every run decides alike; ("", 0) of none."""
    return max(scored, key=lambda pair: (pair[1], pair[0]), default=("", 0.0))
