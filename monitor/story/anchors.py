"""Which documents of the window hold an anchor: one hash table of numbers.

What lives here: numbers under numbers, eight bytes a place. What must not: what a document is, or whether two that
share an anchor are alike (`grouping`).

An article has some thirty anchors, and a window a hundred thousand articles: as Python's own numbers, tuples and
dictionaries they were most of the memory. Nothing is taken out of the table; once it is half full, what is still of the
window is laid into a new one.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

_SMALLEST = 1 << 12  # places


class Anchors:
    """The documents of a window by their anchors; documents are numbered from 1 in order of arrival.

    Open addressing: an anchor lies at its own place or behind it, before the first place that is free.
    """

    def __init__(self) -> None:
        self._clear(_SMALLEST)

    def add(self, document: int, anchors: Sequence[int], *, oldest: int, most: int) -> None:
        """Remember a document under its anchors; a standing phrase that more than `most` have need not know all.

        Documents before `oldest` have left the window.
        """
        if 2 * (self._count + len(anchors)) > len(self._anchors):
            self._renew(oldest)
        for anchor in anchors:
            self._put(anchor, document, most)

    def holders(self, anchors: Sequence[int]) -> list[list[int]]:
        """The documents with each of the anchors; some of them may have left the window."""
        mask, held, documents = len(self._anchors) - 1, self._anchors, self._documents
        found = []
        for anchor in anchors:
            place, holders = anchor & mask, list[int]()
            while document := documents[place]:
                if held[place] == anchor:
                    holders.append(document)
                place = (place + 1) & mask
            found.append(holders)
        return found

    def _put(self, anchor: int, document: int, most: int) -> None:
        mask, held, documents = len(self._anchors) - 1, self._anchors, self._documents
        place = anchor & mask
        while documents[place]:
            most -= held[place] == anchor
            place = (place + 1) & mask
        if most >= 0:
            held[place], documents[place] = anchor, document
            self._count += 1

    def _renew(self, oldest: int) -> None:
        """Room for as many again as there are of the window."""
        pairs = [pair for pair in zip(self._anchors, self._documents, strict=True) if pair[1] >= oldest]
        self._clear(max(_SMALLEST, 2 << (2 * len(pairs)).bit_length()))
        for anchor, document in pairs:
            self._put(anchor, document, len(pairs))

    def _clear(self, places: int) -> None:
        self._anchors = array("I", bytes(4 * places))
        self._documents = array("I", bytes(4 * places))  # 0: a free place
        self._count = 0
