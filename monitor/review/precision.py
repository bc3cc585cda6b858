"""How often a watch is right, by the verdicts on its stories; over time, and for a wording that is not in use yet.

What lives here: verdicts → shares, each with the interval that so few verdicts leave. What must not: what to do about
it (`suggestions`).

A watch is right about a story that was kept or starred, wrong about one that was refused; what nobody judged says
nothing. Recall is not to be had from verdicts: nobody judges what was never shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from monitor.model import StoryLine, VerdictKind
from monitor.watches.matching import CompiledWatch, judge
from monitor.watches.page import Page
from monitor.words.language import with_language

CONFIDENCE = 1.96  # standard deviations: 95 of 100 such intervals hold the true share


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How many judged stories were what the watch is for."""

    kept: int
    refused: int

    @property
    def judged(self) -> int:
        return self.kept + self.refused

    @property
    def share(self) -> float | None:
        """None: nobody has judged anything."""
        return self.kept / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, by Wilson's score interval; from 0 to 1 where nothing is known."""
        n = self.judged
        if not n:
            return 0.0, 1.0
        square, share = CONFIDENCE**2, self.kept / n
        centre = (share + square / (2 * n)) / (1 + square / n)
        half = CONFIDENCE * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of days and how the stories that began in it were judged."""

    first: date
    days: int
    precision: Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What another wording of a watch would have made of the stories that were judged. Lists of story numbers."""

    kept: tuple[int, ...]
    lost: tuple[int, ...]  # were kept, and would not have been told
    refused: tuple[int, ...]  # would have been told again
    stopped: tuple[int, ...]  # were refused, and would not have been told

    @property
    def precision(self) -> Precision:
        return Precision(kept=len(self.kept), refused=len(self.refused))


def is_kept(line: StoryLine) -> bool | None:
    """What the verdict on a story says of its watch; None where there is none."""
    if line.verdict is None or line.verdict.kind == "open":
        return None
    return line.verdict.kind != "refused"


def precision(lines: Iterable[StoryLine]) -> Precision:
    """Over all lines; those of one watch, usually."""
    said = [is_kept(line) for line in lines]
    return Precision(kept=said.count(True), refused=said.count(False))


def by_watch(said: Iterable[tuple[str, VerdictKind]]) -> Mapping[str, Precision]:
    """Of each watch with a verdict that says something, given as pairs of a watch and a verdict."""
    kept, refused = Counter[str](), Counter[str]()
    for watch, kind in said:
        if kind != "open":
            (refused if kind == "refused" else kept)[watch] += 1
    return {
        watch: Precision(kept=kept[watch], refused=refused[watch]) for watch in sorted(kept.keys() | refused.keys())
    }


def over_time(
    lines: Sequence[StoryLine], *, until: date, days: int, periods: int, zone: ZoneInfo
) -> tuple[Period, ...]:
    """The last periods, of so many days each, oldest first; the last one ends with the day `until`."""
    firsts = [until + timedelta(days=1) - timedelta(days=days * back) for back in range(periods, 0, -1)]
    return tuple(
        Period(first=first, days=days, precision=precision(_began_within(lines, first, days, zone))) for first in firsts
    )


def tried(compiled: CompiledWatch, lines: Iterable[StoryLine]) -> Trial:
    """A wording on the judged stories, by the document that stands for each."""
    found: dict[tuple[bool, bool], tuple[int, ...]] = {}
    for line in lines:
        kept = is_kept(line)
        if kept is not None:
            key = kept, judge(compiled, Page(with_language(line.document))) is not None
            found[key] = (*found.get(key, ()), line.story)
    return Trial(
        kept=found.get((True, True), ()), lost=found.get((True, False), ()),
        refused=found.get((False, True), ()), stopped=found.get((False, False), ()),
    )  # fmt: skip


def _began_within(lines: Iterable[StoryLine], first: date, days: int, zone: ZoneInfo) -> list[StoryLine]:
    last = first + timedelta(days=days)
    return [line for line in lines if first <= line.began_at.astimezone(zone).date() < last]
