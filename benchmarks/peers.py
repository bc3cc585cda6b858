"""`./dev bench peers`: Tipsheet beside the programs that people use today, on the same feeds of one local server.

Each program polls all feeds for the first time, then again while nothing has changed (once answered by 304, once by all
of it), then after one feed in twenty has changed. It reads ten feeds of odd forms; and it is killed in the middle of
first polls, and run again. CPU is that of the whole process tree from start to end, as the kernel counts it; what a
program found is read from its own store.

The others fetch, read and keep, which is our first stage; `once` also matches, groups, credits, decides and indexes
what was read. Both have a row. What a start takes is measured by runs that find nothing due, and reader and we also
poll in one process that stays, as the daemon does: no start is in those figures.

All of it took twenty minutes on a busy machine; `--feeds 50 --no-kills` takes a fraction. What each run took is said as
it ends.

Programs from the Python package index are installed into a cache folder, each into an environment of its own; newsboat
and sfeed are taken as the system has them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.peers_feeds import ITEMS
from benchmarks.peers_forms import ODD
from benchmarks.peers_install import NotInstalledError
from benchmarks.peers_programs import ChangeDetection, Feed2exec, Newsboat, Program, Reader, Rss2email, Sfeed
from benchmarks.peers_rounds import Course, kill, poll, poll_staying, read_odd, say
from benchmarks.peers_server import FeedServer
from benchmarks.peers_table import (
    COLD,
    NOT_MODIFIED,
    ROUNDS,
    Figures,
    Survival,
    bar_lines,
    growth_lines,
    odd_lines,
    round_lines,
    staying_lines,
    survival_lines,
)
from benchmarks.peers_tipsheet import FirstStage, Tipsheet

PROGRAMS: tuple[type[Program], ...] = (
    Tipsheet,
    FirstStage,
    Reader,
    Newsboat,
    Sfeed,
    ChangeDetection,
    Feed2exec,
    Rss2email,
)
GROWTH = (50, 200, 800)
KILL_FEEDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that was found out."""

    rounds: Sequence[Figures]
    stayed: Sequence[Figures]  # the same rounds by processes that stay
    odd: Mapping[str, Mapping[str, int]]  # program → form → items
    kills: Sequence[Survival]
    growth: Sequence[Figures]

    def lines(self) -> Iterator[str]:
        for name in ROUNDS:
            yield from ("", f"{name}:", *round_lines([row for row in self.rounds if row.round == name]))
        if self.stayed:
            yield from ("", "The same rounds by one process that stays:", *staying_lines(self.stayed))
            yield from ("", "What we aim at:", *bar_lines(self.rounds, self.stayed))
        yield from ("", f"One poll of odd feeds of {ITEMS} items each:", *odd_lines(self.odd, list(ODD)))
        if self.kills:
            yield from ("", "kill -9 in the middle of a first poll, then a run in peace:", *survival_lines(self.kills))
        if self.growth:
            yield from ("", "How the cost grows:", *growth_lines(self.growth))


def compare(programs: Sequence[Program], server: FeedServer, options: argparse.Namespace) -> Comparison:
    alone = [program for program in programs if not isinstance(program, FirstStage)]
    return Comparison(
        rounds=list(_poll_all(poll, programs, server, options.feeds)),
        stayed=list(_poll_all(poll_staying, programs, server, options.feeds)),
        odd={program.name: read_odd(program, server) for program in alone},
        kills=_kill_all(alone, server) if options.kills else [],
        growth=list(_grow(programs, server)) if options.growth else [],
    )


def _kill_all(programs: Sequence[Program], server: FeedServer) -> list[Survival]:
    course = Course.of(KILL_FEEDS)
    return [kill(program, course, server) for program in programs]


def _poll_all(
    poll: Callable[[Program, Course, FeedServer], Iterable[Figures]],
    programs: Sequence[Program],
    server: FeedServer,
    feeds: int,
) -> Iterator[Figures]:
    courses: dict[int, Course] = {}
    for program in programs:
        if program.share not in courses:
            courses[program.share] = Course.of(max(1, feeds // program.share))
        yield from poll(program, courses[program.share], server)


def _grow(programs: Sequence[Program], server: FeedServer) -> Iterator[Figures]:
    """First polls and polls of unchanged feeds, by ours and reader."""
    for size in GROWTH:
        course = Course.of(size)
        for program in programs:
            if isinstance(program, (Tipsheet, Reader)):
                yield from poll(program, course, server, (COLD, NOT_MODIFIED))


def install(kinds: Sequence[type[Program]], cache: Path) -> tuple[dict[Program, str], dict[str, str]]:
    """The programs that are there, with their versions; and why the others are not."""
    there: dict[Program, str] = {}
    absent: dict[str, str] = {}
    for kind in kinds:
        program = kind()
        try:
            there[program] = program.install(cache)
        except NotInstalledError as why:
            absent[program.name] = str(why)
            say(f"{program.name} is not installed: {why}")
    return there, absent


def main() -> None:
    options = _options()
    there, absent = install([kind for kind in PROGRAMS if kind.name in options.programs], options.cache)
    with FeedServer() as server:
        found = compare(list(there), server, options)
    if options.json:
        versions = {program.name: version for program, version in there.items()}
        print(json.dumps({"programs": versions, "not_installed": absent} | asdict(found)))
        return
    print(*found.lines(), "", "The programs:", sep="\n")
    for program, version in there.items():
        print(f"  {program.name} {version}: {program.how}")
    for name, why in absent.items():
        print(f"  {name}: not installed: {why}")


def _options() -> argparse.Namespace:
    names = [kind.name for kind in PROGRAMS]
    cache = user_cache_path("tipsheet") / "peers"
    parser = argparse.ArgumentParser(prog="dev bench peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--feeds", type=int, default=200, help="the three slow ones get a tenth")
    parser.add_argument("--programs", nargs="+", choices=names, default=names, metavar="NAME", help="; ".join(names))
    parser.add_argument("--no-kills", dest="kills", action="store_false", help="leave out the kills")
    parser.add_argument("--growth", action="store_true", help=f"ours and reader with {GROWTH} feeds, too")
    parser.add_argument("--cache", type=Path, default=cache, help="where others are installed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.feeds < 1:
        parser.error("--feeds: expected at least 1")
    return options


if __name__ == "__main__":
    main()
