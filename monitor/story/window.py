"""What is remembered of the documents and stories of a moving window, and a document read for comparing.

What lives here: the values, and by what a document is found again. What must not: decisions (`grouping`).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from monitor.model import Document
from monitor.story.anchors import Anchors
from monitor.story.likeness import (
    Subject,
    Traits,
    Wording,
    are_of_one_template,
    is_one_template,
    overlap,
    overlap_below,
    runs_of_title,
    traits_of,
)

_BOILERPLATE = 40  # documents under one anchor; more make it a standing phrase
_JUDGED = 6  # documents
_COMPARED = 12  # documents, run by run, with one
_RUNS_OF_BODY = 15  # five-word runs; a document with as many has a body to be judged by
_RUNS_OF_SENTENCE = 8  # more than an outlet's name behind a headline has
_SAME_BODY = 0.5  # of the shorter one's runs


@dataclass(slots=True, eq=False)
class Story:
    id: str
    order: int
    latest: datetime  # of its documents' times
    members: list[Known] = field(default_factory=list)
    apart: frozenset[str] = frozenset()  # stories that it must not become one with

    def first_members(self) -> list[Known]:
        """Those by which it is told from another event that was reported in the same words."""
        return self.members[:_JUDGED]

    def has_form_of(self, wordings: Iterable[Wording]) -> bool:
        """Whether one form was filled in for a report of it and, otherwise, for one of these."""
        return any(are_of_one_template(one, other.wording) for one in wordings for other in self.first_members())

    def is_foreign_to(self, language: str) -> bool:
        """Whether it is told in languages, and not in this one."""
        if self.members[0].language == language:  # so it is with nearly all
            return False
        told = (known.language for known in self.members)
        return all(each != language for each in told) and any(known.language for known in self.members)


@dataclass(slots=True, eq=False)
class Known:
    """A document of the window. There may be a hundred thousand: what it is found by, the indexes have."""

    id: str
    outlet: str
    language: str
    address: str
    time: datetime
    seen: datetime
    wording: Wording
    story: Story
    credited: frozenset[str]
    headed: tuple[str, ...]  # terms: whom its headline names
    said: str = ""  # the address that its page calls its own, where that is another

    @property
    def has_body(self) -> bool:
        """Whether there is a sentence below its headline."""
        return len(self.wording.runs) >= runs_of_title(self.wording) + _RUNS_OF_SENTENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two stories that proved to be one: the documents of `gone` now belong to `kept`, the older."""

    kept: str
    gone: str
    similarity: float
    why: str = ""  # what the terms are to them: "both tell of"
    shared: tuple[str, ...] = ()  # terms, as `likeness.printed` reads them back
    copy_of: str | None = None  # the document that the one which began `gone` is a copy of, if it is one


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, read once for all three questions."""

    document: Document
    time: datetime
    address: str
    wording: Wording
    subject: Subject
    credited: frozenset[str]  # domains of the outlets that it names as its source, without its own


class Documents:
    """The documents of the window: by their address, their headline, their words; the oldest go first."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}  # by number
        self._oldest = self._next = 1  # numbers
        self._by_address: dict[str, Known] = {}
        self._by_title: dict[str, Known] = {}
        self._anchors = Anchors()

    def __len__(self) -> int:
        return len(self._known)

    def at(self, address: str) -> Known | None:
        """The latest document at an address, as `same_address` writes it, or else one whose page says that address."""
        return self._by_address.get(address)

    def titled(self, title: str) -> Known | None:
        """The latest document with a headline, as `Wording.title` has it."""
        return self._by_title.get(title)

    def say(self, address: str, said: str) -> tuple[Known, Known] | None:
        """The page of the document at an address says another; returns the document and the one at home there, if any.

        An address that pages alone say is believed of none of them: it may be a section's, said by all its pages.
        """
        known, home = self._by_address.get(address), self._by_address.get(said)
        if known is None or not said or said == address:
            return None
        known.said = said
        if home is None:
            self._by_address[said] = known
        return (known, home) if home is not None and home.address == said else None

    def sharing_anchors(self, wording: Wording) -> list[Known]:
        """The dozen documents that share most anchors; a phrase that many have says nothing."""
        holders = self._anchors.holders(wording.anchors)
        counted = Counter(chain.from_iterable(held for held in holders if len(held) <= _BOILERPLATE))
        found = [(-count, number) for number, count in counted.items() if number >= self._oldest]
        return [self._known[number] for _, number in sorted(found)[:_COMPARED]]

    def add(self, reading: Reading, story: Story, seen: datetime) -> Known:
        number, self._next = self._next, self._next + 1
        document, wording = reading.document, reading.wording
        known = self._known[number] = Known(
            id=document.id,
            outlet=sys.intern(document.outlet),
            language=sys.intern(reading.subject.language),
            address=reading.address,
            time=reading.time,
            seen=seen,
            wording=wording.unindexed(),
            story=story,
            credited=reading.credited,
            headed=tuple(map(sys.intern, reading.subject.headed)),
        )
        if known.address:
            self._by_address[known.address] = known
        if wording.title:
            self._by_title[wording.title] = known
        self._anchors.add(number, wording.anchors, oldest=self._oldest, most=_BOILERPLATE)
        return known

    def forget(self, before: datetime) -> Iterator[Known]:
        """Let go of what was seen before then, one by one."""
        while self._known and self._known[self._oldest].seen < before:
            known = self._known.pop(self._oldest)
            self._oldest += 1
            for address in (known.address, known.said):
                if self._by_address.get(address) is known:
                    del self._by_address[address]
            if self._by_title.get(known.wording.title) is known:
                del self._by_title[known.wording.title]
            yield known


def read(document: Document, seen: datetime, credited: Collection[str], traits: Traits | None = None) -> Reading:
    """A document made ready to be placed, by its traits where they are known: then its words are not read.

    A time of publication in the future is a clock gone wrong: nothing is published after it was seen.
    """
    time = min(document.published, seen) if document.published else seen
    others = frozenset(credited) - {document.outlet}
    found = traits or traits_of(document)
    return Reading(document, time, found.address, found.wording, found.subject, others)


def is_told_anew(reading: Reading, twin: Known) -> bool:
    """The same headline over another body: a column of one outlet, or a template that any outlet fills."""
    share, _ = overlap(reading.wording, twin.wording)
    if is_one_template(reading.wording, twin.wording, overlap_below(reading.wording, twin.wording)):
        return True
    bodies = min(len(reading.wording.runs), len(twin.wording.runs)) >= _RUNS_OF_BODY
    return reading.document.outlet == twin.outlet and bodies and share < _SAME_BODY
