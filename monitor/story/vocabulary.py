"""The terms of the window as numbers, and how many stories have each.

What lives here: numbers, texts and counts. What must not: which story has a term, or how likeness is made of it
(`centres`).

A hundred thousand documents hold millions of terms. As small numbers they take four bytes each and are counted in rows.
The number of a term that no story has any more is given to another.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

_BACKGROUND = 1_000  # stories we pretend to have met before, so that the first hour's words are not all rare
_LEAST = 0.05  # the weight of a word that every story has


class Vocabulary:
    """Terms ↔ numbers from 0, and the stories that have each of them, counted."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []
        self._spread = array("I")
        self._commonness = array("d")  # log(1 + spread), by number
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """The number of each text, a new one where it has none yet."""
        known = self._numbers.get
        return [self._begin(text) if (number := known(text)) is None else number for text in texts]

    def known(self, texts: Iterable[str]) -> set[int]:
        """The numbers of those texts that some story has."""
        return {self._numbers[text] for text in texts if text in self._numbers}

    def text(self, number: int) -> str:
        return self._texts[number]

    def texts(self, numbers: Iterable[int]) -> list[str]:
        return [self._texts[number] for number in numbers]

    def rarities(self, numbers: Sequence[int], stories: int) -> list[float]:
        """The weight of each term among so many stories, by how few of them have it."""
        commonness, most = self._commonness, math.log(_BACKGROUND + stories)
        found = [most - commonness[number] for number in numbers]
        return found if min(found, default=1.0) >= _LEAST else [max(rarity, _LEAST) for rarity in found]

    def spread(self, numbers: Iterable[int]) -> None:
        """One more story has these terms."""
        for number in numbers:
            self._spread[number] = count = self._spread[number] + 1
            self._commonness[number] = math.log(1 + count)

    def shrink(self, numbers: Iterable[int]) -> None:
        """One story fewer has these terms; what none has is forgotten."""
        for number in numbers:
            self._spread[number] = count = self._spread[number] - 1
            self._commonness[number] = math.log(1 + count)
            if not count:
                self._end(number)

    def drop_unused(self, numbers: Iterable[int]) -> None:
        """Forget those of the terms that no story took up."""
        for number in numbers:
            if not self._spread[number]:
                self._end(number)

    def _begin(self, text: str) -> int:
        if self._free:
            number = self._free.pop()
            self._texts[number] = text
        else:
            number = len(self._texts)
            self._texts.append(text)
            self._spread.append(0)
            self._commonness.append(0.0)
        self._numbers[text] = number
        return number

    def _end(self, number: int) -> None:
        del self._numbers[self._texts[number]]
        self._texts[number] = ""
        self._free.append(number)
