"""Which documents of the window hold an anchor: one hash table of numbers.

What lives here: numbers under numbers, eight bytes a place. What must not: what a document is, or whether two that
share an anchor are alike (`grouping`).

An article has some thirty anchors, and a window a hundred thousand articles: as Python's own numbers, tuples and
dictionaries they were most of the memory. Nothing is taken out of the table; once it is half full, what is still of the
window moves into a new one, a few places with each anchor that comes, so that no document waits for all of them.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence

_SMALLEST = 1 << 12  # places
_STEP = 32  # places that are moved for each anchor that comes; four would do while the window keeps its size


class Anchors:
    """The documents of a window by their anchors; documents are numbered from 1 in order of arrival."""

    def __init__(self) -> None:
        self._table = _Table(_SMALLEST)
        self._former: _Table | None = None  # of which the places from `_moved` on are still to be moved
        self._moved = 0
        self._kept: deque[int] = deque()  # of each document from `_oldest` on, under how many anchors it is kept
        self._oldest = 1
        self._living = 0  # their sum

    def add(self, document: int, anchors: Sequence[int], *, oldest: int, most: int) -> None:
        """Remember a document under its anchors; a standing phrase that more than `most` have need not know all.

        Documents before `oldest` have left the window.
        """
        self._forget(oldest)
        self._make_room(len(anchors))
        kept = sum([self._table.put(anchor, document, most - self._held_before(anchor)) for anchor in anchors])
        self._kept.append(kept)
        self._living += kept

    def holders(self, anchors: Sequence[int]) -> list[list[int]]:
        """The documents with each of the anchors; some of them may have left the window."""
        found = [self._table.holders(anchor) for anchor in anchors]
        if self._former is not None:
            for anchor, held in zip(anchors, found, strict=True):
                held += self._former.holders(anchor, self._moved)
        return found

    def _held_before(self, anchor: int) -> int:
        return len(self._former.holders(anchor, self._moved)) if self._former is not None else 0

    def _forget(self, oldest: int) -> None:
        while self._kept and self._oldest < oldest:
            self._living -= self._kept.popleft()
            self._oldest += 1

    def _make_room(self, coming: int) -> None:
        """Move a few places more; begin a new table, with room for as many again as there are of the window."""
        if self._former is not None:
            self._move(_STEP * coming)
        if self._table.is_crowded_by(coming):
            if self._former is not None:  # the window has shrunk to little, and the new table is as small
                self._move(self._former.places)
            self._former, self._moved = self._table, 0
            self._table = _Table(max(_SMALLEST, 2 << (2 * self._living).bit_length()))

    def _move(self, places: int) -> None:
        former = self._former
        if former is None:
            return
        end = min(self._moved + places, former.places)
        for anchor, document in former.pairs(self._moved, end):
            if document >= self._oldest:
                self._table.put(anchor, document, self._living)
        self._moved = end
        if end == former.places:
            self._former = None


class _Table:
    """Open addressing: an anchor lies at its own place or behind it, before the first place that is free."""

    def __init__(self, places: int) -> None:
        self.places = places  # a power of two
        self._anchors = array("I", [0]) * places
        self._documents = array("I", [0]) * places  # 0: a free place
        self._count = 0

    def is_crowded_by(self, coming: int) -> bool:
        """Whether it would be more than half full."""
        return 2 * (self._count + coming) > self.places

    def holders(self, anchor: int, start: int = 0) -> list[int]:
        """The documents that lie under an anchor, without those in the places before `start`."""
        mask, held, documents = self.places - 1, self._anchors, self._documents
        place, found = anchor & mask, list[int]()
        while document := documents[place]:
            if held[place] == anchor and place >= start:
                found.append(document)
            place = (place + 1) & mask
        return found

    def put(self, anchor: int, document: int, most: int) -> bool:
        """Lay a document under an anchor, if no more than `most` lie there."""
        mask, held, documents = self.places - 1, self._anchors, self._documents
        place = anchor & mask
        while documents[place]:
            most -= held[place] == anchor
            place = (place + 1) & mask
        if most < 0:
            return False
        held[place], documents[place] = anchor, document
        self._count += 1
        return True

    def pairs(self, start: int, end: int) -> list[tuple[int, int]]:
        """Anchors and documents of some places, without the free ones."""
        pairs = zip(self._anchors[start:end], self._documents[start:end], strict=True)
        return [pair for pair in pairs if pair[1]]
