"""What a watch would have told over the entries of an archive: live matching and live policy, on the past.

What lives here: entries in order of time × a watch → what it would have sent, and whether that is too much for people
to go on reading. What must not: reading the archive, and printing.

Every entry is taken as if it had come when it was published, or when we saw it: what a first poll brought as backlog
says as much of a watch as what came later. Stories are those of the archive, as they stand after all merges, so that a
live run may have told a little more. The receiver is one who takes a digest and wants updates there.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from alerts.policy import decide
from monitor.model import Decision, Entry, Level, Match, Placement, Recipient, Told
from monitor.watches.matching import CompiledWatch, Matcher
from monitor.words.language import with_language

MAX_ALERTS_A_DAY = 30  # more on one day, and nobody reads them

_READER = Recipient(name="reader", channel="backtest", address="", digest_at=time(7), updates="digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An entry of the archive with its story."""

    entry: Entry
    placement: Placement

    @property
    def came_at(self) -> datetime:
        """When it would have come, had we been watching."""
        entry, published = self.entry, self.entry.document.published
        return min(published, entry.first_seen) if entry.backlog and published else entry.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One alert, or one line of a digest."""

    at: datetime
    level: Level
    story: str
    entry: int
    title: str
    outlet: str
    link: str
    score: float
    why: str
    folded: int  # further reports of the story that this line stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a watch would have told, in order of time. Days are those of UTC."""

    watch: str
    since: datetime
    until: datetime
    entries: int  # that were looked at
    lines: tuple[Line, ...]

    def count(self, level: Level) -> int:
        return sum(line.level == level for line in self.lines)

    @property
    def folded(self) -> int:
        return sum(line.folded for line in self.lines)

    def days(self) -> Mapping[date, tuple[Line, ...]]:
        """The lines of each day that has any."""
        found: dict[date, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.at.date(), []).append(line)
        return {day: tuple(lines) for day, lines in found.items()}

    @property
    def busiest(self) -> tuple[date, int] | None:
        """The day with the most alerts, and how many; None where there was none."""
        alerts = Counter(line.at.date() for line in self.lines if line.level == "alert")
        return max(alerts.items(), key=lambda item: (item[1], item[0]), default=None)


def backtest(
    watches: Sequence[CompiledWatch], archive: Iterable[Archived], *, since: datetime, until: datetime
) -> tuple[Backtest, ...]:
    """Try watches, each by itself, on an archive that is given once, in the order in which it would have come."""
    matcher, looked_at = Matcher(watches), 0
    readers = {one.watch.name: _Reader(one) for one in watches}
    for archived in archive:
        looked_at += 1
        for match in matcher.match(with_language(archived.entry.document)):
            readers[match.watch].hear(archived, match)
    return tuple(
        Backtest(watch=name, since=since, until=until, entries=looked_at, lines=tuple(reader.lines.values()))
        for name, reader in readers.items()
    )


def too_busy(found: Backtest) -> str:
    """Why a watch would send more than people read, as a sentence; "" where it would not."""
    if found.busiest is None or found.busiest[1] <= MAX_ALERTS_A_DAY:
        return ""
    day, alerts = found.busiest
    return f"would have sent {alerts} alerts on {day}; more than {MAX_ALERTS_A_DAY} on one day are not read"


def fingerprint(compiled: CompiledWatch) -> str:
    """Names a watch by all that decides what it tells, so that a changed one is known from one that was tried."""
    watch = compiled.watch
    asked = (compiled.tree, compiled.pack, watch.level, watch.feeds, watch.languages)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def differences(found: Backtest, other: Backtest) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What only the one would have told, and what only the other; a story told at another level is told otherwise."""
    told, told_by_other = ({(line.story, line.level) for line in one.lines} for one in (found, other))
    return (
        tuple(line for line in found.lines if (line.story, line.level) not in told_by_other),
        tuple(line for line in other.lines if (line.story, line.level) not in told),
    )


class _Reader:
    """Somebody who is told what the policy says, and remembers it."""

    def __init__(self, compiled: CompiledWatch) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self._watches = {compiled.watch.name: replace(compiled.watch, recipients=())}
        self._told: dict[str, list[Told]] = {}
        self._latest: dict[str, tuple[str, str]] = {}  # story → the line that its further reports are folded under

    def hear(self, archived: Archived, match: Match) -> None:
        at, story = archived.came_at, archived.placement.story
        undated = archived.entry.document.published is None
        entry = replace(archived.entry, first_seen=at, edited=False, backlog=archived.entry.backlog and undated)
        (decision,) = decide(
            entry=entry, matches=(match,), placement=archived.placement, told=self._told.get(story, ()),
            watches=self._watches, recipients={_READER.name: _READER}, now=at, group_wait=timedelta(),
        )  # fmt: skip
        self._note(decision, archived, match, at, story)

    def _note(self, decision: Decision, archived: Archived, match: Match, at: datetime, story: str) -> None:
        if decision.action == "alert":
            self._told[story] = [Told(watch=match.watch, recipient=_READER.name, kind="alert")]
        # A digest tells a story once a day, and says nothing of a story that was an alert on that day.
        key = (story, at.date().isoformat())
        if decision.action == "nothing" or (decision.action == "digest" and key in self.lines):
            self._fold(story)
        else:
            self.lines[key] = self._line(decision, archived, match, at)
            self._latest[story] = key

    def _fold(self, story: str) -> None:
        key = self._latest.get(story)
        if key is not None:
            self.lines[key] = replace(self.lines[key], folded=self.lines[key].folded + 1)

    def _line(self, decision: Decision, archived: Archived, match: Match, at: datetime) -> Line:
        document = archived.entry.document
        return Line(
            at=at, level="alert" if decision.action == "alert" else "digest", story=archived.placement.story,
            entry=archived.entry.id, title=document.title, outlet=document.outlet, link=document.url,
            score=match.score, why=match.why, folded=0,
        )  # fmt: skip
