"""Who credits whom among the documents of the window: the thread by which tellings in other words find each other.

What lives here: an index from outlets to the stories that they told or that name them as their source. What must not:
how alike two stories are, or whether that is enough (`grouping`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection


class Lineage:
    """For each outlet the stories with a report of its own, and those that credit it; with how many documents do."""

    def __init__(self) -> None:
        self._told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._credited: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, story: str, outlet: str, credited: Collection[str]) -> None:
        self._told[outlet][story] += 1
        for source in credited:
            self._credited[source][story] += 1

    def forget(self, story: str, outlet: str, credited: Collection[str]) -> None:
        """Undo one `add`; `story` is where the document belongs now."""
        _take_one(self._told[outlet], story)
        for source in credited:
            _take_one(self._credited[source], story)

    def move(self, gone: str, kept: str, outlets: Collection[str]) -> None:
        """All of one story belongs to another; `outlets` are those that its documents are by or credit."""
        for outlet in outlets:
            for index in (self._told, self._credited):
                if gone in index[outlet]:
                    index[outlet][kept] += index[outlet].pop(gone)

    def relatives(self, outlets: Collection[str], credited: Collection[str]) -> Callable[[str], bool]:
        """Whether a story has a source in common with documents by such outlets, is by their source, or credits one.

        Two reports by one outlet are no relatives by that alone: an outlet tells many stories. To be asked of many
        stories before the next change.
        """
        told = [self._told[source] for source in credited if source in self._told]
        crediting = [self._credited[outlet] for outlet in {*outlets, *credited} if outlet in self._credited]
        stories = [*told, *crediting]
        if len(stories) == 1:
            return stories[0].__contains__
        return lambda story: any(story in some for some in stories)


def _take_one(counted: Counter[str], story: str) -> None:
    counted[story] -= 1
    if counted[story] <= 0:
        del counted[story]
