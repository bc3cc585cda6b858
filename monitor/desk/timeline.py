"""The reports of a story as a page shows them: copies folded under what they copy, and no more than can be read.

What lives here: rows → what stands on the page. What must not: how it is printed, and what a report says. The data has
every report, whatever the page holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

AT_ONCE = 200  # reports on a page
COPIES = 20  # of one report, that are listed under it


class Report(Protocol):
    """What is asked of a row."""

    @property
    def entry(self) -> int: ...
    @property
    def published(self) -> datetime | None: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def relation(self) -> str: ...
    @property
    def of(self) -> int | None: ...


R = TypeVar("R", bound=Report)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Generic[R]):
    """A report with its copies."""

    row: R
    copies: Sequence[R]  # the first that came
    copied: int  # how often, in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Generic[R]):
    """A page of reports, in the order in which they came out; of one report's copies, in the order of arrival."""

    reports: Sequence[Shown[R]]
    of: R | None  # whose copies are listed; None: those that stand for themselves are
    standing: int  # how many there are to turn through
    start: int

    @property
    def before(self) -> int | None:
        """Where the page before this one begins; None: this is the first."""
        return max(0, self.start - AT_ONCE) if self.start else None

    @property
    def more(self) -> int | None:
        """Where the next page begins."""
        return self.start + AT_ONCE if self.start + AT_ONCE < self.standing else None


def timeline(rows: Sequence[R], *, of: int | None, start: int) -> Timeline[R]:
    """The reports of a story, in order of arrival, from the one at `start` on; or the copies of the entry `of`."""
    by_entry = {row.entry: row for row in rows}
    under = _folded(rows, by_entry)
    whose = by_entry[of] if of is not None and of in under else None
    if whose is not None:
        listed: Sequence[R] = [whose, *under[whose.entry]]
        under = {}
    else:
        folded = {copy.entry for copies in under.values() for copy in copies}
        listed = sorted((row for row in rows if row.entry not in folded), key=_came_out)
    return Timeline(
        reports=[_shown(row, under) for row in listed[start : start + AT_ONCE]], of=whose, standing=len(listed),
        start=start,
    )  # fmt: skip


def _shown(row: R, under: Mapping[int, Sequence[R]]) -> Shown[R]:
    copies = under.get(row.entry, ())
    return Shown(row=row, copies=copies[:COPIES], copied=len(copies))


def _came_out(row: Report) -> tuple[datetime, int]:
    return row.published or row.first_seen, row.entry


def _folded(rows: Iterable[R], by_entry: Mapping[int, R]) -> Mapping[int, Sequence[R]]:
    """The copies under each report that they copy; a copy of a copy goes under the first of them."""
    under: dict[int, list[R]] = {}
    for row in rows:
        first = _first_of(row, by_entry)
        if first != row.entry:
            under.setdefault(first, []).append(row)
    return under


def _first_of(row: Report, by_entry: Mapping[int, Report]) -> int:
    """Where each copies the next and the last one the first, as persons may put them, nobody is a copy."""
    passed: set[int] = set()
    while row.relation == "copy" and (copied := by_entry.get(row.of or 0)) and row.entry not in passed:
        passed.add(row.entry)
        row = copied
    return row.entry
