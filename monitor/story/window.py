"""What is remembered of the documents and stories of a moving window, and a document read for comparing.

What lives here: the values. What must not: decisions (`grouping`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import Document
from monitor.story.likeness import Subject, Traits, Wording, is_one_template, overlap, overlap_below, traits_of

_RUNS_OF_BODY = 15  # five-word runs; a document with as many has a body to be judged by
_SAME_BODY = 0.5  # of the shorter one's runs


@dataclass(slots=True, eq=False)
class Story:
    id: str
    order: int
    latest: datetime  # of its documents' times
    members: list[Known] = field(default_factory=list)
    languages: Counter[str] = field(default_factory=Counter)
    apart: set[str] = field(default_factory=set)  # stories that it must not become one with


@dataclass(slots=True, eq=False)
class Known:
    """A document of the window."""

    id: str
    outlet: str
    language: str
    address: str
    time: datetime
    seen: datetime
    wording: Wording
    story: Story
    credited: frozenset[str]
    keys: tuple[str, ...]
    name_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, read once for all three questions."""

    document: Document
    time: datetime
    address: str
    wording: Wording
    subject: Subject
    credited: frozenset[str]  # domains of the outlets that it names as its source, without its own


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
