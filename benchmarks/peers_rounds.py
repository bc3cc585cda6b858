"""What `peers` lets each program do: rounds of polls, one poll of odd feeds, and first polls in which it is killed.

What lives here: the runs, and the comparison of a program's store with what the feeds say. What must not: which
programs there are, or how figures are printed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.peers_feeds import Newsstand, marks_in
from benchmarks.peers_meter import Cost, DidNotEndError, kill_during, measure
from benchmarks.peers_programs import Program
from benchmarks.peers_server import FeedServer, Page, page
from benchmarks.peers_staying import staying
from benchmarks.peers_table import CHANGED, COLD, ROUNDS, WHOLE, Figures, Survival

KILLS = 5
STARTS = 3  # of which the one in the middle counts
LIMIT = 900.0  # seconds for one run


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What all feeds say at one time, and which items a program that lost nothing has by then."""

    pages: tuple[Page, ...]
    marks: frozenset[str]
    edited: frozenset[str]

    @classmethod
    def of(cls, stand: Newsstand) -> Edition:
        pages = tuple(page(source.write()) for source in stand.sources)
        return cls(pages=pages, marks=frozenset(stand.forms), edited=frozenset(stand.edited))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The feeds before and after some of them changed."""

    before: Edition
    after: Edition

    @classmethod
    def of(cls, feeds: int) -> Course:
        now = datetime.now(UTC)
        stand = Newsstand(feeds, now=now)
        before = Edition.of(stand)
        stand.publish(now)
        return cls(before=before, after=Edition.of(stand))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a program has in its store."""

    copies: Counter[str]  # mark → how often
    edited: frozenset[str]

    @classmethod
    def read(cls, program: Program, directory: Path) -> Stored:
        copies: Counter[str] = Counter()
        edited = set()
        for record in program.records(directory):
            marks = set(marks_in(record))
            copies.update({mark for mark, _ in marks})
            edited |= {mark for mark, is_edited in marks if is_edited}
        return cls(copies=copies, edited=frozenset(edited))

    @property
    def twice(self) -> int:
        return sum(number > 1 for number in self.copies.values())


class FailedError(Exception):
    """The program could not do its work at all."""


def _last_words(directory: Path) -> str:
    printed = (directory / "output.log").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(printed) if line.strip()), "it said nothing")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="peers-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def _run(program: Program, directory: Path, command: Sequence[str] = ()) -> Cost:
    environment = program.environment(directory)
    return measure(command or program.command(directory), directory=directory, environment=environment, limit=LIMIT)


# ---- polls -----------------------------------------------------------------------------------------------------------


def poll(program: Program, course: Course, server: FeedServer, rounds: Sequence[str] = ROUNDS) -> Iterator[Figures]:
    """Round after round over one store, a run for each; a program that does not end has no later rounds.

    After the first, it is started a few times with nothing to do: what a start costs, each of its figures says.
    """
    with _home() as directory:
        server.show(course.before.pages)
        program.subscribe(directory, server.urls())
        start = 0.0
        for figures in _rounds(program, course, server, rounds, directory, partial(_run, program, directory)):
            start = start or _start(program, directory)
            yield replace(figures, start=start)


def poll_staying(program: Program, course: Course, server: FeedServer) -> Iterator[Figures]:
    """The same rounds by one process that stays; nothing for a program that has none."""
    with _home() as directory, ExitStack() as stack:
        if (command := program.staying(directory)) is None:
            return
        server.show(course.before.pages)
        program.subscribe(directory, server.urls())
        environment = program.environment(directory)
        run = stack.enter_context(staying(command, directory=directory, environment=environment))
        yield from _rounds(program, course, server, ROUNDS, directory, run)


def _start(program: Program, directory: Path) -> float:
    """Seconds of CPU of a run that finds nothing due; 0 where the program has no such run."""
    idle = program.idle(directory)
    return median(_run(program, directory, idle).cpu for _ in range(STARTS)) if idle else 0.0


def _rounds(
    program: Program,
    course: Course,
    server: FeedServer,
    rounds: Sequence[str],
    directory: Path,
    run: Callable[[], Cost],
) -> Iterator[Figures]:
    for name in rounds:
        edition = course.after if name == CHANGED else course.before
        server.show(edition.pages)
        server.honours = name != WHOLE
        if name != COLD:
            program.make_due(directory)
        try:
            figures = _poll(program, name, directory, edition, server, run)
        except (DidNotEndError, FailedError, EOFError) as problem:
            say(f"{program.name:22} {name:22} {problem}")
            yield Figures(program=program.name, round=name, problem=str(problem))
            return
        say(f"{program.name:22} {name:22} {figures.wall:6.1f} s, {figures.cpu:6.2f} s of CPU")
        yield figures


def _poll(
    program: Program, name: str, directory: Path, edition: Edition, server: FeedServer, run: Callable[[], Cost]
) -> Figures:
    server.tally()
    cost = run()
    tally = server.tally()
    stored = Stored.read(program, directory)
    found = edition.marks & stored.copies.keys()
    if cost.status and not found:
        raise FailedError(f"ended with status {cost.status} and nothing in its store: {_last_words(directory)}")
    return Figures(
        program=program.name,
        round=name,
        status=cost.status,
        feeds=len(edition.pages),
        wall=cost.wall,
        cpu=cost.cpu,
        peak=cost.peak,
        requests=tally.requests + tally.unknown,
        conditional=tally.conditional,
        received=tally.sent / 1e6,
        found=len(found),
        lost=len(edition.marks) - len(found),
        twice=stored.twice,
        edits=len(edition.edited & stored.edited),
        edited=len(edition.edited),
    )


def read_odd(program: Program, server: FeedServer) -> Counter[str]:
    """How many items of each odd form it has after one poll."""
    stand = Newsstand.odd(now=datetime.now(UTC))
    server.show(Edition.of(stand).pages)
    server.honours = True
    with _home() as directory:
        program.subscribe(directory, server.urls())
        with suppress(DidNotEndError):  # then what it has by now is all that it finds
            _run(program, directory)
        stored = Stored.read(program, directory)
    say(f"{program.name:22} odd feeds: {len(stored.copies)} items")
    return Counter(form for mark, form in stand.forms.items() if mark in stored.copies)


# ---- kills -----------------------------------------------------------------------------------------------------------


def kill(program: Program, course: Course, server: FeedServer) -> Survival:
    """Kill it in first polls, each time a little later after its first request, and run it again in peace."""
    server.show(course.before.pages)
    server.honours = True
    survived = lost = twice = 0
    try:
        span = _time_at_work(program, server)
        for number in range(KILLS):
            stored = _after_kill(program, server, span * (number + 0.5) / KILLS)
            gone = len(course.before.marks - stored.copies.keys())
            survived += not gone and not stored.twice
            lost, twice = lost + gone, twice + stored.twice
    except (DidNotEndError, FailedError) as problem:
        return Survival(program=program.name, problem=str(problem))
    say(f"{program.name:22} survived {survived} of {KILLS} kills")
    return Survival(program=program.name, kills=KILLS, survived=survived, lost=lost, twice=twice)


def _time_at_work(program: Program, server: FeedServer) -> float:
    """Seconds from its first request to its end."""
    with _home() as directory:
        program.subscribe(directory, server.urls())
        server.tally()
        cost = _run(program, directory)
        began = server.tally().began
        if not began:
            raise FailedError(f"ended with status {cost.status} and asked for nothing: {_last_words(directory)}")
        return time.monotonic() - began


def _after_kill(program: Program, server: FeedServer, after: float) -> Stored:
    """What its store has after a kill so many seconds behind its first request, and a run in peace.

    A run that had ended by then is done again, with a kill at half that time.
    """
    with _home() as directory:
        program.subscribe(directory, server.urls())
        server.tally()

        def wait() -> None:
            server.wait_until_asked(LIMIT)
            time.sleep(after)

        environment = program.environment(directory)
        if kill_during(program.command(directory), directory=directory, environment=environment, wait=wait):
            _run(program, directory)
            return Stored.read(program, directory)
    return _after_kill(program, server, after / 2)
