"""The figures of `peers`, and how a person reads them. Pure: figures in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

OURS, POLLING, READER = "Tipsheet", "Tipsheet, reading only", "reader"
COLD, NOT_MODIFIED, WHOLE, CHANGED = "first poll", "unchanged, 304", "unchanged, sent whole", "one in twenty changed"
ROUNDS = (COLD, NOT_MODIFIED, WHOLE, CHANGED)
BARS = ((COLD, 10.0), (NOT_MODIFIED, 3.0))  # how many times less CPU than reader we aim at


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One program in one round of polls. Items are counted by their marks, over the whole store."""

    program: str
    round: str
    problem: str = ""  # why there are no other figures
    status: int = 0  # with which it ended
    feeds: int = 0
    wall: float = 0.0  # seconds
    cpu: float = 0.0  # seconds of the whole process tree
    peak: float = 0.0  # MB of its largest process
    requests: int = 0
    conditional: int = 0
    received: float = 0.0  # MB over the wire
    found: int = 0
    lost: int = 0
    twice: int = 0  # items that are in its store more than once
    edits: int = 0  # edited items whose new wording it has …
    edited: int = 0  # … of so many
    start: float = 0.0  # seconds of CPU of a run that found nothing due; 0: not known

    @property
    def apart(self) -> float:
        """Milliseconds of CPU for one feed without the start."""
        return (self.cpu - self.start) / self.feeds * 1000 if self.feeds else 0.0

    @property
    def each(self) -> float:
        """Milliseconds of CPU for one feed."""
        return self.cpu / self.feeds * 1000 if self.feeds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """A program that was killed in the middle of first polls, and run again."""

    program: str
    kills: int = 0
    survived: int = 0  # all items there, and each once
    lost: int = 0  # items, over all kills
    twice: int = 0
    problem: str = ""


_HEAD = (
    "program", "feeds", "wall s", "CPU s", "ms/feed", "÷ ours", "start s", "apart ms/feed", "peak MB", "requests",
    "conditional", "MB", "found", "lost", "twice", "edits",
)  # fmt: skip


def round_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """One round, least CPU for a feed first; programs without figures at its end."""
    ours = next((row.each for row in rows if row.program == OURS and not row.problem), 0.0)
    measured = sorted((row for row in rows if not row.problem), key=lambda row: row.each)
    yield from aligned([_HEAD, *(_cells(row, ours) for row in measured)])
    yield from (f"  {row.program} ended with status {row.status}" for row in measured if row.status)
    yield from _problems(rows)


def _cells(row: Figures, ours: float) -> list[str]:
    share = f"{row.conditional / row.requests:.0%}" if row.requests else "-"
    return [
        row.program, f"{row.feeds}", f"{row.wall:.1f}", f"{row.cpu:.2f}", f"{row.each:.1f}",
        f"{row.each / ours:.1f}" if ours else "-", f"{row.start:.2f}" if row.start else "-",
        f"{row.apart:.1f}" if row.start else "-", f"{row.peak:.0f}", f"{row.requests:,}", share, f"{row.received:.1f}",
        f"{row.found:,}", f"{row.lost:,}", f"{row.twice:,}", f"{row.edits}/{row.edited}" if row.edited else "-",
    ]  # fmt: skip


def staying_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Milliseconds of CPU for one feed, by programs and rounds."""
    each = {(row.program, row.round): f"{row.each:.1f}" for row in rows if not row.problem}
    programs = dict.fromkeys(row.program for row in rows)
    cells = ([program, *(each.get((program, name), "-") for name in ROUNDS)] for program in programs)
    yield from aligned([["ms of CPU a feed", *ROUNDS], *cells])
    yield from _problems(rows)


def bar_lines(rounds: Sequence[Figures], stayed: Sequence[Figures]) -> Iterator[str]:
    """How many times less CPU than reader we take, beside what we aim at: whole runs, starts apart, no start at all."""
    table = [["times less CPU than reader", "aim", "whole run", "start apart", "a process that stays"]]
    for name, aim in BARS:
        for program in (POLLING, OURS):
            ran, stay = _pair(rounds, name, program), _pair(stayed, name, program)
            times = [
                ran and ran[1].each / ran[0].each,
                ran and ran[0].start and ran[1].start and ran[1].apart / ran[0].apart,
                stay and stay[1].each / stay[0].each,
            ]
            table.append([f"{name}, {program}", f"{aim:.0f}", *(_judged(each, aim) for each in times)])
    yield from aligned(table)


def _pair(rows: Sequence[Figures], name: str, program: str) -> tuple[Figures, Figures] | None:
    """Ours and reader's figures of one round; None where there are not both."""
    found = {row.program: row for row in rows if row.round == name and row.cpu}
    return (found[program], found[READER]) if {program, READER} <= found.keys() else None


def _judged(times: float | None, aim: float) -> str:
    return f"{times:.1f} {'met' if times >= aim else 'missed'}" if times else "-"


def odd_lines(found: Mapping[str, Mapping[str, int]], forms: Sequence[str]) -> Iterator[str]:
    """A line for each odd form, a column for each program."""
    head = ["items found", *found]
    yield from aligned([head, *([form, *(str(counts.get(form, 0)) for counts in found.values())] for form in forms)])


def survival_lines(rows: Sequence[Survival]) -> Iterator[str]:
    cells = (
        [row.program, f"{row.survived} of {row.kills}", f"{row.lost:,}", f"{row.twice:,}"] for row in rows if row.kills
    )
    yield from aligned([["program", "survived", "lost", "twice"], *cells])
    yield from _problems(rows)


def growth_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Each program and round by the number of feeds. What one feed more costs is the slope from the line above."""
    table, before = [["program", "round", "feeds", "CPU s", "ms/feed", "ms/feed more", "peak MB"]], None
    for row in sorted(rows, key=lambda row: (row.round, row.program, row.feeds)):
        costs = [f"{row.cpu:.2f}", f"{row.each:.1f}", _slope(before, row), f"{row.peak:.0f}"]
        table.append([row.program, row.round, f"{row.feeds}", *costs])
        before = row
    yield from aligned(table)


def _slope(before: Figures | None, row: Figures) -> str:
    if before is None or (before.program, before.round) != (row.program, row.round) or before.feeds == row.feeds:
        return "-"
    return f"{(row.cpu - before.cpu) / (row.feeds - before.feeds) * 1000:.1f}"


def _problems(rows: Iterable[Figures | Survival]) -> Iterator[str]:
    yield from (f"  {row.program}: {row.problem}" for row in rows if row.problem)


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {'  '.join(cells)}"
