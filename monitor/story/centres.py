"""Stories as points: the sum of their documents' terms, and which lies nearest.

What lives here: TF-IDF over stories, the index that finds candidates, the cosine between centres. What must not: time,
the wording of documents, or whether "nearest" is near enough (`grouping`).

A term is weighed by how few *stories* have it, not by how few documents: a word in a hundred reports of one event is
what tells that event from all others. And the words that all reports of a crowd have in common weigh a little less than
their number, so that they do not drown the others, by which a stray report is known.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from operator import itemgetter, mul

from monitor.story.vocabulary import Vocabulary

_KEYS = 8  # heaviest terms of a document, under which its story is found
_CENTRE_KEYS = 16  # the same for a whole story
_TERMS = 400  # of a centre; the lightest of a large story say nothing
_CANDIDATES = 20
_SHARED = 0.12  # of the weight of the keys: whoever shares less is never near enough
_TOUCHED = 600  # stories looked at for one question; the heaviest terms come first
_FAINT = 0.02  # of a cosine: less than this is no agreement on a term
_FADED = 0.01  # of a document's whole weight
_DAMPING = 0.9  # power of the weight of a term in a centre

_Row = tuple[float, Sequence[int]]  # the weight of a key, the numbers of the stories under it
Closeness = Callable[[str], float]  # of a story by anything but its terms, 0 (out of the question) to 1
Admission = Callable[[str], bool]  # whether a story is asked about at all


@dataclass(slots=True, eq=False)
class _Centre:
    """Its terms, with their weight in `counted` documents, of which `documents` are still in the window, damped."""

    story: str
    number: int  # in the order in which stories began
    terms: array[int] = field(default_factory=lambda: array("I"))
    weights: array[float] = field(default_factory=lambda: array("f"))  # of the terms, in their order
    keys: array[int] = field(default_factory=lambda: array("I"))  # terms under which it is found
    documents: int = 0
    counted: int = 0
    length: float | None = None  # under the rarities of now; None: to be measured


@dataclass(frozen=True, slots=True)
class Point:
    """The terms of a document or a story, made ready to be compared with many centres."""

    terms: Mapping[int, float]
    pulls: Mapping[int, float]  # what one unit of a term in a centre adds to the cosine, before lengths
    keys: Sequence[tuple[float, int]]  # the heaviest terms, behind their weight
    length: float


class Centres:
    """The centres of all living stories, by story id."""

    def __init__(self) -> None:
        self._centres: dict[str, _Centre] = {}
        self._vocabulary = Vocabulary()
        self._numbered: dict[int, _Centre] = {}
        self._began = 0
        self._holders: dict[int, array[int]] = {}  # key → numbers of the stories found under it, the oldest first
        self._drift = 0  # documents and joins since the lengths were last measured

    def holds(self, story: str) -> bool:
        return story in self._centres

    def documents(self, story: str) -> int:
        return self._centres[story].documents

    def terms(self, story: str) -> list[str]:
        return self._vocabulary.texts(self._centres[story].terms)

    def count_terms(self, story: str) -> int:
        return len(self._centres[story].terms)

    def has_any(self, story: str, terms: Iterable[str]) -> bool:
        return not self._vocabulary.known(terms).isdisjoint(self._centres[story].terms)

    def has_all(self, story: str, terms: Collection[str]) -> bool:
        return len(self._vocabulary.known(terms).intersection(self._centres[story].terms)) == len(terms)

    def weigh(self, terms: Mapping[str, float]) -> Point:
        """A document's terms, by how rare they are now. It must be added: until then nobody else counts its terms."""
        return self._point(self._vocabulary.numbers(terms), list(terms.values()), _KEYS)

    def add(self, story: str, point: Point) -> None:
        """Count a document into a story, new or known."""
        centre = self._centres.get(story)
        if centre is None:
            centre = self._begin(story)
        self._grow(centre, point.terms, 1 / (math.hypot(*point.terms.values()) or 1.0), 1)
        self._find_under(centre, [term for _, term in point.keys])

    def fade(self, story: str) -> None:
        """A document has left the window; its share of the centre goes when the next one comes."""
        centre = self._centres[story]
        centre.documents -= 1
        if not centre.documents:
            self._end(centre)

    def join(self, kept: str, gone: str) -> None:
        """All of `gone` becomes part of `kept`."""
        into, other = self._centres[kept], self._centres[gone]
        self._grow(into, _sums_of(other), other.documents / other.counted, other.documents)
        self._find_under(into, other.keys)
        self._end(other)

    def nearest_to(self, point: Point, closeness: Closeness, *, among: Admission | None = None) -> tuple[str, float]:
        """The story nearest to a point with its likeness; ("", 0) if none shares a key.

        Closeness is asked only of those whom it may make the nearest.
        """
        found = ("", 0.0)
        for cosine, story in sorted(self._cosines(point, among), reverse=True):
            if cosine < found[1]:
                break
            found = nearest((found, (story, cosine * closeness(story))))
        return found

    def neighbours(self, story: str, closeness: Closeness, *, least: float) -> list[tuple[str, float]]:
        """The stories about another story, in no order, with their likeness to it; 0 where that is under `least`."""
        cosines = self._cosines(self.point(story), lambda other: other != story)
        return [(other, cosine * closeness(other) if cosine >= least else 0.0) for cosine, other in cosines]

    def point(self, story: str) -> Point:
        """A story's centre, to be compared with others."""
        centre = self._centres[story]
        point = self._point(centre.terms, centre.weights, _CENTRE_KEYS)
        centre.length = point.length
        return point

    def agreement(self, one: str, other: str) -> list[float]:
        """What each common term gives to the cosine of two stories, the most first; without numbers and the faint."""
        first, second = self.point(one), self.point(other)
        scale = first.length * second.length
        shared = (
            pull * second.terms[term] / scale
            for term, pull in first.pulls.items()
            if term in second.terms and not self._vocabulary.text(term).isdigit()
        )
        return sorted((part for part in shared if part >= _FAINT), reverse=True)

    def shared_terms(self, point: Point, story: str) -> list[str]:
        """The terms that a point has in common with a story, the weightiest first."""
        common = [
            (point.pulls[term] * weight, self._vocabulary.text(term))
            for term, weight in _terms_of(self._centres[story]).items()
            if term in point.pulls
        ]
        return [text for _, text in sorted(common, key=itemgetter(0), reverse=True)]

    def remeasure(self) -> None:
        """Weights move as stories come and go: once they may have moved by a few parts in a hundred, measure anew."""
        if self._drift * 4 > len(self._centres):
            self._drift = 0
            for centre in self._centres.values():
                centre.length = None

    # ---- measures ----

    def _point(self, terms: Sequence[int], weights: Sequence[float], keys: int) -> Point:
        rarities = self._vocabulary.rarities(terms, len(self._centres))
        weighed = list(map(mul, weights, rarities))
        return Point(
            terms=dict(zip(terms, weights, strict=True)),
            pulls=dict(zip(terms, map(mul, weighed, rarities), strict=True)),
            keys=sorted(zip(weighed, terms, strict=True), reverse=True)[:keys],
            length=math.hypot(*weighed) or 1.0,
        )

    def _cosines(self, point: Point, among: Admission | None) -> list[tuple[float, str]]:
        """The cosine of each candidate that is admitted, and its story."""
        pull, length = point.pulls.get, point.length
        return [
            (
                sum(map(mul, map(pull, centre.terms, repeat(0.0)), centre.weights)) / (length * self._measure(centre)),
                centre.story,
            )
            for centre in self._candidates(point, among)
        ]

    def _measure(self, centre: _Centre) -> float:
        if centre.length is None:
            rarities = self._vocabulary.rarities(centre.terms, len(self._centres))
            centre.length = math.hypot(*map(mul, centre.weights, rarities)) or 1.0
        return centre.length

    def _candidates(self, point: Point, among: Admission | None) -> list[_Centre]:
        """Stories under the heaviest terms: those that share most of their weight, of equals the youngest.

        Nearly all that are found share a single term. They are but numbers until they are among the first: to look at
        each of some hundred stories is what would take long.
        """
        rows = self._rows(point)
        least = _SHARED * sum(weight for weight, _ in point.keys)
        shared = _shared_by_several(rows)
        enough_shared = (number for number, weight in shared.items() if weight >= least)
        found = [(shared[number], number) for number in self._admitted(enough_shared, among)]
        enough, last = len(found) + _CANDIDATES, 0.0
        for weight, row in rows:
            if weight < least or (len(found) >= enough and weight < last):
                break
            alone = self._admitted((number for number in reversed(row) if number not in shared), among)
            found += [(weight, number) for number in islice(alone, _CANDIDATES)]
            last = weight
        return [self._numbered[number] for _, number in sorted(found, reverse=True)[:_CANDIDATES]]

    def _admitted(self, numbers: Iterable[int], among: Admission | None) -> Iterable[int]:
        if among is None:
            return numbers
        return (number for number in numbers if among(self._numbered[number].story))

    def _rows(self, point: Point) -> list[_Row]:
        """The stories under each of its keys, behind the key's weight."""
        rows, touched = list[_Row](), 0
        for weight, term in point.keys:
            row = self._holders.get(term)
            if row is None:
                continue
            touched += len(row)
            if touched > _TOUCHED and rows:
                break
            rows.append((weight, row))
        return rows

    # ---- memory ----

    def _begin(self, story: str) -> _Centre:
        self._began += 1
        centre = self._centres[story] = self._numbered[self._began] = _Centre(story, self._began)
        return centre

    def _end(self, centre: _Centre) -> None:
        self._lose(centre, set(centre.terms))
        del self._centres[centre.story], self._numbered[centre.number]

    def _grow(self, centre: _Centre, terms: Mapping[int, float], scale: float, documents: int) -> None:
        """Add the terms of so many documents; what left the window since the last came goes now, in equal parts."""
        sums = _sums_of(centre)
        if centre.documents < centre.counted:
            left = centre.documents / centre.counted
            sums = {term: weight * left for term, weight in sums.items() if weight * left >= _FADED}
        for term, weight in terms.items():
            sums[term] = sums.get(term, 0.0) + weight * scale
        centre.documents += documents
        centre.counted = centre.documents
        self._drift += 1
        self._set(centre, sums if len(sums) <= _TERMS else dict(sorted(sums.items(), key=itemgetter(1))[-_TERMS:]))
        self._vocabulary.drop_unused(terms.keys() - set(centre.terms) if len(sums) > _TERMS else ())

    def _set(self, centre: _Centre, sums: Mapping[int, float]) -> None:
        before = set(centre.terms)
        self._vocabulary.spread(sums.keys() - before)
        self._lose(centre, before - sums.keys())
        centre.terms, centre.weights = array("I", sums), array("f", map(pow, sums.values(), repeat(_DAMPING)))
        centre.length = None

    def _find_under(self, centre: _Centre, keys: Iterable[int]) -> None:
        for key in set(keys).intersection(centre.terms).difference(centre.keys):
            insort(self._holders.setdefault(key, array("I")), centre.number)
            centre.keys.append(key)

    def _lose(self, centre: _Centre, terms: Collection[int]) -> None:
        """It has these terms no longer."""
        for key in centre.keys:
            if key in terms:
                row = self._holders[key]
                del row[bisect_left(row, centre.number)]
                if not row:
                    del self._holders[key]
        centre.keys = array("I", [key for key in centre.keys if key not in terms])
        self._vocabulary.shrink(terms)


def _shared_by_several(rows: Sequence[_Row]) -> dict[int, float]:
    """The stories under several keys, with the weight of all of these."""
    seen, again = set[int](), set[int]()
    for last, (_, row) in enumerate(rows, start=1 - len(rows)):
        again |= seen.intersection(row)
        if last:  # the last row, of the commonest term, is by far the longest
            seen.update(row)
    shared = dict.fromkeys(again, 0.0)
    for weight, row in rows if shared else ():
        for number in shared.keys() & row:
            shared[number] += weight
    return shared


def _terms_of(centre: _Centre) -> dict[int, float]:
    return dict(zip(centre.terms, centre.weights, strict=True))


def _sums_of(centre: _Centre) -> dict[int, float]:
    """The weight of each term, undamped: only so can weights be added."""
    return dict(zip(centre.terms, map(pow, centre.weights, repeat(1 / _DAMPING)), strict=True))


def nearest(scored: Iterable[tuple[str, float]]) -> tuple[str, float]:
    """The likeliest, ties going to the greater id so that every run decides alike; ("", 0) of none."""
    return max(scored, key=itemgetter(1, 0), default=("", 0.0))
