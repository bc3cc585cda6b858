"""Which stories a person may mean who says that two are one: those that grouping holds for the likeliest.

What lives here: one question over a few hundred documents, by the same likeness as `grouping`. What must not: its
thresholds: here nothing is decided, and what is not near enough to be joined is what a person asks about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model import Document
from monitor.story.centres import Centres
from monitor.story.likeness import Subject, printed, subject_of

_HALF_LIFE = timedelta(hours=96)  # of likeness, as in `grouping`
_LEAST = 0.05  # less is chance
_NAMES = 3  # in common; fewer names tell nothing across languages
_ASKED = "asked"  # no story's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One document as a report of a story."""

    story: int
    document: Document
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A story, and what speaks for its being the same."""

    story: int
    likeness: float  # 0 to 1
    shared: str  # words in common as its own report prints them, names first: "Palantir, ICE"


def nearest(asked: Sequence[Told], others: Iterable[Told]) -> tuple[Near, ...]:
    """The stories of `others` that tell something like `asked`, which is not empty; the likeliest first."""
    read = [(told, subject_of(told.document)) for told in others]
    mine = [(told, subject_of(told.document)) for told in asked]
    latest = max(told.at for told in asked)
    reports = {told.story: told for told, _ in read}  # of each story its last one
    found: dict[int, Near] = {}
    for centres, least in ((_centres(mine, read, by_names=False), 1), (_centres(mine, read, by_names=True), _NAMES)):
        for near in _compare(centres, reports, latest, least):
            if near.story not in found or near.likeness > found[near.story].likeness:
                found[near.story] = near
    return tuple(sorted(found.values(), key=lambda near: (-near.likeness, -near.story)))


def _centres(
    mine: Iterable[tuple[Told, Subject]], others: Iterable[tuple[Told, Subject]], *, by_names: bool
) -> Centres:
    centres = Centres()
    labelled = [(_ASKED, subject) for _, subject in mine] + [(str(told.story), subject) for told, subject in others]
    for label, subject in labelled:
        terms = subject.names if by_names else subject.terms
        if terms:
            centres.add(label, centres.weigh(terms))
    return centres


def _compare(centres: Centres, reports: dict[int, Told], latest: datetime, least: int) -> Iterable[Near]:
    """Stories that share `least` terms with what is asked about."""
    if not centres.holds(_ASKED):
        return
    point = centres.point(_ASKED)

    def closeness(story: str) -> float:
        return float(0.5 ** (abs(latest - reports[int(story)].at) / _HALF_LIFE))

    for label, likeness in centres.neighbours(_ASKED, closeness, least=_LEAST):
        shared = centres.shared_terms(point, label)
        if likeness >= _LEAST and len(shared) >= least:
            told = reports[int(label)]
            yield Near(story=told.story, likeness=likeness, shared=printed(told.document, shared))
